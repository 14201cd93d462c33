//! Every sentence of the thread, as it is read at night.

use domain::{
    notice::{Again, Guidance, Notice, Settled, Tone, Volume, duration, exact_duration},
    plan::{Finding, Outcome as Answer, RollbackType, Workflow},
    proposal::Outcome,
    run::{ProbeAnswer, SignOff},
};

use crate::world::{level, minute, people, person, version};

/// The sentences, each with its volume and tone.
pub(crate) fn read(notices: &[Notice]) -> String {
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
    insta::assert_snapshot!(read(&notices), @"
    thread, neutral: Alert from Warehouse: orders_daily: row count dropped 40 %
    thread, neutral: Acknowledged in PagerDuty.
    thread, good: Resolved in PagerDuty.
    thread, neutral: No rollback is proposed: No runbook fits this alert.
    ");
}

#[test]
fn the_proposal() {
    let switch = |without: &[&str]| Notice::Proposed {
        rollback_type: RollbackType::BlueGreen,
        models: vec![text("shop.orders_daily")],
        because: text("The error rate is above 1 %."),
        changes: vec![],
        without: without.iter().copied().map(text).collect(),
    };
    let proposed = |rollback_type, models: &[&str], changes: &[&str]| Notice::Proposed {
        without: vec![],
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
        switch(&["shop.extra"]),
        switch(&["shop.extra", "shop.more"]),
    ];
    insta::assert_snapshot!(read(&notices), @"
    thread, neutral: Proposed: model-level rollback (type 2) of shop.orders_daily, shop.revenue. The error rate is above 1 %.
    thread, neutral: Proposed: blue-green rollback (type 1). The error rate is above 1 %. What changed since the last proposal: a new deploy; one model more.
    thread, neutral: Proposed: schema rollback (type 3) of shop.orders_daily. The error rate is above 1 %.
    thread, neutral: Proposed: full environment rollback (type 4). The error rate is above 1 %.
    thread, neutral: Proposed: blue-green rollback (type 1) of shop.orders_daily. shop.extra goes away, because the release added it. The error rate is above 1 %.
    thread, neutral: Proposed: blue-green rollback (type 1) of shop.orders_daily. shop.extra, shop.more go away, because the release added them. The error rate is above 1 %.
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
    insta::assert_snapshot!(read(&notices), @"
    channel, attention: Asking Ana to decide: on-call engineer (primary), level 1. Without a decision, the escalation goes on at 23 Nov 03:15:00 UTC.
    channel, attention: Asking Ben, Bea and Cleo to decide: senior engineer or tech lead, level 2. Without a decision, the escalation goes on at 23 Nov 03:15:00 UTC.
    channel, attention: Asking Dora and Cleo again: CTO or VP engineering, level 4. There is still no decision, and nothing runs by itself. They are asked once more at 23 Nov 03:15:00 UTC.
    thread, attention: Nobody can be reached for level 1, on-call engineer (secondary): the escalation passes over it.
    thread, attention: Ana asks for the next level now.
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
            disowned: None,
        },
    ];
    insta::assert_snapshot!(read(&notices), @"
    channel, neutral: The rollback starts: Save a rollback point → Point the models back.
    channel, neutral: The rollback starts: Point the models back.
    thread, good: Step 2 of 4: Point the models back – done in 4 s.
    thread, good: Step 2 of 4: Point the models back – done in 3 min 20 s. 2 models point to their previous version.
    thread, bad: Step 4 of 4: Check the data – failed: 2 of 3 checks did not pass
    • newest rows of shop.orders_daily failed: the newest row is 3 h old
    • uniqueness of shop.orders_daily cannot be told: the query ran out of time
    thread, attention: Step 2 of 4: Point the models back – the executor was interrupted; what became of the step is not known yet.
    thread, neutral: Asked the target about Point the models back: it is done. Both views point to the previous version.
    thread, neutral: Asked the target about Point the models back: it is not done.
    thread, neutral: Asked the target about Point the models back: it is done in part. 1 of 2 views points to the previous version.
    thread, neutral: Asked the target about Point the models back: it cannot be told. The warehouse does not answer.
    thread, neutral: Taken back: Point the models back.
    channel, bad: The rollback is stuck at Point the models back: it broke; and its effect could not be told: the warehouse does not answer. A person has to look at it; nothing runs by itself.
    ");
}

fn signed_off() -> Vec<SignOff> {
    vec![SignOff {
        step: 2,
        name: text("Check the data"),
        by: person("ben"),
        reason: text("the duplicates are of last year"),
    }]
}

#[test]
fn people_steer() {
    let name = || text("Point the models back");
    let notices = [
        Guidance::Paused { by: person("ana"), under_way: Some(name()) },
        Guidance::Paused { by: person("ana"), under_way: None },
        Guidance::Resumed { by: person("ben"), paused_ms: 200_000 },
        Guidance::Cancelled {
            by: person("ana"),
            reason: text("wrong models"),
            under_way: Some(name()),
        },
        Guidance::Cancelled { by: person("ana"), reason: text("Stop!"), under_way: None },
        Guidance::StepEnded { step: 1, of: 3, name: name() },
        Guidance::Retried { by: person("ana"), name: name(), how: Again::Begin, reason: None },
        Guidance::Retried {
            by: person("ana"),
            name: name(),
            how: Again::Begin,
            reason: Some(text("I looked: nothing was moved")),
        },
        Guidance::Retried { by: person("ana"), name: name(), how: Again::Look, reason: None },
        Guidance::Retried { by: person("ana"), name: name(), how: Again::TakeBack, reason: None },
        Guidance::Skipped {
            by: person("ben"),
            name: text("Check the data"),
            as_what: Settled::Done,
            reason: text("the duplicates are of last year"),
        },
        Guidance::Skipped {
            by: person("ben"),
            name: name(),
            as_what: Settled::TakenBack,
            reason: text("moved by hand"),
        },
        Guidance::Asks {
            name: text("Second look"),
            question: text("Swap the restored warehouse in?"),
            level: level(2),
            people: vec![person("ben")],
            next: Some(minute(15)),
        },
        Guidance::Asks {
            name: text("Second look"),
            question: text("Swap the restored warehouse in?"),
            level: level(4),
            people: vec![],
            next: None,
        },
        Guidance::Confirmed {
            by: person("ben"),
            level: level(2),
            question: text("Swap the restored warehouse in?"),
        },
    ];
    insta::assert_snapshot!(read(&notices.map(Notice::Steered)), @"
    channel, attention: Ana paused the rollback. Point the models back comes to its end; nothing further begins before somebody presses Resume.
    channel, attention: Ana paused the rollback: nothing further begins before somebody presses Resume.
    thread, neutral: Ben let the rollback go on, after a pause of 3 min 20 s.
    channel, attention: Ana cancelled the rollback: wrong models. Point the models back is ended, and what it did is found out first. What was done is taken back in reverse.
    channel, attention: Ana cancelled the rollback: Stop! What was done is taken back in reverse.
    thread, attention: Step 2 of 3: Point the models back – ended, because the rollback is cancelled; what it did is found out now.
    thread, neutral: Ana tries Point the models back again: it is done once more, if the approvals still allow it.
    thread, neutral: Ana tries Point the models back again: it is done once more, if the approvals still allow it. Why: I looked: nothing was moved.
    thread, neutral: Ana tries Point the models back again: the target is asked first what the step has done.
    thread, neutral: Ana tries Point the models back again: it is taken back once more.
    thread, attention: Ben signed off Check the data, which counts as done or not needed: the duplicates are of last year.
    thread, attention: Ben signed off Point the models back, which counts as taken back or not needed: moved by hand.
    channel, attention: The rollback waits at Second look: Swap the restored warehouse in? Ben, please answer (level 2 or higher can). Confirm lets it go on, Cancel takes back what was done. Nothing runs before that. Without an answer, the escalation goes on at 23 Nov 03:15:00 UTC.
    channel, attention: The rollback waits at Second look: Swap the restored warehouse in? The escalation names nobody of level 4 who could answer: tell the operator. Confirm lets it go on, Cancel takes back what was done. Nothing runs before that.
    thread, good: Ben confirmed at level 2: Swap the restored warehouse in? The rollback goes on.
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
    thread, attention: prod is still held, since 23 Nov 03:00 UTC. Once a deploy without the fault is out, whoever holds level 2 or higher can lift the hold.
    thread, attention: prod is still held, since 23 Nov 03:00 UTC, and shop.orders_daily=22, shop.revenue=24 are live again. Roll back once more; or, if this is meant, somebody of level 2 or higher lifts the hold.
    thread, attention: prod is still held, since 23 Nov 03:00 UTC, and shop.orders_daily=22 is live again. Roll back once more; or, if this is meant, somebody of level 2 or higher lifts the hold.
    channel, bad: What was rolled back is back: the SQLMesh plan 4f2a brought shop.orders_daily=22, shop.revenue=24 into prod again, although it is held. Nothing runs by itself: roll back once more; or, if this is meant, somebody of level 1 or higher lifts the hold.
    thread, good: prod no longer holds what was rolled back, since the SQLMesh plan 5b3c. The hold stands.
    thread, neutral: Ben lifted the hold of prod: the fix is merged
    ");
}

#[test]
fn every_end() {
    let (by, reason) = (person("cleo"), text("the numbers are right"));
    let outcomes = [
        Outcome::RolledBack {
            recovery_ms: 545_000,
            target_ms: 900_000,
            workflow: Workflow::Emergency,
            signed_off: vec![],
        },
        Outcome::RolledBack {
            recovery_ms: 545_000,
            target_ms: 300_000,
            workflow: Workflow::Emergency,
            signed_off: signed_off(),
        },
        Outcome::Undone { reason: text("the warehouse does not answer"), signed_off: vec![] },
        Outcome::Undone { reason: text("it broke"), signed_off: signed_off() },
        Outcome::Cancelled { by: by.clone(), reason: text("wrong models"), signed_off: vec![] },
        Outcome::Cancelled {
            by: by.clone(),
            reason: text("wrong models"),
            signed_off: signed_off(),
        },
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
    insta::assert_snapshot!(names.join(", "), @"rolled back, rolled back, signed off, failed and taken back, failed and taken back, cancelled and taken back, cancelled and taken back, rejected, given up, void, withdrawn");
    let closed = outcomes.map(|outcome| Notice::Closed { outcome });
    insta::assert_snapshot!(read(&closed), @"
    channel, good: Rolled back: every step is done and every check passed, 9 min 5 s after the proposal, within the 15 min meant for it.
    channel, good: Rolled back 9 min 5 s after the proposal, 4 min 5 s more than the 5 min meant for it, on the word of people: not every step and check passed by itself.
    • Check the data was signed off by Ben: the duplicates are of last year
    channel, bad: The rollback failed, and every step that can be taken back was taken back. Why it failed: the warehouse does not answer
    channel, bad: The rollback failed, and every step that can be taken back was taken back or signed off by a person. Why it failed: it broke
    • Check the data was signed off by Ben: the duplicates are of last year
    channel, attention: Cleo cancelled the rollback, and every step that can be taken back was taken back. Why it was cancelled: wrong models
    channel, attention: Cleo cancelled the rollback, and every step that can be taken back was taken back or signed off by a person. Why it was cancelled: wrong models
    • Check the data was signed off by Ben: the duplicates are of last year
    channel, neutral: Cleo rejected the rollback: the numbers are right
    channel, bad: Cleo ended the stuck rollback, which leaves the target as it is now: the numbers are right
    channel, attention: This proposal is void, with its approvals: shop.revenue was deployed anew; the approvals have run out. The target is looked at again.
    channel, neutral: Withdrawn: the incident was resolved before enough people had decided.
    ");
}

#[test]
fn lengths_of_time_as_people_say_them() {
    let cases = [0, 850, 4_200, 59_999, 60_000, 200_000, 900_000, 3_600_000, 3_659_000, 3_900_000];
    insta::assert_snapshot!(cases.map(duration).join(", "), @"under 1 s, under 1 s, 4 s, 59 s, 1 min, 3 min 20 s, 15 min, 1 h, 1 h, 1 h 5 min");
    insta::assert_snapshot!(cases.map(exact_duration).join(", "), @"0 s, 850 ms, 4.2 s, 59.999 s, 1 min, 3 min 20 s, 15 min, 1 h, 1 h, 1 h 5 min");
}
