//! `report`: what happened, as a document for those who come afterwards.

use clap::Subcommand;
use domain::person::People;
use store::Store;

use super::{Done, incidents};
use crate::{incident_document::IncidentDocument, report};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// One incident as Markdown, drawn from its journal alone: what went wrong, who decided, each step, and what came of it.
    Incident {
        /// Its id, or the end of it.
        incident: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(
    store: &Store,
    people: &People,
    Command::Incident { incident, json }: &Command,
) -> anyhow::Result<Done> {
    let id = incidents::find(store, incident).await?;
    let document = IncidentDocument::draw(&report::timeline(store, &id).await?, people)?;
    if *json {
        println!("{}", serde_json::to_string_pretty(&document)?);
    } else {
        print!("{document}");
    }
    Ok(Done::Well)
}
