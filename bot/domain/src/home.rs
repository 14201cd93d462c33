//! The home page: what one person finds when they open the app: what waits for them, and what is going on.

use crate::{
    Timestamp,
    card::{Button, Card, State},
    digest::Digest,
    handover,
    id::{IncidentId, ProposalId},
    incident::Incident,
    level::Level,
    person::{Identity, PersonId},
    proposal::{Part, Proposal, Stage},
    run::Run,
    words::Words,
};

/// Somebody's home page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Who reads it.
    pub reader: Reader,
    /// What waits for a decision; what the reader may decide comes first.
    pub pending: Vec<Pending>,
    /// The incidents that are not over.
    pub active: Vec<Active>,
    /// How many incidents are not over, shown or not.
    pub going_on: usize,
    /// When it was written.
    pub at: Timestamp,
}

/// Whoever reads a home page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Somebody whom the people file names.
    Known {
        /// Who.
        person: PersonId,
        /// The highest level they hold.
        level: Option<Level>,
        /// Who else holds exactly that level.
        peers: Vec<PersonId>,
    },
    /// Somebody whom it does not.
    Unknown {
        /// As whom the chat knows them.
        identity: Identity,
    },
}

/// Something that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The proposal that the buttons are for.
    pub proposal: ProposalId,
    /// The plan that the buttons are for.
    pub plan: Digest,
    /// The alert's headline: untrusted text.
    pub title: String,
    /// What an approval signs.
    pub signs: Words,
    /// The same for the question before an approval; empty where a name has to be typed, which is question enough.
    pub to_confirm: Words,
    /// How far it is, and until when.
    pub stands: Words,
    /// Whether the reader's signature would count; if not, why.
    pub may: Result<(), Words>,
    /// What the reader can press.
    pub buttons: Vec<Button>,
    /// Where the thread is.
    pub link: Option<String>,
}

/// An incident that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// Which.
    pub incident: IncidentId,
    /// The alert's headline: untrusted text.
    pub title: String,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Where the thread is.
    pub link: Option<String>,
}

impl Pending {
    /// What waits, if the proposal waits for people. `reader` is who reads it and their level, or why the policies let them
    /// decide nothing.
    pub fn of(
        incident: &Incident,
        proposal: &Proposal,
        reader: Result<(&PersonId, Option<Level>), Words>,
        link: Option<String>,
    ) -> Option<Self> {
        if !matches!(proposal.stage, Stage::Open { .. }) {
            return None;
        }
        let tally = proposal.tally();
        let stands = Words::plain(format!("{} of {} approvals", tally.given, tally.needed));
        let stands = match proposal.asked_next() {
            Some((level, at)) => stands.text(format!("; {level} is asked at ")).time(at),
            None => stands,
        };
        let (may, buttons) = match reader {
            Ok((person, level)) => {
                let may = match proposal.part_of(person, level) {
                    Part::Counts => Ok(()),
                    Part::Signed { .. } | Part::Proposed | Part::Disowned | Part::TooLow => {
                        Err(proposal.why_not(person, level))
                    }
                };
                (may, proposal.offers(person, level))
            }
            Err(why) => (Err(why), vec![]),
        };
        Some(Self {
            proposal: proposal.id.clone(),
            plan: proposal.opening.plan.clone(),
            title: incident.alert.title.clone(),
            signs: handover::signs(proposal),
            to_confirm: handover::to_confirm(proposal),
            stands,
            may,
            buttons,
            link,
        })
    }
}

impl Active {
    /// An incident as a line.
    pub fn of(
        incident: &Incident,
        proposal: Option<&Proposal>,
        run: Option<&Run>,
        link: Option<String>,
    ) -> Self {
        Self {
            incident: incident.id.clone(),
            title: incident.alert.title.clone(),
            state: Card::of(incident, proposal, run, None).state,
            since: incident.opened_at,
            link,
        }
    }
}
