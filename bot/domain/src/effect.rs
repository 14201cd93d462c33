//! What a machine wants done after its step is committed. Effects are data: the engine writes them into the same
//! transaction as the state, and workers carry them out at least once.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    letter::Letter,
    notice::Notice,
    person::{ChatName, Identity, PersonId},
    place::Place,
    words::Words,
};

/// One thing to do. The aggregate that asked for it is known to whoever collects the effects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Edge-triggered: tell the incident's thread, once, in order; also the journal's words.
    Say(Notice),
    /// Level-triggered: every chat's card must show this state or a newer one.
    SyncCard,
    /// Find out whether a rollback would help and is possible.
    Assess,
    /// Set the proposal's one timer, in place of the earlier one.
    SetTimer {
        /// The rung that is due.
        rung: usize,
        /// How often it was asked again.
        repeats: u32,
        /// When.
        due: Timestamp,
    },
    /// Remove the proposal's timer.
    ClearTimers,
    /// Hand the approved proposal to the executor.
    StartRun,
    /// Let nothing further of the proposal's run begin: what `by` signed for it was not theirs.
    HaltRun {
        /// In whose name it was signed.
        by: PersonId,
    },
    /// Keep the rolled-back proposal's environment from what it was rolled back from.
    PlaceHold,
    /// Let go at this moment what keeps the proposal's way back.
    LetPinGo(Timestamp),
    /// Keep for this proposal what is kept already, if it goes back to nothing else.
    MovePinOn,
    /// Tell the incident's waiting proposals that it is over.
    CloseProposals,
    /// Tell the proposal how its run stands.
    TellProposal(crate::proposal::Event),
}

/// Who carries jobs out. Within one lane the jobs of one incident are done in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Reads alert details and the target, and proposes.
    Assess,
    /// Talks to one chat.
    Chat(ChatName),
}

/// One thing that a worker does after the commit, at least once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Find out whether a rollback would help and is possible.
    Assess,
    /// Reply with a notice of a journal entry.
    Tell {
        /// The entry's place in the incident's journal.
        seq: u64,
        /// Which of its notices.
        index: usize,
    },
    /// Tell one person something in private.
    Whisper {
        /// Whom.
        to: Identity,
        /// What.
        words: Words,
        /// Where they look; jobs of earlier releases do not say.
        #[serde(default)]
        place: Place,
    },
    /// Tell somebody whom the people file does not name what they can do, in private.
    Greet {
        /// Whom.
        to: Identity,
        /// What.
        words: Words,
        /// Where they look.
        place: Place,
    },
    /// Write to one person in private, apart from the thread.
    Letter {
        /// To whom.
        to: Identity,
        /// What.
        letter: Letter,
    },
}

/// What goes first where only so much can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A person waits for it, or has to act on it.
    AtOnce,
    /// In its turn.
    InTurn,
    /// It shows progress alone: the next one says it too.
    Progress,
}

/// How the tracks of letters begin.
const LETTERS: &str = "letter ";

impl Job {
    /// Whom it is said to in private, and how: that waits for nobody else. Empty for all the rest, which keeps its order
    /// within the incident.
    pub fn track(&self) -> String {
        match self {
            Self::Whisper { to, .. } | Self::Greet { to, .. } => to.user.clone(),
            Self::Letter { to, .. } => format!("{LETTERS}{}", to.user),
            Self::Assess | Self::Tell { .. } => String::new(),
        }
    }

    /// What it is where nobody says more of it.
    pub fn urgency(&self) -> Urgency {
        match self {
            Self::Whisper { .. } | Self::Greet { .. } | Self::Letter { .. } => Urgency::AtOnce,
            Self::Assess | Self::Tell { .. } => Urgency::InTurn,
        }
    }
}

impl Urgency {
    /// As it is stored: what goes first is less.
    pub fn as_number(self) -> i64 {
        match self {
            Self::AtOnce => 0,
            Self::InTurn => 1,
            Self::Progress => 2,
        }
    }
}

impl Lane {
    /// The lane as it is stored.
    pub fn as_text(self) -> String {
        match self {
            Self::Assess => "assess".to_owned(),
            Self::Chat(chat) => format!("chat:{}", chat.as_str()),
        }
    }
}
