//! One night with one incident: the same data at every stage that the page can show.

use chrono::TimeDelta;
use domain::{
    Timestamp,
    alert::Alert,
    card::Card,
    digest::Digest,
    escalation::Position,
    incident::{self, Incident},
    level::Level,
    notice::Notice,
    person::{People, Person, PersonId},
    plan::{Finding, OnFailure, Outcome as Answer, RollbackType, Target, Workflow},
    proposal::{Opening, Outcome, Proposal, Proposer, Stage},
    requirement::{Approval, Requirement, Rung},
    run::{self, Run, StepRecord, StepRule},
    words::Words,
};
use web::{IncidentView, Line, Viewer};

#[path = "kept_scene.rs"]
mod kept;
#[path = "steered_scene.rs"]
mod steered;

/// An incident as it stands at some moment, and its thread so far.
pub(crate) struct Scene {
    pub(crate) incident: Incident,
    pub(crate) proposal: Option<Proposal>,
    pub(crate) run: Option<Run>,
    pub(crate) live: Option<&'static str>,
    pub(crate) card: Card,
    pub(crate) lines: Vec<Line>,
    pub(crate) people: People,
    pub(crate) now: Timestamp,
}

/// 03:00 and some minutes and seconds.
pub(crate) fn night(minutes: i64, seconds: i64) -> Timestamp {
    let three: Timestamp = "2026-10-14T03:00:00Z".parse().unwrap();
    three + TimeDelta::seconds(minutes * 60 + seconds)
}

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::new(id)
}

fn level(number: u8) -> Level {
    Level::try_from(number).unwrap()
}

pub(crate) fn people() -> People {
    let known = |(id, name, held): (&str, &str, Option<u8>)| Person {
        id: person(id),
        name: name.to_owned(),
        level: held.map(level),
        identities: vec![],
    };
    People::new(
        [
            ("ana", "Ana Ruiz", Some(1)),
            ("ben", "Ben Okafor", Some(2)),
            ("cleo", "Cléo Martin", Some(3)),
            ("dana", "Dana Whitfield", Some(4)),
            ("sam", "Sam Lindqvist", None),
        ]
        .map(known),
    )
}

fn rung(number: u8, role: &str, minutes: u64, who: &str) -> Rung {
    Rung {
        level: level(number),
        role: role.to_owned(),
        after_ms: minutes * 60_000,
        people: vec![person(who)],
    }
}

fn finding(check: &str, subject: &str, outcome: Answer, detail: &str) -> Finding {
    Finding { check: check.into(), subject: subject.into(), outcome, detail: detail.into() }
}

fn opening(incident: &Incident) -> Opening {
    Opening {
        incident: incident.id.clone(),
        plan: Digest::of("a plan"),
        rollback_type: RollbackType::ModelLevel,
        target: Target {
            id: "warehouse".into(),
            environment: "prod".into(),
            gateway: "duckdb".into(),
            project: "shop".into(),
        },
        models: vec!["shop.orders_daily".into(), "shop.revenue".into()],
        downstream: vec!["shop.finance_report".into()],
        possible_until: Some(night(720, 0)),
        recovery_target_ms: 900_000,
        proposer: Proposer::Trigger("data_corruption".into()),
        because: "Trigger data_corruption: row count of shop.orders_daily fell by 41 %.".into(),
        findings: vec![
            finding(
                "target_version_exists",
                "shop.orders_daily",
                Answer::Pass,
                "version 4d1c is still there",
            ),
            finding(
                "target_version_exists",
                "shop.revenue",
                Answer::Pass,
                "version 9e02 is still there",
            ),
            finding("backup_available", "prod", Answer::Pass, "rollback point of 02:10 UTC"),
            finding(
                "consumers_paused",
                "shop.finance_report",
                Answer::Inconclusive,
                "the scheduler did not answer",
            ),
        ],
        requirement: Requirement {
            approvals: vec![level(2), level(1)],
            reasons: vec![
                "shop.finance_report is business-critical, so one approval has to be of level 2."
                    .into(),
            ],
            ladder: vec![
                rung(1, "on-call engineer", 0, "ana"),
                rung(2, "tech lead", 15, "ben"),
                rung(3, "engineering manager", 45, "cleo"),
            ],
            repeat_ms: 900_000,
            urgent: None,
            valid_ms: 3_600_000,
            policy_digest: Digest::of("the policies"),
        },
        changes: vec![],
        outlook: domain::proposal::Outlook::default(),
    }
}

