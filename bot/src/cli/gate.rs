//! `gate check`: may CI deploy? 0 free, 3 held, 2 where nobody knows such an environment.

use std::{io::Read as _, path::PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use policies::Policies;
use serde::Serialize;
use store::Store;

use super::{Done, Usage};
use crate::gate::{self, BadVersion, Gate, Planned};

/// Commands about the gate.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Asks whether an environment is held: exit code 0 free, 3 held.
    Check {
        /// SQLMesh's name of the environment, or a target's id.
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        /// What the deploy would bring: a line for each model, `model=identifier` or `model`; `-` for standard input.
        /// Then only a deploy that brings back what was rolled back is held.
        #[arg(long, value_name = "FILE")]
        plan_models: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The answer as programs read it.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    gate: &'a Gate,
    /// Which of the bad versions the deploy would bring back, where it was said what it brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    brings_back: Option<&'a [&'a BadVersion]>,
}

pub(super) async fn run(
    store: &Store,
    policies: &Policies,
    command: &Command,
) -> anyhow::Result<Done> {
    let Command::Check { environment, plan_models, json } = command;
    let planned = plan_models.as_ref().map(planned).transpose()?;
    let Some(gate) = gate::ask(store, policies, environment).await? else {
        return Err(Usage(format!(
            "no target of targets.yaml has the environment or the id `{environment}`"
        ))
        .into());
    };
    let met = planned.as_ref().map(|planned| gate.met_by(planned));
    if *json {
        let answer = Answer { gate: &gate, brings_back: met.as_deref() };
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        print!("{}", gate.told(met.as_deref()));
    }
    let is_held = met.map_or(gate.held, |met| !met.is_empty());
    Ok(if is_held { Done::Refused } else { Done::Well })
}

fn planned(file: &PathBuf) -> anyhow::Result<Vec<Planned>> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("read standard input")?;
        text
    } else {
        std::fs::read_to_string(file)
            .map_err(|error| Usage(format!("{} cannot be read: {error}", file.display())))?
    };
    let lines = (1..).zip(text.lines().map(str::trim));
    let meant = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = |(number, line): (usize, &str)| {
        Planned::read(line).ok_or_else(|| {
            let file = file.display();
            let mistake = format!(
                "line {number} of {file} is neither `model=identifier` nor the name of a model"
            );
            anyhow::Error::from(Usage(mistake))
        })
    };
    meant.map(read).collect()
}
