//! Whatever a card holds, Slack takes it. The fake refuses what Slack would refuse.

use domain::{
    card::{Card, Fact, Link, Reading, StepLine, StepState, Watched},
    notice::{Tone, Volume},
    place::Place,
    plan::Outcome,
    port::{Chat, Reply},
    words::Words,
};
use fakes::slack::Message;
use serde_json::Value;

use crate::{
    samples::{finding, key, open_card},
    world::{CHANNEL, World, at, identity},
};

/// Facts of every part of the card.
const LABELS: [&str; 12] = [
    "Why",
    "Outcome",
    "Asked now",
    "Service",
    "Models",
    "Question",
    "Approvals",
    "Needs",
    "Proposal",
    "Where",
    "Possible until",
    "Rebuilt besides",
];

/// A card with `many` of everything, each made of `text`.
pub(crate) fn swollen(text: &str, many: usize) -> Card {
    let open = open_card();
    let value = || Words::plain(text).strong(text).code(text);
    Card {
        title: text.to_owned(),
        alert_url: Some(format!("https://example.com/{text}")),
        facts: LABELS
            .into_iter()
            .cycle()
            .take(many)
            .map(|label| Fact { label, value: value() })
            .collect(),
        findings: vec![finding(text, Outcome::Pass, text); many],
        steps: vec![
            StepLine {
                name: text.to_owned(),
                state: StepState::InDoubt,
                took_ms: Some(u64::MAX),
                since: Some(at(0)),
            };
            many
        ],
        links: vec![Link { label: text.to_owned(), url: format!("http://x/{text}") }; many],
        live: Some(text.to_owned()),
        watched: vec![
            Watched {
                title: text.to_owned(),
                unit: Some(text.to_owned()),
                began: Some(text.to_owned()),
                now: Reading::Value { value: text.to_owned(), outcome: Outcome::Fail },
            };
            many
        ],
        ..open
    }
}

/// Posts and edits a card, and takes it away again.
async fn shown(world: &World, card: &Card) -> Message {
    let posted = world.slack.post(card, &world.people, &key(9)).await;
    let at = posted.unwrap_or_else(|error| panic!("{error}: {:.80}", card.title));
    world.slack.edit(&at, card, &world.people).await.expect("what can be posted can be shown");
    let message = world.only_message();
    world.fake.delete(CHANNEL, &at.message);
    message
}

/// Every `<` that Slack would read as markup begins one of our own: a person asked, a moment.
#[track_caller]
fn expect_no_foreign_markup(value: &Value) {
    match value {
        Value::Array(parts) => parts.iter().for_each(expect_no_foreign_markup),
        Value::Object(parts) if parts.get("type").is_some_and(|kind| kind == "mrkdwn") => {
            let text = parts["text"].as_str().expect("a text");
            let ours = ["@U0", "!date^1"];
            let is_ours = |piece: &str| ours.iter().any(|start| piece.starts_with(start));
            assert!(text.split('<').skip(1).all(is_ours), "{text}");
            assert_eq!(parts["verbatim"], true, "{text}");
        }
        Value::Object(parts) => parts.values().for_each(expect_no_foreign_markup),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn any_text_at_any_length_fits() {
    let world = World::start().await;
    let letters = [
        "x",
        "&",
        "\"",
        "\\",
        "\n",
        "😀",
        "\u{0}",
        "<!channel> ",
        "_",
        "`",
        " ",
        "é",
        "<@U1|x>",
        "データ",
        "طلبات",
        "👩‍👩‍👧",
        "e\u{301}",
        "\u{FEFF}",
        "\u{202E}",
        ":fire:",
        "&lt;!here&gt;",
    ];
    let sizes = [(0, 1), (1, 60), (59, 30), (5000, 60)];
    let each = letters.into_iter().flat_map(|letter| sizes.map(|size| (letter, size)));
    for (letter, (length, many)) in each.chain([("x", (9, 10_000)), ("&\n", (2, 10_000))]) {
        let message = shown(&world, &swollen(&letter.repeat(length), many)).await;
        let all = [&message.blocks[..], &message.attachments[..]].concat();
        let size: usize = all.iter().map(|part| part.to_string().encode_utf16().count()).sum();
        assert!(size <= 13_000, "{size} letters for {many} x {length} x {letter:?}");
        assert_eq!(message.buttons().len(), 4, "the buttons are never cut");
        let beside = message.attachments[0]["blocks"].as_array().expect("blocks");
        let place = beside.iter().position(|block| block["block_id"] == "decide");
        assert!(place.is_some_and(|place| place < 5), "Slack folds what comes later");
        all.iter().for_each(expect_no_foreign_markup);
    }
}

#[tokio::test]
async fn a_failed_check_is_never_cut_for_passed_ones() {
    let mut card = swollen("fine", 0);
    card.findings = vec![finding("fine", Outcome::Pass, &"long ".repeat(60)); 40];
    card.findings.push(finding("broken", Outcome::Fail, "this matters"));
    let shown = shown(&World::start().await, &card).await.shown();
    assert!(shown.contains("❌ fail: broken `marts.orders_daily` – this matters"), "{shown}");
    assert!(shown.contains("… and 36 more"), "{shown}");
}

#[tokio::test]
async fn replies_and_whispers_of_any_length_fit() {
    let world = World::start().await;
    let at = world.slack.post(&open_card(), &world.people, &key(9)).await.expect("a thread");
    let to = identity("U0ANA");
    for (number, text) in ["", " \n", &"<&>".repeat(9000), &"\"".repeat(9000)].iter().enumerate() {
        let words = Words::plain(*text);
        let reply = Reply { words: words.clone(), volume: Volume::Thread, tone: Tone::Bad };
        let key = key(number as u128);
        world.slack.reply(&at, &reply, &world.people, &key).await.expect("a reply");
        world
            .slack
            .whisper(&to, (&at, &Place::Card), &words, &world.people)
            .await
            .expect("a whisper");
    }
}
