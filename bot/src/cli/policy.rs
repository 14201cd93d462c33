//! `policy`: what the policies decide, and whether that is what they should.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use domain::Timestamp;
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
    /// Says what would happen after an alert if nobody answered: what is proposed, whom that needs, who is asked when.
    Simulate {
        /// The alert, written as in a case: `title`, `service`, `details`.
        #[arg(long, value_name = "FILE")]
        alert: PathBuf,
        /// When it comes in, such as `2026-11-25T03:00:00Z`.
        #[arg(long, value_name = "TIME")]
        at: Timestamp,
        /// As if a person planned the same, for a maintenance window that opens then.
        #[arg(long, value_name = "TIME")]
        opens: Option<Timestamp>,
    },
}

pub(super) fn run(config: &Config, command: &Command) -> anyhow::Result<Done> {
    match command {
        Command::Test { cases } => test(config, cases.as_deref()),
        Command::Simulate { alert, at, opens } => {
            let text = std::fs::read_to_string(alert)
                .with_context(|| format!("read {}", alert.display()))?;
            let alert = policies::alert(&alert.display().to_string(), &text)?;
            print!("{}", policies(config)?.simulate(&alert, *at, *opens));
            Ok(Done::Well)
        }
    }
}

fn test(config: &Config, cases: Option<&Path>) -> anyhow::Result<Done> {
    let beside = config.policies.parent().map(|folder| folder.join("cases")).unwrap_or_default();
    let files = policy_files::read(cases.unwrap_or(&beside))?;
    let reports = run_cases(&policies(config)?, &files);
    for report in &reports {
        println!("{report}");
    }
    let failed = reports.iter().filter(|report| !report.passed()).count();
    println!("{} passed, {failed} failed", reports.len() - failed);
    Ok(if failed == 0 { Done::Well } else { Done::Failed })
}
