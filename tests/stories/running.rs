//! Approved plans on their way: failures, doubts, and changes behind their back.

use crate::{
    story,
    world::{CUSTOMERS, ORDERS},
};

story!(
    /// Somebody deploys between proposal and approval: the approval is void, and a new proposal says what changed.
    a_deploy_voids_the_approval,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.deploy("hotfix");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&[
            "approved at level 1",
            "The rollback starts",
            "This proposal is void, with its approvals",
            "What changed since the last proposal: prod was deployed again",
            "Asking <@U0ANA>",
        ]);
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.expect_card("Waiting for a decision");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// The versions to go back to are gone: no proposal, and the reason.
    what_the_janitor_removed_is_not_proposed,
    async |w| {
        w.warehouse.remove(ORDERS, "11");
        w.alert().await;
        w.expect_thread(&["Alert from", "No rollback is proposed"]);
        w.expect_buttons(&[]);
    }
);

story!(
    /// The step fails once without effect: its probe says so, and it is done again.
    a_step_that_failed_without_effect_is_repeated,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["fail"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&["approved", "The rollback starts", "Step 1 of 4", "Step 2 of 4", "failed: the warehouse said no", "it is not done", "Step 3 of 4", "Step 4 of 4", "Rolled back", "is held"]);
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.version(CUSTOMERS).as_str()), (2, "12"));
    }
);

story!(
    /// The step was done in half: it is idempotent by its absolute versions, so it is finished.
    a_half_done_step_is_finished,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["half"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        assert_eq!(w.warehouse.calls("promote"), 2);
        w.read_on();
    }
);

story!(
    /// The step fails for good: everything is taken back, and the proposal says so.
    a_step_that_fails_for_good_is_taken_back,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.fault("promote", &["fail", "fail", "half"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Failed, taken back");
        assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.version(CUSTOMERS).as_str()), ("22", "24"));
    let run = w.bot.engine.store.runs_of(&w.incident().await).await.expect("runs").remove(0).value;
    let kept = w.bot.engine.store.outputs_of(&run.id).await.expect("outputs");
    let acts: Vec<_> = kept.iter().map(|output| (output.step, output.act.as_str())).collect();
    assert_eq!(acts, [(0, "do"), (1, "do"), (2, "do"), (2, "do"), (2, "do"), (2, "undo")]);
    assert!(kept[2].text.contains("the warehouse said no"), "{}", kept[2].text);
        w.read_on();
    }
);

story!(
    /// The data is still wrong afterwards: going back to the fault would help nobody, so a person is asked.
    wrong_data_afterwards_asks_a_person,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.spoil(ORDERS);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        w.expect_buttons(&["Try again", "Skip the step", "End the rollback"]);
        let shown = w.thread_so_far();
        assert!(shown.contains("14950 rows of"), "{shown}");
        w.read_on();
        w.give_up("ben", "restored from the backup by hand").await;
        w.expect_whisper("ben", "rejection");
        w.expect_card("Given up");
        w.read_on();
    }
);

story!(
    /// The check before the run says no: nothing was done, nothing is taken back.
    a_failed_check_does_nothing,
    async |w| {
        w.alert().await;
        w.read_on();
        w.warehouse.remove(CUSTOMERS, "12");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.expect_card("Failed");
        w.read_on();
    }
);

story!(
    /// After a rollback the release before is the bad one: the next alert must not bring it back.
    the_bad_release_is_not_proposed_again, async |w| {
    w.alert().await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    w.pagerduty_says("incident.resolved").await;
    w.read_on();
    w.advance(chrono::TimeDelta::minutes(1)).await;
    w.pagerduty_says("incident.reopened").await;
    assert_eq!(w.warehouse.version(ORDERS), "11");
    let shown = w.thread_so_far();
    assert!(shown.contains("going back would bring marts.customer_segmentation=24 again"), "{shown}");
    assert_eq!(w.warehouse.calls("promote"), 1);
    w.read_on();
});

story!(
    /// Somebody else holds the warehouse when the probe asks: it is asked again, and nobody is woken.
    a_probe_without_an_answer_is_asked_again, async |w| {
    w.alert().await;
    w.read_on();
    w.warehouse.fault("promote", &["fail"]);
    w.warehouse.fault("probe", &["busy"]);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.calls("probe"), w.warehouse.calls("promote")), (2, 2));
    w.read_on();
});

story!(
    /// The point before the rollback cannot be made: nothing was done yet, and a person says whether to go on without it.
    a_point_that_cannot_be_made_asks_a_person,
    async |w| {
        w.warehouse.fault("save", &["fail", "fail"]);
        w.alert().await;
        w.read_on();
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        w.read_on();
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.version(ORDERS)), (0, "22".to_owned()));
        w.press_and_say_why("skip", "ana", "the disk of the points is full").await;
        w.expect_whisper("ana", "signed");
        w.expect_card("Rolled back");
        assert_eq!(w.warehouse.version(ORDERS), "11");
        w.read_on();
    }
);
