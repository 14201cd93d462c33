//! What `GET /api/incidents/{id}` says, as far as the demo reads it.

use serde::Deserialize;

/// One incident.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Report {
    /// The head of its thread.
    pub(super) card: Card,
    /// What was said, oldest first.
    pub(super) thread: Vec<Line>,
    /// Its proposals, oldest first.
    pub(super) proposals: Vec<Proposal>,
    /// Its runs, oldest first.
    pub(super) runs: Vec<Run>,
}

/// The head of a thread.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Card {
    pub(super) state: State,
    /// What the step under way says.
    pub(super) live: Option<String>,
    /// What can be pressed.
    pub(super) buttons: Vec<String>,
    /// The place at which the run waits for an answer.
    #[serde(default)]
    pub(super) stop: serde_json::Value,
}

/// The state in a word.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct State {
    pub(super) word: String,
}

/// One line of a thread.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Line {
    /// RFC 3339, UTC.
    pub(super) at: String,
    pub(super) who: String,
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// The mood of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tone {
    Neutral,
    Good,
    Attention,
    Bad,
}

/// One proposal.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Proposal {
    pub(super) id: String,
    /// What it started from.
    pub(super) opening: Opening,
    /// Those that count.
    pub(super) approvals: Vec<serde_json::Value>,
    pub(super) stage: Stage,
}

/// What a proposal started from.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Opening {
    pub(super) rollback_type: RollbackType,
    pub(super) requirement: Requirement,
}

/// Whom a proposal needs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Requirement {
    /// A level for each approval, highest first.
    pub(super) approvals: Vec<u8>,
}

/// The four ways back.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RollbackType {
    BlueGreen,
    ModelLevel,
    Schema,
    FullEnvironment,
}

impl RollbackType {
    /// The type's number in conversation.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::BlueGreen => 1,
            Self::ModelLevel => 2,
            Self::Schema => 3,
            Self::FullEnvironment => 4,
        }
    }
}

/// Where a proposal stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(super) enum Stage {
    Open,
    Approved,
    Running,
    Stuck,
    Closed { outcome: Ending },
}

/// How a proposal ended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Ending {
    /// The plan ran and every check passed.
    RolledBack { recovery_ms: u64 },
    /// What was approved is not what would run; another proposal follows.
    Voided,
    /// All others: the card says which.
    #[serde(other)]
    Other,
}

/// One run.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) stage: RunStage,
    /// Its steps' rules.
    pub(super) steps: Vec<Rule>,
}

/// The rule of one step.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) name: String,
    /// How often it may be tried in all.
    pub(super) attempts: u32,
}

/// Where a run stands.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunStage {
    /// The name of the stage, such as `succeeded`.
    pub(super) stage: String,
    /// The step that it is about, from 0.
    pub(super) step: Option<usize>,
    /// Which try that is, from 1.
    pub(super) attempt: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_with_all_that_they_carry() {
        let read = |text: &str| serde_json::from_str::<Stage>(text).expect("a stage");
        let open = r#"{"stage":"open","position":{"rung":0,"repeats":0}}"#;
        assert_eq!(read(open), Stage::Open);
        let done =
            r#"{"stage":"closed","outcome":{"outcome":"rolled_back","recovery_ms":7},"at":""}"#;
        assert_eq!(read(done), Stage::Closed { outcome: Ending::RolledBack { recovery_ms: 7 } });
        let voided = r#"{"stage":"closed","outcome":{"outcome":"voided","changes":["x"]},"at":""}"#;
        assert_eq!(read(voided), Stage::Closed { outcome: Ending::Voided });
        let no = r#"{"stage":"closed","outcome":{"outcome":"rejected","by":"ana","reason":"x"},"at":""}"#;
        assert_eq!(read(no), Stage::Closed { outcome: Ending::Other });
    }
}
