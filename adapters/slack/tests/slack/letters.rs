//! Letters to one person, apart from any thread.

use domain::{
    card::Button,
    letter::{Letter, Line},
    notice::Tone,
    port::{Chat, ChatError},
    words::Words,
};

use crate::{
    samples::{key, plan, proposal_id},
    world::{World, ana, at, identity},
};

fn letter() -> Letter {
    Letter {
        headline: Words::new().person(&ana()).text(" asks <!channel> of you."),
        tone: Tone::Attention,
        lines: vec![
            Line { label: "What".to_owned(), value: Words::plain("rows are missing") },
            Line { label: String::new(), value: Words::plain("Since ").time(at(0)) },
        ],
        about: Some((proposal_id(), plan())),
        buttons: vec![Button::Approve],
        signs: Words::plain("model-level rollback"),
        link: Some("https://fake.slack.com/archives/C0/p1".to_owned()),
    }
}

#[tokio::test]
async fn a_letter_is_a_direct_message_that_is_found_again() {
    let world = World::start().await;
    let (to, letter) = (identity("U0BEN"), letter());
    let posted = world.slack.write(&to, &letter, &world.people, &key(1)).await.expect("written");
    let [message] = &world.fake.letters("U0BEN")[..] else { panic!("one letter") };
    insta::assert_snapshot!(message.shown(), @"
    🟠 <@U0ANA> asks &lt;!channel&gt; of you.
    *What* rows are missing
    Since <!date^1795412780^{time}|05:46 UTC>
    ");
    assert_eq!(message.text, "🟠 <@U0ANA> asks &lt;!channel&gt; of you.");
    let buttons: Vec<_> = message.buttons().into_iter().map(|button| button.text).collect();
    assert_eq!(buttons, ["Approve", "Details"]);
    let found = world.slack.find_letter(&to, &key(1), at(0)).await.expect("looked");
    assert_eq!(found, Some(posted));
    let other = world.slack.find_letter(&to, &key(2), at(0)).await.expect("looked");
    assert_eq!(other, None);
    assert!(world.fake.letters("U0ANA").is_empty(), "nobody else gets it");
}

#[tokio::test]
async fn a_letter_to_nobody_is_refused_for_good() {
    let world = World::start().await;
    let refused = world.slack.write(&identity("U0GONE"), &letter(), &world.people, &key(1)).await;
    assert!(matches!(refused, Err(ChatError::Permanent { .. })), "{refused:?}");
}
