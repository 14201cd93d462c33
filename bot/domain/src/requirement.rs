//! The requirement: whom a proposal needs, and who is asked when. It is frozen into the proposal when it opens,
//! so that a policy edited at night cannot change what was asked in the evening.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, digest::Digest, level::Level, person::PersonId};

/// A group of people who are brought in together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// The level they hold.
    pub level: Level,
    /// Their role in words, such as `on-call engineer (primary)`.
    pub role: String,
    /// How long after the proposal was posted they are brought in, in milliseconds.
    pub after_ms: u64,
    /// Who they are; those whom nobody can reach are left out. Empty: the rung is skipped.
    pub people: Vec<PersonId>,
}

/// What one proposal asks of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// One entry for each approval that is needed: the level it must have, highest first. Never empty.
    pub approvals: Vec<Level>,
    /// Why that many and that high, a sentence each; what matched is kept and shown.
    pub reasons: Vec<String>,
    /// Who is asked when, in rising order of `after_ms`.
    pub ladder: Vec<Rung>,
    /// How often the last rung is asked again once everybody was asked, in milliseconds.
    pub repeat_ms: u64,
    /// The times of an emergency, where those above are a planned proposal's; for a run that waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgent: Option<Pace>,
    /// How long an approval is good for, counted from the click, in milliseconds.
    pub valid_ms: u64,
    /// The digest of the policies that say all this.
    pub policy_digest: Digest,
}

/// How fast a ladder is walked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// For each rung, how long after the walk's beginning its people are brought in, in milliseconds.
    pub after_ms: Vec<u64>,
    /// How often the last rung is asked again, in milliseconds.
    pub repeat_ms: u64,
}

/// One approval that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who gave it.
    pub person: PersonId,
    /// The level they held when they gave it.
    pub level: Level,
    /// When.
    pub at: Timestamp,
}

/// How far the approvals go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many of the needed approvals are there.
    pub given: usize,
    /// How many are needed.
    pub needed: usize,
    /// The levels that are still missing, highest first.
    pub missing: Vec<Level>,
}

impl Tally {
    /// Whether nothing is missing. Where nothing was asked for, nobody could approve: an empty list of approvals
    /// means nobody, never everybody.
    pub fn is_complete(&self) -> bool {
        self.needed > 0 && self.missing.is_empty()
    }
}

impl Requirement {
    /// Whether the person who proposed may also approve: only where one approval is enough.
    pub fn proposer_counts(&self) -> bool {
        self.approvals.len() < 2
    }

    /// The requirement with the times for a run that waits: what is half done is urgent, whatever was planned.
    pub fn while_running(&self) -> Cow<'_, Self> {
        let Some(Pace { after_ms, repeat_ms }) = &self.urgent else { return Cow::Borrowed(self) };
        let mut ladder = self.ladder.clone();
        for (rung, after_ms) in ladder.iter_mut().zip(after_ms) {
            rung.after_ms = *after_ms;
        }
        Cow::Owned(Self { ladder, repeat_ms: *repeat_ms, ..self.clone() })
    }

    /// The digest that receipts sign.
    pub fn digest(&self) -> Digest {
        Digest::of(serde_json::to_vec(self).expect("a requirement holds only what JSON can write"))
    }

    /// The lowest level that can give one of the approvals.
    pub fn lowest_need(&self) -> Option<Level> {
        self.approvals.iter().copied().min()
    }

    /// The highest level that one of the approvals must have.
    pub fn highest_need(&self) -> Option<Level> {
        self.approvals.iter().copied().max()
    }

    /// Counts approvals, one per person. The highest approvals fill the highest needs: levels are nested
    /// (a higher one may do all that a lower one may), so this assigns as many as can be assigned.
    pub fn tally(&self, approvals: &[Approval]) -> Tally {
        let mut held: Vec<Level> = Vec::new();
        let mut counted: Vec<&PersonId> = Vec::new();
        for approval in approvals {
            // Invariant I10: one human has one vote.
            if !counted.contains(&&approval.person) {
                counted.push(&approval.person);
                held.push(approval.level);
            }
        }
        held.sort_unstable_by(|left, right| right.cmp(left));
        let mut held = held.into_iter().peekable();
        let mut needed = self.approvals.clone();
        needed.sort_unstable_by(|left, right| right.cmp(left));
        let missing: Vec<Level> = needed
            .into_iter()
            .filter(|need| held.next_if(|level| level >= need).is_none())
            .collect();
        Tally { given: self.approvals.len() - missing.len(), needed: self.approvals.len(), missing }
    }

    /// Whether one more approval of `level` would fill a need that is still open.
    pub fn is_helped_by(
        &self,
        approvals: &[Approval],
        person: &PersonId,
        level: Level,
        now: Timestamp,
    ) -> bool {
        let mut with = approvals.to_vec();
        with.push(Approval { person: person.clone(), level, at: now });
        self.tally(&with).given > self.tally(approvals).given
    }

    /// The people of the ladder who hold at least `level`, each once, lowest rung first.
    pub fn people_from(&self, level: Level) -> Vec<PersonId> {
        let mut people: Vec<PersonId> = Vec::new();
        for person in
            self.ladder.iter().filter(|rung| rung.level >= level).flat_map(|rung| &rung.people)
        {
            if !people.contains(person) {
                people.push(person.clone());
            }
        }
        people
    }
}
