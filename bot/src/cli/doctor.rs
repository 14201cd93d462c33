//! `doctor`: a line for each thing that Countersign needs, and the fix beside it. 0 where all of it works, else 1.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::Arc,
};

use domain::port::Clock;
use futures_util::StreamExt as _;

use super::{Done, check, counted};
use crate::{
    config::Config,
    doctor::{self, Finding, State},
};

/// The width of the first two columns.
const WORD: usize = 7;
const CHECK: usize = 13;

pub(super) async fn run(
    config: &Config,
    clock: Arc<dyn Clock>,
    json: bool,
) -> anyhow::Result<Done> {
    let mut found = Vec::new();
    if let Err(refused) = check::refuse(config) {
        found.push(
            Finding::problem("configuration", refused.to_string())
                .fix("Mend it: `serve` does not start like this"),
        );
    }
    let is_terminal = std::io::stdout().is_terminal();
    if !json {
        for finding in &found {
            print(finding, is_terminal);
        }
    }
    let mut findings = std::pin::pin!(doctor::examine(config, clock));
    while let Some(finding) = findings.next().await {
        if !json {
            print(&finding, is_terminal);
            std::io::stdout().flush()?;
        }
        found.push(finding);
    }
    let many = |state| found.iter().filter(|finding| finding.state == state).count() as u64;
    let (problems, warnings) = (many(State::Problem), many(State::Warning));
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else if problems + warnings == 0 {
        println!("All is well.");
    } else {
        let ill = [(problems, "problem"), (warnings, "warning")];
        let ill = ill.into_iter().filter(|(many, _)| *many > 0);
        let ill: Vec<_> = ill.map(|(many, noun)| counted(many, noun)).collect();
        println!("{}.", ill.join(", "));
    }
    Ok(if problems == 0 { Done::Well } else { Done::Failed })
}

fn print(finding: &Finding, is_terminal: bool) {
    let Finding { check, state, what, fix } = finding;
    let word = format!("{:<WORD$}", state.as_str());
    let word = match (is_terminal, state) {
        (false, _) => word,
        (true, State::Ok) => format!("\u{1b}[32m{word}\u{1b}[0m"),
        (true, State::Warning) => format!("\u{1b}[33m{word}\u{1b}[0m"),
        (true, State::Problem) => format!("\u{1b}[1;31m{word}\u{1b}[0m"),
    };
    println!("{word}  {check:<CHECK$}  {}", one_line(what));
    if let Some(fix) = fix {
        println!("{:WORD$}  {:CHECK$}  fix: {}", "", "", one_line(fix));
    }
}

/// What others say may have several lines, or signs that a terminal obeys.
fn one_line(text: &str) -> String {
    text.split(char::is_control)
        .filter(|part| !part.trim().is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
