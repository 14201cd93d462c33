//! Answers to commands: what one person alone is shown, and the pages of it.

use domain::{notice::Tone, port::ChatError, words::Words};
use fakes::slack::Ephemeral;
use slack::{Answer, AnswerLine, Command, Door, Inbound, Interaction, Link, SignedHeaders, Turn};

use crate::world::{CHANNEL, World, ana, at, identity};

fn typed(world: &World, text: &str) -> (fakes::SignedRequest, Command) {
    let request = world.fake.command("U0ANA", CHANNEL, text);
    let signed = SignedHeaders {
        timestamp: request.header("X-Slack-Request-Timestamp"),
        signature: request.header("X-Slack-Signature"),
    };
    let signed = world.slack.verify(signed, &request.body, at(2)).expect("signed");
    match world.slack.parse(Door::Commands, &signed).expect("a command") {
        Inbound::Command(command) => (request.clone(), command),
        other => panic!("{other:?} is no command"),
    }
}

/// What Slack shows of an answer, if it takes it.
fn shown(world: &World, answer: &Answer) -> Ephemeral {
    let (request, _) = typed(world, "status");
    let body = world.slack.answer(answer, &world.people);
    world.fake.told(&request, &body).expect("it is shown")
}

fn answer() -> Answer {
    let words = Words::plain("*Two* <!channel> are ").strong("open").text(".");
    let mut answer = Answer::saying(words)
        .with_tone(Tone::Attention)
        .line(Words::new().person(&ana()).text(" since ").time(at(0)))
        .with_hint(Words::plain("Page 2 of 3"));
    let url = "https://fake.slack.com/archives/C1/p1?a=1&b=|>".to_owned();
    answer.lines.push(AnswerLine {
        words: Words::plain("1 < 2 in ").code("a`b"),
        link: Some(Link { label: "thread", url }),
    });
    let turn = |label, page| Turn { label, command: format!("list all {page}") };
    answer.turns = vec![turn("Newer", 1), turn("Older", 3)];
    answer
}

#[tokio::test]
async fn an_answer_has_lines_links_and_pages() {
    let world = World::start().await;
    let shown = shown(&world, &answer());
    insta::assert_snapshot!(shown.shown(), @"
    🟠 ∗Two∗ &lt;!channel&gt; are *open*.
    <@U0ANA> since <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>
    1 &lt; 2 in `aˋb` · <https://fake.slack.com/archives/C1/p1?a=1&amp;b=%7C%3E|thread>
    Page 2 of 3
    ");
    insta::assert_snapshot!(shown.text, @"🟠 ∗Two∗ &lt;!channel&gt; are *open*.");
    let buttons: Vec<_> =
        shown.buttons().into_iter().map(|button| (button.text, button.value)).collect();
    let expected = [("Newer", "list all 1"), ("Older", "list all 3")];
    assert_eq!(buttons, expected.map(|(text, value)| (text.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_page_is_turned_in_its_place() {
    let world = World::start().await;
    let first = shown(&world, &answer());
    let request = world.fake.click_ephemeral(&first, "Older", "U0ANA");
    let turned = crate::clicks::read(&world, &request);
    let Interaction::Turned { identity: who, command, response_url } = turned else {
        panic!("{turned:?} turns no page")
    };
    assert_eq!((who, command.as_str()), (identity("U0ANA"), "list all 3"));
    let page = Answer::saying(Words::plain("Page 3"));
    world.slack.turn_to(&response_url, &page, &world.people).await.expect("shown");
    let [now] = &world.fake.ephemerals("U0ANA")[..] else { panic!("one answer") };
    assert_eq!(now.shown(), "Page 3");
}

#[tokio::test]
async fn what_is_said_later_comes_by_the_address_of_the_command() {
    let world = World::start().await;
    let (_, command) = typed(&world, "propose");
    let said = Answer::saying(Words::plain("It goes on in the thread."));
    for _ in 0..5 {
        world.slack.follow_up(&command.response_url, &said, &world.people).await.expect("said");
    }
    assert_eq!(world.fake.responses("U0ANA").len(), 5);
    let refused = world.slack.follow_up(&command.response_url, &said, &world.people).await;
    assert!(matches!(refused, Err(ChatError::Permanent { .. })), "{refused:?}");
    world.fake.down(true);
    let down = world.slack.follow_up(&command.response_url, &said, &world.people).await;
    assert!(down.is_err());
}

#[tokio::test]
async fn an_answer_of_any_length_is_one_that_slack_takes() {
    let world = World::start().await;
    let hostile = "<!channel> *_~`&\n> \u{202E}".repeat(60);
    let mut long = Answer::saying(Words::plain(&hostile).code(&hostile));
    for _ in 0..200 {
        let url = format!("https://fake.slack.com/{}", "x".repeat(2000));
        let link = Some(Link { label: "thread", url });
        long.lines.push(AnswerLine { words: Words::plain(&hostile), link });
    }
    long.hint = Some(Words::plain(&hostile));
    long.turns = vec![Turn { label: "Older", command: hostile }];
    let long = shown(&world, &long);
    assert!(long.shown().contains("more"), "those that do not fit are counted");
    let empty = Answer::saying(Words::new());
    assert_eq!(shown(&world, &empty).shown(), "…");
}

#[tokio::test]
async fn the_address_of_a_thread_is_asked_for_once_in_a_channel() {
    let world = World::start().await;
    let at = |message: &fakes::slack::Message| domain::port::MessageRef {
        channel: message.channel.clone(),
        message: message.ts.clone(),
    };
    let first = world.fake.say(CHANNEL, "U0ANA", "one");
    let second = world.fake.say(CHANNEL, "U0ANA", "two");
    let one = world.slack.permalink(&at(&first)).await.expect("an address");
    let two = world.slack.permalink(&at(&second)).await.expect("an address");
    assert!(one.ends_with(&format!("/archives/{CHANNEL}/p{}", first.ts.replace('.', ""))), "{one}");
    assert_eq!(two, one.replace(&first.ts.replace('.', ""), &second.ts.replace('.', "")));
    assert_eq!(world.fake.calls("chat.getPermalink").len(), 1);
}
