//! Every sentence of the thread, as it is read at night.

use domain::{
    notice::{Notice, Tone, Volume, duration},
    plan::{Finding, Outcome as Answer, RollbackType},
    proposal::Outcome,
    run::ProbeAnswer,
};

use crate::world::{level, minute, people, person, version};

/// The sentences, each with its volume and tone.
fn read(notices: &[Notice]) -> String {
    let line = |notice: &Notice| {
        let volume = if notice.volume() == Volume::Channel { "channel" } else { "thread" };
        let tone = match notice.tone() {
            Tone::Neutral => "neutral",
            Tone::Good => "good",
            Tone::Attention => "attention",
            Tone::Bad => "bad",
        };
        format!("{volume}, {tone}: {}", notice.words().to_plain(&people()))
    };
    notices.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn text(words: &str) -> String {
    words.to_owned()
}

fn findings() -> Vec<Finding> {
    let finding = |check: &str, outcome, detail: &str| Finding {
        check: text(check),
        subject: text("shop.orders_daily"),
        outcome,
        detail: text(detail),
    };
    vec![
        finding("row_count", Answer::Pass, "10 412 rows"),
        finding("freshness", Answer::Fail, "the newest row is 3 h old"),
        finding("uniqueness", Answer::Inconclusive, "the query ran out of time"),
    ]
}

#[test]
fn the_incident() {
    let notices = [
        Notice::IncidentOpened {
            title: text("orders_daily: row count dropped 40 %"),
            service: text("Warehouse"),
        },
        Notice::IncidentAcknowledged,
        Notice::IncidentResolved,
        Notice::NotProposed { why: text("No runbook fits this alert.") },
    ];
    insta::assert_snapshot!(read(&notices), @r"
    thread, neutral: Alert from Warehouse: orders_daily: row count dropped 40 %
    thread, neutral: Acknowledged in PagerDuty.
    thread, good: Resolved in PagerDuty.
    thread, neutral: No rollback is proposed: No runbook fits this alert.
    ");
}

#[test]
fn the_proposal() {
    let proposed = |rollback_type, models: &[&str], changes: &[&str]| Notice::Proposed {
        rollback_type,
        models: models.iter().copied().map(text).collect(),
        because: text("The error rate is above 1 %."),
        changes: changes.iter().copied().map(text).collect(),
    };
    let notices = [
        proposed(RollbackType::ModelLevel, &["shop.orders_daily", "shop.revenue"], &[]),
        proposed(RollbackType::BlueGreen, &[], &["a new deploy", "one model more"]),
        proposed(RollbackType::Schema, &["shop.orders_daily"], &[]),
        proposed(RollbackType::FullEnvironment, &[], &[]),
    ];
    insta::assert_snapshot!(read(&notices), @r"
    thread, attention: Proposed: model-level rollback (type 2) of shop.orders_daily, shop.revenue. The error rate is above 1 %.
    thread, attention: Proposed: blue-green rollback (type 1). The error rate is above 1 %. What changed since the last proposal: a new deploy; one model more.
    thread, attention: Proposed: schema rollback (type 3) of shop.orders_daily. The error rate is above 1 %.
    thread, attention: Proposed: full environment rollback (type 4). The error rate is above 1 %.
    ");
}

#[test]
fn the_escalation() {
    let asked = |number, role: &str, ids: &[&str], repeats| Notice::Asked {
        level: level(number),
        role: text(role),
        people: ids.iter().copied().map(person).collect(),
        repeats,
        needs: (number < 2 && repeats == 7).then(|| level(2)),
        next: minute(15),
    };
    let approved = |id: &str, number, given, needed| Notice::ApprovedBy {
        by: person(id),
        level: level(number),
        given,
        needed,
    };
    let notices = [
        asked(1, "on-call engineer (primary)", &["ana"], 0),
        asked(2, "senior engineer or tech lead", &["ben", "bea", "cleo"], 0),
        asked(4, "CTO or VP engineering", &["dora", "cleo"], 2),
        Notice::LevelSkipped { level: level(1), role: text("on-call engineer (secondary)") },
        Notice::EscalatedBy { by: person("ana") },
        approved("ana", 1, 1, 1),
        approved("ben", 2, 1, 2),
    ];
    insta::assert_snapshot!(read(&notices), @r"
    channel, attention: Asking Ana to decide: on-call engineer (primary), level 1. Without a decision, the escalation goes on at 23 Nov 03:15:00 UTC.
    channel, attention: Asking Ben, Bea and Cleo to decide: senior engineer or tech lead, level 2. Without a decision, the escalation goes on at 23 Nov 03:15:00 UTC.
    channel, attention: Asking Dora and Cleo again: CTO or VP engineering, level 4. There is still no decision, and nothing runs by itself. They are asked once more at 23 Nov 03:15:00 UTC.
    thread, attention: Nobody can be reached for level 1, on-call engineer (secondary): the escalation passes over it.
    channel, attention: Ana asks for the next level now.
    thread, good: Ana approved at level 1: 1 of 1 approval.
    thread, good: Ben approved at level 2: 1 of 2 approvals.
    ");
}

#[test]
fn the_run() {
    let (name, of) = (text("Point the models back"), 4);
    let probed =
        |answer, detail: &str| Notice::Probed { name: name.clone(), answer, detail: text(detail) };
    let done = |took_ms, note: &str, findings| Notice::StepDone {
        step: 1,
        of,
        name: name.clone(),
        took_ms,
        note: text(note),
        findings,
    };
    let notices = [
        Notice::RunStarted {
            steps: ["Save a rollback point", "Point the models back"].map(text).to_vec(),
        },
        Notice::RunStarted { steps: vec![name.clone()] },
        done(4_200, "", vec![]),
        done(200_000, "2 models point to their previous version.", findings()[..1].to_vec()),
        Notice::StepFailed {
            step: 3,
            of,
            name: text("Check the data"),
            why: text("2 of 3 checks did not pass"),
            findings: findings(),
        },
        Notice::StepInterrupted { step: 1, of, name: name.clone() },
        probed(ProbeAnswer::Done, "Both views point to the previous version."),
        probed(ProbeAnswer::NotDone, ""),
        probed(ProbeAnswer::Partial, "1 of 2 views points to the previous version."),
        probed(ProbeAnswer::Unknown, "The warehouse does not answer."),
        Notice::StepUndone { name: name.clone() },
        Notice::Stuck {
            name,
            reason: text(
                "it broke; and its effect could not be told: the warehouse does not answer",
            ),
        },
    ];
    insta::assert_snapshot!(read(&notices), @r"
    channel, neutral: The rollback starts: Save a rollback point → Point the models back.
    channel, neutral: The rollback starts: Point the models back.
    thread, good: Step 2 of 4: Point the models back – done in 4.2 s.
    thread, good: Step 2 of 4: Point the models back – done in 3 min 20 s. 2 models point to their previous version.
    thread, bad: Step 4 of 4: Check the data – failed: 2 of 3 checks did not pass
    • freshness of shop.orders_daily failed: the newest row is 3 h old
    • uniqueness of shop.orders_daily is inconclusive: the query ran out of time
    thread, attention: Step 2 of 4: Point the models back – the executor was interrupted; what became of the step is not known yet.
    thread, neutral: Asked the target about Point the models back: it is done. Both views point to the previous version.
    thread, neutral: Asked the target about Point the models back: it is not done.
    thread, neutral: Asked the target about Point the models back: it is done in part. 1 of 2 views points to the previous version.
    thread, neutral: Asked the target about Point the models back: it cannot be told. The warehouse does not answer.
    thread, neutral: Taken back: Point the models back.
    channel, bad: The rollback is stuck at Point the models back: it broke; and its effect could not be told: the warehouse does not answer. A person has to look at it; nothing runs by itself.
    ");
}

#[test]
fn the_hold() {
    let bad = || vec![version("shop.orders_daily", "22"), version("shop.revenue", "24")];
    let environment = || text("prod");
    let placed = |bad| Notice::HoldPlaced { environment: environment(), bad, needs: level(1) };
    let stands = |returned| Notice::HoldStands {
        environment: environment(),
        since: minute(0),
        returned,
        needs: level(2),
    };
    let notices = [
        placed(bad()),
        placed(vec![]),
        stands(vec![]),
        stands(bad()),
        stands(bad()[..1].to_vec()),
        Notice::BadVersionsBack {
            environment: environment(),
            plan_id: text("4f2a"),
            versions: bad(),
            needs: level(1),
        },
        Notice::BadVersionsGone { environment: environment(), plan_id: text("5b3c") },
        Notice::HoldLifted {
            environment: environment(),
            by: person("ben"),
            reason: text("the fix is merged"),
        },
    ];
    insta::assert_snapshot!(read(&notices), @"
    thread, neutral: prod is held: the next deploy must not bring back shop.orders_daily=22, shop.revenue=24. countersign gate check tells CI so. Whoever holds level 1 or higher can lift the hold, with a reason.
    thread, neutral: prod is held: look at what the next deploy brings. countersign gate check tells CI so. Whoever holds level 1 or higher can lift the hold, with a reason.
    thread, attention: prod is still held, since 23 Nov 03:00:00 UTC. Once a deploy without the fault is out, whoever holds level 2 or higher can lift the hold.
    thread, attention: prod is still held, since 23 Nov 03:00:00 UTC, and shop.orders_daily=22, shop.revenue=24 are live again. Roll back once more; or, if this is meant, somebody of level 2 or higher lifts the hold.
    thread, attention: prod is still held, since 23 Nov 03:00:00 UTC, and shop.orders_daily=22 is live again. Roll back once more; or, if this is meant, somebody of level 2 or higher lifts the hold.
    channel, bad: What was rolled back is back: the SQLMesh plan 4f2a brought shop.orders_daily=22, shop.revenue=24 into prod again, although it is held. Nothing runs by itself: roll back once more; or, if this is meant, somebody of level 1 or higher lifts the hold.
    thread, good: prod no longer holds what was rolled back, since the SQLMesh plan 5b3c. The hold stands.
    thread, neutral: Ben lifted the hold of prod: the fix is merged
    ");
}

#[test]
fn every_end() {
    let (by, reason) = (person("cleo"), text("the numbers are right"));
    let outcomes = [
        Outcome::RolledBack { recovery_ms: 545_000 },
        Outcome::Undone { reason: text("the warehouse does not answer") },
        Outcome::Rejected { by: by.clone(), reason: reason.clone() },
        Outcome::GivenUp { by, reason },
        Outcome::Voided {
            changes: vec![
                text("shop.revenue was deployed anew"),
                text("the approvals have run out"),
            ],
        },
        Outcome::Withdrawn,
    ];
    let names: Vec<_> = outcomes.iter().map(Outcome::name).collect();
    insta::assert_snapshot!(names.join(", "), @"rolled back, failed and taken back, rejected, given up, void, withdrawn");
    let closed = outcomes.map(|outcome| Notice::Closed { outcome });
    insta::assert_snapshot!(read(&closed), @r"
    channel, good: Rolled back: every step is done and every check passed, 9 min 5 s after the proposal.
    channel, bad: The rollback failed, and every step that can be taken back was taken back. Why it failed: the warehouse does not answer
    channel, neutral: Cleo rejected the rollback: the numbers are right
    channel, bad: Cleo ended the stuck rollback, which leaves the target as it is now: the numbers are right
    channel, attention: This proposal is void, with its approvals: shop.revenue was deployed anew; the approvals have run out. The target is looked at again.
    channel, neutral: Withdrawn: the incident was resolved before enough people had decided.
    ");
}

#[test]
fn lengths_of_time_as_people_say_them() {
    let cases = [0, 850, 4_200, 59_999, 60_000, 200_000, 900_000, 3_600_000, 3_659_000, 3_900_000];
    insta::assert_snapshot!(cases.map(duration).join(", "), @"0 ms, 850 ms, 4.2 s, 59.9 s, 1 min, 3 min 20 s, 15 min, 1 h, 1 h, 1 h 5 min");
}
