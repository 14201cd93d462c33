//! Type 2: some models go back to the version before the last release; the rest of it stays.

use policies::Match;
use sqlmesh::{Changed, Inspection};

use super::choice::{Choice, meant, nothing_changed};

/// The models of the alert that the last release changed; all that it changed where the alert names none. The error
/// says why there are none.
pub(super) fn choose(matched: &Match, inspection: &Inspection) -> Result<Choice, String> {
    let choice = Choice::of(meant(matched, inspection).filter(|changed| can_go_back(changed)));
    if !choice.is_empty() {
        return Ok(choice);
    }
    let new_or_gone: Vec<_> =
        meant(matched, inspection).map(|changed| changed.name.as_str()).collect();
    if new_or_gone.is_empty() {
        return Err(nothing_changed(matched, inspection));
    }
    Err(format!(
        "{} {} no version that can be swapped for another: the last release of {} added or removed it.",
        new_or_gone.join(", "),
        if new_or_gone.len() == 1 { "has" } else { "have" },
        inspection.environment.name
    ))
}

/// Whether the alert names a part of the release, and all of that part can go back without the rest.
pub(super) fn is_enough(matched: &Match, inspection: &Inspection) -> bool {
    let mut named = meant(matched, inspection).peekable();
    matched.alert_names_models
        && named.peek().is_some()
        && named.all(can_go_back)
        && meant(matched, inspection).count() < inspection.changed.len()
}

/// A model that was there before the release and is there now.
fn can_go_back(changed: &Changed) -> bool {
    changed.current.is_some() && changed.previous.is_some()
}
