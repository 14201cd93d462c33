//! Who may decide, and what a click does.

use chrono::TimeDelta;

use crate::{
    story,
    world::{CUSTOMERS, ORDERS},
};

story!(
    /// The whole way: alert, proposal, a signature, the rollback, the checks.
    from_the_alert_to_a_verified_rollback,
    async |w| {
        w.alert().await;
        w.expect_card("Waiting for a decision");
        w.expect_buttons(&["Approve", "Reject", "Ask the next level now"]);
        w.expect_thread(&["Alert from *Data warehouse*", "Proposed: model-level rollback (type 2)", "Asking <@U0ANA> to decide"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed and kept");
        w.expect_thread(&[
            "<@U0ANA> approved at level 1: 1 of 1 approval",
            "The rollback starts",
            "Step 1 of 4: *Check that it is still possible*", "Step 2 of 4",
            "Step 3 of 4: *Point the models back*",
            "Step 4 of 4: *Check the data* – done",
            "Rolled back: every step is done and every check passed",
            "`prod` is held",
        ]);
        w.expect_card("Rolled back");
        w.expect_buttons(&["Lift the hold"]);
        assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.version(CUSTOMERS).as_str()), ("11", "12"));
        assert_eq!(w.warehouse.calls("promote"), 1);
    }
);

story!(a_person_whom_nobody_knows_is_told_what_to_do, async |w| {
    w.alert().await;
    w.read_on();
    w.approve("stranger").await;
    w.expect_whisper("stranger", "I do not know you");
    w.expect_card("0 of 1");
    assert_eq!(w.warehouse.calls("promote"), 0);
});

story!(
    /// Somebody without authority gets the reason, who could decide, and when the next level comes.
    a_person_without_authority_gets_the_reason,
    async |w| {
        w.alert_with("Revenue processing affected by duplicate rows", &serde_json::json!({"models": ORDERS, "trigger": "security_breach_identified"})).await;
        w.read_on();
        w.expect_card("level 4");
        w.approve("ana").await;
        w.expect_whisper("ana", "This needs level 4, and you hold level 1. <@U0CLEO> and <@U0VIC> can decide");
        w.expect_card("0 of 1");
        w.approve("sam").await;
        let told = w.slack.take_ephemerals("U0SAM");
        insta::assert_snapshot!(told[0].shown(), @"People without a level watch and are told, but do not decide. <@U0CLEO> and <@U0VIC> can decide; they are asked from <!date^1795406400^{time}|04:00 UTC> on. Nothing was changed.");
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.advance(TimeDelta::minutes(61)).await;
        w.read_on();
        w.approve("cleo").await;
        w.expect_whisper("cleo", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// Two clicks of one person count once, also at the same moment.
    one_person_counts_once,
    async |w| {
        w.alert_with("Duplicate rows in the marts", &serde_json::json!({"models": ORDERS})).await;
        w.read_on();
        let card = w.card();
        w.click(&card, "approve", "ana").await;
        w.click(&card, "approve", "ana").await;
        let told = w.slack.take_ephemerals("U0ANA");
        assert_eq!(told.len(), 2, "each click is answered");
        insta::assert_snapshot!(told[1].shown(), @"You have signed this already, at <!date^1795402800^{time}|03:00 UTC>, and it is over: the rollback is done, and every check passed (<!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>). Nothing is left to decide. Your click changed nothing.");
        assert_eq!(w.warehouse.calls("promote"), 1);
        w.read_on();
    }
);

story!(a_rejection_needs_a_reason_and_ends_the_proposal, async |w| {
    w.alert().await;
    w.read_on();
    w.reject("ana", "the numbers are a known effect of the price change").await;
    w.expect_whisper("ana", "your rejection of plan");
    w.expect_thread(&["rejected the rollback: the numbers are a known effect of the price change"]);
    w.expect_card("Rejected");
    w.expect_buttons(&[]);
    assert_eq!(w.warehouse.calls("promote"), 0);
});

story!(late_clicks_are_refused_politely, async |w| {
    w.alert().await;
    w.read_on();
    let old = w.card();
    w.reject("ana", "no").await;
    w.expect_whisper("ana", "rejection");
    w.read_on();
    w.click(&old, "approve", "ben").await;
    let told = w.slack.take_ephemerals("U0BEN");
    insta::assert_snapshot!(told[0].shown(), @"You are a little late: <@U0ANA> rejected the rollback (<!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>). Why: no. If a rollback is still needed, propose it anew. Your click changed nothing.");
    assert_eq!(w.warehouse.calls("promote"), 0);
});

story!(a_click_with_a_wrong_signature_changes_nothing, async |w| {
    w.alert().await;
    w.read_on();
    let card = w.card();
    let mut request = w.slack.sign(b"payload=%7B%7D".to_vec());
    request.body.push(b'x');
    assert_eq!(w.send("/slack/interactions", &request).await, 401);
    assert!(card.text().contains("0 of 1"));
});

story!(
    /// An alert's text can neither mention the channel nor change the card.
    hostile_text_stays_text,
    async |w| {
        w.alert_with("<!channel> duplicate rows <@U0MIA> <http://evil|click> `*_", &serde_json::json!({"models": ORDERS})).await;
        w.read_on();
        // The headline itself is plain text, in which nothing acts; everything else is markup and must escape.
        let shown = w.card().markup() + &w.thread_so_far();
        for acting in ["<!channel>", "<@U0MIA>", "<http://evil"] {
            assert!(!shown.contains(acting), "{acting} acts in {shown}");
        }
        assert!(shown.contains("&lt;!channel&gt;"), "{shown}");
    }
);

/// What the shipped policies ask for a model-level rollback, and what two stories ask instead.
const ONE: &str = "model_level:\n    approvals: [1]";
const TWO: &str = "model_level:\n    approvals: [2, 1]";

story!(
    /// Two approvals are needed, one of them of level 2: in whatever order, each person once.
    two_people_sign, async |w| {
    w.edit_policy("authority.yaml", ONE, TWO).await;
    w.alert().await;
    w.read_on();
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("1 of 2");
    w.expect_thread(&["approved at level 1: 1 of 2 approvals"]);
    w.approve("ana").await;
    w.expect_whisper("ana", "You have signed this already");
    w.approve("bo").await;
    w.expect_whisper("bo", "This needs level 2, and you hold level 1");
    assert_eq!(w.warehouse.calls("promote"), 0);
    w.approve("ben").await;
    w.expect_whisper("ben", "is signed");
    w.expect_card("Rolled back");
    w.expect_card("2 of 2");
    w.read_on();
});

story!(
    /// A running proposal keeps the rules that it started with, and a person who has left loses authority at once.
    rules_are_frozen_and_people_are_live, async |w| {
    w.alert().await;
    w.read_on();
    w.edit_policy("authority.yaml", ONE, TWO).await;
    w.edit_policy("people.yaml", "  - id: ben\n", "  - id: ben\n    active: false\n").await;
    w.approve("ben").await;
    let told = w.slack.take_ephemerals("U0BEN");
    assert!(told.len() == 1 && told[0].shown().contains("Nothing was changed"), "{told:?}");
    w.expect_card("0 of 1");
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    w.read_on();
});
