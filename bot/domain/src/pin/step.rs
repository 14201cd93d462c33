//! How a pin moves: one event in, the next stage and its effects out.

use super::{Event, Pin, Stage, TRIES, Work, gone};
use crate::{
    Timestamp,
    effect::Effect,
    escalation::later,
    id::ProposalId,
    notice::{Keeping, Notice},
    refusal::Refusal,
    release::ModelVersion,
};

/// Between the first two tries; each further pause is twice as long, up to about four minutes.
const PAUSE_MS: u64 = 1000;

impl Pin {
    /// Moves by one event.
    pub fn step(self, event: &Event, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        match (&self.stage, event) {
            (Stage::Asked { .. } | Stage::Kept, Event::Intended { work })
                if self.next().is_some_and(|(next, due)| next == *work && now >= due) =>
            {
                Ok((Self { stage: Stage::Doing { work: *work, next: now }, ..self }, vec![]))
            }
            (Stage::Doing { work, .. }, Event::Did { in_place }) => {
                let work = *work;
                Ok(self.did(work, in_place, now))
            }
            (Stage::Doing { work, .. }, Event::NotDone { why }) => {
                let work = *work;
                Ok(self.not_done(work, why, now))
            }
            (Stage::Doing { work, .. }, Event::Unanswered { why }) => {
                let work = *work;
                let tries = self.tries.saturating_add(1);
                let stage = Stage::Doing { work, next: later(now, pause(tries)) };
                let said = (tries == TRIES).then(|| self.unclear(why));
                Ok((Self { tries, stage, ..self }, said.into_iter().collect()))
            }
            (Stage::Doing { work: Work::Keep, .. }, Event::Gone { missing }) => {
                Ok(self.gone(missing, now))
            }
            (
                Stage::Asked { .. } | Stage::Kept | Stage::Doing { .. },
                Event::Unauthorised { why },
            ) => Ok(self.failed(why, now)),
            (Stage::Asked { .. }, Event::ProposalClosed { release_at }) if *release_at <= now => {
                Ok((Self { stage: Stage::Released { at: now }, ..self }, vec![Effect::SyncCard]))
            }
            (
                Stage::Asked { .. } | Stage::Kept | Stage::Doing { work: Work::Keep, .. },
                Event::ProposalClosed { release_at },
            ) => {
                let release_at = Some(*release_at);
                Ok((Self { release_at, tries: 0, ..self }, vec![Effect::SyncCard]))
            }
            (
                Stage::Asked { .. } | Stage::Kept | Stage::Doing { work: Work::Keep, .. },
                Event::MovedOn { proposal },
            ) if self.release_at.is_some() && self.proposal != *proposal => {
                Ok(self.moved_on(proposal))
            }
            _ => Err(Refusal::Outdated),
        }
    }

    fn did(self, work: Work, in_place: &[String], now: Timestamp) -> (Self, Vec<Effect>) {
        let name = self.opening.name.clone();
        let (stage, keeping) = match work {
            Work::Keep => {
                let keeping = Keeping::Kept {
                    by: self.opening.by.clone(),
                    name,
                    in_place: in_place.to_vec(),
                };
                (Stage::Kept, keeping)
            }
            Work::Release => (Stage::Released { at: now }, Keeping::Released { name }),
        };
        (Self { stage, tries: 0, ..self }, told(keeping))
    }

    fn not_done(self, work: Work, why: &str, now: Timestamp) -> (Self, Vec<Effect>) {
        let tries = self.tries.saturating_add(1);
        let next = later(now, pause(tries));
        match work {
            Work::Keep if tries >= TRIES => self.failed(why, now),
            Work::Keep => (Self { tries, stage: Stage::Asked { next }, ..self }, vec![]),
            // Left alone, it would keep tables for ever.
            Work::Release => {
                let said = (tries == TRIES).then(|| self.unclear(why));
                let pin = Self { tries, release_at: Some(next), stage: Stage::Kept, ..self };
                (pin, said.into_iter().collect())
            }
        }
    }

    fn gone(self, missing: &[ModelVersion], now: Timestamp) -> (Self, Vec<Effect>) {
        let mut effects = told(Keeping::Gone { missing: missing.to_vec() });
        effects.push(Effect::TellProposal(gone(missing)));
        let why = "SQLMesh does not have all of it any more".to_owned();
        (Self { stage: Stage::Failed { why, at: now }, ..self }, effects)
    }

    fn failed(self, why: &str, now: Timestamp) -> (Self, Vec<Effect>) {
        let is_kept = matches!(self.stage, Stage::Kept | Stage::Doing { work: Work::Release, .. });
        let why = why.to_owned();
        let keeping = if is_kept {
            Keeping::NotReleased { name: self.opening.name.clone(), why: why.clone() }
        } else {
            Keeping::NotKept { why: why.clone() }
        };
        (Self { stage: Stage::Failed { why, at: now }, ..self }, told(keeping))
    }

    fn moved_on(self, proposal: &ProposalId) -> (Self, Vec<Effect>) {
        let keeping = Keeping::MovedOn { by: self.opening.by.clone() };
        (Self { proposal: proposal.clone(), release_at: None, ..self }, told(keeping))
    }

    fn unclear(&self, why: &str) -> Effect {
        let (name, why) = (self.opening.name.clone(), why.to_owned());
        Effect::Say(Notice::Keeping(match self.stage {
            Stage::Doing { work: Work::Release, .. } => Keeping::NotReleased { name, why },
            _ => Keeping::Unclear { name, why },
        }))
    }
}

fn pause(tries: u32) -> u64 {
    PAUSE_MS << tries.saturating_sub(1).min(8)
}

fn told(keeping: Keeping) -> Vec<Effect> {
    vec![Effect::Say(Notice::Keeping(keeping)), Effect::SyncCard]
}
