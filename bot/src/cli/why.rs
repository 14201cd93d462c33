//! `why`: the rules behind a yes or a no, in words.

use domain::{id::ProposalId, person::PersonId, port::Clock};
use policies::Policies;
use store::Store;

use super::{Done, Usage};

pub(super) async fn why(
    store: &Store,
    policies: &Policies,
    proposal: &str,
    person: &str,
    clock: &dyn Clock,
) -> anyhow::Result<Done> {
    let id = find(store, proposal).await?;
    let Some(found) = store.proposal(&id).await? else {
        return Err(Usage(format!("there is no proposal {id}")).into());
    };
    let person = PersonId::new(person);
    if policies.people().get(&person).is_none() {
        return Err(Usage(format!("people.yaml does not name `{person}`")).into());
    }
    let now = clock.now();
    let words = policies.why(&person, &found.value, now);
    let run = store.run_of(&id).await?.map(|found| found.value);
    let named = run.as_ref().and_then(|run| run.question()).and_then(|question| question.level);
    let words = match policies.why_steering(&person, &found.value, named, now) {
        Some(steering) => words.text(" ").words(steering),
        None => words,
    };
    let words = match policies.why_keeping(&person, &found.value, now) {
        Some(keeping) => words.text(" ").words(keeping),
        None => words,
    };
    let pin = store.pin_of(&id).await?.map(|found| found.value);
    let words = match pin {
        Some(pin) => words.text(" The way back is ").words(pin.words()).text("."),
        None => words,
    };
    println!("{}", words.to_plain(policies.people()).trim_end());
    Ok(Done::Well)
}

/// The proposal that this id, or the end of one, names.
pub(super) async fn find(store: &Store, text: &str) -> anyhow::Result<ProposalId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    match &store.proposal_ids_ending(text).await?[..] {
        [id] => Ok(id.clone()),
        [] => Err(Usage(format!("there is no proposal whose id ends in `{text}`; `countersign show` names an incident's proposals")).into()),
        several => Err(Usage(format!("{} proposals have ids that end in `{text}`; type more of it", several.len())).into()),
    }
}
