//! `keys new` and `keys list`.

use clap::Subcommand;
use domain::port::Clock;
use signer::KeyDirectory;

use super::Done;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes a key; the first one signs from now on.
    New,
    /// Lists the keys and which of them signs.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(config: &Config, command: &Command, clock: &dyn Clock) -> anyhow::Result<Done> {
    let directory = KeyDirectory::new(&config.keys);
    match command {
        Command::New => {
            let key = directory.create(&clock.now().to_rfc3339())?;
            println!("Made key {}.", key.key_id);
            if key.is_active {
                println!("It signs from now on. Give auditors {}.", key.public_path.display());
            } else {
                println!("Another key still signs.");
            }
        }
        Command::List { json } => {
            let keys = directory.list()?;
            if *json {
                let rows: Vec<_> = keys.iter().map(|key| serde_json::json!({"key_id": key.key_id, "active": key.is_active, "created_at": key.created_at, "public": key.public_path})).collect();
                println!("{}", serde_json::to_string_pretty(&rows)?);
            } else if keys.is_empty() {
                println!(
                    "There is no key in {}. `countersign keys new` makes one.",
                    config.keys.display()
                );
            } else {
                for key in keys {
                    println!(
                        "{}  {}  {}",
                        key.key_id,
                        if key.is_active { "signs " } else { "      " },
                        key.created_at.unwrap_or_default()
                    );
                }
            }
        }
    }
    Ok(Done::Well)
}
