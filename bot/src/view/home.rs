//! Somebody's home page, as it stands now.

use domain::{
    Timestamp,
    home::{Active, Board, Pending, Reader, Turn},
    level::Level,
    person::{Identity, Person, PersonId},
    proposal::{Part, Proposal},
    words::Words,
};
use policies::{Act, Policies, Verdict};
use store::Store;

/// How many incidents are looked through for those that are not over.
const NEWEST: u32 = 100;
/// How many of them are shown.
const SHOWN: usize = 15;

/// What the home page shows of what goes on to a member whom a chat knows as `of`.
pub async fn board(
    store: &Store,
    policies: &Policies,
    of: &Identity,
    now: Timestamp,
) -> anyhow::Result<Board> {
    let people = policies.people();
    let person = people.known_as(of);
    let mut pending = Vec::new();
    for found in store.open_proposals().await? {
        let proposal = found.value;
        let id = &proposal.opening.incident;
        let Some(incident) = store.incident(id).await? else { continue };
        let link = store.link(id, of.chat).await?;
        let reader = reader(policies, person, &proposal, now);
        pending.extend(Pending::of(&incident.value, &proposal, reader, link));
    }
    // What the reader may decide comes first; otherwise the oldest.
    pending.sort_by_key(|pending| pending.may.is_err());
    let incidents = store.incidents(NEWEST, None).await?;
    let going_on = incidents.into_iter().filter(|found| !found.value.is_resolved());
    let going_on: Vec<_> = going_on.collect();
    let mut active = Vec::new();
    for found in going_on.iter().take(SHOWN) {
        let incident = &found.value;
        let proposal = store.proposals_of(&incident.id).await?.pop().map(|found| found.value);
        let run = match &proposal {
            Some(proposal) => store.run_of(&proposal.id).await?.map(|found| found.value),
            None => None,
        };
        let link = store.link(&incident.id, of.chat).await?;
        active.push(Active::of(incident, proposal.as_ref(), run.as_ref(), link));
    }
    let reader = person.map_or_else(
        || Reader::Unknown { identity: of.clone() },
        |person| Reader::Known {
            person: person.id.clone(),
            level: person.level,
            peers: peers(policies, person),
            turn: Turn::of(&person.id, policies.rungs()),
        },
    );
    Ok(Board { reader, pending, active, going_on: going_on.len(), at: now })
}

/// Who else holds exactly the level of somebody.
fn peers(policies: &Policies, person: &Person) -> Vec<PersonId> {
    let Some(level) = person.level else { return vec![] };
    let others = policies.people().iter().filter(|other| {
        other.id != person.id && other.level == Some(level) && policies.is_decider(&other.id)
    });
    others.map(|other| other.id.clone()).collect()
}

/// Who reads it and the level that they hold, or why the policies let them decide nothing. Whether their signature would
/// count, the proposal knows.
fn reader<'a>(
    policies: &Policies,
    person: Option<&'a Person>,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<(&'a PersonId, Option<Level>), Words> {
    let Some(person) = person else {
        return Err(Words::plain("People whom I know can decide on it."));
    };
    let reader = (&person.id, person.level);
    let may = |act| policies.may(person, act, proposal, now);
    match may(Act::Approve) {
        Verdict::Allowed { .. } | Verdict::LevelTooLow { .. } => Ok(reader),
        // That proposers do not count is a rule too; what they can do instead, the proposal knows.
        Verdict::Denied { .. }
            if proposal.part_of(&person.id, person.level) == Part::Proposed
                && matches!(may(Act::Escalate), Verdict::Allowed { .. }) =>
        {
            Ok(reader)
        }
        Verdict::Denied { reason, .. } => Err(Words::plain(reason)),
    }
}
