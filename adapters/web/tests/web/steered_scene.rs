//! The same night where people steer the run.

use domain::{
    escalation::Position,
    notice::{Guidance, Notice},
    plan::{Question, Workflow},
    proposal::{Outcome, Stage, Waiting},
    run,
};

use super::{Scene, level, night, person};

impl Scene {
    /// A step failed, and nobody can tell what it has changed.
    pub(crate) fn stuck() -> Self {
        let reason = "the target cannot tell whether the views were moved";
        let stuck = Notice::Stuck {
            name: "Point the models back".into(),
            reason: reason.into(),
            disowned: None,
        };
        let mut scene = Self::running().with(|proposal| {
            let run = "run_01k7gqd400e9jvd5m8wzc4x7m2".parse().unwrap();
            proposal.stage = Stage::Stuck { run };
        });
        let run = scene.run.as_mut().unwrap();
        let halt = run::Halt::Within { attempt: 2 };
        run.stage = run::Stage::Stuck { step: 1, reason: reason.into(), halt };
        run.steering.stops = 1;
        scene.told(night(7, 1), "Countersign", &stuck).at(night(7, 30))
    }

    /// Somebody paused it between two steps.
    pub(crate) fn paused() -> Self {
        let mut scene = Self::running();
        let run = scene.run.as_mut().unwrap();
        run.stage = run::Stage::Pending { next: 1, attempt: 1 };
        run.steering.paused = Some(run::Pause { by: person("ana"), since: night(6, 15) });
        let told = Guidance::Paused { by: person("ana"), under_way: None };
        scene.live = None;
        scene.told(night(6, 15), "Ana Ruiz", &Notice::Steered(told)).at(night(7, 30))
    }

    /// It waits for an answer before its second step.
    pub(crate) fn asking() -> Self {
        let mut scene = Self::running();
        let question = Question {
            text: "The restored copy is ready beside the broken one. Swap it in?".into(),
            level: Some(level(2)),
        };
        let told = Guidance::Asks {
            name: "Second look".into(),
            question: question.text.clone(),
            level: level(2),
            people: vec![person("ben")],
            next: Some(night(36, 20)),
        };
        let question_text = question.text.clone();
        scene = scene.with(|proposal| {
            proposal.waits = Some(Waiting {
                question: Some(question_text),
                since: night(6, 20),
                asked_from: night(6, 20) - chrono::TimeDelta::minutes(15),
                position: Some(Position { rung: 1, repeats: 0, asked_at: night(6, 20) }),
                paused: None,
                lapsed: false,
                disowned: None,
            });
        });
        let run = scene.run.as_mut().unwrap();
        run.steps[1].name = "Second look".into();
        run.steps[1].confirm = Some(question);
        run.stage = run::Stage::Asking { step: 1 };
        run.steering.stops = 1;
        scene.live = None;
        scene.told(night(6, 20), "Countersign", &Notice::Steered(told)).at(night(7, 30))
    }

    /// Every step is done but one, which a person has signed off.
    pub(crate) fn signed_off() -> Self {
        let signed_off = vec![run::SignOff {
            step: 3,
            name: "Check the data".into(),
            by: person("ben"),
            reason: "the duplicates are of last year and known".into(),
        }];
        let outcome = Outcome::RolledBack {
            recovery_ms: 468_000,
            target_ms: 900_000,
            workflow: Workflow::Emergency,
            signed_off: signed_off.clone(),
        };
        let closed = Notice::Closed { outcome: outcome.clone() };
        let mut scene = Self::rolled_back().with(|proposal| {
            proposal.stage = Stage::Closed { outcome, at: night(8, 8) };
        });
        scene.lines.pop();
        scene.run.as_mut().unwrap().steering.signed_off = signed_off;
        scene.told(night(8, 8), "Countersign", &closed).at(night(9, 0))
    }
}
