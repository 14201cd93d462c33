//! Socket Mode.

use fakes::slack::APP_TOKEN;
use serde_json::{Value, json};

use crate::{
    wire::Wire,
    workspace::{CHANNEL, Workspace, with_button},
};

impl Workspace {
    async fn connect(&self) -> Wire {
        let answer = self.call_as(APP_TOKEN, "apps.connections.open", json!({})).await;
        let mut wire = Wire::open(answer["url"].as_str().expect("an address")).await;
        let hello = wire.read().await.expect("a greeting");
        assert_eq!(hello["type"], "hello");
        wire
    }
}

#[tokio::test]
async fn what_an_endpoint_would_have_got_comes_as_an_envelope() {
    let workspace = Workspace::start().await;
    let mut wire = workspace.connect().await;
    let message = workspace.post_blocks(json!([with_button("a")])).await;
    let fake = &workspace.fake;
    let table = [
        (fake.click(&message, "a", "U1"), "interactive", false),
        (fake.command("U1", CHANNEL, "help"), "slash_commands", true),
        (fake.opens_home("U1"), "events_api", false),
    ];
    for (request, kind, takes_answer) in table {
        let answering = async {
            let envelope = wire.read().await.expect("an envelope");
            assert_eq!(
                (&envelope["type"], &envelope["accepts_response_payload"]),
                (&json!(kind), &json!(takes_answer))
            );
            let id = &envelope["envelope_id"];
            wire.write(&json!({"envelope_id": id, "payload": {"text": kind}})).await;
        };
        let (acknowledged, ()) = tokio::join!(fake.deliver(&request), answering);
        let acknowledged = acknowledged.expect("an acknowledgement");
        assert_eq!(acknowledged.payload, Some(json!({"text": kind})));
        assert_eq!(fake.acknowledged(&acknowledged.envelope_id), Some(acknowledged));
    }
}

#[tokio::test]
async fn an_event_that_nobody_acknowledged_goes_out_on_another_connection() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    let mut first = workspace.connect().await;
    let mut second = workspace.connect().await;
    assert!(fake.connected(2).await);
    fake.push(fake.envelope(&fake.opens_home("U1")));
    assert_eq!(first.read().await.expect("an envelope")["retry_attempt"], 0);
    let lost = fake.command("U1", CHANNEL, "x");
    fake.disconnect("refresh_requested");
    let told = first.read().await.expect("a word");
    assert_eq!(
        (&told["type"], &told["reason"]),
        (&json!("disconnect"), &json!("refresh_requested"))
    );
    let taking = async {
        let envelope = second.read().await.expect("an envelope");
        assert_eq!(envelope["type"], "slash_commands", "nothing new goes to the one that leaves");
        let id = &envelope["envelope_id"];
        second.write(&json!({"envelope_id": id})).await;
    };
    let (taken, ()) = tokio::join!(fake.deliver(&lost), taking);
    assert_eq!(taken.map(|taken| taken.payload), Some(None));
    fake.hang_up();
    assert!(fake.connected(1).await);
    assert_eq!(first.read().await, None);
    let again = second.read().await.expect("the event");
    assert_eq!((&again["type"], &again["retry_attempt"]), (&json!("events_api"), &json!(1)));
    fake.disconnect("link_disabled");
    assert_eq!(second.read().await.expect("a word")["reason"], "link_disabled");
    assert!(fake.connected(0).await);
}

#[tokio::test]
async fn a_click_is_lost_with_its_connection_and_a_ticket_is_good_once() {
    let workspace = Workspace::start().await;
    let answer = workspace.call_as(APP_TOKEN, "apps.connections.open", json!({})).await;
    let url = answer["url"].as_str().expect("an address");
    let mut wire = Wire::open(url).await;
    assert!(wire.read().await.is_some());
    let message = workspace.post_blocks(json!([with_button("a")])).await;
    let request = workspace.fake.click(&message, "a", "U1");
    let hanging_up = async {
        let envelope: Value = wire.read().await.expect("an envelope");
        assert_eq!(envelope["type"], "interactive");
        workspace.fake.hang_up_all();
    };
    let (acknowledged, ()) = tokio::join!(workspace.fake.deliver(&request), hanging_up);
    assert_eq!(acknowledged, None);
    let again = url.replace("ws://", "http://");
    let status = workspace.client.get(again).send().await.expect("an answer").status();
    assert!(!status.is_success(), "{status}");
}
