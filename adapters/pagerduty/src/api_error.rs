//! Why a call of PagerDuty's REST API failed, and whether it is worth trying again.

use std::time::Duration;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The configured address is no base for HTTP addresses.
    #[error("could not use {url:?} as the address of PagerDuty's API")]
    Address {
        /// The address as configured.
        url: String,
    },
    /// The token or the sender's e-mail address has characters that no header may have.
    #[error("could not put the configured {setting} into a header")]
    Header {
        /// The setting that is wrong.
        setting: &'static str,
    },
    /// The HTTP client could not be made.
    #[error("could not prepare the HTTP client for PagerDuty")]
    Client(#[source] reqwest::Error),
    /// The id could lead to another address than that of an incident.
    #[error("could not use {id:?} as the id of an incident")]
    IncidentId {
        /// The id as given.
        id: String,
    },
    /// The call did not get through, or its answer broke off, or the time was over.
    #[error("could not {task}")]
    Call {
        /// What was tried.
        task: &'static str,
        /// What went wrong on the way.
        #[source]
        source: reqwest::Error,
    },
    /// Too many calls in this minute.
    #[error("could not {task}: PagerDuty asks for fewer calls")]
    RateLimited {
        /// What was tried.
        task: &'static str,
        /// How long to wait, when PagerDuty said so.
        retry_after: Option<Duration>,
    },
    /// PagerDuty refused.
    #[error("could not {task}: PagerDuty answered {status}, {reason}")]
    Refused {
        /// What was tried.
        task: &'static str,
        /// The HTTP status.
        status: u16,
        /// PagerDuty's own number of the error.
        code: Option<i64>,
        /// PagerDuty's words, shortened to one line.
        reason: String,
    },
    /// The answer is larger than any sensible one.
    #[error("could not {task}: the answer has more than {max_bytes} bytes")]
    TooLarge {
        /// What was tried.
        task: &'static str,
        /// The bound that was passed.
        max_bytes: usize,
    },
    /// The answer is not JSON.
    #[error("could not {task}: the answer is not JSON")]
    NotJson {
        /// What was tried.
        task: &'static str,
        /// Where it stops being JSON.
        #[source]
        source: serde_json::Error,
    },
    /// The answer is JSON without the list that was asked for. An absent list is not an empty one.
    #[error("could not {task}: the answer has no list of {list}")]
    NoList {
        /// What was tried.
        task: &'static str,
        /// The name of the list.
        list: &'static str,
    },
}

impl ApiError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Call { source, .. } => !source.is_builder(),
            Self::RateLimited { .. } => true,
            Self::Refused { status, .. } => *status == 408 || *status >= 500,
            Self::Address { .. }
            | Self::Header { .. }
            | Self::Client(_)
            | Self::IncidentId { .. }
            | Self::TooLarge { .. }
            | Self::NotJson { .. }
            | Self::NoList { .. } => false,
        }
    }

    /// How long PagerDuty asks to wait before the next call.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
