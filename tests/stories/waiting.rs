//! A rollback that waits for people: silence brings in more of them, and approvals that ran out are given again.

use chrono::TimeDelta;

use crate::{story, world::ORDERS};

story!(
    /// Nobody looks at a run that is stuck: the next people are asked on time, after a restart too, until somebody does.
    a_stuck_run_goes_up_the_ladder,
    async |w| {
        w.alert().await;
        w.warehouse.spoil(ORDERS);
        w.read_on();
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        let told = w.thread_so_far();
        assert!(told.contains("<@U0ANA>, on-call engineer (primary) (level 1): please look at it, then try the step again, skip it, or end the rollback."), "{told}");
        w.read_on();
        w.restart().await;
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["<@U0BO>, on-call engineer (secondary) (level 1): the rollback has been stuck for 15 min. Please look at it"]);
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["<@U0BEN> and <@U0TESS>"]);
        w.press_and_say_why("skip", "ben", "the duplicates are of last year and known").await;
        w.expect_whisper("ben", "say that you signed it off");
        w.expect_card("Rolled back, signed off");
        w.read_on();
        w.advance(TimeDelta::minutes(30)).await;
        w.expect_thread(&[]);
    }
);

story!(
    /// Somebody pauses a run and goes home: the ladder's clock reminds, and says who paused it, until somebody lets it go on.
    a_paused_run_is_not_forgotten,
    async |w| {
        w.alert().await;
        w.warehouse.fault("promote", &["wait"]);
        w.read_on();
        w.approve_and_meanwhile("ana", async |w: &crate::world::World| {
            w.press(&w.card(), "pause", "ana").await;
            w.warehouse.go_on();
        }).await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("Paused");
        w.read_on();
        w.restart().await;
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["<@U0BO>, on-call engineer (secondary) (level 1): the rollback is still paused, by <@U0ANA> for 15 min now. Resume lets it go on"]);
        w.click(&w.card(), "resume", "bo").await;
        w.expect_whisper("bo", "The rollback goes on");
        w.expect_card("Rolled back");
        w.read_on();
        w.advance(TimeDelta::minutes(30)).await;
        w.expect_thread(&[]);
    }
);

/// Where the default runbook gets a question, behind the step that changes something.
const BEHIND: &str = "  # Going back to the fault";
const QUESTION: &str = "  - name: Second look\n    confirm: { question: \"Are the readers back?\", level: 1 }\n\n  # Going back to the fault";

story!(
    /// The answer comes after the approvals have run out: what was done stays, and they are given again.
    approvals_that_ran_out_are_given_again,
    async |w| {
        w.edit_policy("runbooks/model_level.yaml", BEHIND, QUESTION).await;
        w.alert().await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Waiting for an answer");
        w.advance(TimeDelta::hours(5)).await;
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_card("Unanswered");
        w.read_on();
        w.click(&w.card(), "confirm", "ana").await;
        w.expect_whisper("ana", "the rollback goes on");
        w.expect_thread(&[
            "confirmed at level 1",
            "The rollback is stuck at *Check the data*: the approvals have run out",
            "please look at it, then approve the same plan again, or end the rollback",
        ]);
        w.expect_buttons(&["Approve", "Skip the step", "End the rollback"]);
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("verify")), (1, 0));
        w.approve("bo").await;
        w.expect_whisper("bo", "is signed");
        w.expect_thread(&["<@U0BO> approved at level 1: 1 of 1 approval", "The approvals are good again"]);
        w.restart().await;
        w.click(&w.card(), "retry", "bo").await;
        w.expect_whisper("bo", "is tried again");
        w.expect_card("Rolled back");
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("verify")), (1, 1));
        w.read_on();
    }
);

story!(
    /// The approvals run out in a pause, after something was done: the run stops and asks, and runs nothing in silence.
    approvals_that_run_out_after_a_change_ask_a_person,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["wait"]);
        w.approve_and_meanwhile("ana", async |w| {
            w.press(&w.card(), "pause", "ana").await;
            w.warehouse.go_on();
        })
        .await;
        w.advance(TimeDelta::hours(5)).await;
        w.click(&w.card(), "resume", "ana").await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("Stuck: needs a person");
        assert!(w.thread_so_far().contains("was good until"), "{}", w.thread_so_far());
        assert_eq!(w.warehouse.calls("verify"), 0);
        w.press_and_say_why("skip", "ana", "checked by hand, all rows are right").await;
        w.expect_whisper("ana", "signed it off");
        w.expect_card("Rolled back, signed off");
        w.read_on();
    }
);
