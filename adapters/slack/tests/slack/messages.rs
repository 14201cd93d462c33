//! Replies, whispers, edits, the modal, and finding a message again.

use chrono::TimeDelta;
use domain::{
    card::Button,
    id::MessageId,
    notice::{Tone, Volume},
    person::PersonId,
    place::Place,
    port::{Chat, ChatError, Heard, MessageRef, Reply},
    words::Words,
};
use slack::AskWhy;

use crate::{
    samples::{in_order, key, open_card, plan, proposal_id, rolled_back_card},
    world::{CHANNEL, World, ana, at, ben, identity},
};

async fn with_thread() -> (World, MessageRef) {
    let world = World::start().await;
    let thread = world.slack.post(&open_card(), &world.people, &key(1)).await.expect("a card");
    (world, thread)
}

#[tokio::test]
async fn replies_speak_in_the_thread_and_only_loud_ones_in_the_channel() {
    let (world, thread) = with_thread().await;
    let said = [
        (Volume::Thread, Tone::Good, Words::new().person(&ana()).text(" approved: 1 of 2.")),
        (
            Volume::Channel,
            Tone::Attention,
            Words::plain("Asking ")
                .people(&[ben(), PersonId::new("cleo")])
                .text(" to decide. The next are asked at ")
                .time(at(900))
                .text("."),
        ),
        (
            Volume::Channel,
            Tone::Bad,
            Words::plain("Stuck at ").strong("Point *back*").text(": <!channel>\n> 5 & 6"),
        ),
        (Volume::Thread, Tone::Neutral, Words::plain("Step 1 of ").code("a`b").text(" is done.")),
    ];
    for (number, (volume, tone, words)) in (10..).zip(said) {
        let reply = Reply { words, volume, tone };
        world.slack.reply(&thread, &reply, &world.people, &key(number)).await.expect("a reply");
    }
    let replies = world.fake.replies(CHANNEL, &thread.message);
    let shown: Vec<String> = replies
        .iter()
        .map(|reply| {
            format!("{} {}", if reply.is_broadcast { "loud " } else { "quiet" }, reply.shown())
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    quiet 🟢 <@U0ANA> approved: 1 of 2.
    loud  🟠 Asking <@U0BEN> and Cleo &lt;@U0EVE&gt; to decide. The next are asked at <!date^1795413680^{time}|06:01 UTC>.
    loud  🔴 Stuck at *Point ∗back∗*: &lt;!channel&gt;
    › 5 &amp; 6
    quiet Step 1 of `aˋb` is done.
    ");
    assert!(replies.iter().all(|reply| reply.text == reply.shown()), "notifications say the same");
}

#[tokio::test]
async fn a_whisper_is_seen_by_one_person_where_they_look() {
    let (world, thread) = with_thread().await;
    let words = Words::plain("This needs level 2. ").person(&ben()).text(" could decide.");
    let whisper = async |place: Place| {
        let at = (&thread, &place);
        world.slack.whisper(&identity("U0ANA"), at, &words, &world.people).await.expect("an answer")
    };
    assert_eq!(whisper(Place::Card).await, Heard::There);
    let [at_card] = &world.fake.ephemerals("U0ANA")[..] else { panic!("one whisper") };
    assert_eq!(at_card.shown(), "This needs level 2. <@U0BEN> could decide.");
    assert_eq!(at_card.thread_ts, None, "in the thread it is unseen by who looks at the channel");
    assert!(world.fake.ephemerals("U0BEN").is_empty());
    assert!(world.fake.replies(CHANNEL, &thread.message).is_empty(), "nobody else sees it");
    let (channel, message) = (CHANNEL.to_owned(), thread.message.clone());
    let in_thread = Place::Thread { channel: channel.clone(), message: message.clone() };
    assert_eq!(whisper(in_thread).await, Heard::There);
    let told = world.fake.ephemerals("U0ANA");
    assert_eq!(
        told[1].thread_ts.as_ref(),
        Some(&message),
        "whoever is in the thread sees it there"
    );
    // Where nobody can be told something alone, a letter is written instead.
    assert_eq!(whisper(Place::Private).await, Heard::Elsewhere);
    let foreign = Place::Channel { channel: "C0OTHER".to_owned() };
    assert_eq!(whisper(foreign).await, Heard::Elsewhere);
    world.fake.leave(CHANNEL, "U0ANA");
    for place in [Place::Card, Place::Channel { channel }] {
        assert_eq!(whisper(place.clone()).await, Heard::Elsewhere, "{place:?}");
    }
}

#[tokio::test]
async fn an_edit_changes_the_card_and_takes_the_buttons_away() {
    let (world, thread) = with_thread().await;
    assert_eq!(world.only_message().buttons().len(), 4);
    for _ in 0..2 {
        world.slack.edit(&thread, &rolled_back_card(), &world.people).await.expect("edited");
    }
    let message = world.only_message();
    assert!(message.shown().contains("Rolled back"), "{}", message.shown());
    assert!(message.text.starts_with("🟢 Rolled back: "), "{}", message.text);
    let left: Vec<_> = message.buttons().into_iter().map(|button| button.text).collect();
    assert_eq!(left, ["Details"], "nothing can be decided any more");
    assert!(message.metadata.is_some(), "the key survives");
}

#[tokio::test]
async fn no_call_ever_asks_slack_to_make_links_or_names() {
    let (world, thread) = with_thread().await;
    world.slack.edit(&thread, &rolled_back_card(), &world.people).await.expect("edited");
    let quiet = Reply { words: Words::plain("hi"), volume: Volume::Thread, tone: Tone::Neutral };
    world.slack.reply(&thread, &quiet, &world.people, &key(2)).await.expect("a reply");
    for method in ["chat.postMessage", "chat.update"] {
        for call in world.fake.calls(method) {
            assert!(call["link_names"].is_null() && call["parse"].is_null(), "{call}");
            assert!(!call["blocks"].as_array().expect("blocks").is_empty(), "{call}");
            // The app speaks under its own name and picture.
            for other in ["username", "icon_emoji", "icon_url", "as_user"] {
                assert!(call[other].is_null(), "{call}");
            }
        }
    }
}

#[tokio::test]
async fn messages_are_found_again_by_their_key() {
    let (world, thread) = with_thread().await;
    let quiet = Reply { words: Words::plain("hi"), volume: Volume::Thread, tone: Tone::Neutral };
    let loud = Reply { volume: Volume::Channel, ..quiet.clone() };
    // More than one page in the channel and in the thread.
    for number in 100..160 {
        world.fake.say(CHANNEL, "U0BEN", "something else");
        world.slack.reply(&thread, &quiet, &world.people, &key(number)).await.expect("a reply");
    }
    world.slack.reply(&thread, &loud, &world.people, &key(200)).await.expect("a reply");
    let replies = world.fake.replies(CHANNEL, &thread.message);
    let find = async |within: Option<&MessageRef>, key: MessageId, since: i64| {
        world.slack.find(within, &key, at(since)).await.expect("an answer")
    };
    assert_eq!(find(None, key(1), 0).await, Some(thread.clone()));
    assert_eq!(find(None, key(2), 0).await, None);
    assert_eq!(find(Some(&thread), key(2), 0).await, None);
    for (place, number) in [(0, 100), (59, 159), (60, 200)] {
        let found = find(Some(&thread), key(number), 0).await.expect("a reply");
        assert_eq!(found.message, replies[place].ts);
    }
    // The clocks may differ a little; what is far older than the attempt is not ours.
    assert_eq!(find(None, key(1), 240).await, Some(thread.clone()));
    assert_eq!(find(None, key(1), TimeDelta::hours(1).num_seconds()).await, None);
}

#[tokio::test]
async fn a_reply_to_a_card_that_somebody_deleted_is_refused_for_good() {
    let (world, thread) = with_thread().await;
    world.fake.delete(CHANNEL, &thread.message);
    let quiet = Reply { words: Words::plain("hi"), volume: Volume::Thread, tone: Tone::Neutral };
    let refused = world.slack.reply(&thread, &quiet, &world.people, &key(2)).await;
    let edited = world.slack.edit(&thread, &open_card(), &world.people).await;
    for outcome in [refused, edited] {
        assert!(matches!(outcome, Err(ChatError::Permanent { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_modal_asks_why_and_opens_once() {
    let (world, _) = with_thread().await;
    let message = world.only_message();
    let click = world.fake.click(&message, "reject", "U0ANA");
    let trigger = trigger_of(&world, &click);
    let words = Words::plain("You are rejecting ").code("marts.orders_daily").text(".");
    let (proposal, plan) = (proposal_id(), plan());
    let open = async || {
        let place = &Place::Card;
        let ask =
            AskWhy { button: Button::Reject, proposal: &proposal, plan: &plan, stop: None, place };
        world.slack.open_reason_modal(&trigger, ask, &words, &world.people).await
    };
    open().await.expect("a modal");
    let [view] = &world.fake.views("U0ANA")[..] else { panic!("one modal") };
    insta::assert_json_snapshot!(in_order(&view.view), @r#"
    {
      "blocks": [
        {
          "text": {
            "text": "You are rejecting `marts.orders_daily`.",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "block_id": "reason",
          "element": {
            "action_id": "reason",
            "max_length": 1000,
            "multiline": true,
            "type": "plain_text_input"
          },
          "hint": {
            "emoji": false,
            "text": "Everybody in the thread reads it, and so does the auditor.",
            "type": "plain_text"
          },
          "label": {
            "emoji": false,
            "text": "Why?",
            "type": "plain_text"
          },
          "type": "input"
        }
      ],
      "callback_id": "reject",
      "close": {
        "emoji": false,
        "text": "Back",
        "type": "plain_text"
      },
      "private_metadata": "prp_00000000000000000000000002 sha256:aab8f06fecd1c041e9a3d5a86114f9e522b546918db8503a045fe4a423b3642a\n{\"at\":\"card\"}",
      "submit": {
        "emoji": false,
        "text": "Reject",
        "type": "plain_text"
      },
      "title": {
        "emoji": false,
        "text": "Reject the rollback",
        "type": "plain_text"
      },
      "type": "modal"
    }
    "#);
    let again = open().await.expect_err("a trigger is good once");
    insta::assert_snapshot!(again, @"slack refuses: views.open: exchanged_trigger_id. The dialog came too late: press the button again");
}

fn trigger_of(world: &World, click: &fakes::SignedRequest) -> String {
    match crate::clicks::read(world, click) {
        slack::Interaction::Click { trigger_id, .. } => trigger_id,
        other => panic!("{other:?} is no click"),
    }
}
