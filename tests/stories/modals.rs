//! What people are asked before something is decided, and where they are answered.

use countersign::engine::{Answer, Decide, Wish};
use domain::{
    person::{ChatName, Identity},
    place::Place,
    refusal::Refusal,
};

use crate::{
    restoring::{destroyed, proposal},
    story,
    world::{CHANNEL, World},
};

/// The modal in front of somebody, as they read it.
#[track_caller]
fn modal(w: &World, user: &str) -> String {
    w.slack.views(user).last().expect("a modal").shown()
}

story!(
    /// A whole environment is approved by typing its name. Another name keeps the modal open, and decides nothing.
    a_whole_environment_is_approved_by_its_name, async |w| {
    destroyed(w).await;
    w.read_on();
    w.press(&w.card(), "approve", "ben").await;
    let shown = modal(w, "U0BEN");
    assert!(shown.contains("everything in `prod` of `warehouse` is replaced"), "{shown}");
    w.fill_in("ben", &[("name", "stage")]).await;
    assert_eq!(w.slack.view_errors("U0BEN")["name"], "This is not the name. Type exactly: prod");
    w.drain().await;
    w.expect_card("0 of 3");
    // Whatever asks in another way is asked for it just the same.
    let team = fakes::slack::TEAM.to_owned();
    let identity = Identity { chat: ChatName::Slack, team, user: "U0BEN".to_owned() };
    let opened = proposal(w).await;
    let decide = |typed: Option<&str>| Decide {
        identity: identity.clone(),
        proposal: opened.id.clone(),
        plan: opened.opening.plan.clone(),
        wish: Wish::Approve { reason: None, typed: typed.map(str::to_owned) },
        place: Place::Card,
    };
    for typed in [None, Some("Prod"), Some("")] {
        let answer = w.bot.engine.decide(&decide(typed)).await.expect("an answer");
        assert_eq!(answer, Answer::Refused(Refusal::NotTyped { name: "prod".to_owned() }));
    }
    w.drain().await;
    assert_eq!(w.slack.take_ephemerals("U0BEN").len(), 3);
    w.fill_in("ben", &[("name", " prod ")]).await;
    w.drain().await;
    w.expect_whisper("ben", "is signed");
    w.expect_card("1 of 3");
    // Whoever may not is told at once, and types nothing.
    w.press(&w.card(), "approve", "ana").await;
    w.drain().await;
    assert!(!w.is_asked("ana"));
    w.expect_whisper("ana", "This needs level");
    w.read_on();
});

story!(
    /// Whoever may not reject is refused before they type a reason; a reason of nothing keeps the modal open; closing means
    /// nothing.
    a_reason_is_asked_of_those_who_may, async |w| {
    w.alert().await;
    w.read_on();
    w.click(&w.card(), "reject", "sam").await;
    assert!(!w.is_asked("sam"));
    w.expect_whisper("sam", "Nothing was changed");
    let incident = w.incident().await;
    let journal = w.bot.engine.store.journal(&incident).await.expect("a journal");
    assert!(journal.iter().any(|entry| entry.body.contains("\"refused\"")), "refusals are kept");
    w.press(&w.card(), "reject", "ana").await;
    w.fill_in("ana", &[("reason", "   ")]).await;
    assert!(w.slack.view_errors("U0ANA")["reason"].contains("Please say why"));
    w.slack.close_view("U0ANA");
    w.drain().await;
    w.expect_card("Waiting for a decision");
    w.reject("ana", "a known effect").await;
    w.expect_whisper("ana", "your rejection of plan");
    w.expect_letter("ana", "You signed a rejection.");
    w.read_on();
});

story!(
    /// Whoever has left the channel cannot be told something there: they get a letter.
    whoever_is_not_in_the_channel_is_written_to, async |w| {
    w.alert().await;
    w.read_on();
    let card = w.card();
    w.slack.leave(CHANNEL, "U0SAM");
    w.click(&card, "approve", "sam").await;
    w.expect_letter("sam", "Nothing was changed");
});

story!(
    /// The details say what the card has no room for; anybody who sees the card may read them.
    the_details_say_everything, async |w| {
    w.alert().await;
    w.read_on();
    let request = w.slack.click(&w.slack.messages(CHANNEL)[0], "details", "U0SAM");
    assert_eq!(w.send("/slack/interactions", &request).await, 200);
    let mut shown = modal(w, "U0SAM");
    while let Some(next) = w.slack.views("U0SAM")[0].buttons().into_iter().find(|button| button.text == "Read on") {
        let request = w.slack.in_view_click("U0SAM", &next.action_id);
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        shown += &modal(w, "U0SAM");
    }
    let opened = proposal(w).await;
    for said in [
        "What is proposed", "Whom it needs, and why", "Who could decide", "Checks before it", "Steps",
        "3. *Point the models back*", "Parameters", "What it touches", "Earlier on this target",
        "Nothing was rolled back here before", opened.opening.plan.as_str(),
    ] {
        assert!(shown.contains(said), "`{said}` is not in:\n{shown}");
    }
});
