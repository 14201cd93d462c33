//! What the page says at every stage of an incident, and what it must never let through.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod holding;
mod keeping;
mod looks;
mod reading;
mod safety;
mod scene;
mod shell;
mod stages;
mod steering;
