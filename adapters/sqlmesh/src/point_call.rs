//! The calls about rollback points that are made outside a run.

use std::{collections::BTreeMap, time::Duration};

use domain::plan::Target;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{
    answer::Verification,
    backend::Behalf,
    error::Error,
    helper::{Call, Called, QUESTION, Sqlmesh},
};

/// Tables of a busy warehouse are not dropped at once.
const DROPPING: Duration = Duration::from_mins(10);

/// The answer of `end-recoveries`.
#[derive(Deserialize)]
struct Ended {
    ended: Vec<String>,
}

impl Sqlmesh {
    /// Whether a rollback point is whole, readable and fitting. Reading a large one takes its time.
    pub async fn verify_point(
        &self,
        python: &str,
        target: &Target,
        (points, point): (&str, &str),
        timeout: Duration,
    ) -> Result<Verification, Error> {
        let words = ["verify-point", "--into", points, "--point", point].map(str::to_owned);
        self.ask_within(timeout, python, target, &words).await
    }

    /// Whether a moment of the past can be recovered out of PostgreSQL's archive, by `--at`, `--base` and `--log`: what
    /// room and time it takes, and whose archive it is. What a killed recovery has left is removed by this.
    pub async fn check_past(
        &self,
        python: &str,
        target: &Target,
        points: &str,
        source: &[String],
    ) -> Result<Verification, Error> {
        let words = ["check-past", "--into", points].map(str::to_owned);
        self.ask_within(QUESTION, python, target, &[&words, source].concat()).await
    }

    /// Ends the private servers of recoveries that were killed, and removes their files; those of one that is under way
    /// stay. Returns the points that they were for.
    pub async fn end_recoveries(
        &self,
        python: &str,
        target: &Target,
        points: &str,
    ) -> Result<Vec<String>, Error> {
        let words = ["end-recoveries", "--into", points].map(str::to_owned);
        let Ended { ended } = self.ask_within(QUESTION, python, target, &words).await?;
        Ok(ended)
    }

    /// Removes a rollback point and the tables that it keeps in the warehouse, or what is left of one. When it is ended
    /// on the way, what remains is no point any more, and the same call goes on with it.
    pub async fn drop_point(
        &self,
        python: &str,
        target: &Target,
        (points, point): (&str, &str),
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        let arguments = ["drop-point", "--into", points, "--point", point].map(str::to_owned);
        let variables = BTreeMap::new();
        let call = Call {
            python,
            target,
            arguments: &arguments,
            variables: &variables,
            behalf: Behalf::Point(point),
            timeout: DROPPING,
            cancel,
        };
        let Called { answer, .. } = self.call(call, |_| {}).await;
        answer.map(|_| ())
    }
}
