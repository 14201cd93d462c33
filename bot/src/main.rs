//! The binary `countersign`.

use std::process::ExitCode;

use clap::Parser as _;
use countersign::cli::{self, Cli};

fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing installed a provider before");
    cli::run(Cli::parse())
}
