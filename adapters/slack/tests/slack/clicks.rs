//! What people press, signed by Slack and read by the adapter.

use domain::{
    card::{Button, Card},
    place::Place,
    port::Chat,
    words::Words,
};
use fakes::{SignedRequest, slack::Message};
use serde_json::{Value, json};
use slack::{AskWhy, Door, Inbound, Interaction, ParseError, SignatureError, SignedHeaders};

use crate::{
    samples::{key, open_card, plan, proposal_id},
    world::{CHANNEL, World, at, identity},
};

fn headers(request: &SignedRequest) -> SignedHeaders<'_> {
    SignedHeaders {
        timestamp: request.header("X-Slack-Request-Timestamp"),
        signature: request.header("X-Slack-Signature"),
    }
}

#[track_caller]
pub(crate) fn read(world: &World, request: &SignedRequest) -> Interaction {
    try_read(world, request).expect("an interaction")
}

#[track_caller]
fn try_read(world: &World, request: &SignedRequest) -> Result<Interaction, ParseError> {
    let signed = world.slack.verify(headers(request), &request.body, at(2)).expect("signed");
    match world.slack.parse(Door::Interactions, &signed)? {
        Inbound::Interaction(interaction) => Ok(interaction),
        other => panic!("{other:?} is no interaction"),
    }
}

async fn with_card() -> (World, Message) {
    let world = World::start().await;
    world.slack.post(&open_card(), &world.people, &key(1)).await.expect("a card");
    let message = world.only_message();
    (world, message)
}

#[tokio::test]
async fn each_button_comes_back_with_what_was_shown() {
    let (world, message) = with_card().await;
    let table = [
        ("approve", Button::Approve),
        ("reject", Button::Reject),
        (Button::Escalate.label(), Button::Escalate),
    ];
    for (action_id, expected) in table {
        let click = read(&world, &world.fake.click(&message, action_id, "U0ANA"));
        let Interaction::Click {
            identity: who,
            button,
            proposal,
            plan: shown,
            stop,
            place,
            trigger_id,
            response_url,
        } = click
        else {
            panic!("{click:?} is no click");
        };
        assert_eq!((who, button), (identity("U0ANA"), expected));
        assert_eq!((proposal, shown, stop), (proposal_id(), plan(), None));
        assert_eq!(place, Place::Channel { channel: CHANNEL.to_owned() });
        assert!(!trigger_id.is_empty() && response_url.contains("/response/"));
    }
}

#[tokio::test]
async fn a_rejection_comes_with_its_reason() {
    let (world, message) = with_card().await;
    let click = read(&world, &world.fake.click(&message, "reject", "U0BEN"));
    let Interaction::Click { trigger_id, .. } = click else { panic!("{click:?} is no click") };
    let words = Words::plain("You are rejecting a rollback.");
    let (proposal, plan) = (proposal_id(), plan());
    let place = &Place::Channel { channel: CHANNEL.to_owned() };
    let ask =
        AskWhy { button: Button::Reject, proposal: &proposal, plan: &plan, stop: None, place };
    world.slack.open_reason_modal(&trigger_id, ask, &words, &world.people).await.expect("a modal");
    let reason = " wrong model & \"too\" early =%41+\0\n<!channel> ";
    let request = world.fake.submit_view("U0BEN", &[("reason", reason)]);
    let expected = Interaction::Submitted {
        identity: identity("U0BEN"),
        button: Button::Reject,
        proposal,
        plan,
        stop: None,
        reason: "wrong model & \"too\" early =%41+\n<!channel>".to_owned(),
        typed: String::new(),
        place: place.clone(),
    };
    assert_eq!(read(&world, &request), expected);
}

#[tokio::test]
async fn a_lifted_hold_comes_with_its_reason() {
    let world = World::start().await;
    let card = Card { buttons: vec![Button::LiftHold], ..open_card() };
    world.slack.post(&card, &world.people, &key(1)).await.expect("a card");
    let click = read(&world, &world.fake.click(&world.only_message(), "lift_hold", "U0BEN"));
    let Interaction::Click { button: Button::LiftHold, trigger_id, .. } = click else {
        panic!("{click:?} is no click on it")
    };
    let words = Words::plain("What was rolled back may come again.");
    let (proposal, plan) = (proposal_id(), plan());
    let place = &Place::Card;
    let ask =
        AskWhy { button: Button::LiftHold, proposal: &proposal, plan: &plan, stop: None, place };
    world.slack.open_reason_modal(&trigger_id, ask, &words, &world.people).await.expect("a modal");
    let [view] = &world.fake.views("U0BEN")[..] else { panic!("one modal") };
    assert_eq!(view.view["title"]["text"], "Lift the hold");
    assert_eq!(view.view["submit"]["text"], "Lift it");
    let request = world.fake.submit_view("U0BEN", &[("reason", " the fix is merged ")]);
    let expected = Interaction::Submitted {
        identity: identity("U0BEN"),
        button: Button::LiftHold,
        proposal,
        plan,
        stop: None,
        reason: "the fix is merged".to_owned(),
        typed: String::new(),
        place: Place::Card,
    };
    assert_eq!(read(&world, &request), expected);
}

