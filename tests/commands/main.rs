//! The program from outside: commands as processes in an installation's folder, their output and their exit codes.

#[path = "../installation/installation.rs"]
mod installation;

mod incident;
mod redacted;

mod auditing;
mod checking;
mod confining;
mod examining;
mod holding;
mod installing;
mod keys;
mod page;
mod pointing;
mod proposing;
mod reading;
mod rehearsing;
mod reporting;
mod serving;
