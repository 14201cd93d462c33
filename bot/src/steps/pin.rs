//! A way back that is kept, or let go: the helper's sub-commands for it.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    pin::{Event, Pin, Work},
    release::ModelVersion,
    run::ProbeAnswer,
};
use serde::de::DeserializeOwned;
use sqlmesh::{Behalf, Call, PinState, Pinned, Probe};
use tokio_util::sync::CancellationToken;

use super::{GRACE, MARK, Steps, sqlmesh::python};

/// Writing one record takes a moment; Python needs seconds to start.
const CALL: Duration = Duration::from_mins(1);

impl Steps {
    /// Does it, and says what came of it: from the answer where it is clear, else by asking the target. `None`: it was cut
    /// short, and a later life finds out.
    pub async fn carry_out(
        &self,
        pin: &Pin,
        work: Work,
        cancel: &CancellationToken,
    ) -> Option<Event> {
        let arguments = match work {
            Work::Keep => with_versions("pin", pin),
            Work::Release => {
                vec!["unpin".to_owned(), "--name".to_owned(), pin.opening.name.clone()]
            }
        };
        let answer = self.ask_about::<Pinned>(pin, &arguments, cancel).await;
        if cancel.is_cancelled() {
            return None;
        }
        let why = match answer {
            Ok(Pinned { state, missing, in_place }) => match (work, state) {
                (Work::Keep, PinState::Done) => return Some(Event::Did { in_place }),
                (Work::Keep, PinState::Gone) => {
                    let missing = missing.iter().filter_map(|text| ModelVersion::read(text));
                    return Some(Event::Gone { missing: missing.collect() });
                }
                (Work::Release, PinState::NotDone) => return Some(Event::Did { in_place }),
                (Work::Keep, PinState::NotDone | PinState::Partial)
                | (Work::Release, PinState::Done | PinState::Partial | PinState::Gone) => {
                    "SQLMesh's state is not as it should be afterwards".to_owned()
                }
            },
            Err(why) => why,
        };
        self.find_out(pin, work, why, cancel).await
    }

    /// Asks the target what an earlier try has done; `why` is what is known of it.
    pub async fn find_out(
        &self,
        pin: &Pin,
        work: Work,
        why: String,
        cancel: &CancellationToken,
    ) -> Option<Event> {
        let arguments = with_versions("probe-pin", pin);
        let answer = self.ask_about::<Probe>(pin, &arguments, cancel).await;
        if cancel.is_cancelled() {
            return None;
        }
        Some(match answer {
            Ok(Probe { state, detail }) => match (work, state) {
                (Work::Keep, ProbeAnswer::Done) | (Work::Release, ProbeAnswer::NotDone) => {
                    Event::Did { in_place: vec![] }
                }
                (_, ProbeAnswer::Unknown) => Event::Unanswered { why: detail },
                // Either is done again, and twice is like once.
                (Work::Keep, ProbeAnswer::NotDone | ProbeAnswer::Partial)
                | (Work::Release, ProbeAnswer::Done | ProbeAnswer::Partial) => {
                    Event::NotDone { why }
                }
            },
            Err(unanswered) => Event::Unanswered { why: unanswered },
        })
    }

    /// Ends what an earlier life left at work for the pin, here and in the target's database.
    pub async fn end_pinning(&self, pin: &Pin) -> anyhow::Result<()> {
        runner::end_marked(MARK, pin.id.as_str(), GRACE).await?;
        let (python, target) = (self.python_of(pin), &pin.opening.target);
        self.sqlmesh.end_backends(python, target, Behalf::Pin(&pin.id)).await?;
        Ok(())
    }

    async fn ask_about<T: DeserializeOwned>(
        &self,
        pin: &Pin,
        arguments: &[String],
        cancel: &CancellationToken,
    ) -> Result<T, String> {
        let variables = BTreeMap::from([(MARK.to_owned(), pin.id.to_string())]);
        let call = Call {
            python: self.python_of(pin),
            target: &pin.opening.target,
            arguments,
            variables: &variables,
            behalf: Behalf::Pin(&pin.id),
            timeout: CALL,
            cancel,
        };
        let answer = self.sqlmesh.call(call, |_| {}).await.answer;
        let value = answer.map_err(|error| error.to_string())?.value;
        serde_json::from_value(value)
            .map_err(|error| format!("the helper's answer cannot be read: {error}"))
    }

    fn python_of(&self, pin: &Pin) -> &str {
        python(self.policies.target(&pin.opening.target.id))
    }
}

fn with_versions(command: &str, pin: &Pin) -> Vec<String> {
    let named = [command.to_owned(), "--name".to_owned(), pin.opening.name.clone()];
    let versions = pin.opening.versions.iter();
    let versions = versions.flat_map(|version| ["--to".to_owned(), version.to_string()]);
    named.into_iter().chain(versions).collect()
}
