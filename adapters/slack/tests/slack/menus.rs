//! The card's buttons: which are seen, which are in the menu, and that all of them bring back the same.

use domain::{
    card::{Button, Card, Link},
    port::Chat,
    run::Stop,
};
use fakes::slack::ShownButton;
use serde_json::json;
use slack::Interaction;

use crate::{
    clicks::{clicked, read},
    samples::{key, open_card, plan, proposal_id},
    world::World,
};

#[tokio::test]
async fn every_button_is_within_reach_and_reads_the_same() {
    let world = World::start().await;
    let stop = Some(Stop { step: 11, count: 99 });
    let card = Card { buttons: Button::ALL.to_vec(), stop, ..open_card() };
    world.slack.post(&card, &world.people, &key(1)).await.expect("a card");
    let message = world.only_message();
    let buttons = message.buttons();
    let seen: Vec<&str> = buttons
        .iter()
        .filter(|button| !button.in_menu)
        .map(|button| button.text.as_str())
        .collect();
    // What Slack asks about before it sends the click can stand in no menu.
    assert_eq!(seen, ["Approve", "Confirm", "Details"]);
    let menus = |shown: &ShownButton| shown.in_menu.then(|| shown.action_id.clone());
    let mut menus: Vec<String> = buttons.iter().filter_map(menus).collect();
    menus.dedup();
    assert_eq!(menus, ["more", "more_2", "more_3"], "five options a menu");
    for button in Button::ALL {
        let shown = buttons.iter().find(|shown| {
            shown.action_id == button.name()
                || shown.in_menu && shown.value.split(' ').next() == Some(button.name())
        });
        let shown = shown.unwrap_or_else(|| panic!("{button:?} is out of reach"));
        assert!(!shown.in_menu || shown.value.len() <= 150, "Slack takes no longer value");
        let value = format!("{} {} 11.99", proposal_id(), plan());
        let request = world.fake.interaction(&clicked(|payload| {
            payload["actions"][0] = if shown.in_menu {
                let option = json!({"value": format!("{} {value}", button.name())});
                json!({"action_id": shown.action_id, "type": "overflow", "selected_option": option})
            } else {
                json!({"action_id": button.name(), "type": "button", "value": value})
            };
        }));
        let Interaction::Click { button: pressed, proposal, plan: of, stop: at, .. } =
            read(&world, &request)
        else {
            panic!("{button:?} reads as something else")
        };
        assert_eq!((pressed, proposal, of, at), (button, proposal_id(), plan(), stop));
    }
}

#[tokio::test]
async fn an_option_that_is_none_of_ours_decides_nothing() {
    let world = World::start().await;
    for option in [
        json!(null),
        json!({"value": "approve"}),
        json!({"value": format!("like {} {}", proposal_id(), plan())}),
    ] {
        let request = world.fake.interaction(&clicked(|payload| {
            payload["actions"][0] =
                json!({"action_id": "more", "type": "overflow", "selected_option": option});
        }));
        let read = read(&world, &request);
        assert!(matches!(read, Interaction::Other(_)), "{option}: {read:?}");
    }
}

#[tokio::test]
async fn a_page_is_opened_and_nothing_is_decided() {
    let world = World::start().await;
    let url = "https://wiki.example.com/orders".to_owned();
    let card = open_card().with_links(vec![Link { label: "Runbook".to_owned(), url }]);
    world.slack.post(&card, &world.people, &key(1)).await.expect("a card");
    let message = world.only_message();
    let labels: Vec<_> = message.links().into_iter().map(|link| link.text).collect();
    assert_eq!(labels, ["Open the alert", "Runbook"]);
    let read = read(&world, &world.fake.click(&message, "link_1", "U0ANA"));
    assert!(matches!(read, Interaction::Other(_)), "{read:?}");
}
