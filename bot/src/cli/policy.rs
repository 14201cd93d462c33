//! `policy test`: runs the cases that say what the policies should decide.

use std::path::PathBuf;

use clap::Subcommand;
use policies::run_cases;

use super::{Done, policies};
use crate::{config::Config, policy_files};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs the cases: alert in, expected proposal, requirement and timeline out.
    Test {
        /// The folder with the cases; `cases` beside the rules by default.
        #[arg(long)]
        cases: Option<PathBuf>,
    },
}

pub(super) fn run(config: &Config, Command::Test { cases }: &Command) -> anyhow::Result<Done> {
    let beside = config.policies.parent().map(|folder| folder.join("cases")).unwrap_or_default();
    let files = policy_files::read(cases.as_ref().unwrap_or(&beside))?;
    let reports = run_cases(&policies(config)?, &files);
    for report in &reports {
        println!("{report}");
    }
    let failed = reports.iter().filter(|report| !report.passed()).count();
    println!("{} passed, {failed} failed", reports.len() - failed);
    Ok(if failed == 0 { Done::Well } else { Done::Failed })
}
