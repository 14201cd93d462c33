//! People decide by typing: never blind, and never twice.

use domain::plan::RollbackType;

use crate::{
    proposing::{propose, wanted},
    story,
    world::{CHANNEL, ORDERS, World},
};

async fn waiting(w: &mut World) {
    w.alert().await;
    w.read_on();
}

story!(
    /// An approval shows the plan and signs exactly that one, after a restart too.
    what_is_approved_by_typing_was_read, async |w| {
    waiting(w).await;
    assert_eq!(w.types_in("D0ANA", "ana", "approve").await, None);
    insta::assert_snapshot!(w.modal("ana").await, @r"
    Approve the rollback
    You are about to approve plan `[plan]`. What you sign is exactly this plan: where anything changes before it starts, you are asked again.
    *Incident* `[incident]` Duplicate rows in the marts
    *Proposal* model-level rollback (type 2)
    *Where* `prod` of `warehouse`
    *Models* `marts.customer_segmentation`, `marts.order_analytics`
    *Rebuilt besides* `marts.segment_summary`
    *Why* It is `data_corruption_detected` (data is corrupt): the headline contains “duplicate∗ rows”.
    *Target recovery* within 15 min
    *Approvals* 0 of 1
    *Needs* A model-level rollback needs one approval of level 1.
    *Plan* `[plan]`
    Anything to add?
    ");
    w.expect_card("Waiting for a decision");
    w.restart().await;
    w.sends("ana", &[]).await;
    w.expect_whisper("ana", "your approval of plan");
    w.expect_card("Rolled back");
    w.read_on();
    let late = w.reads("ana", &format!("approve {}", w.incident().await.short())).await;
    insta::assert_snapshot!(late, @r"
    Incident `[incident]` is “Rolled back”, so there is nothing to approve now. Nothing was done.
    More can be pressed on its card.
    ");
});

story!(
    /// The plan is another one by the time that it is signed: what was read is not what would run.
    a_plan_that_changed_is_not_signed, async |w| {
    w.edit_policy("authority.yaml", "  model_level:\n    approvals: [1]", "  model_level:\n    approvals: [1, 1]").await;
    waiting(w).await;
    assert_eq!(w.types("ana", "approve").await, None);
    w.approve("bo").await;
    w.expect_whisper("bo", "is signed");
    w.warehouse.deploy("another-release");
    w.approve("ben").await;
    w.expect_whisper("ben", "is signed");
    w.read_on();
    w.sends("ana", &[]).await;
    w.expect_whisper("ana", "Nothing was changed");
    w.expect_card("0 of 2");
});

story!(
    /// Whoever may not sign hears why, and reads no form.
    whoever_may_not_approve_hears_why, async |w| {
    waiting(w).await;
    insta::assert_snapshot!(w.reads("sam", "approve").await, @"<@U0SAM> may not approve this. People without a level watch and are told, but do not decide. Said by `no_level` in authority.cedar. It has 0 of 1 approvals. A model-level rollback needs one approval of level 1. What is missing needs level 1 or higher. Could approve: <@U0ANA>, <@U0BEN>, <@U0BO>, <@U0CLEO>, <@U0MIA>, <@U0TESS> and <@U0VIC>. Could not: <@U0SAM>. Asked next, if nobody decides before <!date^1795403700^{time_secs}|03:15:00 UTC>: <@U0BO> (on-call engineer (secondary), level 1). Nothing was done.");
    insta::assert_snapshot!(w.reads("stranger", "approve").await, @"people.yaml does not name you, so nothing that you do changes anything. Ask the operator to add the identity `{ chat: slack, team: T0FAKE, user: U0STRANGER }` to yours.");
    assert!(w.has_no_modal("sam") && w.has_no_modal("stranger"));
});

story!(
    /// A rejection asks for its reason, by the same modal as on the card.
    a_rejection_by_typing_has_its_reason, async |w| {
    waiting(w).await;
    assert_eq!(w.types("ana", "reject").await, None);
    w.sends("ana", &[("reason", "the rows are right")]).await;
    w.expect_whisper("ana", "your rejection of plan");
    w.expect_card("Rejected");
    w.read_on();
});

story!(
    /// What needs no reason happens at once; the answer comes beside the card, or where it was typed.
    a_level_is_asked_by_typing, async |w| {
    waiting(w).await;
    w.advance(chrono::TimeDelta::minutes(2)).await;
    assert_eq!(w.types("ana", "escalate").await, None);
    w.expect_whisper("ana", "The next level is asked now.");
    w.expect_thread(&["<@U0ANA>", "Asking <@U0BO>"]);
    let told = w.types_in("D0BEN", "ben", "escalate").await.expect("an answer in the conversation");
    insta::assert_snapshot!(told.shown(), @"<@U0BO> was asked a moment ago, at <!date^1795402920^{time_secs}|03:02:00 UTC>. Give them a minute before the next level is woken. Nothing was changed.");
    w.slack.take_ephemerals("U0BEN");
});

story!(
    /// A run is paused, goes on, and is cancelled; what cannot be done now is said.
    a_run_is_steered_by_typing, async |w| {
    waiting(w).await;
    insta::assert_snapshot!(w.reads("ana", "pause").await, @r"
    Incident `[incident]` is “Waiting for a decision”, so there is nothing to pause now. Nothing was done.
    What can be done: `/countersign approve [incident]`, `/countersign reject [incident]`, `/countersign escalate [incident]`
    ");
    w.warehouse.fault("promote", &["hang"]);
    w.approve_and_meanwhile("ana", async |w| {
        assert_eq!(w.types("ana", "pause").await, None);
        w.warehouse.fault("promote", &[]);
    }).await;
    w.slack.take_ephemerals("U0ANA");
    w.read_on();
});

story!(
    /// Two incidents are open: which one is meant has to be said.
    two_open_incidents_have_to_be_named, async |w| {
    w.edit_policy("targets.yaml", "targets:\n", "targets:\n  - { id: lake, project: lake, environment: dev, gateway: local, rollbacks: [model_level], pagerduty_services: [Lake] }\n").await;
    propose(w, "ana", &wanted(RollbackType::ModelLevel, &[ORDERS])).await;
    w.read_on();
    assert!(w.reads("ana", "show").await.contains("Waiting for a decision"));
    assert_eq!(w.types_in(CHANNEL, "bo", "approve").await, None);
    w.sends("bo", &[]).await;
    w.expect_whisper("bo", "is signed");
    w.read_on();
});
