//! Any event of each machine, sensible or not.

use domain::{
    digest::Digest,
    hold, incident, plan,
    proposal::{self, Proposer},
    run::{self, ProbeAnswer, StepRule},
};
use proptest::prelude::*;

use super::{
    STAFF, alert, held_by, matrix, millisecond, minute, opening, person, plan, question_rule,
    requirement, run_id, steered, version,
};

/// The id of somebody of the house.
pub(crate) fn any_staff() -> impl Strategy<Value = &'static str> {
    prop::sample::select(STAFF.map(|(id, ..)| id).to_vec())
}

pub(crate) fn any_incident_event() -> impl Strategy<Value = incident::Event> {
    use incident::Event;
    (0..7_u8, 0..9_000_000_i64).prop_map(|(kind, at)| {
        let at = millisecond(at);
        match kind {
            0 => Event::Reported { alert: alert(), at },
            1 => Event::Acknowledged { at },
            2 => Event::Unacknowledged { at },
            3 => Event::Resolved { at },
            4 => Event::Remarked { what: "incident.annotated".to_owned(), at },
            5 => Event::Detailed { alert: alert() },
            _ => Event::NotProposed { why: "No runbook fits.".to_owned() },
        }
    })
}

/// The shown plan, mostly.
fn any_plan() -> impl Strategy<Value = Digest> {
    prop_oneof![9 => Just(plan()), 1 => Just(Digest::of("another plan"))]
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![Just("it broke".to_owned()), Just("\"quoted\"\nand ⏎ more".to_owned())]
}

/// What people want of a proposal.
pub(crate) fn any_click() -> impl Strategy<Value = proposal::Event> {
    use proposal::Event;
    prop_oneof![
        6 => (any_staff(), any_plan())
            .prop_map(|(id, plan)| Event::Approved { by: person(id), level: held_by(id), plan }),
        1 => (any_staff(), any_plan(), any_text()).prop_map(|(id, plan, reason)| {
            Event::Rejected { by: person(id), level: held_by(id), plan, reason }
        }),
        1 => any_staff().prop_map(|id| Event::Escalated { by: person(id) }),
        1 => (any_staff(), any_plan())
            .prop_map(|(id, plan)| Event::Disowned { by: person(id), level: held_by(id), plan }),
    ]
}

pub(crate) fn any_proposal_event() -> impl Strategy<Value = proposal::Event> {
    use proposal::Event;
    let changes = || vec!["a new deploy".to_owned()];
    prop_oneof![
        8 => any_click(),
        1 => Just(Event::Opened { opening: Box::new(opening(requirement(&[1], matrix()))) }),
        1 => Just(Event::Posted),
        1 => Just(Event::WayBackCloses),
        4 => (0..6_usize, 0..3_u32).prop_map(|(rung, repeats)| Event::DeadlinePassed { rung, repeats }),
        1 => Just(Event::Voided { changes: changes() }),
        2 => Just(Event::RunStarted { run: run_id(7) }),
        1 => Just(Event::RunStuck),
        1 => Just(Event::RunLapsed { disowned: None }),
        1 => Just(Event::RunGoesOn),
        1 => any_staff().prop_map(|id| Event::RunPaused { by: person(id) }),
        1 => (any_staff(), any_halt())
            .prop_map(|(id, halt)| Event::RunHalted { by: person(id), halt }),
        1 => Just(Event::WayBackGone { missing: vec![version("shop.orders_daily", "11")] }),
        1 => Just(Event::RunAsks { step: "second look".to_owned(), question: question() }),
        1 => Just(Event::RunSucceeded),
        1 => any_text().prop_map(|reason| Event::RunSignedOff { signed_off: signed_off(reason) }),
        1 => any_text().prop_map(|reason| Event::RunUndone { reason, signed_off: vec![] }),
        1 => (any_staff(), any_text()).prop_map(|(id, reason)| Event::RunCancelled {
            by: person(id),
            reason,
            signed_off: vec![],
        }),
        1 => Just(Event::IncidentResolved),
    ]
}

fn any_halt() -> impl Strategy<Value = proposal::Halted> {
    use proposal::Halted::{GoesBack, Paused, Waited};
    let paused = Paused { under_way: Some("switch".to_owned()) };
    prop::sample::select(vec![paused, Waited, GoesBack])
}

fn question() -> plan::Question {
    plan::Question { text: "Go on?".to_owned(), level: None }
}

fn signed_off(reason: String) -> Vec<run::SignOff> {
    vec![run::SignOff { step: 0, name: "step".to_owned(), by: person("ben"), reason }]
}

/// A proposal's needs, and who made it.
pub(crate) fn any_opening() -> impl Strategy<Value = proposal::Opening> {
    let needs = prop::collection::vec(1..=4_u8, 1..4);
    let proposer = prop_oneof![
        Just(Proposer::Trigger("error_rate".to_owned())),
        any_staff().prop_map(|id| Proposer::Person(person(id))),
    ];
    let possible_until = prop::option::of((0..600_i64).prop_map(minute));
    (needs, proposer, possible_until).prop_map(|(needs, proposer, possible_until)| {
        proposal::Opening { proposer, possible_until, ..opening(requirement(&needs, matrix())) }
    })
}