impl Scene {
    /// The alert has just come in.
    pub(crate) fn triggered() -> Self {
        let incident = Incident {
            id: "inc_01k7gq2y00e9jvd5m8wz4sn02q".parse().unwrap(),
            alert: Alert {
                external_id: "Q1ABC".into(),
                title: "orders_daily: row count dropped by 41 %".into(),
                service_id: "PSVC".into(),
                service_name: "Shop warehouse".into(),
                url: Some("https://example.pagerduty.com/incidents/Q1ABC".into()),
                urgency: Some("high".into()),
                details: [].into(),
            },
            request: None,
            opened_at: night(0, 12),
            heard_until: night(0, 12),
            stage: incident::Stage::Triggered,
        };
        let card = Card::of(&incident, None, None, None);
        let scene = Self {
            incident,
            proposal: None,
            run: None,
            live: None,
            card,
            lines: vec![],
            people: people(),
            now: night(0, 13),
        };
        let title = scene.incident.alert.title.clone();
        let notice = Notice::IncidentOpened { title, service: "Shop warehouse".into() };
        scene.told(night(0, 12), "PagerDuty", &notice)
    }

    /// A rollback is proposed, and the first level is asked.
    pub(crate) fn open() -> Self {
        let mut scene = Self::triggered();
        let opening = opening(&scene.incident);
        let proposed = Notice::Proposed {
            rollback_type: opening.rollback_type,
            models: opening.models.clone(),
            because: opening.because.clone(),
            changes: vec![],
            without: vec![],
        };
        let asked = Notice::Asked {
            level: level(1),
            role: "on-call engineer".into(),
            people: vec![person("ana")],
            repeats: 0,
            needs: None,
            next: night(15, 20),
        };
        scene.proposal = Some(Proposal {
            id: "prp_01k7gq3a00e9jvd5m8wz7h3k9t".parse().unwrap(),
            opening,
            opened_at: night(0, 20),
            asked_from: night(0, 20),
            posted: true,
            warned: false,
            reminded: 0,
            approvals: vec![],
            disowned: vec![],
            waits: None,
            stage: Stage::Open {
                position: Position { rung: 0, repeats: 0, asked_at: night(0, 20) },
            },
        });
        scene.told(night(0, 20), "Countersign", &proposed).told_again(&asked).at(night(2, 53))
    }

    /// The on-call engineer has signed, and the tech lead is asked.
    pub(crate) fn partly_approved() -> Self {
        let approved = |by, level, given| Notice::ApprovedBy { by, level, given, needed: 2 };
        let asked = Notice::Asked {
            level: level(2),
            role: "tech lead".into(),
            people: vec![person("ben")],
            repeats: 0,
            needs: None,
            next: night(45, 20),
        };
        Self::open()
            .with(|proposal| {
                let ana = Approval { person: person("ana"), level: level(1), at: night(4, 2) };
                proposal.approvals = vec![ana];
                proposal.stage = Stage::Open {
                    position: Position { rung: 1, repeats: 0, asked_at: night(4, 30) },
                };
            })
            .told(night(4, 2), "Ana Ruiz", &approved(person("ana"), level(1), 1))
            .told(night(4, 30), "Ana Ruiz", &Notice::EscalatedBy { by: person("ana") })
            .told(night(4, 30), "Countersign", &asked)
            .at(night(5, 0))
    }

    /// The rollback runs its second step.
    pub(crate) fn running() -> Self {
        let names =
            ["Hold deploys", "Point the models back", "Rebuild downstream", "Check the data"];
        let rule = |name: &str| StepRule {
            name: name.into(),
            attempts: 2,
            idempotent: true,
            has_probe: true,
            has_undo: true,
            on_failure: OnFailure::Undo,
            confirm: None,
        };
        let approved =
            Notice::ApprovedBy { by: person("ben"), level: level(2), given: 2, needed: 2 };
        let started = Notice::RunStarted { steps: names.map(str::to_owned).to_vec() };
        let done = Notice::StepDone {
            step: 0,
            of: 4,
            name: names[0].into(),
            took_ms: 830,
            note: "prod is held.".into(),
            findings: vec![],
        };
        let mut scene = Self::partly_approved().with(|proposal| {
            let ben = Approval { person: person("ben"), level: level(2), at: night(6, 10) };
            proposal.approvals.push(ben);
            let run = "run_01k7gqd400e9jvd5m8wzc4x7m2".parse().unwrap();
            proposal.stage = Stage::Running { run };
        });
        let proposal = scene.proposal.as_ref().unwrap();
        scene.run = Some(Run {
            id: "run_01k7gqd400e9jvd5m8wzc4x7m2".parse().unwrap(),
            incident: scene.incident.id.clone(),
            proposal: proposal.id.clone(),
            plan: proposal.opening.plan.clone(),
            target: "warehouse".into(),
            steps: names.map(rule).to_vec(),
            done: vec![StepRecord { took_ms: 830, note: String::new(), findings: vec![] }],
            step_since: Some(night(6, 13)),
            stage: run::Stage::Doing { step: 1, attempt: 1 },
            steering: run::Steering::default(),
        });
        scene.live = Some("virtual update: 1 of 2 views");
        scene
            .told(night(6, 10), "Ben Okafor", &approved)
            .told(night(6, 12), "Countersign", &started)
            .told(night(6, 13), "Countersign", &done)
            .at(night(6, 19))
    }

