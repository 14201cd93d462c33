//! How a proposal moves: one event in, the next stage and its effects out.

use super::{ESCALATION_PAUSE_MS, Event, Outcome, POSTING_GRACE_MS, Part, Proposal, Stage};
use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    escalation::{self, Position},
    level::Level,
    notice::Notice,
    pin,
    refusal::Refusal,
    release::ModelVersion,
    requirement::{Approval, Requirement},
    run::SignOff,
};

impl Proposal {
    /// Moves by one event. The caller has already asked the policies whether the person may decide at all
    /// and at which level; everything that follows from the proposal's own state is decided here.
    pub fn step(self, event: &Event, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        let is_running = matches!(self.stage, Stage::Running { .. });
        match event {
            Event::Disowned { by, plan, .. } => self.disown(by, plan, now),
            // A run is told to halt only by somebody who has disowned what they signed here.
            Event::RunHalted { by, halt } if is_running && self.disowned.contains(by) => {
                Ok(self.halted(by, halt, now))
            }
            Event::RunLapsed { disowned } if is_running => self.lapsed(disowned.as_ref(), now),
            Event::Approved { by, level, plan } if is_running && self.has_lapsed() => {
                self.may_sign(by)?;
                self.renew(Approval { person: by.clone(), level: *level, at: now }, plan)
            }
            _ => {
                self.must_be_theirs(event)?;
                self.moved_by(event, now)
            }
        }
    }

    fn moved_by(self, event: &Event, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        match (self.stage.clone(), event) {
            (Stage::Open { position }, Event::Posted) if !self.posted => {
                Ok(self.start_clock(&position, now))
            }
            (Stage::Open { position }, Event::DeadlinePassed { rung, repeats }) => {
                self.deadline(&position, (*rung, *repeats), now)
            }
            (Stage::Open { .. }, Event::WayBackCloses) => self.warn(now),
            (Stage::Open { .. } | Stage::Approved { .. }, Event::WayBackGone { missing })
                if !self.may_have_begun(now) =>
            {
                Ok(self.void(way_back_gone(missing), now))
            }
            (Stage::Open { .. } | Stage::Approved { .. }, Event::WindowNears) => self.remind(now),
            (Stage::Approved { .. }, Event::WindowOpened) => self.begin(now),
            (Stage::Approved { .. }, Event::Rejected { by, level, plan, reason }) => {
                self.call_off(Approval { person: by.clone(), level: *level, at: now }, plan, reason)
            }
            (Stage::Open { position }, Event::Escalated { by }) => {
                self.may_climb(&position, now)?;
                let (proposal, mut effects) = self.climb(&position, now);
                effects.insert(0, Effect::Say(Notice::EscalatedBy { by: by.clone() }));
                Ok((proposal, effects))
            }
            (Stage::Open { position }, Event::Approved { by, level, plan }) => self.approve(
                &position,
                Approval { person: by.clone(), level: *level, at: now },
                plan,
            ),
            (Stage::Open { position }, Event::Rejected { by, level, plan, reason }) => {
                self.must_match(plan)?;
                self.must_reach(&position, *level)?;
                must_be_said(reason)?;
                let outcome = Outcome::Rejected { by: by.clone(), reason: reason.clone() };
                Ok(self.close(outcome, now))
            }
            (Stage::Stuck { .. }, Event::Approved { by, level, plan }) => {
                self.renew(Approval { person: by.clone(), level: *level, at: now }, plan)
            }
            (Stage::Stuck { .. }, Event::Rejected { by, level, plan, reason }) => {
                self.must_match(plan)?;
                self.must_hold(*level)?;
                must_be_said(reason)?;
                Ok(self.close(Outcome::GivenUp { by: by.clone(), reason: reason.clone() }, now))
            }
            (
                Stage::Open { .. } | Stage::Approved { .. } | Stage::Running { .. },
                Event::Voided { changes },
            ) => Ok(self.void(changes.clone(), now)),
            (Stage::Open { .. }, Event::IncidentResolved) => {
                Ok(self.close(Outcome::Withdrawn, now))
            }
            (Stage::Approved { .. }, Event::RunStarted { run }) => {
                Ok(self.moved(Stage::Running { run: run.clone() }))
            }
            (Stage::Running { run }, Event::RunStuck) => Ok(self.stuck(run, now)),
            (Stage::Stuck { run }, Event::RunGoesOn) => {
                Ok(Self { stage: Stage::Running { run }, ..self }.waits_no_more())
            }
            (Stage::Running { .. }, Event::RunPaused { by }) => Ok(self.paused(by, now)),
            (Stage::Running { .. }, Event::RunGoesOn) if self.waits.is_some() => {
                Ok(self.waits_no_more())
            }
            (
                Stage::Running { .. } | Stage::Stuck { .. },
                Event::DeadlinePassed { rung, repeats },
            ) => self.asks_on((*rung, *repeats), now),
            (Stage::Running { .. }, Event::RunSucceeded) => Ok(self.rolled_back(vec![], now)),
            (Stage::Running { .. }, Event::RunSignedOff { signed_off })
                if !signed_off.is_empty() =>
            {
                Ok(self.rolled_back(signed_off.clone(), now))
            }
            (Stage::Running { .. }, Event::RunUndone { reason, signed_off }) => {
                let (reason, signed_off) = (reason.clone(), signed_off.clone());
                Ok(self.close(Outcome::Undone { reason, signed_off }, now))
            }
            (Stage::Running { .. }, Event::RunCancelled { by, reason, signed_off }) => {
                let (by, reason, signed_off) = (by.clone(), reason.clone(), signed_off.clone());
                Ok(self.close(Outcome::Cancelled { by, reason, signed_off }, now))
            }
            (Stage::Running { .. }, Event::RunAsks { step, question }) => {
                Ok(self.asks(step, question, now))
            }
            (Stage::Closed { outcome, at }, _) => Err(self.over(outcome, at, event.signer())),
            (
                Stage::Approved { .. } | Stage::Running { .. } | Stage::Stuck { .. },
                Event::Approved { .. } | Event::Rejected { .. } | Event::Escalated { .. },
            ) => Err(self.too_late(event.signer())),
            _ => Err(Refusal::Outdated),
        }
    }

