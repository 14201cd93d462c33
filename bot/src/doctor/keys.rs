//! The signing keys: is there one that signs, can it be read, and by nobody else?

use signer::KeyDirectory;

use super::Finding;
use crate::config::Config;

const CHECK: &str = "keys";

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let directory = KeyDirectory::new(&config.keys);
    let signer = match directory.open_signer() {
        Ok(_) => {
            let known = directory.public_keys().map(|_| directory.list());
            match known.and_then(|list| list) {
                Ok(keys) => {
                    let count = if keys.len() == 1 {
                        "1 key".to_owned()
                    } else {
                        format!("{} keys", keys.len())
                    };
                    let active = keys.iter().find(|key| key.is_active);
                    let id = active.map(|key| key.key_id.to_string()).unwrap_or_default();
                    Finding::ok(CHECK, format!("{id} signs, {count} known"))
                }
                Err(error) => mistaken(&error),
            }
        }
        Err(error) => mistaken(&error),
    };
    vec![signer]
}

fn mistaken(error: &signer::KeyError) -> Finding {
    let fix = match error {
        signer::KeyError::NoActiveKey { .. } | signer::KeyError::NoPublicKeys { .. } => {
            "`countersign keys new` makes one; an executor alone needs the public keys only"
        }
        _ => "Mend what it says (docs/operations.md, “Keys”); never delete a public key",
    };
    Finding::problem(CHECK, error.to_string()).fix(fix)
}
