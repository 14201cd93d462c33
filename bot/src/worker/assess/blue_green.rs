//! Type 1: the whole of the last release goes back, also with the models that it added and those that it removed.

use policies::Match;
use sqlmesh::Inspection;

use super::choice::{Choice, meant, nothing_changed};

/// Everything that differs. The error says why that would not help: the alert is about models that do not differ.
pub(super) fn choose(matched: &Match, inspection: &Inspection) -> Result<Choice, String> {
    if meant(matched, inspection).next().is_none() {
        return Err(nothing_changed(matched, inspection));
    }
    Ok(Choice::of(&inspection.changed))
}
