//! `hold list` and `hold lift`.

use clap::Subcommand;
use domain::{
    hold::{Hold, Stage},
    id::HoldId,
    person::{People, PersonId},
};
use policies::Policies;
use serde::Serialize;
use store::Store;

use super::{Done, Usage};
use crate::{
    config::Config,
    gate,
    lookup::{self, Missing},
};

/// How many holds are listed.
const LISTED: u32 = 50;

/// Commands about holds.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lists holds, newest first.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says where a hold is lifted; a terminal cannot prove who sits at it.
    Lift {
        /// The hold's id, or the end of it.
        hold: String,
        /// The person's id in the people file.
        #[arg(long)]
        person: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// A hold as programs read it.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    held: gate::Held,
    environment: String,
    #[serde(flatten)]
    stage: Stage,
}

pub(super) async fn run(
    config: &Config,
    store: &Store,
    policies: &Policies,
    command: &Command,
) -> anyhow::Result<Done> {
    match command {
        Command::List { json } => list(store, policies.people(), *json).await,
        Command::Lift { hold, person, reason } => {
            lift(config, store, policies, (hold, person, reason)).await
        }
    }
}

async fn list(store: &Store, people: &People, json: bool) -> anyhow::Result<Done> {
    let holds = store.holds(LISTED).await?;
    if json {
        let row = |hold: &Hold| Row {
            held: gate::held(hold, people),
            environment: hold.opening.target.environment.clone(),
            stage: hold.stage.clone(),
        };
        let rows: Vec<Row> = holds.iter().map(|found| row(&found.value)).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Done::Well);
    }
    if holds.is_empty() {
        println!("Nothing is held, and nothing ever was: a rollback that succeeds leaves a hold.");
    }
    for found in &holds {
        let hold = &found.value;
        let state = match (&hold.stage, hold.returned()) {
            (Stage::Held { .. }, None) => "held".to_owned(),
            (Stage::Held { .. }, Some(_)) => "held, but back".to_owned(),
            (Stage::Lifted { by, .. }, _) => format!("lifted by {}", people.name(by)),
        };
        let bad: Vec<String> = hold.opening.bad.iter().map(ToString::to_string).collect();
        println!(
            "{}  {}  {state:<20}  {} of {}  {}  {}",
            hold.id,
            hold.since.format("%Y-%m-%d %H:%M UTC"),
            hold.opening.target.environment,
            hold.opening.target.id,
            hold.opening.incident,
            bad.join(", ")
        );
    }
    Ok(Done::Well)
}

/// Nobody has proved who they are by typing a name, and the decision would be signed with it: refused, and said where
/// it can be made.
async fn lift(
    config: &Config,
    store: &Store,
    policies: &Policies,
    (hold, person, reason): (&str, &str, &str),
) -> anyhow::Result<Done> {
    let id = find(store, hold).await?;
    let Some(found) = store.hold_with_id(&id).await? else {
        return Err(Usage(format!("there is no hold {id}")).into());
    };
    let hold = found.value;
    let people = policies.people();
    let Some(person) = people.get(&PersonId::new(person)) else {
        return Err(Usage(format!("people.yaml does not name `{person}`")).into());
    };
    if reason.trim().is_empty() {
        return Err(
            Usage("say why, so that the others can read it: --reason TEXT".to_owned()).into()
        );
    }
    let environment = &hold.opening.target.environment;
    if let Stage::Lifted { by, at, reason, .. } = &hold.stage {
        println!(
            "{} lifted this hold of {environment} on {}: {reason}",
            people.name(by),
            at.format("%Y-%m-%d %H:%M UTC")
        );
        return Ok(Done::Refused);
    }
    let who: Vec<&str> = hold.opening.who.iter().map(|who| people.name(who)).collect();
    println!(
        "The hold of {environment} stands: a terminal cannot prove that you are {}, and lifting a hold is a decision that gets signed.",
        person.name
    );
    println!("Press “Lift the hold” on the card of {} instead:", hold.opening.incident);
    if config.slack.is_some() {
        println!("  in its thread in Slack");
    }
    let page = config.public_url.trim_end_matches('/');
    if config.web.demo_personas {
        println!("  on the page, {page}/incidents/{}", hold.opening.incident);
    }
    if config.slack.is_none() && !config.web.demo_personas {
        println!("  in a chat; none is configured, so nobody can decide here yet");
    }
    println!("Can lift it: {} ({} or higher).", who.join(", "), hold.opening.needs);
    Ok(Done::Refused)
}

async fn find(store: &Store, text: &str) -> anyhow::Result<HoldId> {
    match lookup::hold(store, text).await? {
        Ok(id) => Ok(id),
        Err(Missing::Nowhere) => Err(Usage(format!("there is no hold whose id ends in `{text}`; `countersign hold list` shows those there are")).into()),
        Err(Missing::Ambiguous(many)) => Err(Usage(format!("{many} holds have ids that end in `{text}`; type more of it")).into()),
    }
}
