//! Clients that are slow where they may not be, and slow servers, which may.

use listener::Limits;

use crate::site::{SHORT, Site, patient};

#[tokio::test]
async fn half_a_header_ends_the_connection() {
    let site = Site::open(Limits { header_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.send("GET /peer HTTP/1.1\r\nHost: te").await;
    assert_eq!(wire.rest_until_closed().await, "");
}

#[tokio::test]
async fn a_connection_that_never_speaks_is_closed() {
    let site = Site::open(Limits { header_timeout: SHORT, ..patient() }).await;
    assert_eq!(site.connect().await.rest_until_closed().await, "");
}

#[tokio::test]
async fn half_a_header_after_a_first_request_ends_the_connection() {
    let site = Site::open(Limits { header_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.get("/peer").await;
    assert_eq!(wire.answer().await.status, 200);
    wire.send("GET /peer HT").await;
    assert_eq!(wire.rest_until_closed().await, "");
}

#[tokio::test]
async fn a_connection_that_falls_silent_between_requests_is_closed() {
    let site = Site::open(Limits { idle_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.get("/peer").await;
    let answer = wire.answer().await;
    assert_eq!((answer.status, answer.closes), (200, false));
    assert_eq!(wire.rest_until_closed().await, "");
}

#[tokio::test]
async fn silence_between_requests_is_not_held_to_the_header_timeout() {
    let site = Site::open(Limits { header_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.get("/peer").await;
    assert_eq!(wire.answer().await.status, 200);
    site.outlast_header_timeout().await;
    wire.get("/peer").await;
    assert_eq!(wire.answer().await.status, 200);
}

#[tokio::test]
async fn half_a_body_is_answered_408_and_closed() {
    let site = Site::open(Limits { body_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.announce("/echo", 10).await;
    wire.send("12345").await;
    let answer = wire.answer().await;
    assert_eq!((answer.status, answer.closes), (408, true));
    assert_eq!(answer.body, "the request body came too slowly");
    assert_eq!(wire.rest_until_closed().await, "");
}

#[tokio::test]
async fn a_body_that_keeps_dripping_is_refused_too() {
    let site = Site::open(Limits { body_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.announce("/swallow", 1 << 40).await;
    wire.drip_until_refused().await;
}

#[tokio::test]
async fn half_a_chunked_body_is_answered_408() {
    let site = Site::open(Limits { body_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.send(
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
    )
    .await;
    assert_eq!(wire.answer().await.status, 408);
}

#[tokio::test]
async fn a_handler_that_does_not_want_the_body_does_not_wait_for_it() {
    let site = Site::open(patient()).await;
    let mut wire = site.connect().await;
    wire.announce("/ignore", 10).await;
    let answer = wire.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "not read"));
    assert_eq!(wire.rest_until_closed().await, "");
}

#[tokio::test]
async fn an_event_stream_outlives_every_request_timeout() {
    let limits =
        Limits { header_timeout: SHORT, body_timeout: SHORT, idle_timeout: SHORT, ..patient() };
    let site = Site::open(limits).await;
    let mut wire = site.connect().await;
    wire.get("/stream").await;
    for event in ["data: one\n\n", "data: two\n\n", "data: three\n\n"] {
        site.say.send(event).expect("the stream is open");
        wire.until(event).await;
        site.outlast_header_timeout().await;
    }
}

#[tokio::test]
async fn a_handler_may_think_longer_than_any_request_timeout() {
    let limits =
        Limits { header_timeout: SHORT, body_timeout: SHORT, idle_timeout: SHORT, ..patient() };
    let mut site = Site::open(limits).await;
    let mut wire = site.connect().await;
    wire.announce("/wait", 4).await;
    wire.send("body").await;
    assert_eq!(site.entered.recv().await, Some("wait"));
    site.outlast_header_timeout().await;
    site.say.send("go on").expect("the handler waits");
    let answer = wire.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "body"));
}

#[tokio::test]
async fn a_client_that_stops_reading_loses_its_response() {
    let mut site = Site::open(Limits { idle_timeout: SHORT, ..patient() }).await;
    let mut wire = site.connect().await;
    wire.get("/flood").await;
    assert_eq!(site.entered.recv().await, Some("flood"));
    assert!((&mut site.flood_ended).await.is_err(), "the response was dropped, never finished");
    drop(wire);
}

#[tokio::test]
async fn a_header_that_is_too_large_is_answered_431() {
    let site = Site::open(patient()).await;
    let mut wire = site.connect().await;
    let filler = "x".repeat(5000);
    wire.send(&format!("GET /peer HTTP/1.1\r\nHost: test\r\nX-Filler: {filler}\r\n\r\n")).await;
    assert_eq!(wire.answer().await.status, 431);
}

#[tokio::test]
async fn handlers_see_the_address_of_the_peer() {
    let site = Site::open(patient()).await;
    let mut wire = site.connect().await;
    let own = wire.local_addr().to_string();
    wire.get("/peer").await;
    assert_eq!(wire.answer().await.body, own);
}
