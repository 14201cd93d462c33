//! Socket Mode: keeps connections to Slack open and hands what comes over them to the reception.
//!
//! ```text
//! each of several:  dial ──▶ session ──▶ it ends soon ──▶ dial the next, while the old one runs out
//!                    ▲          │ lost
//!                    └──────────┘ what is under way is finished aside
//! ```
//!
//! Slack sends each request over one of the connections, and closes each of them every few hours. With two of them there is
//! always one that is open. Nothing is acknowledged before the reception has taken it, and an acknowledgement that would
//! come too late is not sent: Slack sends an event again, and a person presses again.

mod dial;
mod lines;
mod session;

use std::{num::NonZeroU32, sync::Arc};

use slack::Slack;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::{
    dial::Dial,
    session::{Ended, Session},
};
use crate::reception::Reception;

pub use self::lines::Lines;

/// The connections of one process.
pub struct Sockets {
    /// Opens them.
    pub slack: Arc<Slack>,
    /// Takes in what comes.
    pub reception: Reception,
    /// Knows how many are open.
    pub lines: Arc<Lines>,
    /// How many there are to be.
    pub many: NonZeroU32,
}

impl Sockets {
    /// Keeps them until `shutdown`; what is under way then is finished.
    pub async fn keep(self, shutdown: CancellationToken) {
        let dial = Arc::new(Dial::new(self.slack, self.lines.clone()));
        let mut keepers = JoinSet::new();
        for _ in 0..self.many.get() {
            let keeper = Keeper {
                dial: dial.clone(),
                reception: self.reception.clone(),
                lines: self.lines.clone(),
            };
            keepers.spawn(keeper.keep(shutdown.clone()));
        }
        while keepers.join_next().await.is_some() {}
    }
}

/// Keeps one connection.
struct Keeper {
    dial: Arc<Dial>,
    reception: Reception,
    lines: Arc<Lines>,
}

impl Keeper {
    async fn keep(self, shutdown: CancellationToken) {
        let mut leaving = JoinSet::new();
        loop {
            let connection = tokio::select! {
                () = shutdown.cancelled() => break,
                connection = self.dial.connect() => connection,
            };
            let mut session = Session::new(connection, self.lines.opened(), self.reception.clone());
            let ended = session.run(&shutdown).await;
            let age = session.age();
            // First, because the next call may have to wait for its turn.
            match &ended {
                Ended::Soon => leaving.spawn(session.run_out(shutdown.clone())),
                _ => leaving.spawn(session.finish()),
            };
            self.dial.note(&ended, age).await;
            while leaving.try_join_next().is_some() {}
        }
        while leaving.join_next().await.is_some() {}
    }
}
