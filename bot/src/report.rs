//! Incidents as data: what `list`, `show`, `timeline` and `/api` give.

use domain::{
    Timestamp,
    card::{Button, Card},
    hold::Hold,
    id::IncidentId,
    incident::Incident,
    journal::Entry,
    notice::Tone,
    person::People,
    pin::Pin,
    proposal::Proposal,
    run::Run,
};
use policies::Policies;
use serde::Serialize;
use store::Store;

use crate::view;

/// One line of the list.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The incident.
    pub id: IncidentId,
    /// The state in words.
    pub state: &'static str,
    /// The headline.
    pub title: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether its rollback's hold stands.
    pub held: bool,
}

/// One incident with everything that belongs to it.
#[derive(Debug, Serialize)]
pub struct IncidentReport {
    /// The incident.
    pub id: IncidentId,
    /// The card, as chats show it.
    pub card: Card,
    /// The thread in words.
    pub thread: Vec<ThreadLine>,
    /// Its proposals, oldest first.
    pub proposals: Vec<Proposal>,
    /// Its runs, oldest first.
    pub runs: Vec<Run>,
    /// The holds that its rollbacks left, oldest first.
    pub holds: Vec<Hold>,
    /// The ways back that people kept, oldest first.
    pub pins: Vec<Pin>,
}

/// One line of a thread.
#[derive(Debug, Serialize)]
pub struct ThreadLine {
    /// The entry's place in the journal.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What.
    pub text: String,
    /// The mood.
    pub tone: Tone,
}

/// An incident as a list needs it: without what only its own card shows.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The incident.
    pub incident: Incident,
    /// Its newest proposal.
    pub proposal: Option<Proposal>,
    /// That proposal's run.
    pub run: Option<Run>,
    /// The card of the two and of the hold that they left, without what is outside of them.
    pub card: Card,
}

/// An incident at a glance, by two reads, and a third where its newest proposal is over.
pub async fn glance(store: &Store, incident: Incident) -> anyhow::Result<Glance> {
    let proposal = store.proposals_of(&incident.id).await?.pop().map(|found| found.value);
    let run = match &proposal {
        Some(proposal) => store.run_of(&proposal.id).await?.map(|found| found.value),
        None => None,
    };
    let hold = match proposal.as_ref().filter(|proposal| proposal.is_closed()) {
        Some(proposal) => store.hold_of(&proposal.id).await?.map(|found| found.value),
        None => None,
    };
    let card = Card::of(&incident, proposal.as_ref(), run.as_ref(), None).with_hold(hold.as_ref());
    Ok(Glance { incident, proposal, run, card })
}

/// The newest incidents.
pub async fn list(store: &Store, limit: u32) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for found in store.incidents(limit, None).await? {
        let Glance { incident, card, .. } = glance(store, found.value).await?;
        rows.push(Row {
            id: incident.id,
            state: card.state.word,
            title: incident.alert.title,
            since: incident.opened_at,
            held: card.buttons.contains(&Button::LiftHold),
        });
    }
    Ok(rows)
}

/// One incident; `None` where there is no such one. Without policies nobody has a name, and the target has no pages.
pub async fn incident(
    store: &Store,
    policies: Option<&Policies>,
    id: &IncidentId,
) -> anyhow::Result<Option<IncidentReport>> {
    let nobody = People::default();
    let people = policies.map_or(&nobody, Policies::people);
    let card = match policies {
        Some(policies) => view::card_with_links(store, policies, id).await?,
        None => view::card(store, id).await?,
    };
    let Some(card) = card else { return Ok(None) };
    let proposals = store.proposals_of(id).await?.into_iter().map(|found| found.value).collect();
    let holds = store.holds_of(id).await?.into_iter().map(|found| found.value).collect();
    let pins = store.pins_of(id).await?.into_iter().map(|found| found.value).collect();
    let runs = store.runs_of(id).await?.into_iter().map(|found| found.value).collect();
    // The thread last: whoever stops looking because the state says that it is over has read how it ended.
    let thread = view::thread(store, id).await?.into_iter().map(|line| ThreadLine {
        seq: line.seq,
        at: line.at,
        who: line.who,
        text: line.words.to_plain(people),
        tone: line.tone,
    });
    let thread = thread.collect();
    Ok(Some(IncidentReport { id: id.clone(), card, thread, proposals, holds, pins, runs }))
}

/// Every entry of an incident's journal, those too that nobody was told of.
pub async fn timeline(store: &Store, id: &IncidentId) -> anyhow::Result<Vec<Entry>> {
    let sealed = store.journal(id).await?;
    Ok(sealed.iter().map(|sealed| serde_json::from_str(&sealed.body)).collect::<Result<_, _>>()?)
}
