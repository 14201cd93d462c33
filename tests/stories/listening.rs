//! Slack's requests over connections that the bot opens.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use domain::port::Clock as _;
use fakes::slack::APP_TOKEN;
use serde_json::json;

use crate::{
    story,
    world::{CHANNEL, ORDERS, World},
};

/// Between two looks at what happens by itself.
const LOOK: Duration = Duration::from_millis(20);
/// What has not happened by then never does.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bot is started anew with an app token.
async fn with_app_token(w: &mut World) {
    w.config.slack.as_mut().expect("Slack is on").app_token = Some(APP_TOKEN.into());
    w.restart().await;
}

/// The same, and without a secret to verify anything that comes over HTTP.
async fn with_socket_mode_alone(w: &mut World) {
    w.config.slack.as_mut().expect("Slack is on").signing_secret = None;
    with_app_token(w).await;
    assert!(w.slack.connected(2).await, "two connections are opened");
}

pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    let so = tokio::time::timeout(PATIENCE, looking).await;
    assert!(so.is_ok(), "in vain: {what}");
}

/// Whether this became of one thing that came in; the database is not asked.
fn counted(w: &World, result: &str) -> bool {
    let (counts, chats) = (store::Counts::default(), BTreeMap::new());
    let metrics = w.bot.metrics.text(&counts, &chats, w.clock.now()).expect("text");
    metrics.contains(&format!("countersign_clicks_total{{result=\"{result}\"}} 1\n"))
}

/// How often the one proposal was approved.
async fn approvals(w: &World) -> usize {
    let proposals = w.bot.engine.store.proposals_of(&w.incident().await).await.expect("proposals");
    proposals[0].value.approvals.len()
}

story!(
    /// From the alert to the rollback without a port that Slack could reach.
    a_click_over_a_connection_decides,
    async |w| {
        with_socket_mode_alone(w).await;
        w.alert().await;
        w.read_on();
        let click = w.slack.click(&w.card().into_message(), "approve", "U0ANA");
        assert_eq!(w.send("/slack/interactions", &click).await, 404, "there is no endpoint");
        let acknowledged = w.slack.deliver(&click).await.expect("it is acknowledged");
        assert_eq!(acknowledged.payload, None);
        // Slack has acknowledged what is decided already, before any worker has turned.
        assert_eq!(approvals(w).await, 1);
        let again = w.slack.deliver(&click).await.expect("it is acknowledged again");
        assert_ne!(again.connection, acknowledged.connection, "by turns");
        assert_eq!(approvals(w).await, 1, "the second changes nothing");
        w.drain().await;
        w.expect_card("Rolled back");
        w.read_on();
        assert!(!w.slack.take_ephemerals("U0ANA").is_empty(), "ana hears of it");
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.version(ORDERS).as_str()), (1, "11"));
        let metrics = w.get("/metrics").await.1;
        assert!(metrics.contains("countersign_socket_connections 2"), "{metrics}");
        w.stop();
        assert!(w.slack.connected(0).await, "it hangs up when it is asked to stop");
    }
);

story!(
    /// A command, an event and what nobody knows: the answer is the same, whichever way they come.
    commands_and_events_are_answered_alike,
    async |w| {
        with_app_token(w).await;
        assert!(w.slack.connected(2).await, "two connections are opened");
        let command = w.slack.command("U0ANA", CHANNEL, "help");
        let (status, posted) = w.ask("/slack/commands", &command).await;
        let pushed = w.slack.deliver(&command).await.expect("it is acknowledged");
        assert_eq!((status, pushed.payload), (200, Some(posted)));
        let event = w.slack.event(json!({"type": "team_rename", "name": "Acme"}));
        assert_eq!(w.send("/slack/events", &event).await, 200);
        let pushed = w.slack.deliver(&event).await.expect("it is acknowledged");
        assert_eq!(pushed.payload, None);
        let unknown = w.slack.push(json!({"envelope_id": "new", "type": "news", "payload": {}}));
        until("what nobody knows is acknowledged", async || {
            w.slack.acknowledged(&unknown).is_some()
        })
        .await;
    }
);

story!(
    /// Slack renews connections, breaks them, and is away for a moment. Nobody's click is lost.
    connections_come_and_go_and_nothing_is_lost,
    async |w| {
        with_socket_mode_alone(w).await;
        w.alert().await;
        w.read_on();
        w.slack.disconnect("refresh_requested");
        assert!(w.slack.connected(3).await, "the next one is there before the old one goes");
        w.slack.hang_up();
        assert!(w.slack.connected(2).await, "the old one is gone");
        // All at once: what comes meanwhile waits at Slack's.
        w.slack.fail_next("apps.connections.open", "service_unavailable");
        w.slack.hang_up_all();
        assert!(w.slack.connected(0).await, "both are gone");
        let click = w.slack.click(&w.card().into_message(), "Ask the next level now", "U0ANA");
        assert!(w.slack.deliver(&click).await.is_some(), "it is acknowledged");
        w.drain().await;
        w.expect_thread(&["asks for the next level now", "Asking <@U0BO> to decide"]);
        assert!(w.slack.connected(2).await, "both are back");
        w.slack.take_ephemerals("U0ANA");
    }
);

