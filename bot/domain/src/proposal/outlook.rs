//! What people may expect of a rollback besides that models go back.

use serde::{Deserialize, Serialize};

use crate::{plan::Workflow, window::Window};

/// What people may expect of a rollback besides that models go back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Models that leave the environment, because the release that goes back had added them.
    pub without: Vec<String>,
    /// How long such a rollback usually took on this target, in milliseconds; `None` where there was none.
    pub usual_ms: Option<u64>,
    /// How long before the way back may be gone people are warned, in milliseconds.
    pub warn_before_ms: u64,
    /// When it may begin, where it is planned; else at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How it is carried out. Older records have none, whether there is a window or not.
    #[serde(default, skip_serializing_if = "Workflow::is_emergency")]
    pub workflow: Workflow,
}

impl Default for Outlook {
    fn default() -> Self {
        Self {
            without: vec![],
            usual_ms: None,
            warn_before_ms: 3_600_000,
            window: None,
            workflow: Workflow::Emergency,
        }
    }
}

impl Outlook {
    /// Whether it is consistent: what is planned has a window.
    pub(crate) fn is_possible(&self) -> bool {
        self.workflow.is_emergency() || self.window.is_some()
    }
}
