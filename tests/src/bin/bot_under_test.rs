//! The binary `countersign` once more, so that stories can start it as a process of its own and kill it.

use std::process::ExitCode;

use clap::Parser as _;
use countersign::cli::{self, Cli};

fn main() -> ExitCode {
    if let Some(code) = cli::become_confined() {
        return code;
    }
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing installed a provider before");
    cli::run(Cli::parse())
}