    /// Every step is done, and the data is right.
    pub(crate) fn rolled_back() -> Self {
        let outcome = Outcome::RolledBack {
            recovery_ms: 468_000,
            target_ms: 900_000,
            workflow: Workflow::Emergency,
            signed_off: vec![],
        };
        let closed = Notice::Closed { outcome: outcome.clone() };
        let mut scene = Self::running().with(|proposal| {
            proposal.stage = Stage::Closed { outcome, at: night(8, 8) };
        });
        let run = scene.run.as_mut().unwrap();
        run.done = [830, 6_200, 71_400, 9_000]
            .map(|took_ms| StepRecord { took_ms, note: String::new(), findings: vec![] })
            .to_vec();
        run.stage = run::Stage::Succeeded { at: night(8, 8) };
        scene.told(night(8, 8), "Countersign", &closed).at(night(9, 0))
    }

    /// Everybody was asked, and nobody has answered.
    pub(crate) fn unanswered() -> Self {
        let asked = Notice::Asked {
            level: level(3),
            role: "engineering manager".into(),
            people: vec![person("cleo")],
            repeats: 1,
            needs: None,
            next: night(75, 20),
        };
        Self::open()
            .with(|proposal| {
                proposal.stage = Stage::Open {
                    position: Position { rung: 2, repeats: 1, asked_at: night(60, 20) },
                };
            })
            .told(night(60, 20), "Countersign", &asked)
            .at(night(61, 0))
    }

    /// The scene as Ana sees it.
    pub(crate) fn view(&self) -> IncidentView<'_> {
        self.view_as("ana")
    }

    /// The scene as somebody of the demo sees it.
    pub(crate) fn view_as(&self, who: &str) -> IncidentView<'_> {
        IncidentView {
            card: &self.card,
            lines: &self.lines,
            people: &self.people,
            viewer: self.persona(who),
            csrf: "a-token",
            answer: None,
            now: self.now,
            speed: 60,
        }
    }

    /// A visitor who acts as `who`.
    pub(crate) fn persona(&self, who: &str) -> Viewer<'_> {
        let person = self.people.get(&person(who)).unwrap();
        Viewer::Persona { person, everyone: self.people.iter().collect() }
    }

    fn with(mut self, change: impl FnOnce(&mut Proposal)) -> Self {
        change(self.proposal.as_mut().unwrap());
        self
    }

    fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self.card = Card::of(&self.incident, self.proposal.as_ref(), self.run.as_ref(), self.live);
        self
    }

    fn told(self, at: Timestamp, who: &str, notice: &Notice) -> Self {
        let seq = self.lines.last().map_or(0, |line| line.seq + 1);
        self.line(at, seq, who, notice)
    }

    /// One more notice of the entry before.
    fn told_again(self, notice: &Notice) -> Self {
        let Line { at, seq, who, .. } = self.lines.last().unwrap().clone();
        self.line(at, seq, &who, notice)
    }

    fn line(mut self, at: Timestamp, seq: u64, who: &str, notice: &Notice) -> Self {
        self.lines.push(Line {
            at,
            seq,
            tone: notice.tone(),
            volume: notice.volume(),
            who: who.to_owned(),
            words: notice.words(),
        });
        self
    }
}

/// What a person of level 1 reads when that is not enough.
pub(crate) fn refused() -> Words {
    Words::plain("This needs level 2, and you hold level 1. ")
        .person(&person("ben"))
        .text(" could decide; they are asked at ")
        .time(night(15, 20))
        .text(". Nothing was changed.")
}
