//! The hold: after a rollback, what must not come into its environment again, until a person lifts it.
//!
//! ```text
//! Held ──▶ Lifted
//!  │  ▲
//!  └──┘  reminded; a release was seen, with a bad version in it or without
//! ```
//! A release never lifts a hold, whatever it holds: that is a person's decision, with a reason. Lifted is final (I7).

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    escalation::later,
    id::{HoldId, IncidentId, ProposalId, RunId},
    level::Level,
    notice::Notice,
    person::PersonId,
    plan::Target,
    refusal::Refusal,
    release::ModelVersion,
};

/// What a hold starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The incident whose rollback it keeps.
    pub incident: IncidentId,
    /// The proposal that was carried out; it has one hold.
    pub proposal: ProposalId,
    /// The plan that was carried out.
    pub plan: Digest,
    /// The run that did it.
    pub run: RunId,
    /// What is held.
    pub target: Target,
    /// What the rollback went back from. Empty where nobody knows: then only the hold itself is told.
    pub bad: Vec<ModelVersion>,
    /// Why it was rolled back, a sentence.
    pub reason: String,
    /// The level that may lift it.
    pub needs: Level,
    /// Who of the rollback's ladder holds that level.
    pub who: Vec<PersonId>,
    /// How often people are reminded of it, in milliseconds.
    pub remind_ms: u64,
}

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Our id.
    pub id: HoldId,
    /// What it started from; never changes.
    pub opening: Opening,
    /// Since when.
    pub since: Timestamp,
    /// How often people were reminded.
    pub reminders: u32,
    /// The `SQLMesh` plan of the newest release that was seen since.
    pub last_plan: Option<String>,
    /// When bad versions came back, oldest first.
    pub returns: Vec<Return>,
    /// Where it stands.
    pub stage: Stage,
}

/// Bad versions that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The `SQLMesh` plan that brought them.
    pub plan_id: String,
    /// Which.
    pub versions: Vec<ModelVersion>,
    /// When that was seen.
    pub at: Timestamp,
    /// When a release without them was seen.
    pub over_at: Option<Timestamp>,
}

/// Where a hold stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// It stands.
    Held {
        /// When people are reminded of it next.
        remind_at: Timestamp,
    },
    /// A person lifted it.
    Lifted {
        /// Who.
        by: PersonId,
        /// The level they held.
        level: Level,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// What can happen to a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The rollback succeeded; the first event of every hold.
    Placed {
        /// What it starts from.
        opening: Box<Opening>,
    },
    /// It is time to remind people.
    ReminderDue {
        /// How often they were reminded before.
        reminders: u32,
    },
    /// The environment holds another release.
    ReleaseSeen {
        /// The id of its `SQLMesh` plan.
        plan_id: String,
        /// Which of the bad versions are in it.
        bad: Vec<ModelVersion>,
    },
    /// A person lifts it.
    Lifted {
        /// Who.
        by: PersonId,
        /// The level they hold.
        level: Level,
        /// The plan of the rollback, as their card named it.
        plan: Digest,
        /// Why.
        reason: String,
    },
}

impl Hold {
    /// Places a hold.
    pub fn place(id: HoldId, opening: Opening, now: Timestamp) -> (Self, Vec<Effect>) {
        let notice = Notice::HoldPlaced {
            environment: opening.target.environment.clone(),
            bad: opening.bad.clone(),
            needs: opening.needs,
        };
        let stage = Stage::Held { remind_at: later(now, opening.remind_ms) };
        let hold = Self {
            id,
            opening,
            since: now,
            reminders: 0,
            last_plan: None,
            returns: Vec::new(),
            stage,
        };
        (hold, vec![Effect::Say(notice), Effect::SyncCard])
    }

