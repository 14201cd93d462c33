//! The home page: what one person finds when they open the app: what waits for them, and what is going on. Whoever is no
//! member of the workspace finds neither.

use crate::{
    Timestamp,
    card::{Button, Card, State},
    digest::Digest,
    handover,
    id::{IncidentId, ProposalId},
    incident::Incident,
    level::Level,
    notice::duration,
    person::{Identity, PersonId},
    proposal::{Part, Proposal, Stage},
    requirement::Rung,
    run::Run,
    standing::Standing,
    words::Words,
};

/// Somebody's home page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// What goes on.
    Open(Box<Board>),
    /// Nothing of it.
    Closed {
        /// Why.
        why: Closed,
        /// When it was written.
        at: Timestamp,
    },
}

/// Why somebody is shown nothing of what goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// They are no member of the workspace.
    NotAMember(Standing),
    /// The chat does not say what they are. It is asked again.
    Unanswered,
}

/// What a member finds on their home page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
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
        /// When a proposal comes to them; `None` where the escalation passes them over.
        turn: Option<Turn>,
    },
    /// Somebody whom it does not.
    Unknown {
        /// As whom the chat knows them.
        identity: Identity,
    },
}

/// When a proposal comes to somebody: for whom they stand in, and who stands in for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// As what they are asked.
    pub role: String,
    /// How long after a proposal, in milliseconds.
    pub after_ms: u64,
    /// Who was asked before them, without a decision.
    pub before: Vec<PersonId>,
    /// Who is asked in their place, and how long after a proposal; `None` where nobody is.
    pub next: Option<(Vec<PersonId>, u64)>,
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

impl Closed {
    /// What they read instead, and what they can do.
    pub fn words(self) -> Words {
        Words::plain(match self {
            Self::NotAMember(Standing::Member) | Self::Unanswered => {
                "Slack does not tell me right now whether you are a member of this workspace, and what goes on is shown to its members alone. I ask again for a while, and this page changes by itself; or open it again in a minute. Until then, look into the channel in which I post incidents."
            }
            Self::NotAMember(Standing::Guest) => {
                "You are a guest in this workspace, and what goes on is shown here to its members alone. You can follow an incident in a channel that you share with them; for anything else, ask a member."
            }
            Self::NotAMember(Standing::Stranger) => {
                "You belong to another workspace, and what goes on is shown here to members of this one alone. You can follow an incident in a channel that you share with them; for anything else, ask a member."
            }
            Self::NotAMember(Standing::Machine) => {
                "What goes on is shown here to members of this workspace alone, and not to bots or workflows."
            }
            Self::NotAMember(Standing::Deactivated) => {
                "Your account in this workspace is switched off, and what goes on is shown here to its members alone. If that is a mistake, ask those who look after the workspace to switch it on, and open this page again."
            }
        })
    }
}

impl Turn {
    /// The turn of somebody on this ladder.
    pub fn of(person: &PersonId, ladder: &[Rung]) -> Option<Self> {
        let others = |rung: &Rung| -> Vec<PersonId> {
            rung.people.iter().filter(|other| *other != person).cloned().collect()
        };
        let place = ladder.iter().position(|rung| rung.people.contains(person))?;
        let (before, rest) = ladder.split_at(place);
        let (rung, above) = rest.split_first()?;
        let is_somebody = |people: &Vec<PersonId>| !people.is_empty();
        let before = before.iter().rev().map(others).find(is_somebody).unwrap_or_default();
        let mut above = above.iter().map(|rung| (others(rung), rung.after_ms));
        Some(Self {
            role: rung.role.clone(),
            after_ms: rung.after_ms,
            before,
            next: above.find(|(people, _)| is_somebody(people)),
        })
    }

    /// As its owner reads it.
    pub fn words(&self) -> Words {
        let words = Words::plain("A new proposal comes to you ");
        let words = match self.after_ms {
            0 => words.text("at once"),
            after_ms => words.text(format!("after {}", duration(after_ms))),
        };
        let words = words.text(format!(", as {}", self.role));
        let words = if self.before.is_empty() {
            words
        } else {
            words.text(", in place of ").people(&self.before)
        };
        match &self.next {
            Some((people, after_ms)) => {
                let are = if people.len() == 1 { "is" } else { "are" };
                let after = format!(" {are} asked in your place after {}.", duration(*after_ms));
                words.text(". Without a decision, ").people(people).text(after)
            }
            None => {
                words.text(". Nobody comes after you: without a decision, you are asked again.")
            }
        }
    }
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
