//! `propose`: a person asks for a rollback that no alert suggests.
//!
//! Who asks is the operating system's word: the person who has its user name as `cli` identity. That is a claim, no
//! proof, and needs none, because asking gives no power.

use std::{process::Command, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use domain::{
    person::{ChatName, Identity},
    plan::RollbackType,
    port::Clock,
};
use policies::{Declined, Policies, Wanted, When};
use serde_json::json;
use signer::KeyDirectory;
use store::Store;

use super::{Done, Usage};
use crate::{bell::Bell, bot, config::Config, engine::Engine};

/// What to propose.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// 1 blue-green, 2 model-level, 3 schema, 4 full environment.
    #[arg(long = "type", value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    rollback_type: u8,
    /// A target's id, or SQLMesh's name of an environment.
    #[arg(long, value_name = "ENVIRONMENT")]
    target: String,
    /// The models that shall go back; all that the last release changed when left out.
    #[arg(long, value_delimiter = ',', value_name = "MODEL,...")]
    models: Vec<String>,
    /// The trigger that you judge to be there: the id of a manual one in triggers.yaml.
    #[arg(long, value_name = "ID")]
    trigger: String,
    /// Why, for those who decide.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// In the target's next maintenance window, instead of as soon as it is approved.
    #[arg(long)]
    planned: bool,
    /// The moment in a window at which it begins, as `2026-11-29 02:00` there.
    #[arg(long, value_name = "TIME", requires = "planned")]
    at: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    config: &Config,
    store: Store,
    policies: Policies,
    clock: Arc<dyn Clock>,
    options: Options,
) -> anyhow::Result<Done> {
    let identity = Identity { chat: ChatName::Cli, team: String::new(), user: user()? };
    let wanted = Wanted {
        rollback_type: rollback_type(options.rollback_type),
        target: options.target,
        models: options.models,
        trigger: options.trigger,
        reason: options.reason,
        when: match (options.planned, options.at) {
            (false, _) => When::AtOnce,
            (true, None) => When::NextWindow,
            (true, Some(at)) => When::At(at),
        },
    };
    let engine = Engine {
        store,
        policies: Arc::new(policies),
        // Asking is no decision: nothing is signed here.
        key: None,
        keys: Arc::new(KeyDirectory::new(&config.keys).public_keys()?),
        clock,
        bell: Bell::default(),
        chats: bot::chats(config),
        flood: Arc::default(),
    };
    match engine.request(&identity, &wanted).await? {
        Ok(incident) if options.json => println!("{}", json!({"incident": incident})),
        Ok(incident) => {
            println!("Asked for, as {}: incident {incident}.", identity.user);
            println!(
                "`countersign serve` now finds out whether it is possible, and brings it to those who decide. See how it goes:"
            );
            println!("  countersign show {incident}");
        }
        Err(Declined::Unclear { why, .. }) => return Err(Usage(why).into()),
        Err(Declined::Refused(why)) => {
            eprintln!("refused: {why}");
            return Ok(Done::Refused);
        }
    }
    Ok(Done::Well)
}

fn rollback_type(number: u8) -> RollbackType {
    match number {
        1 => RollbackType::BlueGreen,
        2 => RollbackType::ModelLevel,
        3 => RollbackType::Schema,
        _ => RollbackType::FullEnvironment,
    }
}

/// The user's name, from wherever this machine keeps its users.
fn user() -> anyhow::Result<String> {
    let output = Command::new("id").arg("-un").output().context("ask `id -un` who this is")?;
    let name = String::from_utf8(output.stdout).context("read the name of this user")?;
    anyhow::ensure!(output.status.success(), "this user has no name on this machine (`id -un`)");
    Ok(name.trim().to_owned())
}
