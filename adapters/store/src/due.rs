//! When the workers have to look again. What somebody holds counts from the end of the lease; a moment that is
//! past means that something can be claimed now.

use domain::{Timestamp, effect::Lane, person::ChatName};
use sqlx::AnyConnection;

use crate::{
    Error, Store,
    job::chat_of,
    rows::{self, Query},
    sql::{errand, handover, job, lease, thread, timer},
};

impl Store {
    /// The earliest moment at which anything is due: a job of these lanes, a card, a letter or an errand of
    /// these chats, a timer or a run.
    pub async fn next_due(
        &self,
        lanes: &[Lane],
        chats: &[ChatName],
    ) -> Result<Option<Timestamp>, Error> {
        let all =
            [self.next_task(lanes, chats).await?, self.next_timer().await?, self.next_run().await?];
        Ok(all.into_iter().flatten().min())
    }

    /// The earliest moment at which a job of these lanes, or a card, a letter or an errand of these chats is due.
    pub async fn next_task(
        &self,
        lanes: &[Lane],
        chats: &[ChatName],
    ) -> Result<Option<Timestamp>, Error> {
        let jobs = lanes
            .iter()
            .map(|lane| sqlx::query(job::NEXT_JOB).bind(lane.as_text()).bind(chat_of(*lane)));
        let cards = chats.iter().map(|chat| sqlx::query(thread::NEXT_CARD).bind(chat.as_str()));
        let letters = chats.iter().flat_map(|chat| {
            [handover::NEXT_HANDOVER, errand::NEXT_ERRAND]
                .map(|text| sqlx::query(text).bind(chat.as_str()))
        });
        let queries: Vec<Query> = jobs.chain(cards).chain(letters).collect();

        let mut connection = self.connection().await?;
        let mut earliest: Option<Timestamp> = None;
        for query in queries {
            earliest = [earliest, due(&mut connection, query).await?].into_iter().flatten().min();
        }
        Ok(earliest)
    }

    /// The earliest moment at which a timer is due.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>, Error> {
        due(&mut *self.connection().await?, sqlx::query(timer::NEXT_TIMER)).await
    }

    /// The earliest moment at which a run that is not at rest can be claimed.
    pub async fn next_run(&self) -> Result<Option<Timestamp>, Error> {
        due(&mut *self.connection().await?, sqlx::query(lease::NEXT_RUN)).await
    }
}

pub(crate) async fn due(
    connection: &mut AnyConnection,
    query: Query,
) -> Result<Option<Timestamp>, Error> {
    rows::single(connection, "read when work is due", query).await?.time_or_null("due_ms")
}
