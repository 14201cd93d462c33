//! The handover of an incident to one person, as it stands now.

use domain::{
    handover::Handover, id::IncidentId, journal::Entry, letter::Letter, level::Level,
    person::PersonId, proposal::Proposal,
};
use store::Store;

use super::open;

/// The letter to one person of a level; `None` where there is no such incident.
pub async fn handover(
    store: &Store,
    id: &IncidentId,
    (reader, level): (&PersonId, Option<Level>),
    link: Option<&str>,
) -> anyhow::Result<Option<Letter>> {
    let Some(incident) = store.incident(id).await? else { return Ok(None) };
    let proposals = store.proposals_of(id).await?;
    let proposals: Vec<Proposal> = proposals.into_iter().map(|found| found.value).collect();
    let run = match proposals.last() {
        Some(proposal) => store.run_of(&proposal.id).await?,
        None => None,
    };
    let journal = store.journal(id).await?;
    let entries: Vec<Entry> = journal.iter().map(open).collect::<Result<_, _>>()?;
    let handover = Handover {
        incident: &incident.value,
        proposals: &proposals,
        run: run.as_ref().map(|found| &found.value),
        entries: &entries,
        reader,
        level,
        link,
    };
    Ok(Some(handover.letter()))
}
