//! What a call leaves behind in PostgreSQL: the query of a killed client goes on there. It is found by the name of its
//! connection, ended, and seen to be gone.

use std::collections::BTreeMap;

use domain::{id::RunId, plan::Target};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{
    error::Error,
    helper::{Call, QUESTION, Sqlmesh, read},
};

#[derive(Deserialize)]
struct Ended {
    ended: u64,
}

/// The name of the connections that a run's calls make; those that belong to no run have one of their own.
pub(crate) fn backend_name(run: Option<&RunId>) -> String {
    run.map_or_else(|| "countersign".to_owned(), |run| format!("rb-{run}"))
}

impl Sqlmesh {
    /// Ends what earlier calls of a run left at work in the target's database, and says how many connections those
    /// were. When this returns without an error, none is left.
    pub async fn end_backends(
        &self,
        python: &str,
        target: &Target,
        run: &RunId,
    ) -> Result<u64, Error> {
        let arguments = ["end-backends", "--name", &backend_name(Some(run))].map(str::to_owned);
        let (variables, cancel) = (BTreeMap::new(), CancellationToken::new());
        let call = Call {
            python,
            target,
            arguments: &arguments,
            variables: &variables,
            run: None,
            timeout: QUESTION,
            cancel: &cancel,
        };
        let answer = self.once(&call, |_| {}).await.answer?;
        Ok(read::<Ended>("end-backends", answer.value)?.ended)
    }
}