    /// Whether it stands.
    pub fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Held { .. })
    }

    /// When people are reminded of it next.
    pub fn remind_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Held { remind_at } => Some(remind_at),
            Stage::Lifted { .. } => None,
        }
    }

    /// The bad versions that are live now, as far as anybody has seen.
    pub fn returned(&self) -> Option<&Return> {
        self.returns.last().filter(|found| found.over_at.is_none())
    }

    /// Moves by one event. The caller has asked the policies whether the person may lift it at all.
    pub fn step(self, event: &Event, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        match (&self.stage, event) {
            (Stage::Held { remind_at }, Event::ReminderDue { reminders })
                if *reminders == self.reminders && now >= *remind_at =>
            {
                Ok(self.remind(now))
            }
            (Stage::Held { .. }, Event::ReleaseSeen { plan_id, bad })
                if self.last_plan.as_ref() != Some(plan_id) =>
            {
                Ok(self.seen(plan_id, bad, now))
            }
            (Stage::Held { .. }, Event::Lifted { by, level, plan, reason }) => {
                self.may_be_lifted(*level, plan, reason)?;
                let notice = Notice::HoldLifted {
                    environment: self.opening.target.environment.clone(),
                    by: by.clone(),
                    reason: reason.clone(),
                };
                let (by, level, reason) = (by.clone(), *level, reason.clone());
                let stage = Stage::Lifted { by, level, reason, at: now };
                Ok((Self { stage, ..self }, vec![Effect::Say(notice), Effect::SyncCard]))
            }
            (Stage::Lifted { by, at, .. }, Event::Lifted { .. }) => {
                Err(Refusal::AlreadyLifted { by: by.clone(), at: *at })
            }
            _ => Err(Refusal::Outdated),
        }
    }

    fn may_be_lifted(&self, level: Level, plan: &Digest, reason: &str) -> Result<(), Refusal> {
        let opening = &self.opening;
        if *plan != opening.plan {
            let (shown, current) = (plan.clone(), opening.plan.clone());
            return Err(Refusal::OtherPlan { shown, current });
        }
        if level < opening.needs {
            let (needed, who) = (opening.needs, opening.who.clone());
            return Err(Refusal::NeedsLevel { needed, held: level, who, due: None });
        }
        if reason.trim().is_empty() { Err(Refusal::ReasonMissing) } else { Ok(()) }
    }

    fn remind(self, now: Timestamp) -> (Self, Vec<Effect>) {
        let notice = Notice::HoldStands {
            environment: self.opening.target.environment.clone(),
            since: self.since,
            returned: self.returned().map(|found| found.versions.clone()).unwrap_or_default(),
            needs: self.opening.needs,
        };
        let stage = Stage::Held { remind_at: later(now, self.opening.remind_ms) };
        let reminders = self.reminders.saturating_add(1);
        (Self { reminders, stage, ..self }, vec![Effect::Say(notice)])
    }

    fn seen(mut self, plan_id: &str, bad: &[ModelVersion], now: Timestamp) -> (Self, Vec<Effect>) {
        self.last_plan = Some(plan_id.to_owned());
        let environment = self.opening.target.environment.clone();
        let plan = plan_id.to_owned();
        if bad.is_empty() {
            let Some(found) = self.returns.last_mut().filter(|found| found.over_at.is_none())
            else {
                return (self, vec![]);
            };
            found.over_at = Some(now);
            let notice = Notice::BadVersionsGone { environment, plan_id: plan };
            return (self, vec![Effect::Say(notice), Effect::SyncCard]);
        }
        let is_told = self.returns.iter().any(|found| found.plan_id == plan_id);
        let versions = bad.to_vec();
        if let Some(found) = self.returns.last_mut().filter(|found| found.over_at.is_none()) {
            found.over_at = Some(now);
        }
        self.returns.push(Return {
            plan_id: plan.clone(),
            versions: versions.clone(),
            at: now,
            over_at: None,
        });
        let mut effects = vec![Effect::SyncCard];
        // Said once for each plan, however often the environment goes back and forth.
        if !is_told {
            let needs = self.opening.needs;
            let notice = Notice::BadVersionsBack { environment, plan_id: plan, versions, needs };
            effects.insert(0, Effect::Say(notice));
        }
        (self, effects)
    }
}
