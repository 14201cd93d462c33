//! Which models there are to choose from: what the ledger has seen in the environment, without asking it anew.

use std::{collections::BTreeSet, time::Duration};

use domain::{person::Identity, release::Release};
use policies::{TargetRule, is_model_name};
use slack::{Choice, models_of};
use store::Store;

use super::super::{Ack, Reception};

/// So many releases are looked at.
const RELEASES: u32 = 2;
/// Slack takes no more options.
const MOST: usize = 100;
/// Slack waits three seconds for options; an empty list is an answer too.
const PATIENCE: Duration = Duration::from_millis(2300);

/// What is known of an environment's models.
pub(super) struct Models {
    /// Those that the last release changed from one version to another.
    pub(super) changed: BTreeSet<String>,
    /// All.
    pub(super) all: BTreeSet<String>,
    /// The last release that was seen.
    pub(super) newest: Option<Release>,
}

impl Models {
    /// Reads what the ledger and the policies know.
    pub(super) async fn of(store: &Store, target: &TargetRule) -> anyhow::Result<Self> {
        let mut releases = store.releases(&target.id, RELEASES).await?.into_iter();
        let (newest, before) = (releases.next(), releases.next());
        let mut changed = BTreeSet::new();
        if let (Some(newest), Some(before)) = (&newest, &before) {
            let is_changed = |model: &&String| {
                let before = before.snapshots.get(*model);
                before
                    .is_some_and(|before| before.identifier != newest.snapshots[*model].identifier)
            };
            changed.extend(newest.snapshots.keys().filter(is_changed).cloned());
        }
        let seen = newest.iter().flat_map(|release| release.snapshots.keys().cloned());
        let named = target.models.iter().map(|model| model.name.clone());
        let all = seen.chain(named).chain(target.default_models.iter().cloned());
        let all = all.filter(|model| is_model_name(model)).collect();
        Ok(Self { changed, all, newest })
    }

    /// Those that fit what somebody has typed, the likeliest first.
    pub(super) fn fitting(&self, typed: &str) -> Vec<Choice> {
        let typed = typed.trim().to_lowercase();
        let last = |model: &str| model.rsplit('.').next().unwrap_or(model).to_lowercase();
        let mut found: Vec<&String> =
            self.all.iter().filter(|model| model.to_lowercase().contains(&typed)).collect();
        found.sort_by_key(|model| {
            (!last(model).starts_with(&typed), !self.changed.contains(*model), (*model).clone())
        });
        let choice = |model: &str, description: &str| Choice {
            value: model.to_owned(),
            text: model.to_owned(),
            description: description.to_owned(),
        };
        let mut choices: Vec<Choice> = found
            .into_iter()
            .take(MOST)
            .map(|model| {
                let is_changed = self.changed.contains(model);
                choice(model, if is_changed { "changed by the last release" } else { "" })
            })
            .collect();
        // The ledger may not know it yet; whether it is there is found out by the assessment.
        if choices.is_empty() && is_model_name(&typed) {
            choices.push(choice(&typed, "not seen here yet"));
        }
        choices
    }
}

impl Reception {
    /// What a select of the form offers for what somebody has typed.
    pub(crate) async fn suggest(&self, identity: &Identity, input: &str, typed: &str) -> Ack {
        let targets = self.engine.policies.targets();
        let Some(target) = targets.iter().find(|target| models_of(&target.id) == input) else {
            tracing::debug!("{identity} searches in {input:?}, which offers nothing");
            return Ack::Saying(self.slack.options(&[]));
        };
        let reading = Models::of(&self.engine.store, target);
        let choices = match tokio::time::timeout(PATIENCE, reading).await {
            Ok(Ok(models)) => models.fitting(typed),
            Ok(Err(error)) => {
                tracing::warn!("the models of {} could not be read: {error:#}", target.id);
                vec![]
            }
            Err(_) => {
                tracing::warn!("the models of {} were not read in time", target.id);
                vec![]
            }
        };
        Ack::Saying(self.slack.options(&choices))
    }
}
