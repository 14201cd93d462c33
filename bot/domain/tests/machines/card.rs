//! The card: what stands on it in each state, and that nothing on it is false.

use domain::{
    card::{Button, Card, StepState},
    hold::{self, Hold},
    incident::{self, Incident},
    plan::{Finding, Outcome},
    proposal::{Event, Opening, Proposal, Proposer},
    run::{self, ProbeAnswer, Run, Steer, StepRule},
};

use crate::{
    run::{after, run_of},
    world::{
        alert, approved, hold_id, hold_opening, incident_id, level, matrix, minute, open, opening,
        people, person, proposal, question_rule, rejected, requirement, run_id, steered, step_rule,
        version,
    },
};

fn incident() -> Incident {
    Incident::open(incident_id(), alert(), minute(0), minute(0)).0
}

/// The card as lines: state, title, facts, what comes next, buttons.
fn lines(card: &Card) -> String {
    let people = people();
    let mut lines = vec![format!("{} {} | {}", card.state.mark, card.state.word, card.title)];
    lines.extend(
        card.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value.to_plain(&people))),
    );
    if let Some(next) = &card.next_ask {
        lines.push(format!("next: {} at {}", next.level, next.at.format("%H:%M")));
    }
    let labels: Vec<_> = card.buttons.iter().map(|button| button.label()).collect();
    lines.push(format!("[{}]", labels.join("] [")));
    lines.join("\n")
}

fn of(proposal: &Proposal) -> Card {
    Card::of(&incident(), Some(proposal), None, None)
}

#[track_caller]
fn step(proposal: Proposal, event: &Event, at: i64) -> Proposal {
    proposal.step(event, minute(at)).unwrap().0
}

