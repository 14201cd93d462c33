//! People steer a run: they pause it, cancel it, try again, sign off, and answer its questions.

use chrono::TimeDelta;
use domain::release::{Learnt, Verdict};

use crate::{
    story,
    world::{CUSTOMERS, ORDERS, World, behind_its_back},
};

/// What the readers of both models see.
fn versions(w: &World) -> (String, String) {
    (w.warehouse.version(ORDERS), w.warehouse.version(CUSTOMERS))
}

fn bad() -> (String, String) {
    ("22".to_owned(), "24".to_owned())
}

fn good() -> (String, String) {
    ("11".to_owned(), "12".to_owned())
}

story!(
    /// The step under way ends and is recorded; nothing further begins, whatever time passes and whoever restarts.
    a_pause_lets_the_step_end_and_a_resume_goes_on,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["wait"]);
        let mut running = None;
        w.approve_and_meanwhile("ana", async |w| {
            running = Some(w.card());
            w.press(&w.card(), "pause", "ana").await;
            w.warehouse.go_on();
        })
        .await;
        let told = w.slack.take_ephemerals("U0ANA");
        assert!(told.len() == 2 && told[1].shown().contains("The rollback is paused"), "{told:?}");
        w.expect_thread(&[
            "approved",
            "The rollback starts",
            "Step 1 of 4", "Step 2 of 4",
            "<@U0ANA> paused the rollback. *Point the models back* comes to its end",
            "Step 3 of 4: *Point the models back* – done",
        ]);
        w.expect_card("Paused");
        w.expect_buttons(&["Resume", "Cancel the rollback"]);
        w.press(&running.expect("a card"), "pause", "ben").await;
        w.drain().await;
        w.expect_whisper("ben", "It is paused already, by <@U0ANA>");
        w.restart().await;
        w.advance(TimeDelta::minutes(30)).await;
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("verify")), (1, 0));
        w.click(&w.card(), "resume", "ben").await;
        w.expect_whisper("ben", "The rollback goes on");
        w.expect_thread(&[
            "<@U0BO>, on-call engineer (secondary) (level 1): the rollback is still paused, by <@U0ANA>",
            "<@U0BEN> and <@U0TESS>",
            "let the rollback go on, after a pause of 30 min", "Step 4 of 4", "Rolled back: every step is done", "is held"]);
        w.expect_card("Rolled back");
        assert_eq!(versions(w), good());
    }
);

story!(
    /// The approvals run out in a pause. Nothing was done yet: the proposal is void, and people are asked anew.
    approvals_that_run_out_in_a_pause_are_asked_for_again,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("check", &["wait"]);
        w.approve_and_meanwhile("ana", async |w| {
            w.press(&w.card(), "pause", "ana").await;
            w.warehouse.go_on();
        })
        .await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("Paused");
        w.advance(TimeDelta::hours(5)).await;
        w.click(&w.card(), "resume", "ana").await;
        w.slack.take_ephemerals("U0ANA");
        let shown = w.thread_so_far();
        assert!(shown.contains("This proposal is void") && shown.contains("was good until"), "{shown}");
        assert_eq!((w.warehouse.calls("promote"), versions(w)), (0, bad()));
        w.expect_card("Waiting for a decision");
        w.read_on();
    }
);

story!(
    /// The step under way is ended by its group; its probe says that it had done nothing yet.
    a_cancel_ends_the_step_and_finds_out_what_it_did,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["hang"]);
        w.approve_and_meanwhile("ana", async |w| {
            w.press_why(&w.card(), "cancel", "ana", "these are the wrong models").await;
        })
        .await;
        let told = w.slack.take_ephemerals("U0ANA");
        assert!(told.len() == 2 && told[1].shown().contains("The rollback is cancelled"), "{told:?}");
        w.expect_thread(&[
            "approved",
            "The rollback starts",
            "Step 1 of 4", "Step 2 of 4",
            "<@U0ANA> cancelled the rollback: these are the wrong models. *Point the models back* is ended",
            "ended, because the rollback is cancelled",
            "it is not done",
            "Taken back: *Point the models back*",
            "<@U0ANA> cancelled the rollback, and every step that can be taken back was taken back. Why it was cancelled: these are the wrong models",
        ]);
        w.expect_card("Cancelled, taken back");
        w.expect_buttons(&[]);
        assert_eq!((versions(w), w.warehouse.calls("verify")), (bad(), 0));
    }
);

