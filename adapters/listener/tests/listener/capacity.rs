//! More clients than connections.

use std::num::NonZeroUsize;

use listener::Limits;

use crate::site::{SHORT, Site, patient};

#[tokio::test]
async fn a_client_above_the_cap_waits_until_another_leaves() {
    let one = NonZeroUsize::new(1).expect("not zero");
    let mut site = Site::open(Limits { max_connections: one, ..patient() }).await;
    let elsewhere = Site::open(Limits { header_timeout: SHORT, ..patient() }).await;

    let mut first = site.connect().await;
    first.get("/wait").await;
    assert_eq!(site.entered.recv().await, Some("wait"));

    let mut second = site.connect().await;
    second.get("/peer").await;
    // Time in which the second request would have been answered, had it been let in.
    elsewhere.outlast_header_timeout().await;
    assert!(second.is_silent(), "served above the cap");

    site.say.send("done").expect("the handler waits");
    assert_eq!(first.answer().await.body, "done");
    drop(first);
    assert_eq!(second.answer().await.status, 200);
}

#[tokio::test]
async fn silent_clients_give_their_places_back() {
    let two = NonZeroUsize::new(2).expect("not zero");
    let limits = Limits { max_connections: two, header_timeout: SHORT, ..patient() };
    let site = Site::open(limits).await;
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(site.connect().await);
    }
    let mut wire = site.connect().await;
    wire.get("/peer").await;
    assert_eq!(wire.answer().await.status, 200);
}
