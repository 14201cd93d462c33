//! The listener is told to stop while clients are connected.

use listener::{Drain, Limits};
use tokio::net::TcpStream;

use crate::site::{SHORT, Site, patient};

#[tokio::test]
async fn a_request_in_flight_is_answered_and_nobody_new_is_let_in() {
    let mut site = Site::open(patient()).await;
    let mut wire = site.connect().await;
    wire.get("/wait").await;
    assert_eq!(site.entered.recv().await, Some("wait"));

    // A connection that waits for its next request closes, which shows that the stop has arrived.
    let mut waiting = site.connect().await;
    waiting.get("/peer").await;
    assert_eq!(waiting.answer().await.status, 200);
    site.ask_to_stop();
    assert_eq!(waiting.rest_until_closed().await, "");

    site.say.send("finished").expect("the handler waits");
    let answer = wire.answer().await;
    assert_eq!((answer.status, answer.body.as_str(), answer.closes), (200, "finished", true));
    assert_eq!(site.stopped().await, Drain::Complete);
    assert!(TcpStream::connect(site.address).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_silent_connection_does_not_hold_up_the_stop() {
    let mut site = Site::open(patient()).await;
    let silent = site.connect().await;
    let mut wire = site.connect().await;
    wire.get("/peer").await;
    // The kernel hands connections out in order: the silent one has been accepted by now.
    assert_eq!(wire.answer().await.status, 200);
    site.ask_to_stop();
    assert_eq!(site.stopped().await, Drain::Complete);
    assert_eq!(silent.rest_until_closed().await, "");
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_cut_off_after_the_drain() {
    let mut site = Site::open(Limits { drain_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.get("/wait").await;
    assert_eq!(site.entered.recv().await, Some("wait"));
    site.ask_to_stop();
    assert_eq!(site.stopped().await, Drain::CutOff { connections: 1 });
    assert_eq!(wire.rest_until_closed().await, "");
}

#[tokio::test]
async fn dropping_the_server_closes_its_connections() {
    let mut site = Site::open(patient()).await;
    let mut wire = site.connect().await;
    wire.get("/wait").await;
    assert_eq!(site.entered.recv().await, Some("wait"));
    site.abandon().await;
    assert_eq!(wire.rest_until_closed().await, "");
}
