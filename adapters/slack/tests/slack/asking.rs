//! The modals that ask before something is decided, the details, and where people look for an answer.

use domain::{
    card::Button,
    details::Details,
    letter::{Letter, Line},
    notice::Tone,
    place::Place,
    port::Chat,
    words::Words,
};
use serde_json::{Value, json};
use slack::{AskWhy, Input, Interaction, Opens};

use crate::{
    clicks::read,
    samples::{key, open_card, plan, proposal_id},
    world::{CHANNEL, World, ana, at, identity},
};

/// A trigger that opens one modal.
async fn trigger(world: &World) -> String {
    world.slack.post(&open_card(), &world.people, &key(1)).await.expect("a card");
    let click = read(world, &world.fake.click(&world.only_message(), "approve", "U0ANA"));
    let Interaction::Click { trigger_id, .. } = click else { panic!("{click:?} is no click") };
    trigger_id
}

/// Everything that somebody reads in a modal, and its buttons.
fn read_modal(view: &Value) -> String {
    let text = |value: &Value| value["text"].as_str().unwrap_or("-").to_owned();
    let mut lines = vec![format!("[{}]", text(&view["title"]))];
    for block in view["blocks"].as_array().into_iter().flatten() {
        lines.push(match block["type"].as_str() {
            Some("input") => format!("{} ___ ({})", text(&block["label"]), text(&block["hint"])),
            Some("actions") => {
                let buttons = block["elements"].as_array().into_iter().flatten();
                let buttons = buttons.map(|button| text(&button["text"]));
                format!("({})", buttons.collect::<Vec<_>>().join(") ("))
            }
            Some("context") => text(&block["elements"][0]),
            _ => text(&block["text"]),
        });
    }
    lines.push(format!("({}) ({})", text(&view["submit"]), text(&view["close"])));
    lines.join("\n")
}

