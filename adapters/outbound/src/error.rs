//! Why a call has no answer, and whether it may have been carried out all the same.

/// A call without an answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The HTTP client could not be made.
    #[error("prepare the HTTP client")]
    Client(#[source] reqwest::Error),
    /// Address, method or header cannot be sent.
    #[error("nothing was sent: {0}")]
    Unsendable(String),
    /// No connection came about, so nothing was sent.
    #[error("nothing was sent: {server} cannot be reached: {problem}")]
    NotConnected {
        /// Scheme, host and port.
        server: String,
        /// What went wrong, the innermost cause.
        problem: String,
    },
    /// It was sent, and nobody knows what came of it.
    #[error("{server} gave no answer: {problem}")]
    NoAnswer {
        /// Scheme, host and port.
        server: String,
        /// What went wrong, the innermost cause.
        problem: String,
    },
}

impl CallError {
    /// Whether the server may have carried it out.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::NoAnswer { .. })
    }

    /// Tells apart what was sent from what was not.
    pub(crate) fn of(error: &reqwest::Error, server: &str) -> Self {
        let (server, problem) = (server.to_owned(), innermost(error));
        if error.is_builder() {
            Self::Unsendable(problem)
        } else if error.is_connect() {
            Self::NotConnected { server, problem }
        } else {
            Self::NoAnswer { server, problem }
        }
    }
}

/// The last cause says most, such as `connection refused`; the ones before it repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "the time was over".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
