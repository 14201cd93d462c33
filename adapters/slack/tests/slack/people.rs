//! What Slack tells of people, and what is asked of it about them.

use domain::{
    home::{Active, Board, Home, Pending, Reader},
    port::{Chat as _, ChatError, MessageRef, Presence},
    standing::Standing,
    words::Words,
};
use fakes::SignedRequest;
use slack::{Door, Event, Inbound, SignedHeaders};

use crate::{
    samples::{incident, plan, proposal_id},
    world::{CHANNEL, World, ana, at, identity},
};

fn read(world: &World, request: &SignedRequest) -> Event {
    let headers = SignedHeaders {
        timestamp: request.header("x-slack-request-timestamp"),
        signature: request.header("x-slack-signature"),
    };
    let signed = world.slack.verify(headers, &request.body, at(0)).expect("Slack signed it");
    match world.slack.parse(Door::Events, &signed).expect("it can be read") {
        Inbound::Event(event) => event,
        other => panic!("{other:?} is no event"),
    }
}

#[tokio::test]
async fn events_say_who_and_what() {
    let world = World::start().await;
    let message = world.fake.say(CHANNEL, "U0BEN", "it began at two");
    assert!(matches!(
        read(&world, &world.fake.opens_home("U0ANA")),
        Event::HomeOpened { identity: who, id } if who == identity("U0ANA") && !id.is_empty()
    ));
    let Event::Reacted { identity: who, emoji, at, .. } =
        read(&world, &world.fake.reacts("U0ANA", &message, "pushpin::skin-tone-2"))
    else {
        panic!("a reaction")
    };
    let place = MessageRef { channel: CHANNEL.to_owned(), message: message.ts.clone() };
    assert_eq!((who, emoji.as_str(), at), (identity("U0ANA"), "pushpin", place));
    world.fake.deactivate("U0BEN");
    assert!(matches!(
        read(&world, &world.fake.user_changed("U0BEN")),
        Event::UserChanged { identity: who, standing: Standing::Deactivated, .. } if who == identity("U0BEN")
    ));
    world.fake.add_group("S0ONCALL", "oncall", &["U0ANA"]);
    let changed = read(&world, &world.fake.group_changed("S0ONCALL"));
    assert!(matches!(changed, Event::Other { kind, .. } if kind == "subteam_members_changed"));
}

#[tokio::test]
async fn slack_is_asked_what_somebody_is() {
    let world = World::start().await;
    let standing = async |user: &str| world.slack.standing(&identity(user)).await;
    assert_eq!(standing("U0ANA").await.expect("known"), Standing::Member);
    world.fake.make_guest("U0ANA");
    assert_eq!(standing("U0ANA").await.expect("known"), Standing::Guest);
    let other = domain::person::Identity { team: "T0OTHER".to_owned(), ..identity("U0ANA") };
    assert_eq!(world.slack.standing(&other).await.expect("known"), Standing::Stranger);
    assert!(matches!(standing("U0GONE").await, Err(ChatError::Permanent { .. })));
    world.fake.take_scope("users:read");
    assert!(matches!(standing("U0ANA").await, Err(ChatError::Permanent { .. })));
}

#[tokio::test]
async fn people_are_brought_into_the_channel() {
    let world = World::start().await;
    let thread = MessageRef { channel: CHANNEL.to_owned(), message: "1.0".to_owned() };
    let bring_in = async |user: &str| {
        world.slack.bring_in(&identity(user), &thread).await.expect("Slack answers")
    };
    assert_eq!(bring_in("U0ANA").await, Presence::There);
    world.fake.leave(CHANNEL, "U0ANA");
    assert_eq!(bring_in("U0ANA").await, Presence::BroughtIn);
    assert_eq!(bring_in("U0ANA").await, Presence::There);
    world.fake.leave(CHANNEL, "U0BEN");
    world.fake.take_scope("channels:write.invites");
    assert_eq!(bring_in("U0BEN").await, Presence::Absent);
    world.fake.take_scope("channels:read");
    assert_eq!(bring_in("U0BEN").await, Presence::Unknown);
}

/// Slack's own check of blocks is the fake's: a page that is too full would be refused.
#[tokio::test]
async fn the_fullest_home_page_fits() {
    let world = World::start().await;
    let long = "<!channel> *rows* ".repeat(200);
    let link = Some(format!("https://fake.slack.com/archives/C0/p{}", "1".repeat(300)));
    let pending = |may| Pending {
        proposal: proposal_id(),
        plan: plan(),
        title: long.clone(),
        signs: Words::plain(long.clone()),
        to_confirm: Words::plain(long.clone()),
        stands: Words::plain(long.clone()),
        may,
        buttons: vec![domain::card::Button::Approve, domain::card::Button::Reject],
        link: link.clone(),
    };
    let active = Active {
        incident: incident("Duplicate rows").id,
        title: long.clone(),
        state: domain::card::State {
            mark: "🟠",
            word: "Waiting for a decision",
            tone: domain::notice::Tone::Attention,
        },
        since: at(0),
        link: link.clone(),
    };
    let home = Home::Open(Box::new(Board {
        reader: Reader::Known { person: ana(), level: None, peers: vec![], turn: None },
        pending: (0..40)
            .map(|place| pending(if place < 20 { Ok(()) } else { Err(Words::plain("no")) }))
            .collect(),
        active: vec![active; 40],
        going_on: 90,
        at: at(0),
    }));
    let shown = world.slack.show_home(&identity("U0ANA"), &home, &world.people).await;
    shown.expect("Slack takes it");
    let shown = world.fake.home("U0ANA").expect("a home page").shown();
    assert!(!shown.contains("<!channel>"), "{shown}");
    assert!(shown.contains("… and 30 more") && shown.contains("… and 75 more"), "{shown}");
}
