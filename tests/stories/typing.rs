//! People decide by typing: never blind, and never twice.

use crate::{
    story,
    world::{CHANNEL, World},
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
    insta::assert_snapshot!(w.modal("ana").await, @"
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
    w.expect_letter("ana", "You signed an approval");
    w.expect_card("Rolled back");
    w.read_on();
    let late = w.reads("ana", &format!("approve {}", w.incident().await.short())).await;
    insta::assert_snapshot!(late, @"
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
    w.expect_whisper("ana", "This card is out of date: what it proposes has changed");
    w.expect_card("0 of 2");
});

story!(
    /// Whoever may not sign hears why, and reads no form.
    whoever_may_not_approve_hears_why, async |w| {
    waiting(w).await;
    insta::assert_snapshot!(w.reads("sam", "approve").await, @"<@U0SAM> may not approve this. People without a level watch and are told, but do not decide. Said by `no_level` in authority.cedar. It has 0 of 1 approvals. A model-level rollback needs one approval of level 1. What is missing needs level 1 or higher. Could approve: <@U0ANA>, <@U0BEN>, <@U0BO>, <@U0CLEO>, <@U0MIA>, <@U0TESS> and <@U0VIC>. Could not: <@U0SAM>. Asked next, if nobody decides before <!date^1795403700^{time}|03:15 UTC>: <@U0BO> (on-call engineer (secondary), level 1). Nothing was done.");
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
    assert_eq!(w.types_in("D0BEN", "ben", "escalate").await, None);
    w.expect_letter("ben", "<@U0BO> was asked a moment ago");
});

/// The rollback of the one incident, paused by typing while a step is under way.
async fn paused(w: &mut World) {
    waiting(w).await;
    w.warehouse.fault("promote", &["wait"]);
    w.approve_and_meanwhile("ana", async |w| {
        let command = w.slack.command("U0ANA", CHANNEL, "pause");
        assert_eq!(w.ask("/slack/commands", &command).await, (200, serde_json::Value::Null));
        w.warehouse.go_on();
    })
    .await;
    let told = w.slack.take_ephemerals("U0ANA");
    assert!(told.len() == 2 && told[1].shown().contains("The rollback is paused"), "{told:?}");
    w.expect_card("Paused");
    w.read_on();
}

story!(
    /// What cannot be done now is said, with what can.
    nothing_is_paused_that_does_not_run, async |w| {
    waiting(w).await;
    insta::assert_snapshot!(w.reads("ana", "pause").await, @"
    Incident `[incident]` is “Waiting for a decision”, so there is nothing to pause now. Nothing was done.
    What can be done: `/countersign approve [incident]`, `/countersign reject [incident]`, `/countersign escalate [incident]`
    ");
});

story!(
    /// A run that was paused goes on by typing.
    a_paused_run_goes_on_by_typing, async |w| {
    paused(w).await;
    assert_eq!(w.types("ana", "resume").await, None);
    w.expect_whisper("ana", "goes on");
    w.expect_card("Rolled back");
    w.read_on();
});

story!(
    /// A run that was paused is cancelled by typing, with a reason.
    a_paused_run_is_cancelled_by_typing, async |w| {
    paused(w).await;
    assert_eq!(w.types("ana", "cancel").await, None);
    w.sends("ana", &[("reason", "these are the wrong models")]).await;
    w.expect_whisper("ana", "The rollback is cancelled");
    w.expect_card("Cancelled, taken back");
    w.read_on();
});

story!(
    /// Two incidents are open: which one is meant has to be said, and the end of its id is enough.
    two_open_incidents_have_to_be_named, async |w| {
    waiting(w).await;
    w.another_alert_of("Data warehouse", 7, "Duplicate rows again").await;
    w.read_on();
    insta::assert_snapshot!(w.reads("ana", "approve").await, @"
    2 incidents are open: say which one you mean, for example `/countersign approve [incident]`. Nothing was done.
    🟠 *Waiting for a decision* · `[incident]` · `warehouse` · just now · Duplicate rows in the marts
    🟠 *Waiting for a decision* · `[incident]` · `warehouse` · just now · Duplicate rows again
    ");
    assert!(w.has_no_modal("ana"));
    let newest = w.bot.engine.store.incidents(1, None).await.expect("incidents").remove(0).value.id;
    assert_eq!(w.types("ana", &format!("reject {}", newest.short())).await, None);
    w.sends("ana", &[("reason", "it is the same")]).await;
    w.expect_whisper("ana", "your rejection of plan");
    w.read_on();
    assert!(w.reads("ana", "list").await.starts_with("One incident is open."));
});
