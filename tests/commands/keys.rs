//! Signing keys, and what is said where there is none.

use std::fs;

use serde_json::Value;

use crate::installation::Installation;

#[tokio::test]
async fn the_first_key_signs_and_the_next_one_waits() {
    let installation = Installation::bare().await;
    let first = installation.run(&["keys", "new"]).await.expect_code(0);
    assert!(first.stdout.contains("It signs from now on. Give auditors keys/"), "{first}");
    let second = installation.run(&["keys", "new"]).await.expect_code(0);
    assert!(second.stdout.contains("Another key still signs."), "{second}");
    let listed = installation.run(&["keys", "list"]).await.expect_code(0);
    assert_eq!(listed.stdout.lines().count(), 2, "{listed}");

    let listed = installation.run(&["keys", "list", "--json"]).await.expect_code(0);
    let keys: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let keys = keys.as_array().expect("a list");
    let signs: Vec<_> = keys.iter().filter(|key| key["active"] == true).collect();
    assert_eq!((keys.len(), signs.len()), (2, 1), "{listed}");
    let id = signs[0]["key_id"].as_str().expect("an id");
    assert!(first.stdout.contains(id), "{first}\n{listed}");
}

/// Whoever may read the private key can sign as this installation.
#[tokio::test]
async fn private_keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let installation = Installation::bare().await;
    installation.run(&["keys", "new"]).await.expect_code(0);
    let files = fs::read_dir(installation.path("keys"))
        .expect("a folder")
        .map(|file| file.expect("a file").path());
    let (mut private, mut public) = (0, 0);
    for file in files {
        let text = fs::read_to_string(&file).expect("text");
        if text.contains("PRIVATE KEY") {
            private += 1;
            let mode = file.metadata().expect("it is there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
        }
        public += usize::from(text.contains("PUBLIC KEY"));
    }
    assert_eq!((private, public), (1, 1));
}

#[tokio::test]
async fn without_a_key_nothing_is_served() {
    let installation = Installation::bare().await;
    let ended = installation.run(&["serve"]).await.expect_code(1);
    let advice = "error: no key signs yet in keys: make one with `countersign keys new`";
    assert!(ended.stderr.contains(advice), "{ended}");
}