pub(crate) fn any_step_rule() -> impl Strategy<Value = StepRule> {
    (1..4_u32, any::<[bool; 4]>()).prop_map(
        |(attempts, [idempotent, has_probe, has_undo, asks])| StepRule {
            name: "step".to_owned(),
            attempts,
            idempotent,
            has_probe,
            has_undo,
            on_failure: if asks { plan::OnFailure::Ask } else { plan::OnFailure::Undo },
            confirm: None,
        },
    )
}

/// A step, now and then a question.
pub(crate) fn any_step_or_question() -> impl Strategy<Value = StepRule> {
    prop_oneof![6 => any_step_rule(), 1 => Just(question_rule(None))]
}

/// What somebody does to a run that stands at `stop`, and now and then at another one.
pub(crate) fn any_steer() -> impl Strategy<Value = fn(run::Stop) -> run::Steer> {
    use run::Steer::{Cancel, Confirm, Pause, Resume, Retry, Skip};
    prop::sample::select(vec![
        (|_| Pause) as fn(run::Stop) -> run::Steer,
        |_| Resume,
        |_| Cancel,
        |stop| Retry { stop },
        |stop| Skip { stop },
        |stop| Confirm { stop },
        |stop| Retry { stop: run::Stop { count: stop.count + 1, ..stop } },
    ])
}

fn any_steered() -> impl Strategy<Value = run::Event> {
    let stop = (0..3_usize, 0..4_u32).prop_map(|(step, count)| run::Stop { step, count });
    let reason = prop_oneof![2 => any_text().prop_map(Some), 1 => Just(None)];
    (any_steer(), stop, any_staff(), any_plan(), reason).prop_map(
        |(steer, stop, id, plan, reason)| {
            let steered = steered(id, steer(stop), reason.as_deref());
            run::Event::Steered(run::Steered { plan, ..steered })
        },
    )
}

pub(crate) fn any_answer() -> impl Strategy<Value = ProbeAnswer> {
    use ProbeAnswer::{Done, NotDone, Partial, Unknown};
    prop::sample::select(vec![Done, NotDone, Partial, Unknown])
}

fn any_findings() -> impl Strategy<Value = Vec<plan::Finding>> {
    use plan::Outcome::{Fail, Inconclusive, Pass};
    let outcome = prop::sample::select(vec![Pass, Pass, Pass, Fail, Inconclusive]);
    prop::collection::vec(outcome, 0..3).prop_map(|outcomes| {
        let finding = |outcome| plan::Finding {
            check: "row_count".to_owned(),
            subject: "shop.orders_daily".to_owned(),
            outcome,
            detail: "compared with yesterday".to_owned(),
        };
        outcomes.into_iter().map(finding).collect()
    })
}

pub(crate) fn any_run_event() -> impl Strategy<Value = run::Event> {
    use run::Event;
    let step = || 0..3_usize;
    prop_oneof![
        8 => (step(), 1..4_u32).prop_map(|(step, attempt)| Event::Intended { step, attempt }),
        8 => (step(), any_text(), any_findings())
            .prop_map(|(step, note, findings)| Event::Did { step, note, findings }),
        2 => (step(), any_text(), any_findings())
            .prop_map(|(step, why, findings)| Event::Failed { step, why, findings }),
        2 => step().prop_map(|step| Event::Interrupted { step }),
        2 => step().prop_map(|step| Event::NotDone { step, why: "nothing was sent".to_owned() }),
        4 => (step(), any_answer(), any_text())
            .prop_map(|(step, answer, detail)| Event::Probed { step, answer, detail }),
        4 => step().prop_map(|step| Event::UndoDid { step }),
        2 => (step(), any_text()).prop_map(|(step, why)| Event::UndoFailed { step, why }),
        1 => any_text().prop_map(|why| Event::Unauthorised { why }),
        1 => any_text().prop_map(|why| Event::ApprovalsLapsed { why, disowned: None }),
        1 => any_text().prop_map(|change| Event::TargetChanged { changes: vec![change] }),
        6 => any_steered(),
        1 => any_staff().prop_map(|id| Event::Halted { by: person(id) }),
    ]
}

/// Any event of a hold but the first.
pub(crate) fn any_hold_event() -> impl Strategy<Value = hold::Event> {
    use hold::Event;
    let versions = || prop::sample::subsequence(vec![version("shop.orders_daily", "22")], 0..=1);
    prop_oneof![
        2 => (0..3_u32).prop_map(|reminders| Event::ReminderDue { reminders }),
        4 => (any_letter(), versions())
            .prop_map(|(plan_id, bad)| Event::ReleaseSeen { plan_id, bad }),
        1 => (any_staff(), any_text()).prop_map(|(id, reason)| Event::Lifted {
            by: person(id),
            level: held_by(id),
            plan: plan(),
            reason,
        }),
    ]
}

fn any_letter() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}