story!(
    /// The step had done everything when it was ended: that is found out, and taken back.
    a_cancel_takes_back_what_the_ended_step_had_done,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["late"]);
        w.approve_and_meanwhile("ana", async |w| {
            w.press_why(&w.card(), "cancel", "ana", "these are the wrong models").await;
        })
        .await;
        w.slack.take_ephemerals("U0ANA");
        let shown = w.thread_so_far();
        assert!(shown.contains("it is done") && shown.contains("Taken back: *Point the models back*"), "{shown}");
        w.expect_card("Cancelled, taken back");
        assert_eq!(versions(w), bad());
        w.read_on();
    }
);

story!(
    /// The executor is a process of its own and hears no bell: it sees the cancel all the same.
    a_cancel_reaches_an_executor_in_another_process,
    async |w| {
        w.clock.follow_the_system();
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["hang"]);
        w.press(&w.card(), "approve", "ana").await;
        let mut executor = w.start_executor();
        while !w.warehouse.is_hanging() {
            assert!(executor.try_wait().expect("a child").is_none(), "it ended by itself");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        w.clock.follow_the_system();
        // The card as it was posted offers no such button yet: the chat worker shows the newest one first.
        w.drain().await;
        w.press_why(&w.card(), "cancel", "ana", "these are the wrong models").await;
        let incident = w.incident().await;
        for _ in 0..3000 {
            let run = w.bot.engine.store.runs_of(&incident).await.expect("runs").remove(0).value;
            if run.is_over() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        executor.kill().expect("SIGKILL");
        executor.wait().expect("it is dead");
        w.clock.follow_the_system();
        w.drain().await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("Cancelled, taken back");
        assert_eq!(versions(w), bad());
        w.read_on();
    }
);

story!(
    /// Everything is over: a cancel from an older card is refused kindly.
    a_cancel_after_the_last_step_is_refused,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("verify", &["wait"]);
        let mut old = None;
        w.approve_and_meanwhile("ana", async |w| {
            old = Some(w.card());
            w.warehouse.go_on();
        })
        .await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        w.press_why(&old.expect("a card"), "cancel", "ana", "too slow").await;
        w.drain().await;
        w.expect_whisper("ana", "You are a little late: the rollback is done, and every check passed");
        assert_eq!(versions(w), good());
        w.read_on();
    }
);

story!(
    /// Nobody could tell what the step did. Somebody tries again: the probe is asked first, and then it is done.
    a_stuck_step_is_looked_at_and_tried_again,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["fail"]);
        w.warehouse.fault("probe", &["fail"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        w.expect_buttons(&["Try again", "Skip the step", "End the rollback"]);
        let stuck = w.card();
        w.read_on();
        w.click(&stuck, "retry", "sam").await;
        let told = w.slack.take_ephemerals("U0SAM");
        assert!(told.len() == 1 && told[0].shown().contains("People without a level"), "{told:?}");
        w.click(&stuck, "retry", "ana").await;
        w.expect_whisper("ana", "The step is tried again");
        w.expect_thread(&[
            "<@U0ANA> tries *Point the models back* again: the target is asked first",
            "it is not done",
            "Step 3 of 4",
            "Step 4 of 4",
            "Rolled back: every step is done and every check passed",
            "is held",
        ]);
        assert_eq!((w.warehouse.calls("promote"), versions(w)), (2, good()));
        w.click(&stuck, "retry", "bo").await;
        w.expect_whisper("bo", "the rollback is done, and every check passed");
    }
);

story!(
    /// Two people answer the same stop: the first decides, the second hears that it is over.
    the_second_answer_to_a_stop_is_refused,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["fail"]);
        w.warehouse.fault("probe", &["fail", "fail"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        let first = w.card();
        w.click(&first, "retry", "ana").await;
        w.expect_whisper("ana", "The step is tried again");
        // It is stuck again: whoever answers the first stop has not seen this one.
        w.expect_card("Stuck: needs a person");
        w.press_why(&first, "skip", "ben", "it looks done").await;
        w.drain().await;
        w.expect_whisper("ben", "The rollback has gone on since this card was drawn");
        w.press(&w.card(), "retry", "ana").await;
        w.press(&first, "retry", "bo").await;
        w.drain().await;
        w.expect_whisper("ana", "The step is tried again");
        w.expect_whisper("bo", "It is not stuck (any more)");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// A check that did not pass is signed off: the end says by whom and why, and never that every check passed.
    a_failed_check_is_signed_off,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.spoil(ORDERS);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        w.read_on();
        w.press_and_say_why("skip", "ana", "the duplicates are of last year and known").await;
        w.expect_whisper("ana", "say that you signed it off");
        w.expect_thread(&[
            "<@U0ANA> signed off *Check the data*, which counts as done or not needed: the duplicates are of last year and known.",
            "on the word of people",
            "`prod` is held",
        ]);
        w.expect_card("Rolled back, signed off");
        w.expect_card("was signed off by <@U0ANA>: the duplicates are of last year and known");
        let shown = w.thread_so_far() + &w.card().text();
        assert!(!shown.contains("every check passed"), "{shown}");
        let (_, list) = w.get("/api/incidents").await;
        assert!(list.contains("Rolled back, signed off"), "{list}");
        assert_eq!(versions(w), good());
        w.expect_buttons(&["Lift the hold"]);
        // People have said so, and no check: the ledger does not call it good.
        w.advance(TimeDelta::minutes(6)).await;
        let newest = w.bot.engine.store.releases("warehouse", 1).await.expect("the ledger");
        assert_eq!((newest[0].learnt, newest[0].verdict), (Learnt::Rollback, Verdict::Unknown));
    }
);

