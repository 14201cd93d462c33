//! No text from outside acts, whatever message it comes into: no mention, no link, no emphasis, no refusal by Slack.
//! And none is lost: what people read is what was written, but for what would deceive them.

use domain::{
    card::Button,
    letter::{Letter, Line},
    notice::{Tone, Volume},
    place::Place,
    port::{Chat, Reply},
    words::Words,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::Value;
use slack::{Answer, AskWhy};

use crate::{
    limits::swollen,
    reader::{read, texts},
    samples::{key, open_card, plan, proposal_id},
    world::{CHANNEL, World, ana, identity},
};

/// Letters that mean something to Slack or to the eye, and words of ten languages.
const PIECES: [&str; 56] = [
    "<",
    ">",
    "&",
    "|",
    "!",
    "@",
    "#",
    "*",
    "_",
    "~",
    "`",
    "```",
    "\n",
    "\n>",
    "\n&gt;",
    "\\",
    "\"",
    "<!channel>",
    "<!here|x>",
    "<!subteam^S1>",
    "<@U0EVE>",
    "<#C1>",
    "<http://x|y>",
    "http://evil.example",
    "mailto:eve@evil.example",
    "&lt;!here&gt;",
    "<!date^1^{time}|x>",
    ":fire:",
    ":100:",
    "@channel",
    "\u{0}",
    "\u{7}",
    "\t",
    "\r\n",
    "\u{200B}",
    "\u{200D}",
    "\u{202E}",
    "\u{2066}",
    "\u{061C}",
    "\u{FEFF}",
    "e\u{301}",
    "\u{300}\u{301}\u{302}",
    "👩‍👩‍👧",
    "🏳️‍🌈",
    "データが壊れた",
    "订单缺失",
    "주문",
    "заказы",
    "παραγγελίες",
    "طلبات",
    "הזמנות",
    "आदेश",
    "คำสั่ง",
    "đơn hàng",
    "Aufträge",
    "orders_daily",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => Just(" ".to_owned()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Sends every kind of message with `text` in it; gives back the answer to a command.
async fn say(world: &World, text: &str) -> Value {
    let words = || Words::plain(text).strong(text).text(" by ").person(&ana()).text(" ").code(text);
    let to = identity("U0ANA");
    let thread = world.slack.post(&swollen(text, 3), &world.people, &key(1)).await.expect("a card");
    world.slack.edit(&thread, &swollen(text, 2), &world.people).await.expect("an edit");
    let reply = Reply { words: words(), volume: Volume::Channel, tone: Tone::Bad };
    world.slack.reply(&thread, &reply, &world.people, &key(2)).await.expect("a reply");
    world
        .slack
        .whisper(&to, (&thread, &Place::Card), &words(), &world.people)
        .await
        .expect("a whisper");
    let line = |label: &str| Line { label: label.to_owned(), value: words() };
    let letter = Letter {
        headline: words(),
        tone: Tone::Attention,
        lines: vec![line(text), line(""), line("What")],
        about: Some((proposal_id(), plan())),
        buttons: vec![Button::Approve],
        signs: words(),
        link: Some("https://acme.slack.com/archives/C1/p1".to_owned()),
    };
    world.slack.write(&to, &letter, &world.people, &key(3)).await.expect("a letter");
    let message = world.fake.message(CHANNEL, &thread.message);
    let click = world.fake.click(&message, "reject", "U0ANA");
    let slack::Interaction::Click { trigger_id, .. } = crate::clicks::read(world, &click) else {
        panic!("no click")
    };
    let (proposal, plan) = (proposal_id(), plan());
    let ask = AskWhy {
        button: Button::Reject,
        proposal: &proposal,
        plan: &plan,
        stop: None,
        place: &Place::Card,
    };
    world
        .slack
        .open_reason_modal(&trigger_id, ask, &words(), &world.people)
        .await
        .expect("a modal");
    let answer = Answer::saying(words()).line(words()).with_hint(words());
    world.slack.answer(&answer, &world.people)
}

/// Judges one text as Slack would read it.
fn judge(text: &str) -> Result<(), TestCaseError> {
    let read = read(text).map_err(TestCaseError::fail)?;
    for token in &read.tokens {
        let of_the_team = token == "@U0ANA" || token == "@U0BEN";
        prop_assert!(of_the_team || token.starts_with("!date^1795"), "<{}> in {:?}", token, text);
    }
    let are_ours = read.emphasis.iter().all(|(mark, _)| matches!(mark, '*' | '`'));
    prop_assert!(are_ours, "emphasis {:?} in {:?}", read.emphasis, text);
    let loose: Vec<_> = read.loose.iter().filter(|mark| **mark != '_').collect();
    prop_assert!(loose.is_empty(), "{:?} without a partner in {:?}", loose, text);
    prop_assert_eq!(read.quotes, 0, "a quote in {:?}", text);
    Ok(())
}

/// Runs a property against a Slack of its own for each text.
fn check<S: Strategy>(
    texts: &S,
    property: &impl AsyncFn(&World, S::Value) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(texts, |text| {
        runtime.block_on(async {
            let world = World::start().await;
            property(&world, text).await
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_text_acts_in_any_message() {
    check(&hostile(), &async |world, text| {
        let answer = say(world, &text).await;
        let methods = ["chat.postMessage", "chat.update", "chat.postEphemeral", "views.open"];
        let mut calls: Vec<Value> =
            methods.iter().flat_map(|method| world.fake.calls(method)).collect();
        prop_assert_eq!(calls.len(), 6, "a card and its edit, reply, whisper, letter, modal");
        calls.push(answer);
        calls.iter().flat_map(texts).try_for_each(|text| judge(&text))
    });
}

/// A few spans as notices have them.
fn spans() -> impl Strategy<Value = Vec<(u8, String)>> {
    let text = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..8);
    prop::collection::vec((0_u8..3, text.prop_map(|pieces| pieces.concat())), 1..5)
}

/// What must be left of a text: without what nobody sees and what turns the writing around; letters that look alike
/// are the same here.
fn with_accents(text: &str) -> String {
    let letters = text.chars().filter_map(|letter| match letter {
        '\n' => Some('\n'),
        '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{200E}' | '\u{200F}' | '\u{061C}' => None,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => None,
        '∗' => Some('*'),
        '∼' => Some('~'),
        'ˋ' => Some('`'),
        'ˍ' => Some('_'),
        '›' => Some('>'),
        '∶' => Some(':'),
        letter if letter.is_control() => None,
        letter => Some(letter),
    });
    letters.collect()
}

/// The same without accents: too many on one letter are cut.
fn folded(text: &str) -> String {
    with_accents(text)
        .chars()
        .filter(|letter| !('\u{0300}'..='\u{036F}').contains(letter))
        .collect()
}

fn on_one_line(text: &str) -> String {
    let line = with_accents(text).replace('\n', " ");
    let line = folded(line.trim());
    let is_seen = line.chars().any(|letter| {
        !letter.is_whitespace() && !matches!(letter, '\u{200B}' | '\u{200D}' | '\u{FEFF}')
    });
    if is_seen { line } else { String::new() }
}

#[test]
fn what_is_written_is_read() {
    check(&spans(), &async |world, spans| {
        let thread = world.slack.post(&open_card(), &world.people, &key(1)).await.expect("a card");
        let mut plain = String::from("Begin ");
        let mut emphasis = Vec::new();
        let mut words = Words::plain("Begin ");
        for (kind, text) in &spans {
            let mark = match kind {
                0 => {
                    words = words.text(format!("({text})"));
                    plain.push_str(&folded(&format!("({text})")));
                    None
                }
                1 => Some('*'),
                _ => Some('`'),
            };
            if let Some(mark) = mark {
                words = if mark == '*' { words.strong(text) } else { words.code(text) };
                let line = on_one_line(text);
                plain.push_str(&line);
                emphasis.extend((!line.is_empty()).then_some((mark, line)));
            }
            // Marks that touch another letter are no marks to Slack.
            words = words.text(" - ");
            plain.push_str(" - ");
        }
        let reply = Reply { words, volume: Volume::Thread, tone: Tone::Neutral };
        world.slack.reply(&thread, &reply, &world.people, &key(2)).await.expect("a reply");
        let shown = world.fake.replies(CHANNEL, &thread.message)[0].shown();
        let read = read(&shown).map_err(TestCaseError::fail)?;
        let seen: Vec<_> = read.emphasis.iter().map(|(mark, text)| (*mark, folded(text))).collect();
        prop_assert_eq!(folded(&read.plain), plain, "{:?}", shown);
        prop_assert_eq!(seen, emphasis, "{:?}", shown);
        prop_assert_eq!(&read.tokens, &Vec::<String>::new(), "{:?}", shown);
        Ok(())
    });
}