story!(
    /// Somebody else has the database for a moment: only whoever needs it waits.
    a_slow_decision_keeps_nobody_waiting,
    async |w| {
        with_socket_mode_alone(w).await;
        w.alert().await;
        w.read_on();
        let tx = w.keep_the_incident_busy().await;
        let click = w.slack.click(&w.card().into_message(), "Ask the next level now", "U0ANA");
        let click = w.slack.push(w.slack.envelope(&click));
        for _ in 0..2 {
            // Over either of the two connections.
            let command = w.slack.command("U0ANA", CHANNEL, "help");
            assert!(w.slack.deliver(&command).await.is_some(), "a command is answered");
        }
        assert_eq!(w.slack.acknowledged(&click), None, "nothing is said before it is kept");
        drop(tx);
        until("the click is acknowledged", async || w.slack.acknowledged(&click).is_some()).await;
        w.drain().await;
        w.read_on();
        w.slack.take_ephemerals("U0ANA");
    }
);

story!(
    /// The database is slow for longer than Slack waits: what was decided stands, Slack does not hear so, and the same once
    /// more changes nothing.
    what_is_decided_too_late_stands,
    async |w| {
        with_socket_mode_alone(w).await;
        w.alert().await;
        w.read_on();
        let tx = w.keep_the_incident_busy().await;
        let click = w.slack.click(&w.card().into_message(), "approve", "U0ANA");
        let late = w.slack.push(w.slack.envelope(&click));
        until("it is under way", async || !w.slack.calls("users.info").is_empty()).await;
        let heard = Instant::now();
        until("Slack waits no longer", async || heard.elapsed() > Duration::from_secs(3)).await;
        drop(tx);
        until("it is taken in", async || counted(w, "late")).await;
        assert_eq!((approvals(w).await, w.slack.acknowledged(&late)), (1, None));
        assert!(w.slack.deliver(&click).await.is_some(), "she presses again");
        assert_eq!(approvals(w).await, 1);
        w.drain().await;
        w.expect_card("Rolled back");
        assert_eq!(w.warehouse.calls("promote"), 1);
        assert_eq!(w.slack.take_ephemerals("U0ANA").len(), 2, "both are answered");
        w.read_on();
    }
);

story!(
    /// The database is slow, and more comes than one connection takes in at once: what was not taken in is not
    /// acknowledged, and Slack sends it again.
    what_is_too_much_for_a_connection_comes_again,
    async |w| {
        let slack = w.config.slack.as_mut().expect("Slack is on");
        slack.socket_connections = 1.try_into().expect("not zero");
        with_app_token(w).await;
        assert!(w.slack.connected(1).await, "one connection is opened");
        w.alert().await;
        w.read_on();
        let tx = w.keep_the_incident_busy().await;
        let click = w.slack.click(&w.card().into_message(), "Ask the next level now", "U0ANA");
        let clicks: Vec<_> = (0..64).map(|_| w.slack.push(w.slack.envelope(&click))).collect();
        let event = w.slack.push(w.slack.envelope(&w.slack.opens_home("U0BO")));
        until("the event is left", async || counted(w, "left")).await;
        drop(tx);
        until("the clicks are acknowledged", async || {
            clicks.iter().all(|click| w.slack.acknowledged(click).is_some())
        })
        .await;
        assert_eq!(w.slack.acknowledged(&event), None);
        w.slack.hang_up_all();
        until("the event comes again", async || w.slack.acknowledged(&event).is_some()).await;
        w.drain().await;
        assert!(w.slack.home("U0BO").is_some(), "the page is shown");
        assert_eq!(w.slack.take_ephemerals("U0ANA").len(), 64, "each click is answered");
        w.read_on();
    }
);

story!(
    /// A token that is good no more: said once, tried rarely, and visible from outside.
    a_bot_that_cannot_be_heard_says_so,
    async |w| {
        w.slack.keep_failing("apps.connections.open", "token_revoked");
        with_app_token(w).await;
        let ready = |text: &str| text.contains("no connection to Slack's Socket Mode");
        assert!(!ready(&w.get("/readyz").await.1), "it has just started");
        w.clock.advance(TimeDelta::seconds(31));
        until("the reason is told", async || {
            let (status, text) = w.get("/readyz").await;
            assert!(status == 503 && ready(&text), "{status} {text}");
            text.contains("for 31 s: slack refuses: apps.connections.open: token_revoked. Make an app-level token")
        })
        .await;
        w.expect_error("set slack.app_token to it; trying again in 300 s");
        assert_eq!(w.slack.calls("apps.connections.open").len(), 0, "it got no further than the token");
    }
);

story!(
    /// Somebody switches Socket Mode off: said once, and Slack is left in peace.
    a_link_that_is_switched_off_is_not_called_again,
    async |w| {
        with_app_token(w).await;
        assert!(w.slack.connected(2).await, "two connections are opened");
        w.slack.disconnect("link_disabled");
        assert!(w.slack.connected(0).await, "both are gone");
        until("the bot has noticed", async || {
            w.get("/metrics").await.1.contains("countersign_socket_connections 0")
        })
        .await;
        w.clock.advance(TimeDelta::seconds(31));
        until("the reason is told", async || {
            w.get("/readyz").await.1.contains("somebody has switched Socket Mode off")
        })
        .await;
        let errors = w.errors.take();
        assert!(errors.len() == 1 && errors[0].contains("Switch it on"), "{errors:?}");
        assert_eq!(w.slack.calls("apps.connections.open").len(), 2);
    }
);