/// Where the default runbook gets a question, and what it is.
const BEFORE: &str = "  # The versions are absolute";
const QUESTION: &str = "  - name: Second look\n    confirm: { question: \"Is the warehouse quiet?\", level: 2 }\n\n  # The versions are absolute";

story!(
    /// The run waits in front of a question, across a restart, until somebody of the level says yes.
    a_question_waits_for_a_signed_yes,
    async |w| {
        w.edit_policy("runbooks/model_level.yaml", BEFORE, QUESTION).await;
        w.alert().await;
        w.read_on();
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&[
            "approved",
            "The rollback starts",
            "Step 1 of 5",
            "Step 2 of 5",
            "The rollback waits at *Second look*: *Is the warehouse quiet?* <@U0BEN> and <@U0TESS>, please answer (level 2 or higher can)",
        ]);
        w.expect_card("Waiting for an answer");
        w.expect_buttons(&["Confirm", "Cancel the rollback"]);
        let asking = w.card();
        w.click(&asking, "confirm", "ana").await;
        w.expect_whisper("ana", "This needs level 2, and you hold level 1");
        w.restart().await;
        w.advance(TimeDelta::minutes(20)).await;
        assert_eq!(w.warehouse.calls("promote"), 0);
        // Nobody answers: it goes up the ladder, as a decision does.
        w.expect_thread(&["<@U0MIA>, engineering manager (level 3): the rollback has been waiting for 20 min: *Is the warehouse quiet?*"]);
        w.click(&asking, "confirm", "ben").await;
        w.expect_whisper("ben", "the rollback goes on");
        w.expect_thread(&[
            "<@U0BEN> confirmed at level 2: *Is the warehouse quiet?* The rollback goes on",
            "Step 4 of 5",
            "Step 5 of 5",
            "Rolled back: every step is done and every check passed",
            "is held",
        ]);
        assert_eq!(versions(w), good());
        w.click(&asking, "confirm", "tess").await;
        w.expect_whisper("tess", "You are a little late");
        w.advance(TimeDelta::minutes(20)).await;
        w.expect_thread(&[]);
    }
);

story!(
    /// The executor looks for the signed yes itself: without it, nothing runs, whatever the run's row says.
    a_yes_that_is_not_signed_lets_nothing_run,
    async |w| {
        w.edit_policy("runbooks/model_level.yaml", BEFORE, QUESTION).await;
        w.alert().await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.press(&w.card(), "confirm", "ben").await;
        behind_its_back(&w.database_url, "update journal set proposal = 'none' where receipt is not null and body like '%\"steer\":\"confirm\"%'").await;
        w.drain().await;
        w.expect_error("is held");
        w.expect_whisper("ben", "the rollback goes on");
        w.expect_card("Stuck: needs a person");
        assert!(w.thread_so_far().contains("nobody who may has signed a yes"), "{}", w.thread_so_far());
        assert_eq!((w.warehouse.calls("promote"), versions(w)), (0, bad()));
        w.read_on();
    }
);

story!(
    /// No to a question is the cancel.
    a_no_to_a_question_takes_everything_back,
    async |w| {
        w.edit_policy("runbooks/model_level.yaml", BEFORE, QUESTION).await;
        w.alert().await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.read_on();
        w.press_and_say_why("cancel", "ana", "the nightly load has begun").await;
        w.expect_whisper("ana", "The rollback is cancelled");
        w.expect_thread(&["cancelled the rollback: the nightly load has begun", "Why it was cancelled: the nightly load has begun"]);
        w.expect_card("Cancelled, taken back");
        assert_eq!((w.warehouse.calls("promote"), versions(w)), (0, bad()));
    }
);