    fn start_clock(self, position: &Position, now: Timestamp) -> (Self, Vec<Effect>) {
        let in_time = now <= escalation::later(self.opened_at, POSTING_GRACE_MS);
        let is_first_asked = position.repeats == 0 && position.asked_at == self.opened_at;
        if !(in_time && is_first_asked) {
            return (Self { posted: true, ..self }, vec![]);
        }
        let position = Position { asked_at: now, ..position.clone() };
        let timer = set_timer(&self.opening.requirement, now, &position);
        let stage = Stage::Open { position };
        (Self { posted: true, asked_from: now, stage, ..self }, vec![timer, Effect::SyncCard])
    }

    fn deadline(
        self,
        position: &Position,
        due: (usize, u32),
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let next = escalation::next(&self.opening.requirement, self.asked_from, position).position;
        if (next.rung, next.repeats) != due || now < next.asked_at {
            return Err(Refusal::Outdated);
        }
        Ok(self.climb(position, now))
    }

    /// Once, and not before its time: a timer that fires twice or early is a harmless refusal.
    fn warn(self, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        let (Some(due), Some(until)) = (self.warning_due(), self.opening.possible_until) else {
            return Err(Refusal::Outdated);
        };
        if now < due {
            return Err(Refusal::Outdated);
        }
        let effects = vec![Effect::Say(Notice::WayBackCloses { until }), Effect::SyncCard];
        Ok((Self { warned: true, ..self }, effects))
    }

    fn climb(self, position: &Position, now: Timestamp) -> (Self, Vec<Effect>) {
        let requirement = &self.opening.requirement;
        let mut effects: Vec<Effect> = escalation::skipped(requirement, position)
            .map(|rung| {
                Effect::Say(Notice::LevelSkipped { level: rung.level, role: rung.role.clone() })
            })
            .collect();
        let reached = Position {
            asked_at: now,
            ..escalation::next(requirement, self.asked_from, position).position
        };
        effects.extend(ask(requirement, &reached, self.asked_from));
        (Self { stage: Stage::Open { position: reached }, ..self }, effects)
    }

    /// Two people who press at once, or one who presses twice, wake one level, not two.
    fn may_climb(&self, position: &Position, now: Timestamp) -> Result<(), Refusal> {
        let is_first = position.repeats == 0
            && escalation::first(self.requirement(), self.asked_from)
                .is_some_and(|first| first.rung == position.rung);
        if is_first || now >= escalation::later(position.asked_at, ESCALATION_PAUSE_MS) {
            return Ok(());
        }
        let rung = &self.opening.requirement.ladder[position.rung];
        Err(Refusal::JustAsked { who: rung.people.clone(), at: position.asked_at })
    }

    fn approve(
        self,
        position: &Position,
        approval: Approval,
        plan: &Digest,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        self.must_match(plan)?;
        let (at, approvals) = (approval.at, self.good_approvals(approval.at));
        let (proposal, mut effects) = Self { approvals, ..self }.counting(position, approval)?;
        if !proposal.tally().is_complete() {
            return Ok((proposal, effects));
        }
        effects.extend([Effect::ClearTimers, proposal.when_approved(at)?]);
        Ok((Self { stage: Stage::Approved { at }, ..proposal }, effects))
    }

    /// The approvals that have not run out. The others count no longer: the receipts that sign them would not allow the
    /// run. Whoever gave one may give it again.
    pub(super) fn good_approvals(&self, now: Timestamp) -> Vec<Approval> {
        let valid_ms = self.opening.requirement.valid_ms;
        let is_good = |earlier: &&Approval| escalation::later(earlier.at, valid_ms) >= now;
        self.approvals.iter().filter(is_good).cloned().collect()
    }

