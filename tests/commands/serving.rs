//! `serve` as a process: what it offers where, when it is ready, and how it ends.

use serde_json::json;

use crate::installation::{Installation, ORDERS, Serving, client, patience::until, policies::edit};

#[tokio::test]
async fn it_ends_when_it_is_asked_to() {
    let (_installation, serving, incident) = Installation::waiting().await;
    until_ready(&serving).await;
    for (path, expected) in [("/healthz", "alive"), ("/metrics", "# EOF")] {
        let (status, text) = serving.get(path).await;
        assert!(status == 200 && text.contains(expected), "{path}: {status} {text}");
    }
    let (status, page) = serving.get(&format!("/incidents/{incident}")).await;
    assert!(status == 200 && page.contains("Duplicate rows in the marts"), "{status} {page}");
    // Somebody still watches: their stream ends with the bot.
    let events = format!("{}/incidents/{incident}/events", serving.address);
    let mut stream = client().get(events).send().await.expect("the bot answers");
    assert!(stream.chunk().await.expect("a stream").is_some(), "it says how things are");
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopping: no new work is begun"), "{log}");
}

/// A step that outlasts the grace is ended, and the next life finds out by its probe that it was not done.
#[tokio::test]
async fn a_step_under_way_is_taken_up_by_the_next_life() {
    let installation = Installation::fresh().await;
    let grace = "shutdown_grace_s: 0\nweb:";
    edit(&installation.path("countersign.yaml"), "web:", grace);
    installation.warehouse.fault("promote", &["hang"]);
    let serving = installation.serve().await;
    let details = json!({"models": ORDERS});
    installation.alert(&serving, "Duplicate rows in the marts", &details).await;
    let incident = serving.incident_in("Waiting for a decision").await;
    serving.decide(&incident, "ana", "approve").await;
    let is_hanging = async || installation.warehouse.is_hanging().then_some(());
    until("the warehouse hangs", is_hanging).await;
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(installation.warehouse.version(ORDERS), "22");

    let serving = installation.serve().await;
    serving.incident_in("Rolled back").await;
    assert_eq!(installation.warehouse.version(ORDERS), "11");
    assert_eq!(installation.warehouse.calls("promote"), 2);
}

/// Whoever is outside has not proved who they are, so all they can reach is what checks a signature.
#[tokio::test]
async fn beyond_loopback_only_signed_endpoints_are_offered() {
    let installation = Installation::fresh().await;
    let configuration = installation.path("countersign.yaml");
    edit(&configuration, "127.0.0.1:0", "0.0.0.0:0");
    edit(&configuration, "web: { demo_personas: true }", "");
    let serving = installation.serve().await;
    serving.process.line_with("only the webhook and chat endpoints are offered").await;
    let hidden = [
        "/",
        "/api/incidents",
        "/api/incidents/x",
        "/metrics",
        "/assets/live.js",
        "/incidents/x",
        "/incidents/x/events",
    ];
    for path in hidden {
        assert_eq!(serving.get(path).await.0, 404, "{path} is offered");
    }
    assert_eq!(serving.get("/healthz").await.0, 200);
    installation.alert(&serving, "Duplicate rows in the marts", &json!({})).await;
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");
}

/// A database that lost its tables, as after a restore that went wrong.
#[tokio::test]
async fn without_its_database_it_is_alive_but_not_ready() {
    use sqlx::Connection as _;
    let installation = Installation::fresh().await;
    let serving = installation.serve().await;
    until_ready(&serving).await;
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", installation.path("store.db").display());
    let mut connection = sqlx::AnyConnection::connect(&url).await.expect("opens the database");
    sqlx::raw_sql("alter table schema_migration rename to lost")
        .execute(&mut connection)
        .await
        .expect("renames it");
    let (status, reason) = serving.get("/readyz").await;
    assert!(
        status == 503 && reason.starts_with("the database does not answer"),
        "{status} {reason}"
    );
    assert_eq!(serving.get("/healthz").await.0, 200);
    sqlx::raw_sql("alter table lost rename to schema_migration")
        .execute(&mut connection)
        .await
        .expect("renames it");
    until_ready(&serving).await;
}

/// Each worker has to turn for the first time.
async fn until_ready(serving: &Serving) {
    let is_ready = async || (serving.get("/readyz").await.0 == 200).then_some(());
    until("the bot is ready", is_ready).await;
}
