//! What a call leaves behind in PostgreSQL: the query of a killed client goes on there. It is found by the name of its
//! connection, ended, and seen to be gone.

use std::collections::BTreeMap;

use domain::{
    id::{PinId, RunId},
    plan::Target,
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{
    error::Error,
    helper::{Call, QUESTION, Sqlmesh},
};

#[derive(Deserialize)]
struct Ended {
    ended: u64,
}

/// On whose behalf a call is made: its connections carry that name.
#[derive(Clone, Copy, Debug)]
pub enum Behalf<'a> {
    /// A run's.
    Run(&'a RunId),
    /// Of whoever makes this rollback point.
    Point(&'a str),
    /// Of a way back that is kept, or let go.
    Pin(&'a PinId),
    /// Of somebody who only asks; what it leaves behind ends by itself.
    Nobody,
}

impl Behalf<'_> {
    /// The name of the connections.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Run(run) => format!("rb-{run}"),
            Self::Point(point) => format!("rb-{point}"),
            Self::Pin(pin) => format!("rb-{pin}"),
            Self::Nobody => "countersign".to_owned(),
        }
    }
}

impl Sqlmesh {
    /// Ends what earlier calls on somebody's behalf left at work in the target's database, and says how many
    /// connections those were. When this returns without an error, none is left.
    pub async fn end_backends(
        &self,
        python: &str,
        target: &Target,
        behalf: Behalf<'_>,
    ) -> Result<u64, Error> {
        let arguments = ["end-backends", "--name", &behalf.name()].map(str::to_owned);
        let (variables, cancel) = (BTreeMap::new(), CancellationToken::new());
        let call = Call {
            python,
            target,
            arguments: &arguments,
            variables: &variables,
            behalf: Behalf::Nobody,
            timeout: QUESTION,
            cancel: &cancel,
        };
        let answer = self.once(&call, |_| {}).await.answer?;
        Ok(answer.read::<Ended>("end-backends")?.ended)
    }
}