#[tokio::test]
async fn the_way_back_is_kept_by_one_click() {
    let world = World::start().await;
    let card = Card { buttons: vec![Button::Keep], ..open_card() };
    world.slack.post(&card, &world.people, &key(1)).await.expect("a card");
    let message = world.only_message();
    assert_eq!(message.buttons()[0].text, "Keep the way back");
    let click = read(&world, &world.fake.click(&message, "keep", "U0BEN"));
    let is_it = matches!(&click, Interaction::Click { button: Button::Keep, proposal, plan: of, .. } if *proposal == proposal_id() && *of == plan());
    assert!(is_it, "{click:?}");
}

#[tokio::test]
async fn a_stranger_cannot_click_and_a_click_cannot_be_replayed() {
    let (world, message) = with_card().await;
    let good = world.fake.click(&message, "approve", "U0ANA");
    let late = world.slack.verify(headers(&good), &good.body, at(301));
    assert_eq!(late.map(|_| ()), Err(SignatureError::Stale { skew_seconds: 301 }));
    let mut forged = good.clone();
    let place = forged.body.windows(5).position(|five| five == b"U0ANA").expect("the user");
    forged.body[place..place + 5].copy_from_slice(b"U0BEN");
    let verdict = world.slack.verify(headers(&forged), &forged.body, at(0));
    assert_eq!(verdict.map(|_| ()), Err(SignatureError::Mismatch));
}

/// A change to a payload.
type Change = fn(&mut Value);

/// A click of Ana's on Approve, with `change` made to its payload.
pub(crate) fn clicked(change: impl FnOnce(&mut Value)) -> Value {
    let mut payload = json!({
        "type": "block_actions",
        "user": {"id": "U0ANA", "team_id": "T0FAKE"},
        "team": {"id": "T0FAKE"},
        "trigger_id": "1.2.3",
        "container": {"type": "message", "message_ts": "1.5", "channel_id": "C1"},
        "message": {"ts": "1.5", "bot_id": "B0BOT"},
        "actions": [{
            "action_id": "approve", "type": "button",
            "value": format!("{} {}", proposal_id(), plan()),
        }],
    });
    change(&mut payload);
    payload
}

#[tokio::test]
async fn machines_and_nobody_decide_nothing() {
    let world = World::start().await;
    let changes: [(&str, Change); 10] = [
        ("no user", |payload| payload["user"] = Value::Null),
        ("no user id", |payload| payload["user"] = json!({"name": "ana"})),
        ("an empty user id", |payload| payload["user"]["id"] = json!("")),
        ("no workspace", |payload| {
            payload["user"]["team_id"] = Value::Null;
            payload["team"] = Value::Null;
        }),
        ("a bot", |payload| payload["user"]["is_bot"] = json!(true)),
        ("a bot's user", |payload| payload["user"]["bot_id"] = json!("B1")),
        ("a bot's click", |payload| payload["bot_id"] = json!("B1")),
        ("a workflow", |payload| payload["user"]["is_workflow_bot"] = json!(true)),
        ("Slackbot", |payload| payload["user"]["id"] = json!("USLACKBOT")),
        ("another button", |payload| payload["actions"][0]["action_id"] = json!("like")),
    ];
    let plain = read(&world, &world.fake.interaction(&clicked(|_| {})));
    assert!(matches!(plain, Interaction::Click { .. }), "{plain:?}");
    for (name, change) in changes {
        let read = read(&world, &world.fake.interaction(&clicked(change)));
        assert!(matches!(read, Interaction::Other(_)), "{name}: {read:?}");
    }
    for kind in ["shortcut", "view_closed", "message_action", "something_new"] {
        let payload = clicked(|payload| payload["type"] = json!(kind));
        let read = read(&world, &world.fake.interaction(&payload));
        assert_eq!(read, Interaction::Other(kind.to_owned()));
    }
}

#[tokio::test]
async fn a_guest_of_a_shared_channel_is_not_one_of_ours() {
    let world = World::start().await;
    let guest = clicked(|payload| payload["user"]["team_id"] = json!("T0OTHER"));
    let read = read(&world, &world.fake.interaction(&guest));
    let Interaction::Click { identity: who, .. } = read else { panic!("{read:?} is no click") };
    assert_eq!(who.team, "T0OTHER");
    assert!(world.people.known_as(&who).is_none());
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_never_a_decision() {
    let world = World::start().await;
    let value = |value: Value| clicked(|payload| payload["actions"][0]["value"] = value);
    let proposal = proposal_id();
    let mut said = Vec::new();
    let payloads = [
        value(Value::Null),
        value(json!("")),
        value(json!(proposal.as_str())),
        value(json!(format!("prp_1 {}", plan()))),
        value(json!(format!("{proposal} sha256:12"))),
        clicked(|payload| payload["container"] = Value::Null),
    ];
    let requests = payloads.iter().map(|payload| world.fake.interaction(payload));
    let bodies = ["", "payload", "payload=", "payload=%7B", "other=1", "payload=\u{FF}"];
    let raw = bodies.map(|body| world.fake.sign(body.into()));
    for request in requests.chain(raw) {
        said.push(try_read(&world, &request).expect_err("unreadable").to_string());
    }
    insta::assert_snapshot!(said.join("\n"), @"
    find the proposal and the plan in an interaction
    find the proposal and the plan in an interaction
    find the proposal and the plan in an interaction
    read the proposal of an interaction
    read the plan of an interaction
    find the channel in an interaction
    find the payload of an interaction
    read the payload of an interaction as JSON
    read the payload of an interaction as JSON
    read the payload of an interaction as JSON
    find the payload of an interaction
    read the payload of an interaction as JSON
    ");
}
