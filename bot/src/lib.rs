//! Countersign: approval gates for data platforms, in the chat where people already are.
//!
//! The binary is a thin shell around this library, so that the stories of the tests run the real wiring.
//! Read the modules in this order.

pub mod config;
pub mod policy_files;

pub mod bell;
pub mod engine;
pub mod receipts;

pub mod live;
pub mod steps;
pub mod worker;

pub mod doctor;

pub mod archive;
pub mod audit;
pub mod details;
pub mod gate;
pub mod incident_document;
pub mod lookup;
pub mod reasons;
pub mod report;
pub mod restorable;
pub mod retained;
pub mod view;

mod directory;
pub mod reception;
pub mod socket;

pub mod http;
pub mod metrics;

pub mod bot;
pub mod cli;

pub mod clock;
pub mod ids;
