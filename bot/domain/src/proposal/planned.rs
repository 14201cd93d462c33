//! A proposal whose rollback waits for its maintenance window: told of beforehand, begun when the window opens, void
//! when it closed.
//!
//! ```text
//! Open ──▶ Approved ──the window opens──▶ Running
//!   └─────────┴──────the window closed──▶ Closed (void)
//! ```

use super::{Event, Outcome, Proposal, Stage, step::must_be_said};
use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    notice::{Notice, Schedule},
    refusal::Refusal,
    requirement::Approval,
    run,
    window::Window,
};

/// What has to be done about a proposal that waits for its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// People are told that it comes near.
    Notice,
    /// The rollback begins.
    Begin,
    /// It is over, and the rollback has not begun.
    Miss,
}

impl Proposal {
    /// The window that the rollback has to begin in.
    pub fn window(&self) -> Option<&Window> {
        self.opening.outlook.window.as_ref()
    }

    /// What is due at `now`; `None` where nothing is.
    pub fn due(&self, now: Timestamp) -> Option<Due> {
        let window = self.window()?;
        let is_approved = match self.stage {
            Stage::Open { .. } => false,
            Stage::Approved { .. } => true,
            Stage::Running { .. } | Stage::Stuck { .. } | Stage::Closed { .. } => return None,
        };
        if now >= window.closes {
            return Some(Due::Miss);
        }
        if now >= window.opens {
            return is_approved.then_some(Due::Begin);
        }
        self.next_notice().filter(|at| *at <= now).map(|_| Due::Notice)
    }

    /// When something is due next: `now`, where it is already.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.due(now).is_some() {
            return Some(now);
        }
        let window = self.window()?;
        if !matches!(self.stage, Stage::Open { .. } | Stage::Approved { .. }) {
            return None;
        }
        let moments = [self.next_notice(), Some(window.opens), Some(window.closes)];
        moments.into_iter().flatten().filter(|at| *at > now).min()
    }

    fn next_notice(&self) -> Option<Timestamp> {
        self.window()?.notices().nth(self.reminded)
    }

    /// Tells people once, however many notices a process has slept through.
    pub(super) fn remind(self, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        let (Some(Due::Notice), Some(window)) = (self.due(now), self.window()) else {
            return Err(Refusal::Outdated);
        };
        let reminded = window.passed(now);
        let notice = Schedule::Nears {
            opens: window.opens,
            closes: window.closes,
            missing: self.tally().missing.len(),
        };
        let effects = vec![Effect::Say(Notice::Planned(notice)), Effect::SyncCard];
        Ok((Self { reminded, ..self }, effects))
    }

    pub(super) fn begin(self, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        match self.due(now) {
            Some(Due::Begin) => Ok((self, vec![Effect::StartRun])),
            _ => Err(Refusal::Outdated),
        }
    }

    /// What follows when the last approval is there: the run, or the wait for the window.
    pub(super) fn when_approved(&self, now: Timestamp) -> Result<Effect, Refusal> {
        match self.window() {
            Some(window) if now >= window.closes => {
                Err(Refusal::WindowClosed { closes: window.closes })
            }
            Some(window) if now < window.opens => {
                let (opens, closes) = (window.opens, window.closes);
                Ok(Effect::Say(Notice::Planned(Schedule::Begins { opens, closes })))
            }
            _ => Ok(Effect::StartRun),
        }
    }

    /// Somebody says no to what enough people have approved: nothing has begun, and it waits.
    pub(super) fn call_off(
        self,
        by: Approval,
        plan: &Digest,
        reason: &str,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        if self.window().is_none() {
            return Err(self.too_late(None));
        }
        self.must_match(plan)?;
        self.must_hold(by.level)?;
        must_be_said(reason)?;
        let reason = reason.to_owned();
        Ok(self.close(Outcome::Rejected { by: by.person, reason }, by.at))
    }

    /// Whether this would be the beginning of its run, outside its window. What has begun goes on after it.
    pub fn begins_outside_window(&self, event: &run::Event, at: Timestamp) -> bool {
        matches!(event, run::Event::Intended { step: 0, attempt: 1 })
            && self.window().is_some_and(|window| !window.contains(at))
    }

    /// Whether its run may be there already: then the run finds out for itself what has changed.
    pub(super) fn may_have_begun(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::Approved { .. })
            && self.window().is_none_or(|window| now >= window.opens)
    }

    /// When the recovery's time begins to count: a planned one waits for its window on purpose.
    pub(super) fn counted_from(&self) -> Timestamp {
        let window = self.window().filter(|_| !self.opening.outlook.workflow.is_emergency());
        window.map_or(self.opened_at, |window| window.opens.max(self.opened_at))
    }

    /// Says how to get the document of a planned rollback that was begun.
    pub(super) fn document(&self, outcome: &Outcome) -> Option<Effect> {
        let was_begun = matches!(self.stage, Stage::Running { .. } | Stage::Stuck { .. })
            && !matches!(outcome, Outcome::Voided { .. });
        let is_told = was_begun && !self.opening.outlook.workflow.is_emergency();
        let incident = self.opening.incident.clone();
        let notice = Notice::Planned(Schedule::Documented { incident });
        is_told.then_some(Effect::Say(notice))
    }

    /// The event that carries out what is due.
    pub fn event_of(&self, due: Due) -> Event {
        match due {
            Due::Notice => Event::WindowNears,
            Due::Begin => Event::WindowOpened,
            Due::Miss => Event::Voided {
                changes: vec!["its maintenance window closed before the rollback began".to_owned()],
            },
        }
    }
}
