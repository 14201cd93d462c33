//! The engine: every event of the outside world becomes one transaction here.
//!
//! ```text
//! begin │ seen? │ load │ step (pure) │ save │ journal │ jobs, cards, timers │ commit ──▶ ring
//! ```
//! Nothing is sent from here. What must be said or done is written into the same commit and carried out by
//! the workers.

mod alert;
mod assessment;
mod change;
mod decision;
mod disowning;
mod flood;
mod hold;
mod judging;
mod people;
mod pin;
mod release;
mod request;
mod running;
mod steering;
mod telling;
mod urgency;
mod work;

use std::sync::Arc;

use domain::{person::ChatName, port::Clock, refusal::Refusal};
use policies::Policies;
use signer::{KeyRing, SigningKey};
use store::Store;

use crate::bell::Bell;

pub use alert::{Intake, Received};
pub use assessment::Assessment;
pub use change::Change;
pub use decision::{Answer, Decide, Wish};
pub use flood::Flood;
pub use people::{Heard, KNOCK_COUNTS, STANDING_COUNTS, STANDING_IS_FRESH, greeting};
pub use pin::Pinning;
pub use release::{Sight, Told};
pub use running::{Begun, Guarded};

/// How often a transaction that lost a race is tried again.
const RACES: u32 = 8;

/// Everything that decides, and nothing that talks to the outside.
#[derive(Clone)]
pub struct Engine {
    /// The database.
    pub store: Store,
    /// The rules.
    pub policies: Arc<Policies>,
    /// Signs receipts; a process that takes no decisions has none.
    pub key: Option<Arc<SigningKey>>,
    /// Checks receipts.
    pub keys: Arc<KeyRing>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Wakes workers after a commit.
    pub bell: Bell,
    /// The chats that show cards, besides the web page.
    pub chats: Arc<[ChatName]>,
    /// Who may decide nothing and presses again and again.
    pub flood: Arc<Flood>,
}

/// Why a transaction did not commit.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database.
    #[error("the database did not take it")]
    Store(#[from] store::Error),
    /// What is stored does not fit together.
    #[error("the store holds no {what} `{id}`, though something refers to it")]
    Missing {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Somebody else changed the same thing, or took the lease over.
    #[error("somebody else was faster")]
    Raced,
    /// This process takes no decisions.
    #[error("this process has no signing key, so it cannot take decisions")]
    NoKey,
    /// A machine refuses what the engine thought it would take.
    #[error("{id} refuses an event of our own: {refusal:?}")]
    Refused {
        /// Whose machine.
        id: String,
        /// Why.
        refusal: Box<Refusal>,
    },
}

impl EngineError {
    /// Whether the same call may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Raced => true,
            Self::NoKey | Self::Missing { .. } | Self::Refused { .. } => false,
        }
    }
}

/// Runs `attempt` until it does not lose a race any more.
async fn again<T, F: Future<Output = Result<T, EngineError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, EngineError> {
    for _ in 1..RACES {
        match attempt().await {
            Err(error) if error.is_transient() => {
                tracing::debug!(error = %error, "a transaction is tried again");
            }
            done => return done,
        }
    }
    attempt().await
}
