//! Reads what a person looks at: cards and threads, from the state and the journal.

mod handover;
mod home;

use domain::{
    card::Card,
    id::IncidentId,
    incident::Incident,
    journal::{Actor, Entry, SealedEntry},
    notice::Notice,
    person::People,
    proposal::Proposal,
};
use policies::Policies;
use store::Store;
use web::Line;

pub use handover::handover;
pub use home::board;

/// The card of an incident as it stands; `None` where there is no such incident.
pub async fn card(store: &Store, id: &IncidentId) -> anyhow::Result<Option<Card>> {
    Ok(read(store, id).await?.map(|(card, ..)| card))
}

/// The same card with the pages on its target, where people can follow them.
pub async fn card_with_links(
    store: &Store,
    policies: &Policies,
    id: &IncidentId,
) -> anyhow::Result<Option<Card>> {
    let Some((card, incident, proposal)) = read(store, id).await? else { return Ok(None) };
    let target = match proposal {
        Some(proposal) => policies.target(&proposal.opening.target.id),
        // Where no rollback is proposed, whoever the alert concerns needs its runbook all the more.
        None => policies
            .targets()
            .iter()
            .find(|target| target.serves(&incident.alert.service_id, &incident.alert.service_name)),
    };
    let links = target.map(|target| target.links.clone()).unwrap_or_default();
    Ok(Some(card.with_links(links)))
}

async fn read(
    store: &Store,
    id: &IncidentId,
) -> anyhow::Result<Option<(Card, Incident, Option<Proposal>)>> {
    let Some(incident) = store.incident(id).await? else { return Ok(None) };
    let proposal = store.proposals_of(id).await?.pop();
    let run = match &proposal {
        Some(proposal) => store.run_of(&proposal.value.id).await?,
        None => None,
    };
    let live = match &run {
        Some(run) => store.live(&run.value.id).await?,
        None => None,
    };
    // While it waits for a person nobody asks, and what was seen before says nothing of now.
    let watched = match &run {
        Some(run) if !run.value.is_at_rest() => store.watched(&run.value.id).await?,
        _ => vec![],
    };
    let hold = match &proposal {
        Some(proposal) => store.hold_of(&proposal.value.id).await?,
        None => None,
    };
    let card = Card::of(
        &incident.value,
        proposal.as_ref().map(|found| &found.value),
        run.as_ref().map(|found| &found.value),
        live.as_deref(),
    );
    let card = card.with_watched(watched);
    let card = card.with_hold(hold.as_ref().map(|found| &found.value));
    let pin = match &proposal {
        Some(proposal) => store.pin_of(&proposal.value.id).await?,
        None => None,
    };
    let proposal = proposal.map(|found| found.value);
    let card = card.with_pin(proposal.as_ref(), pin.as_ref().map(|found| &found.value));
    Ok(Some((card, incident.value, proposal)))
}

/// One notice of a journal entry.
pub async fn notice(
    store: &Store,
    id: &IncidentId,
    seq: u64,
    index: usize,
) -> anyhow::Result<Option<Notice>> {
    let Some(sealed) = store.entry(id, seq).await? else { return Ok(None) };
    Ok(open(&sealed)?.notices.into_iter().nth(index))
}

/// The thread of an incident: every notice of its journal, oldest first.
pub async fn thread(store: &Store, id: &IncidentId) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for sealed in store.journal(id).await? {
        let entry = open(&sealed)?;
        let who = narrator(&entry.actor);
        lines.extend(entry.notices.iter().map(|notice| Line {
            at: entry.at,
            seq: entry.seq,
            tone: notice.tone(),
            volume: notice.volume(),
            who: who.clone(),
            words: notice.words(),
        }));
    }
    Ok(lines)
}

/// Who speaks in the thread: people's names stand in the sentences themselves.
fn narrator(actor: &Actor) -> String {
    match actor {
        Actor::System(name) => system(name),
        Actor::Person { .. } | Actor::Stranger { .. } | Actor::Clock | Actor::Countersign => {
            "Countersign".to_owned()
        }
    }
}

fn system(name: &str) -> String {
    if name == "pagerduty" { "PagerDuty".to_owned() } else { name.to_owned() }
}

/// An entry's author as readers name them.
pub fn who(actor: &Actor, people: &People) -> String {
    match actor {
        Actor::Person { person, .. } => people.name(person).to_owned(),
        Actor::Stranger { identity } => format!("somebody unknown ({identity})"),
        Actor::System(name) => system(name),
        Actor::Clock | Actor::Countersign => "Countersign".to_owned(),
    }
}

fn open(sealed: &SealedEntry) -> anyhow::Result<Entry> {
    Ok(serde_json::from_str(&sealed.body)?)
}
