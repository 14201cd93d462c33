//! What can be typed behind the slash command, and how it can be mistyped.

/// A command that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// What can be typed, of everything or of one verb.
    Help(Option<Verb>),
    /// What is open, and what waits for whoever asks.
    Status,
    /// Incidents, page by page.
    List {
        /// Those too that are over.
        all: bool,
        /// Which page, from 1.
        page: u32,
    },
    /// One incident's card in words.
    Show(Option<String>),
    /// One incident's journal in words, page by page.
    Timeline {
        /// The incident.
        of: Option<String>,
        /// Which page, from 1; the newest where none is named.
        page: Option<u32>,
    },
    /// Why somebody may or may not decide.
    Why {
        /// The proposal or incident.
        of: Option<String>,
        /// The person; whoever asks where nobody is named.
        person: Option<String>,
    },
    /// Who is asked when.
    Oncall,
    /// What is held.
    Holds,
    /// A hold is to be lifted.
    LiftHold(Option<String>),
    /// Something that a card has a button for.
    Act(Act, Option<String>),
    /// The form to propose with, and what is filled in already.
    Propose(Filled),
    /// A drill.
    Drill,
}

/// What of a proposal is typed behind the command.
pub(in crate::reception) type Filled = Vec<(Part, String)>;

/// The first word of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Help,
    Status,
    List,
    Show,
    Propose,
    Approve,
    Reject,
    Escalate,
    Why,
    Pause,
    Resume,
    Cancel,
    Hold,
    Timeline,
    Oncall,
    Drill,
}

/// What can be done to a proposal or to its run by typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Sign it, after having read it.
    Approve,
    /// Say no, with a reason.
    Reject,
    /// Bring in the next level now.
    Escalate,
    /// Let nothing further begin.
    Pause,
    /// Let it go on.
    Resume,
    /// Take back what was done, with a reason.
    Cancel,
}

/// A part of a proposal that can be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reception) enum Part {
    Type,
    Target,
    Models,
    Trigger,
    Reason,
    When,
}

/// Why a command was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mistyped {
    /// There is no such verb.
    NoVerb {
        /// What was typed.
        typed: String,
        /// What may be meant.
        meant: Option<&'static str>,
    },
    /// What follows the verb makes no sense.
    NoSense {
        /// The verb.
        verb: Verb,
        /// Why not, a sentence.
        why: String,
    },
}

impl Verb {
    /// All of them, as `help` lists them.
    pub(super) const ALL: [Self; 16] = [
        Self::Status,
        Self::Show,
        Self::Approve,
        Self::Reject,
        Self::Escalate,
        Self::Propose,
        Self::Pause,
        Self::Resume,
        Self::Cancel,
        Self::Why,
        Self::List,
        Self::Timeline,
        Self::Oncall,
        Self::Hold,
        Self::Drill,
        Self::Help,
    ];

    /// The word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Status => "status",
            Self::List => "list",
            Self::Show => "show",
            Self::Propose => "propose",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Escalate => "escalate",
            Self::Why => "why",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Hold => "hold",
            Self::Timeline => "timeline",
            Self::Oncall => "oncall",
            Self::Drill => "drill",
        }
    }
}

impl Act {
    /// The word that people type for it.
    pub(super) fn verb(self) -> Verb {
        match self {
            Self::Approve => Verb::Approve,
            Self::Reject => Verb::Reject,
            Self::Escalate => Verb::Escalate,
            Self::Pause => Verb::Pause,
            Self::Resume => Verb::Resume,
            Self::Cancel => Verb::Cancel,
        }
    }
}

impl Part {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("type", Self::Type),
        ("target", Self::Target),
        ("models", Self::Models),
        ("trigger", Self::Trigger),
        ("reason", Self::Reason),
        ("when", Self::When),
    ];
}
