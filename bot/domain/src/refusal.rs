//! A "no" for a person: which rule says so, who could, what comes next. Never an error, never logged as one.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp, digest::Digest, level::Level, person::PersonId, proposal::Outcome,
    standing::Standing, words::Words,
};

mod late;
mod may_not;

pub use late::Course;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// The event is late or repeated; nothing to do and nobody to tell.
    Outdated,
    /// The incident is over.
    IncidentResolved,
    /// The requirement names nobody: a fault of the policies.
    NobodyCanApprove,
    /// Another proposal for the same target waits already.
    ProposalOpen,
    /// The chat's user is not in the people file.
    Unknown {
        /// How the chat names them.
        identity: String,
    },
    /// The chat does not count them as a member of its workspace.
    NotAMember {
        /// As what it counts them.
        standing: Standing,
    },
    /// The chat did not say for a day what they are in its workspace.
    StandingUnknown,
    /// A policy says no to this person.
    Forbidden {
        /// The policy's reason.
        reason: String,
        /// Who could, while that is a question.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        who: Vec<PersonId>,
        /// When the first of them is asked; `None` where somebody is asked already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// The person's level is too low.
    NeedsLevel {
        /// The lowest level that would help.
        needed: Level,
        /// The level they hold.
        held: Level,
        /// Who could.
        who: Vec<PersonId>,
        /// When somebody of that level is brought in, if that is still ahead.
        due: Option<Timestamp>,
    },
    /// The person has signed before.
    AlreadySigned {
        /// How many approvals are there.
        tally: usize,
        /// How many are needed.
        needed: usize,
        /// When they signed; older records do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        /// How it goes on, where nothing is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        course: Option<Course>,
    },
    /// The person proposed it, and two people are needed.
    ProposerDoesNotCount,
    /// Somebody else has signed in the person's name before, as they say.
    Disowned,
    /// The person has disowned it already.
    AlreadyDisowned,
    /// Nothing was signed here by that identity.
    NothingToDisown,
    /// The run has to be approved again before it goes on.
    ApprovalsMissing {
        /// How many approvals count.
        given: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The name that has to be typed was not typed, or not like that.
    NotTyped {
        /// The name.
        name: String,
    },
    /// The card that was clicked shows another plan.
    OtherPlan {
        /// The plan that was shown.
        shown: Digest,
        /// The plan that waits.
        current: Digest,
    },
    /// Enough people have signed.
    AlreadyApproved {
        /// Who; older records do not say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        by: Vec<PersonId>,
        /// When the last of them did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        /// How it goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        course: Option<Course>,
    },
    /// The maintenance window of a planned rollback is over.
    WindowClosed {
        /// Since when.
        closes: Timestamp,
    },
    /// The proposal is over.
    AlreadyClosed {
        /// How it ended.
        outcome: Outcome,
        /// When.
        at: Timestamp,
        /// When the same person had signed it, if they want to sign again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed: Option<Timestamp>,
    },
    /// The hold was lifted before.
    AlreadyLifted {
        /// By whom.
        by: PersonId,
        /// When.
        at: Timestamp,
    },
    /// Somebody has asked before that the way back is kept.
    AlreadyKept {
        /// Who.
        by: PersonId,
        /// When.
        since: Timestamp,
    },
    /// The way back has no deadline.
    NothingToKeep,
    /// Somebody was brought in a moment ago.
    JustAsked {
        /// Who.
        who: Vec<PersonId>,
        /// When.
        at: Timestamp,
    },
    /// What ends, skips, repeats or lifts something must say why.
    ReasonMissing,
    /// There is no run that could be steered.
    NotRunning,
    /// The run is paused already.
    AlreadyPaused {
        /// By whom.
        by: PersonId,
        /// Since when.
        since: Timestamp,
    },
    /// The run is not paused.
    NotPaused,
    /// The run is paused, and this would let it go on.
    IsPaused {
        /// By whom.
        by: PersonId,
        /// Since when.
        since: Timestamp,
    },
    /// The run waits for an answer already, so there is nothing to pause.
    AnswerAwaited,
    /// The run is stuck: it has other ways on.
    IsStuck,
    /// The run is cancelled already.
    AlreadyCancelled {
        /// By whom.
        by: PersonId,
    },
    /// The run is being taken back already.
    AlreadyTakenBack,
    /// The run is not stuck, or no longer.
    NotStuck,
    /// The run waits for no answer, or no longer.
    NothingAsked,
    /// The card that was clicked shows an earlier stop of the run.
    OtherStop,
    /// What is stuck cannot be tried again.
    NothingToTry,
}

impl Refusal {
    /// A policy says no, and nobody else is named.
    pub fn forbidden(reason: String) -> Self {
        Self::Forbidden { reason, who: vec![], due: None }
    }

    /// The refusal as the person reads it.
    pub fn words(&self) -> Words {
        match self {
            Self::Outdated => Words::plain("That is already taken care of; nothing was changed."),
            Self::IncidentResolved => {
                Words::plain("This incident is resolved; nothing was changed.")
            }
            Self::NobodyCanApprove => Words::plain(
                "The policies name nobody who could approve this, so it cannot be proposed. \
                Ask the operator to run `countersign check`.",
            ),
            Self::ProposalOpen => Words::plain(
                "A proposal for this target is already waiting; decide on that one first.",
            ),
            Self::Unknown { identity } => may_not::unknown(identity),
            Self::NotAMember { standing } => may_not::not_a_member(*standing),
            Self::StandingUnknown => may_not::standing_unknown(),
            Self::Forbidden { reason, who, due } => may_not::forbidden(reason, who, *due),
            Self::NeedsLevel { needed, held, who, due } => may_not::needs_level(*needed, *held, who, *due),
            Self::AlreadySigned { .. }
            | Self::ProposerDoesNotCount
            | Self::Disowned
            | Self::AlreadyDisowned
            | Self::NothingToDisown
            | Self::ApprovalsMissing { .. }
            | Self::NotTyped { .. } => self.of_a_signature(),
            Self::OtherPlan { shown, current } => {
                Words::plain("The plan has changed since this card was drawn: it shows plan ")
                    .code(shown.short())
                    .text(", and ")
                    .code(current.short())
                    .text(" waits now. Nothing was signed or changed. Please read the newest card in the thread, and decide there.")
            }
            Self::AlreadyApproved { by, at, course } => late::approved(by, *at, course.as_ref()),
            Self::WindowClosed { closes } => window_closed(*closes),
            Self::AlreadyClosed { outcome, at, signed } => late::closed(outcome, *at, *signed),
            Self::AlreadyLifted { by, at } => Words::plain("You are a little late: ")
                .person(by)
                .text(" has lifted this hold (")
                .day(*at)
                .text("), so nothing is held any more. Nothing was changed."),
            Self::AlreadyKept { .. } | Self::NothingToKeep => self.of_a_pin(),
            Self::JustAsked { who, at } => Words::new()
                .people(who)
                .text(if who.len() == 1 { " was" } else { " were" })
                .text(" asked a moment ago, at ")
                .time(*at)
                .text(". Give them a minute before the next level is woken. Nothing was changed."),
            Self::ReasonMissing => {
                Words::plain("Please say why: this needs a reason that the others can read.")
            }
            Self::NotRunning => Words::plain(
                "No rollback is under way here, so there is nothing to steer. Nothing was changed.",
            ),
            Self::AlreadyPaused { by, since } => Words::plain("It is paused already, by ")
                .person(by)
                .text(" since ")
                .time(*since)
                .text(". Nothing was changed."),
            Self::NotPaused => Words::plain(
                "It is not paused (any more); the thread shows how it goes. Nothing was changed.",
            ),
            Self::IsPaused { by, since } => Words::plain("It is paused by ")
                .person(by)
                .text(" since ")
                .time(*since)
                .text(". Press Resume first, then answer the question. Nothing was changed."),
            Self::AnswerAwaited => Words::plain(
                "It already waits for an answer, and nothing runs before somebody gives it. Nothing was changed.",
            ),
            Self::IsStuck => Words::plain(
                "It is stuck and does nothing by itself: try the step again, skip it, or end the rollback. Nothing was changed.",
            ),
            Self::AlreadyCancelled { by } => Words::new()
                .person(by)
                .text(" has cancelled it already; the thread shows how it is taken back. Nothing was changed."),
            Self::AlreadyTakenBack => Words::plain(
                "It has failed and is being taken back already; the thread shows how it goes. Nothing was changed.",
            ),
            Self::NotStuck => Words::plain(
                "It is not stuck (any more): somebody may have been faster. The thread shows how it goes. Nothing was changed.",
            ),
            Self::NothingAsked => Words::plain(
                "No question waits for an answer (any more): somebody may have been faster. The thread shows how it goes. Nothing was changed.",
            ),
            Self::OtherStop => Words::plain(
                "The rollback has gone on since this card was drawn, and has stopped again at another place. Nothing was signed or changed. Please read the newest card in the thread, and decide there.",
            ),
            Self::NothingToTry => Words::plain(
                "There is nothing to try again: the step has no way back that could be taken. Take it back by hand and skip it here, or end the rollback. Nothing was changed.",
            ),
        }
    }
}

impl Refusal {
    /// The sentence of a refusal that speaks of what was or would be signed; nothing for any other.
    fn of_a_signature(&self) -> Words {
        match self {
            Self::AlreadySigned { tally, needed, at, course } => {
                late::signed(*at, (*tally, *needed), course.as_ref())
            }
            Self::ProposerDoesNotCount => Words::plain(
                "You proposed this, and it needs more than one person: others have to sign. \
                Nothing was changed.",
            ),
            Self::Disowned => Words::plain(
                "You said that somebody else signed here in your name, so nothing more is taken from this account in this incident; others decide. Nothing was changed.",
            ),
            Self::AlreadyDisowned => Words::plain(
                "That is known already: what was signed here in your name does not count, and the others have been told. Nothing more was changed.",
            ),
            Self::NothingToDisown => Words::plain(
                "Nothing was signed here from this account, so there is nothing to take back. Nothing was changed.",
            ),
            Self::ApprovalsMissing { given, needed } => Words::plain(format!(
                "It needs its approvals first: {given} of {needed} count. Whoever may approve presses Approve on the card; after that it can go on. Nothing was changed."
            )),
            Self::NotTyped { name } => Words::plain(
                "This replaces a whole environment, so an approval needs its name, typed exactly: ",
            )
            .code(name)
            .text(". Press Approve on the card and type it; nothing was changed."),
            _ => Words::new(),
        }
    }

    /// The sentence of a refusal that speaks of a pin; nothing for any other.
    fn of_a_pin(&self) -> Words {
        match self {
            Self::AlreadyKept { by, since } => Words::plain("The way back is kept already: ")
                .person(by)
                .text(" asked for it at ")
                .time(*since)
                .text(". One pin is enough; nothing was changed."),
            Self::NothingToKeep => Words::plain(
                "Nothing limits how long this rollback is possible, so there is nothing to keep. Nothing was changed.",
            ),
            _ => Words::new(),
        }
    }
}

fn window_closed(closes: Timestamp) -> Words {
    Words::plain("You are a little late: the maintenance window of this rollback closed at ")
        .time(closes)
        .text(". Propose it anew for another one; nothing was changed.")
}
