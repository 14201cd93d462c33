//! `audit export` and `audit verify`. The latter needs neither configuration nor database nor network.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use domain::port::Clock;
use policies::Policies;
use signer::KeyDirectory;

use super::{Done, Usage, counted, incidents, store};
use crate::{audit, config::Config, policy_files};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Writes the record to standard output.
    Export {
        /// One incident alone: its id, or the end of it.
        #[arg(long)]
        incident: Option<String>,
    },
    /// Proves a record: exit 0, or 1 and the first entry that does not hold.
    Verify {
        /// The record that `audit export` wrote.
        #[arg(long)]
        log: PathBuf,
        /// The folder with the public keys.
        #[arg(long)]
        keys: PathBuf,
        /// The policies that the decisions should have been taken under.
        #[arg(long)]
        policies: Option<PathBuf>,
    },
}

pub(super) async fn run(
    config: &Config,
    command: Command,
    clock: &dyn Clock,
) -> anyhow::Result<Done> {
    match command {
        Command::Export { incident } => {
            let store = store(config).await?;
            let only = match incident {
                Some(text) => Some(incidents::find(&store, &text).await?),
                None => None,
            };
            let key = KeyDirectory::new(&config.keys).open_signer()?;
            audit::export(&store, &key, only.as_ref(), clock.now(), &mut std::io::stdout().lock())
                .await?;
            Ok(Done::Well)
        }
        Command::Verify { log, keys, policies } => verify(&log, &keys, policies.as_deref()),
    }
}

pub(super) fn verify(log: &Path, keys: &Path, policies: Option<&Path>) -> anyhow::Result<Done> {
    // Exit code 1 is for records that do not verify.
    let text = fs::read_to_string(log)
        .map_err(|error| Usage(format!("cannot read {}: {error}", log.display())))?;
    let keys = KeyDirectory::new(keys).public_keys().map_err(|error| Usage(error.to_string()))?;
    let digest = policies
        .map(|folder| anyhow::Ok(Policies::load(&policy_files::read(folder)?)?.digest().clone()))
        .transpose()?;
    match audit::verify(&text, &keys, digest.as_ref()) {
        Ok(proved) => {
            println!(
                "verified: {}, {}, {}, {} with their approvals",
                counted(proved.incidents as u64, "incident"),
                counted(proved.entries, "entry"),
                counted(proved.receipts, "signed decision"),
                counted(proved.steps, "step"),
            );
            Ok(Done::Well)
        }
        Err(error) => {
            println!("NOT verified: {error}");
            Ok(Done::Failed)
        }
    }
}