    /// Counts one more approval, if it fills a need that is open.
    pub(super) fn counting(
        self,
        position: &Position,
        approval: Approval,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        match self.part_of(&approval.person, Some(approval.level)) {
            Part::Counts => {}
            Part::Signed { at } => return Err(self.signed_already(at)),
            Part::Proposed => return Err(Refusal::ProposerDoesNotCount),
            Part::Disowned => return Err(Refusal::Disowned),
            Part::TooLow => return Err(self.needs_level(position, approval.level)),
        }
        let by = approval.person.clone();
        let level = approval.level;
        let mut approvals = self.approvals.clone();
        approvals.push(approval);
        let proposal = Self { approvals, ..self };
        let tally = proposal.tally();
        let effects = vec![
            Effect::Say(Notice::ApprovedBy { by, level, given: tally.given, needed: tally.needed }),
            Effect::SyncCard,
        ];
        Ok((proposal, effects))
    }

    pub(super) fn must_match(&self, plan: &Digest) -> Result<(), Refusal> {
        if *plan == self.opening.plan {
            Ok(())
        } else {
            Err(Refusal::OtherPlan { shown: plan.clone(), current: self.opening.plan.clone() })
        }
    }

    fn must_reach(&self, position: &Position, level: Level) -> Result<(), Refusal> {
        if level >= self.lowest_need() { Ok(()) } else { Err(self.needs_level(position, level)) }
    }

    /// Whether the level is enough where nobody is asked for an approval.
    pub(super) fn must_hold(&self, held: Level) -> Result<(), Refusal> {
        let needed = self.lowest_need();
        if held >= needed {
            return Ok(());
        }
        let who = self.requirement().people_from(needed);
        Err(Refusal::NeedsLevel { needed, held, who, due: None })
    }

    /// The lowest approval that is still missing (all of them are needed once it is complete).
    pub(super) fn lowest_need(&self) -> Level {
        let missing = self.tally().missing;
        let needs = if missing.is_empty() { &self.opening.requirement.approvals } else { &missing };
        needs.iter().copied().min().unwrap_or(Level::LOWEST)
    }

    fn needs_level(&self, position: &Position, held: Level) -> Refusal {
        let needed = self.lowest_need();
        let requirement = self.requirement();
        Refusal::NeedsLevel {
            needed,
            held,
            who: requirement.people_from(needed),
            due: escalation::level_due(requirement, self.asked_from, position, needed),
        }
    }

    fn rolled_back(self, signed_off: Vec<SignOff>, now: Timestamp) -> (Self, Vec<Effect>) {
        let recovery = (now - self.counted_from()).num_milliseconds();
        let recovery_ms = u64::try_from(recovery).unwrap_or_default();
        let target_ms = self.opening.recovery_target_ms;
        let workflow = self.opening.outlook.workflow;
        let outcome = Outcome::RolledBack { recovery_ms, target_ms, workflow, signed_off };
        let (proposal, mut effects) = self.close(outcome, now);
        effects.push(Effect::PlaceHold);
        (proposal, effects)
    }

    fn moved(self, stage: Stage) -> (Self, Vec<Effect>) {
        (Self { stage, ..self }, vec![Effect::SyncCard])
    }

    /// What was approved is not what would run: it is looked at anew.
    fn void(self, changes: Vec<String>, now: Timestamp) -> (Self, Vec<Effect>) {
        let (proposal, mut effects) = self.close(Outcome::Voided { changes }, now);
        effects.push(Effect::Assess);
        (proposal, effects)
    }

    pub(super) fn close(self, outcome: Outcome, at: Timestamp) -> (Self, Vec<Effect>) {
        let closed = Effect::Say(Notice::Closed { outcome: outcome.clone() });
        let document = self.document(&outcome);
        let rest = [
            Effect::ClearTimers,
            Effect::SyncCard,
            Effect::LetPinGo(pin::release_at(&outcome, at)),
        ];
        let effects = [closed].into_iter().chain(document).chain(rest).collect();
        (Self { stage: Stage::Closed { outcome, at }, waits: None, ..self }, effects)
    }
}

fn way_back_gone(missing: &[ModelVersion]) -> Vec<String> {
    let gone = missing.iter().map(|version| {
        format!("{version} is no longer in SQLMesh's state: the janitor has removed it")
    });
    gone.collect()
}

pub(super) fn must_be_said(reason: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() { Err(Refusal::ReasonMissing) } else { Ok(()) }
}

pub(super) fn ask(
    requirement: &Requirement,
    position: &Position,
    asked_from: Timestamp,
) -> Vec<Effect> {
    let rung = &requirement.ladder[position.rung];
    let notice = Notice::Asked {
        level: rung.level,
        role: rung.role.clone(),
        people: rung.people.clone(),
        repeats: position.repeats,
        needs: requirement.lowest_need().filter(|need| rung.level < *need),
        next: escalation::next(requirement, asked_from, position).position.asked_at,
    };
    vec![Effect::Say(notice), set_timer(requirement, asked_from, position), Effect::SyncCard]
}

pub(super) fn set_timer(
    requirement: &Requirement,
    asked_from: Timestamp,
    position: &Position,
) -> Effect {
    let next = escalation::next(requirement, asked_from, position).position;
    Effect::SetTimer { rung: next.rung, repeats: next.repeats, due: next.asked_at }
}
