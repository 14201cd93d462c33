//! The doctor: looks at everything that Countersign needs, and says for each thing whether it is well and what to do.
//!
//! It changes nothing and says nothing to anybody else. Every examination has its own time, and none of them keeps
//! another one's findings back.

mod database;
mod disk;
mod finding;
mod keys;
mod pagerduty;
mod slack;
mod sqlmesh;

use std::{pin::Pin, sync::Arc, time::Duration};

use ::policies::Policies;
use domain::port::Clock;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::timeout;

pub use self::finding::{Finding, State};
use crate::{config::Config, policy_files};

/// Whatever talks to somebody else has this long; their own calls end earlier.
const REMOTE: Duration = Duration::from_secs(30);
/// A project of SQLMesh has to be loaded, in a Python that has to start.
const PROJECT: Duration = Duration::from_secs(75);
/// How many examinations are made at once.
const AT_ONCE: usize = 8;

type Findings<'a> = Pin<Box<dyn Future<Output = Vec<Finding>> + Send + 'a>>;

/// Examines everything; findings come in the order in which they are to be read.
pub fn examine(config: &Config, clock: Arc<dyn Clock>) -> impl Stream<Item = Finding> {
    let policies = policy_files::read(&config.policies)
        .map_err(anyhow::Error::new)
        .and_then(|files| Ok(Policies::load(&files)?));
    let found = if let Ok(policies) = &policies {
        Finding::ok("policies", format!("in order, digest {}", policies.digest().short()))
    } else {
        Finding::problem("policies", "there is a mistake in the policies")
            .fix("`countersign check` shows it with line and caret")
    };
    let mut examinations: Vec<Findings<'_>> = vec![
        Box::pin(async { vec![found] }),
        bounded("database", REMOTE, database::examine(config)),
        bounded("keys", REMOTE, async { keys::examine(config) }),
        bounded("disk", REMOTE, async { disk::examine(config) }),
        bounded("slack", REMOTE, slack::examine(config, clock)),
        bounded("pagerduty", REMOTE, pagerduty::examine(config)),
    ];
    for rule in policies.iter().flat_map(Policies::targets).cloned() {
        examinations.push(bounded("sqlmesh", PROJECT, sqlmesh::examine(config, rule)));
    }
    stream::iter(examinations).buffered(AT_ONCE).flat_map(stream::iter)
}

fn bounded<'a>(
    check: &'static str,
    most: Duration,
    examination: impl Future<Output = Vec<Finding>> + Send + 'a,
) -> Findings<'a> {
    Box::pin(async move {
        timeout(most, examination).await.unwrap_or_else(|_| {
            let silent = format!("no answer within {} s", most.as_secs());
            vec![
                Finding::problem(check, silent)
                    .fix("Look at what it talks to, and at the way there"),
            ]
        })
    })
}
