//! Why somebody may or may not do something with a proposal, in words: `why` of the command line and of chats.

use domain::{Timestamp, person::PersonId, proposal::Proposal, words::Words};
use policies::Policies;
use store::{Error, Store};

/// All that the rules say of this person and this proposal as it stands.
pub async fn why(
    store: &Store,
    policies: &Policies,
    (person, proposal): (&PersonId, &Proposal),
    now: Timestamp,
) -> Result<Words, Error> {
    let words = policies.why(person, proposal, now);
    let run = store.run_of(&proposal.id).await?.map(|found| found.value);
    let named = run.as_ref().and_then(|run| run.question()).and_then(|question| question.level);
    let words = match policies.why_steering(person, proposal, named, now) {
        Some(steering) => words.text(" ").words(steering),
        None => words,
    };
    let words = match policies.why_keeping(person, proposal, now) {
        Some(keeping) => words.text(" ").words(keeping),
        None => words,
    };
    let pin = store.pin_of(&proposal.id).await?.map(|found| found.value);
    Ok(match pin {
        Some(pin) => words.text(" The way back is ").words(pin.words()).text("."),
        None => words,
    })
}
