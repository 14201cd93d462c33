//! A connection string in Kubernetes, changed by the real `kubectl` in a step of its own.

use std::path::{Path, PathBuf};

use fakes::kubernetes::{FakeKubernetes, NAMESPACE};
use serde_json::json;

use crate::{
    crash::killed_when,
    stepping::proposed,
    story,
    world::{World, tool},
};

const TOKEN: &str = "a-token-of-this-cluster";
const MAP: &str = "orders-database";
const KEY: &str = "DATABASE_URL";
const BLUE: &str = "postgres://orders@blue.db.example.com/orders";
const GREEN: &str = "postgres://orders@green.db.example.com/orders";

/// A cluster whose application reads from green, and how kubectl gets there.
struct Application {
    kubernetes: FakeKubernetes,
    kubectl: PathBuf,
    folder: PathBuf,
}

impl Application {
    /// `None` where it is to be left out.
    async fn start(folder: &Path) -> Option<Self> {
        let kubectl = tool("COUNTERSIGN_TEST_KUBECTL")?;
        let kubernetes = FakeKubernetes::start(TOKEN, folder).await;
        kubernetes.create(MAP, &json!({KEY: GREEN, "POOL": "8"}));
        kubernetes.write_config(&folder.join("kubeconfig"), TOKEN);
        let blue = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": MAP, "namespace": NAMESPACE}, "data": {KEY: BLUE},
        });
        std::fs::write(folder.join("blue.yaml"), blue.to_string()).expect("writes the file");
        Some(Self { kubernetes, kubectl, folder: folder.to_owned() })
    }

    fn step(&self) -> String {
        let kubectl =
            format!("{}, --namespace={NAMESPACE}, --request-timeout=20s", self.kubectl.display());
        let patch = |url: &str| {
            let change = json!({"data": {KEY: url}});
            format!("[{kubectl}, patch, configmap/{MAP}, --type=merge, '--patch={change}']")
        };
        let env = format!("{{ KUBECONFIG: '{}' }}", self.folder.join("kubeconfig").display());
        format!(
            r"
  - name: Point the application to blue
    command: {}
    env: {env}
    timeout: 1 min
    retries: 2
    idempotent: true
    probe:
      command: [{kubectl}, diff, '--filename={}']
      env: {env}
    undo:
      command: {}
      env: {env}
",
            patch(BLUE),
            self.folder.join("blue.yaml").display(),
            patch(GREEN),
        )
    }

    fn url(&self) -> String {
        self.kubernetes.value(MAP, KEY).expect("the application has one")
    }

    /// How often it was really patched.
    fn patched(&self) -> usize {
        self.kubernetes.calls().iter().filter(|call| *call == "PATCH").count()
    }
}

async fn application(w: &World) -> Option<Application> {
    Application::start(w.config.work.parent().unwrap_or(Path::new("."))).await
}

story!(
    /// The connection string is patched, and nothing else of the map.
    an_application_is_pointed_elsewhere,
    async |w| {
        let Some(application) = application(w).await else { return };
        proposed(w, &application.step()).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        assert_eq!((application.url().as_str(), application.patched()), (BLUE, 1));
        assert_eq!(application.kubernetes.value(MAP, "POOL").as_deref(), Some("8"));
        w.read_on();
    }
);

story!(
    /// A later step fails: the application reads from where it read before.
    an_application_is_pointed_back_when_the_run_fails,
    async |w| {
        let Some(application) = application(w).await else { return };
        let fails = "\n  - name: Fail\n    command: ['false']\n    timeout: 10 s\n    idempotent: true\n";
        proposed(w, &format!("{}{fails}", application.step())).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Failed, taken back");
        assert_eq!((application.url().as_str(), application.patched()), (GREEN, 2));
        w.read_on();
    }
);

story!(
    /// Killed while the server had done nothing yet: `kubectl diff` finds a difference, and it is patched.
    a_patch_that_was_not_done_is_done,
    async |w| {
        let Some(application) = application(w).await else { return };
        w.clock.follow_the_system();
        proposed(w, &application.step()).await;
        application.kubernetes.hang_next_patch();
        killed_when(w, || application.kubernetes.silent() == 1).await;
        w.expect_card("Rolled back");
        let shown = w.thread_so_far();
        assert!(shown.contains("the executor was interrupted") && shown.contains("it is not done"), "{shown}");
        assert_eq!((application.url().as_str(), application.patched()), (BLUE, 2));
        w.read_on();
    }
);

story!(
    /// Killed after the server did it: `kubectl diff` finds no difference, and it is not patched again.
    a_patch_that_was_done_is_not_done_again,
    async |w| {
        let Some(application) = application(w).await else { return };
        w.clock.follow_the_system();
        proposed(w, &application.step()).await;
        application.kubernetes.hang_after_next_patch();
        killed_when(w, || application.kubernetes.silent() == 1).await;
        w.expect_card("Rolled back");
        let shown = w.thread_so_far();
        assert!(shown.contains("the executor was interrupted") && shown.contains("it is done"), "{shown}");
        assert_eq!((application.url().as_str(), application.patched()), (BLUE, 1));
        w.read_on();
    }
);

story!(
    /// The answer is lost and the token runs out: `kubectl diff` cannot tell, and a person is asked.
    a_probe_that_may_not_look_asks_a_person,
    async |w| {
        let Some(application) = application(w).await else { return };
        proposed(w, &application.step()).await;
        application.kubernetes.lose_reply_of_next_patch_and_revoke_the_token();
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        assert_eq!((application.url().as_str(), application.patched()), (BLUE, 1));
        w.read_on();
    }
);

/// What kubectl makes of the server's refusals: the server's own words, and an exit code that is no success.
#[tokio::test]
async fn kubectl_understands_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(application) = Application::start(folder.path()).await else { return };
    application.kubernetes.write_config(&folder.path().join("old"), "an-old-token");
    let ask = async |config: &str, arguments: &[&str]| {
        let mut kubectl = tokio::process::Command::new(&application.kubectl);
        kubectl.arg("--namespace=shop").args(arguments).env("HOME", folder.path());
        kubectl.env("KUBECONFIG", folder.path().join(config));
        let output = kubectl.output().await.expect("kubectl starts");
        (
            output.status.code(),
            String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned(),
        )
    };
    let patch = |map: &'static str, change| ["patch", map, "--type=merge", change];
    for (config, arguments, words) in [
        (
            "kubeconfig",
            patch("configmap/no-such-map", "--patch={}"),
            "configmaps \"no-such-map\" not found",
        ),
        (
            "kubeconfig",
            patch("configmap/orders-database", r#"--patch={"metadata": {"resourceVersion": "1"}}"#),
            "the object has been modified",
        ),
        (
            "old",
            patch("configmap/orders-database", "--patch={}"),
            "You must be logged in to the server",
        ),
    ] {
        let (code, said) = ask(config, &arguments).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let file = format!("--filename={}", folder.path().join("blue.yaml").display());
    let (code, said) = ask("kubeconfig", &["diff", &file]).await;
    assert_eq!(code, Some(1), "{said}");
    let change = format!(r#"--patch={{"data": {{"{KEY}": "{BLUE}"}}}}"#);
    let (code, said) =
        ask("kubeconfig", &["patch", "configmap/orders-database", "--type=merge", &change]).await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = ask("kubeconfig", &["diff", &file]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(ask("old", &["diff", &file]).await.0.is_some_and(|code| code > 1));
    assert_eq!(application.url(), BLUE);
}