#[tokio::test]
async fn the_name_is_asked_for_and_comes_back() {
    let world = World::start().await;
    let trigger = trigger(&world).await;
    let (proposal, plan) = (proposal_id(), plan());
    let place = &Place::Thread { channel: CHANNEL.to_owned(), message: "1.5".to_owned() };
    let ask =
        AskWhy { button: Button::Approve, proposal: &proposal, plan: &plan, stop: None, place };
    let words = Words::plain("Everything in ").code("prod").text(" is replaced: <!channel>.");
    let people = &world.people;
    world.slack.open_name_modal(&trigger, (ask, "prod"), &words, people).await.expect("a modal");
    insta::assert_snapshot!(read_modal(&world.fake.views("U0ANA")[0].view), @"
    [Replace everything?]
    Everything in `prod` is replaced: &lt;!channel&gt;.
    Type the name of the environment ___ (Exactly: prod)
    (Sign) (Back)
    ");
    let request = world.fake.submit_view("U0ANA", &[("name", " stage\0 ")]);
    let expected = Interaction::Submitted {
        identity: identity("U0ANA"),
        button: Button::Approve,
        proposal,
        plan,
        stop: None,
        reason: String::new(),
        typed: "stage".to_owned(),
        place: place.clone(),
    };
    assert_eq!(read(&world, &request), expected);
    world.fake.answered("U0ANA", &world.slack.objection(Input::Name, "That is another name."));
    assert_eq!(world.fake.view_errors("U0ANA")["name"], "That is another name.");
}

fn details(lines: usize, text: &str) -> Details {
    let mut details = Details { proposal: proposal_id(), plan: plan(), sections: vec![] };
    let line = |place: usize| {
        Words::plain(format!("{place}. ")).strong(text).text(": ").code(text).text(text)
    };
    details.add("Steps", (1..=lines).map(line).collect());
    details.add("Empty", vec![]);
    details.add("Since", vec![Words::new().time(at(0)).text(" by ").person(&ana())]);
    details
}

#[tokio::test]
async fn details_are_a_modal() {
    let world = World::start().await;
    let opens = Opens::Trigger(trigger(&world).await);
    let shown = (&details(2, "look"), 0);
    world.slack.show_details(&opens, shown, &Place::Card, &world.people).await.expect("a modal");
    insta::assert_snapshot!(read_modal(&world.fake.views("U0ANA")[0].view), @"
    [Details]
    *Steps*
    1. *look*: `look`look
    2. *look*: `look`look
    *Since*
    <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC> by <@U0ANA>
    (-) (Close)
    ");
}

#[tokio::test]
async fn details_of_any_length_are_read_page_by_page() {
    let world = World::start().await;
    let hostile = "<!channel> <@U0EVE> *_~` \u{202E}\0 <http://x|y>\n".repeat(40);
    let details = details(300, &hostile);
    let mut opens = Opens::Trigger(trigger(&world).await);
    let place = Place::Channel { channel: CHANNEL.to_owned() };
    let (mut page, mut seen) = (0, 0);
    loop {
        let shown = (&details, page);
        world.slack.show_details(&opens, shown, &place, &world.people).await.expect("it is shown");
        let view = world.fake.views("U0ANA").remove(0);
        let text = view.view["blocks"].to_string();
        for acting in ["<!channel", "<@U0EVE", "<http"] {
            assert!(!text.contains(acting), "{acting} acts on page {page}");
        }
        seen += (1..=300).filter(|place| text.contains(&format!("\\n{place}. "))).count();
        let Some(next) = view.buttons().into_iter().find(|button| button.text == "Read on") else {
            break;
        };
        let request = world.fake.in_view_click("U0ANA", &next.action_id);
        let Interaction::Details { identity: who, proposal, page: asked, opens: at, place: from } =
            read(&world, &request)
        else {
            panic!("the button turns the page")
        };
        assert_eq!((who, proposal, from), (identity("U0ANA"), proposal_id(), place.clone()));
        assert_eq!((asked, &at), (page + 1, &Opens::View(view.id.clone())));
        (page, opens) = (asked, at);
    }
    assert_eq!(seen, 300, "every line is on one of the {page} pages");
}

#[tokio::test]
async fn people_are_answered_where_they_look() {
    let world = World::start().await;
    let pressed = |container: Value, message: Value, view: Value| {
        json!({
            "type": "block_actions",
            "user": {"id": "U0ANA", "team_id": "T0FAKE"},
            "trigger_id": "1.2.3",
            "container": container,
            "message": message,
            "view": view,
            "actions": [{"action_id": "pause", "type": "button", "value": format!("{} {}", proposal_id(), plan())}],
        })
    };
    let (channel, message) = ("C1".to_owned(), "1.1".to_owned());
    let in_channel = Place::Channel { channel: channel.clone() };
    let in_thread = Place::Thread { channel, message };
    let root = json!({"type": "message", "channel_id": "C1", "message_ts": "1.1"});
    let reply = json!({"type": "message", "channel_id": "C1", "message_ts": "1.5"});
    let letter = json!({"type": "message", "channel_id": "D1", "message_ts": "1.5"});
    let alone = json!({"type": "message", "channel_id": "C1", "message_ts": "1.5", "is_ephemeral": true, "thread_ts": "1.1"});
    let table = [
        (root.clone(), json!({"ts": "1.1"}), Value::Null, in_channel.clone()),
        // A message that others have replied to names itself as its thread.
        (root, json!({"ts": "1.1", "thread_ts": "1.1"}), Value::Null, in_channel),
        (reply, json!({"ts": "1.5", "thread_ts": "1.1"}), Value::Null, in_thread.clone()),
        (alone, Value::Null, Value::Null, in_thread.clone()),
        (letter, json!({"ts": "1.5"}), Value::Null, Place::Private),
        (json!({"type": "view"}), Value::Null, json!({"type": "home"}), Place::Private),
        (
            json!({"type": "view"}),
            Value::Null,
            json!({"type": "modal", "private_metadata": "x\n{\"at\":\"thread\",\"channel\":\"C1\",\"message\":\"1.1\"}"}),
            in_thread,
        ),
    ];
    for (container, message, view, expected) in table {
        let payload = pressed(container, message, view);
        let click = read(&world, &world.fake.interaction(&payload));
        let Interaction::Click { place, .. } = click else { panic!("{click:?} is no click") };
        assert_eq!(place, expected, "{payload}");
    }
}

#[tokio::test]
async fn a_receipt_comes_with_the_way_to_disown_it() {
    let world = World::start().await;
    let line = |label: &str, value| Line { label: label.to_owned(), value };
    let letter = Letter {
        headline: Words::plain("You signed an approval."),
        tone: Tone::Neutral,
        lines: vec![
            line("Plan", Words::new().code(plan().short())),
            line("When", Words::new().time(at(0))),
        ],
        about: Some((proposal_id(), plan())),
        buttons: vec![Button::NotMe],
        signs: Words::new(),
        link: None,
    };
    world.slack.write(&identity("U0BEN"), &letter, &world.people, &key(1)).await.expect("written");
    let [message] = &world.fake.letters("U0BEN")[..] else { panic!("one letter") };
    let button = &message.blocks.last().expect("buttons")["elements"][0];
    let text = |part: &str| button["confirm"][part]["text"].as_str().unwrap_or_default().to_owned();
    let question = ["title", "text", "confirm", "deny"].map(text).join("\n");
    insta::assert_snapshot!(format!("{}\n---\n{question}", message.shown()), @"
    You signed an approval.
    *Plan* `aab8f06f`
    *When* <!date^1795412780^{time}|05:46 UTC>
    ---
    Was it not you?
    What was signed in your name counts no longer, the rollback is stopped where it stands, and everybody who was asked is told. You cannot sign in this incident any more.
    It was not me
    Back
    ");
    let click = read(&world, &world.fake.click(message, "not_me", "U0BEN"));
    let is_it =
        matches!(&click, Interaction::Click { button: Button::NotMe, place: Place::Private, .. });
    assert!(is_it, "{click:?}");
}
