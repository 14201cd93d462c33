//! Pages that a card leads to.

use serde::Serialize;

/// A page that helps to decide: a runbook, a dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What stands on the button.
    pub label: String,
    /// The address.
    pub url: String,
}