#[test]
fn an_incident_without_a_proposal() {
    let card = Card::of(&incident(), None, None, None);
    insta::assert_snapshot!(lines(&card), @r"
    🟠 Triggered | orders_daily: row count dropped 40 %
    Service: Warehouse
    Since: 23 Nov 03:00:00 UTC
    []
    ");
    let resolved = incident().step(&incident::Event::Resolved { at: minute(9) }).unwrap().0;
    assert_eq!(Card::of(&resolved, None, None, None).state.word, "Resolved");
}

#[test]
fn a_proposal_that_waits_and_one_that_is_over() {
    let full = open(Opening {
        downstream: vec!["shop.revenue".to_owned(), "shop.churn".to_owned()],
        possible_until: Some(minute(300)),
        proposer: Proposer::Person(person("bea")),
        changes: vec!["`shop.revenue` was deployed anew".to_owned()],
        ..opening(requirement(&[2, 2], matrix()))
    });
    let waiting = step(full, &approved("ben"), 1);
    insta::assert_snapshot!(lines(&of(&waiting)), @r"
    🟠 Waiting for a decision | orders_daily: row count dropped 40 %
    Service: Warehouse
    Since: 23 Nov 03:00:00 UTC
    Proposal: model-level rollback (type 2)
    Where: prod of warehouse
    Models: shop.orders_daily
    Rebuilt besides: shop.revenue, shop.churn
    Why: Proposed by Bea. The error rate is above 1 %.
    What changed: `shop.revenue` was deployed anew
    Target recovery: within 15 min
    Asked now: Ana (role at minute 0, level 1)
    Approvals: 1 of 2: Ben
    Needs: The policy asks for it.
    Possible until: 23 Nov 08:00:00 UTC
    Plan: 9523fa88
    next: level 1 at 03:15
    [Approve] [Reject] [Ask the next level now]
    ");
    let over = step(waiting, &rejected("cleo"), 2);
    let card = lines(&of(&over));
    assert!(card.starts_with("⚪ Rejected"), "{card}");
    assert!(
        card.ends_with("Outcome: Cleo rejected the rollback: the numbers are right\nClosed: 23 Nov 03:02:00 UTC\n[]"),
        "{card}"
    );
}

#[test]
fn buttons_are_there_only_while_they_do_something() {
    use Button::{Approve, Escalate, GiveUp, Reject};
    let open = proposal(&[1]);
    let signed = step(open.clone(), &approved("ana"), 1);
    let running = step(signed.clone(), &Event::RunStarted { run: run_id(1) }, 2);
    let stuck = step(running.clone(), &Event::RunStuck, 3);
    let closed = step(running.clone(), &Event::RunSucceeded, 4);
    assert_eq!(of(&open).buttons, [Approve, Reject, Escalate]);
    assert_eq!(of(&stuck).buttons, [GiveUp]);
    for silent in [&signed, &running, &closed] {
        assert_eq!(of(silent).buttons, [], "{:?}", silent.stage);
    }
}

fn running() -> Proposal {
    let signed = step(proposal(&[2, 1]), &approved("ana"), 1);
    let signed = step(signed, &approved("ben"), 1);
    step(signed, &Event::RunStarted { run: run_id(1) }, 2)
}

/// State, what the run's people did and can do: the lines of the card that steering changes.
fn steered_lines(proposal: &Proposal, run: &Run) -> String {
    let card = Card::of(&incident(), Some(proposal), Some(run), None);
    let labels = ["Stuck at", "Paused", "Question", "Can answer", "Cancelled", "Signed off"];
    let facts = card.facts.iter().filter(|fact| labels.contains(&fact.label));
    let mut lines = vec![format!("{} {}", card.state.mark, card.state.word)];
    lines.extend(facts.map(|fact| format!("{}: {}", fact.label, fact.value.to_plain(&people()))));
    let labels: Vec<_> = card.buttons.iter().map(|button| button.label()).collect();
    let stop = card.stop.map_or("-".to_owned(), |stop| stop.to_string());
    lines.push(format!("[{}] at {stop}", labels.join("] [")));
    lines.join("\n")
}

#[test]
fn a_run_shows_who_steers_it_and_how_it_can_be_steered() {
    let by = |id: &str, steer| run::Event::Steered(steered(id, steer, Some("wrong models")));
    let steps = || vec![step_rule("restore"), question_rule(None), step_rule("swap")];
    let intended = run::Event::Intended { step: 0, attempt: 1 };
    let did = run::Event::Did { step: 0, note: String::new(), findings: vec![] };
    let begun = [intended.clone()];
    let paused = [intended.clone(), by("ana", Steer::Pause)];
    let cancelled = [intended.clone(), by("ana", Steer::Cancel)];
    let undoing = [intended.clone(), did.clone(), by("ana", Steer::Cancel)];
    let asking = [intended, did];
    let shown = [&begun[..], &paused, &cancelled, &undoing, &asking]
        .map(|events| steered_lines(&running(), &after(run_of(steps()), events)));
    insta::assert_snapshot!(shown.join("\n\n"), @r"
    🔵 Rolling back
    [Pause] [Cancel the rollback] at -

    ⏸️ Paused
    Paused: by Ana since 23 Nov 03:02:00 UTC
    [Resume] [Cancel the rollback] at -

    🟡 Cancelling
    Cancelled: by Ana: wrong models
    [Pause] at -

    🟡 Taking back
    Cancelled: by Ana: wrong models
    [Pause] at -

    🟠 Waiting for an answer
    Question: Swap the restored warehouse in?
    Can answer: Ben, Bea, Cleo and Dora (level 2 or higher)
    [Confirm] [Cancel the rollback] at 1.1
    ");
}

#[test]
fn a_stuck_run_offers_what_could_help() {
    let stuck = step(running(), &Event::RunStuck, 3);
    let gone = [run::Event::Intended { step: 0, attempt: 1 }, run::Event::Interrupted { step: 0 }];
    let blind = StepRule { has_probe: false, ..step_rule("call the bank") };
    let cancelled = [
        gone[0].clone(),
        run::Event::Steered(steered("ana", Steer::Cancel, Some("wrong models"))),
        gone[1].clone(),
    ];
    let shown = [
        steered_lines(&stuck, &after(run_of(vec![blind.clone()]), &gone)),
        steered_lines(&stuck, &after(run_of(vec![blind]), &cancelled)),
    ];
    insta::assert_snapshot!(shown.join("\n\n"), @r"
    🔴 Stuck: needs a person
    Stuck at: call the bank: the executor was interrupted, and nothing can tell whether the step has taken effect
    [Try again] [Skip the step] [End the rollback] at 0.1

    🔴 Stuck: needs a person
    Stuck at: call the bank: it was ended for the cancel, and nothing can tell whether the step has taken effect
    Cancelled: by Ana: wrong models
    [Skip the step] [End the rollback] at 0.1
    ");
}

#[test]
fn what_was_never_begun_is_not_called_taken_back() {
    let undone = after(
        run_of(vec![step_rule("a"), step_rule("b")]),
        &[
            run::Event::Intended { step: 0, attempt: 1 },
            run::Event::Did { step: 0, note: String::new(), findings: vec![] },
            run::Event::Steered(steered("ana", Steer::Cancel, Some("wrong models"))),
            run::Event::UndoDid { step: 0 },
        ],
    );
    shows(&undone, &[StepState::Undoing, StepState::Waiting]);
}

#[test]
fn a_last_rung_that_stays_silent_marks_the_card_unanswered() {
    let mut waiting = proposal(&[1]);
    for (rung, repeats) in [(1, 0), (2, 0), (3, 0), (4, 0)] {
        waiting = step(waiting, &Event::DeadlinePassed { rung, repeats }, 60);
        assert_eq!(of(&waiting).state.word, "Waiting for a decision");
    }
    waiting = step(waiting, &Event::DeadlinePassed { rung: 4, repeats: 1 }, 70);
    assert_eq!(of(&waiting).state.word, "Unanswered");
}

#[track_caller]
fn shows(run: &Run, expected: &[StepState]) {
    let card = Card::of(&incident(), None, Some(run), Some("41 of 99 rows"));
    let states: Vec<_> = card.steps.iter().map(|line| line.state).collect();
    assert_eq!(states, expected, "{:?}", run.stage);
    assert_eq!(card.live.is_some(), !run.is_at_rest(), "a run at rest says nothing live");
}

#[test]
fn the_steps_of_a_run_stand_as_they_are() {
    use StepState::{Doing, Done, InDoubt, Stuck, Undoing, Waiting};
    let run = || {
        run_of(
            ["a", "b", "c", "d"].map(|name| StepRule { attempts: 1, ..step_rule(name) }).to_vec(),
        )
    };
    let intended = |step| run::Event::Intended { step, attempt: 1 };
    let did = |step| run::Event::Did { step, note: String::new(), findings: vec![] };
    let failed = |step| run::Event::Failed { step, why: "it broke".to_owned(), findings: vec![] };
    let not_done =
        |step| run::Event::Probed { step, answer: ProbeAnswer::NotDone, detail: String::new() };
    let undone = |step| run::Event::UndoDid { step };
    let undo_failed = |step| run::Event::UndoFailed { step, why: "no way".to_owned() };

    let mut events = vec![intended(0), did(0), intended(1), did(1)];
    shows(&after(run(), &events), &[Done, Done, Waiting, Waiting]);
    events.push(intended(2));
    shows(&after(run(), &events), &[Done, Done, Doing, Waiting]);
    events.push(failed(2));
    shows(&after(run(), &events), &[Done, Done, InDoubt, Waiting]);
    events.push(not_done(2));
    shows(&after(run(), &events), &[Done, Done, Undoing, Waiting]);
    events.push(undone(2));
    shows(&after(run(), &events), &[Done, Undoing, Undoing, Waiting]);
    let stuck = [events.clone(), vec![undo_failed(1); 3]].concat();
    shows(&after(run(), &stuck), &[Done, Stuck, Undoing, Waiting]);
    events.extend([undone(1), undone(0)]);
    shows(&after(run(), &events), &[Undoing, Undoing, Undoing, Waiting]);
}

#[test]
fn findings_that_are_not_a_pass_are_counted() {
    let finding = |outcome| Finding {
        check: "target_version_exists".to_owned(),
        subject: "shop.orders_daily".to_owned(),
        outcome,
        detail: "looked".to_owned(),
    };
    let findings = [Outcome::Pass, Outcome::Fail, Outcome::Inconclusive].map(finding).to_vec();
    let proposal = open(Opening { findings, ..opening(requirement(&[1], matrix())) });
    assert_eq!(of(&proposal).concerns(), 2);
    assert!(proposal.summary().contains("target_version_exists shop.orders_daily: Fail"));
}

/// What people sign must not change while others read it, and must change with anything that was shown.
#[test]
fn the_summary_stands_still_while_the_proposal_waits() {
    let before = proposal(&[2, 2]);
    let after = step(before.clone(), &approved("ben"), 1);
    assert_eq!(before.summary_digest(), after.summary_digest());
    let changed = |change: fn(&mut Opening)| {
        let mut opening = opening(requirement(&[2, 2], matrix()));
        change(&mut opening);
        assert_ne!(open(opening).summary_digest(), before.summary_digest());
    };
    changed(|opening| opening.models.push("shop.revenue".to_owned()));
    changed(|opening| opening.downstream.push("shop.revenue".to_owned()));
    changed(|opening| opening.target.environment = "dev".to_owned());
    changed(|opening| opening.because.push('!'));
    changed(|opening| opening.plan = domain::digest::Digest::of("another"));
}

#[test]
fn what_a_rollback_leaves() {
    let rolled_back = {
        let running = step(proposal(&[1]), &approved("ana"), 1);
        let running = step(running, &Event::RunStarted { run: run_id(1) }, 1);
        step(running, &Event::RunSucceeded, 3)
    };
    let opening = hold_opening(&rolled_back.id, run_id(1), &rolled_back);
    let (held, _) = Hold::place(hold_id(1), opening, minute(3));
    let seen = |plan: &str, bad| hold::Event::ReleaseSeen { plan_id: plan.to_owned(), bad };
    let bad = vec![version("shop.orders_daily", "22")];
    let back = held.clone().step(&seen("4f2a", bad), minute(9)).unwrap().0;
    let lifted = hold::Event::Lifted {
        by: person("ben"),
        level: level(2),
        plan: rolled_back.opening.plan.clone(),
        reason: "the fix is merged".to_owned(),
    };
    let lifted = back.clone().step(&lifted, minute(20)).unwrap().0;
    let shown = [&held, &back, &lifted].map(|hold| {
        let card = of(&rolled_back).with_hold(Some(hold));
        let said = card.facts.iter().find(|fact| fact.label == "Hold").unwrap();
        let labels: Vec<_> = card.buttons.iter().map(|button| button.label()).collect();
        let state = format!("{} {}", card.state.mark, card.state.word);
        format!("{state} | {} [{}]", said.value.to_plain(&people()), labels.join("] ["))
    });
    insta::assert_snapshot!(shown.join("\n"), @"
    🟢 Rolled back | A deploy must not bring back shop.orders_daily=22, shop.revenue=24 [Lift the hold]
    🔴 What was rolled back is back | shop.orders_daily=22 is live again, by the SQLMesh plan 4f2a [Lift the hold]
    🟢 Rolled back | Lifted by Ben at 23 Nov 03:20:00 UTC: the fix is merged []
    ");
    assert_eq!(of(&rolled_back).with_hold(None), of(&rolled_back));
}
