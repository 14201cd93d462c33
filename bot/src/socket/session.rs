//! One connection in use: what comes is taken in side by side, and acknowledged when it was taken.

use std::time::Duration;

use anyhow::Context as _;
use slack::{Connection, Envelope, Heard, Lost};
use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::lines::OpenLine;
use crate::reception::{Ack, Reception};

/// Slack waits so long for an acknowledgement.
const IN_TIME: Duration = Duration::from_secs(3);
/// Whatever takes longer is given up, so that it does not keep others out.
const LONGEST: Duration = Duration::from_secs(30);
/// How many are taken in at once. More of them mean that the database does not keep up.
const MOST: usize = 64;
/// How long a connection that ends soon is listened to: Slack closes it about ten seconds after it said so.
const RUNNING_OUT: Duration = Duration::from_mins(1);

/// A connection in use.
pub(super) struct Session {
    connection: Connection,
    reception: Reception,
    began: Instant,
    under_way: JoinSet<Done>,
    open: Option<OpenLine>,
}

/// Why a connection is listened to no longer.
pub(super) enum Ended {
    /// It still works, and will be closed.
    Soon,
    /// It does not work any more.
    Lost(Lost),
    /// There are more than Slack allows.
    TooMany,
    /// The app has no Socket Mode any more.
    SwitchedOff,
    /// The bot is asked to stop.
    Stopped,
}

/// What became of an envelope.
struct Done {
    envelope: Envelope,
    heard_at: Instant,
    taken: anyhow::Result<Ack>,
}

impl Session {
    pub(super) fn new(connection: Connection, open: OpenLine, reception: Reception) -> Self {
        Self {
            connection,
            reception,
            began: Instant::now(),
            under_way: JoinSet::new(),
            open: Some(open),
        }
    }

    /// How long it has been open.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Takes in what comes until the connection ends.
    pub(super) async fn run(&mut self, shutdown: &CancellationToken) -> Ended {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Ended::Stopped,
                Some(done) = self.under_way.join_next() => {
                    if let Err(lost) = self.acknowledge(done).await {
                        return Ended::Lost(lost);
                    }
                }
                heard = self.connection.next() => match heard {
                    Ok(Heard::Envelope(envelope)) => self.take(envelope),
                    Ok(Heard::EndsSoon) => return Ended::Soon,
                    Ok(Heard::TooMany) => return Ended::TooMany,
                    Ok(Heard::SwitchedOff) => return Ended::SwitchedOff,
                    Err(lost) => return Ended::Lost(lost),
                },
            }
        }
    }

    /// Goes on until Slack closes the connection, as it has said.
    pub(super) async fn run_out(mut self, shutdown: CancellationToken) {
        let running_out = async { while let Ended::Soon = self.run(&shutdown).await {} };
        // Either way it is over, and was to be over.
        let _ = timeout(RUNNING_OUT, running_out).await;
        self.finish().await;
    }

    /// Takes in nothing more, finishes what is under way, and closes the connection.
    pub(super) async fn finish(mut self) {
        // Nobody is heard over it any more, however long the rest takes.
        drop(self.open.take());
        while let Some(done) = self.under_way.join_next().await {
            // Where the connection is lost, nobody hears of it; what was taken is taken.
            if let Err(lost) = self.acknowledge(done).await {
                tracing::debug!("something from Slack was taken and not acknowledged: {lost}");
            }
        }
        self.connection.close().await;
    }

    fn take(&mut self, envelope: Envelope) {
        if self.under_way.len() >= MOST {
            self.reception.metrics.click("left");
            tracing::warn!(
                "something from Slack ({}) was not taken in: {MOST} others are under way. Slack sends an event again, a person presses again",
                envelope.kind
            );
            return;
        }
        let reception = self.reception.clone();
        let heard_at = Instant::now();
        self.under_way.spawn(async move {
            let taken = match timeout(LONGEST, take_in(&reception, &envelope)).await {
                Ok(taken) => taken,
                Err(_) => Err(anyhow::anyhow!("it took longer than {} s", LONGEST.as_secs())),
            };
            Done { envelope, heard_at, taken }
        });
    }

    async fn acknowledge(&mut self, done: Result<Done, JoinError>) -> Result<(), Lost> {
        let Done { envelope, heard_at, taken } = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!("taking in something from Slack ended early: {error}");
                return Ok(());
            }
        };
        let ack = match taken {
            Ok(ack) => ack,
            Err(error) => {
                self.reception.metrics.click("failed");
                tracing::error!("something from Slack ({}) failed: {error:#}", envelope.kind);
                return Ok(());
            }
        };
        let took = heard_at.elapsed();
        if took > IN_TIME {
            self.reception.metrics.click("late");
            tracing::warn!(
                "something from Slack ({}) was taken in, but after {} ms: too late to say so. The database is slow",
                envelope.kind,
                took.as_millis()
            );
            return Ok(());
        }
        let answer = match &ack {
            Ack::Saying(answer) if envelope.accepts_answer => Some(answer),
            Ack::Saying(_) | Ack::Taken => None,
        };
        self.connection.acknowledge(&envelope.id, answer).await
    }
}

async fn take_in(reception: &Reception, envelope: &Envelope) -> anyhow::Result<Ack> {
    let inbound = envelope.read().context("read what came over Socket Mode")?;
    let Some(inbound) = inbound else {
        reception.metrics.click("other");
        tracing::debug!("an envelope of kind {:?} changes nothing", envelope.kind);
        return Ok(Ack::Taken);
    };
    reception.take(inbound).await
}
