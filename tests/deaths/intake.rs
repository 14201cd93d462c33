//! Invariant I1 at every write: whatever was answered with 202 is still there after the death of the process.

use serde_json::{Value, json};

use crate::{
    fault::{Fault, calls_in, strace},
    installation::{Installation, Serving},
    moment::Moment,
};

const HTTP: [&str; 2] = ["--roles", "http"];

#[tokio::test]
async fn an_accepted_webhook_survives() {
    let Some(strace) = strace() else { return };
    let installation = Installation::fresh().await;
    let moment = Moment::of(&installation);
    let calls = installation.path("calls");
    let watch = Fault::KILLED.watch(&strace, &calls.display().to_string());
    let serving = serve(&installation, &watch).await.expect("nothing befalls it");
    assert_eq!(deliver(&installation, &serving).await, Some(202));
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");
    let mut unanswered = 0;
    for place in 1..=calls_in(&calls) {
        moment.again();
        let serving = serve(&installation, &Fault::KILLED.befall(&strace, place)).await;
        let answered = match &serving {
            Some(serving) => deliver(&installation, serving).await,
            None => None,
        };
        drop(serving);
        unanswered += usize::from(answered.is_none());

        let serving = installation.serve_as(&HTTP).await;
        if answered == Some(202) {
            assert_eq!(incidents(&serving).await, 1, "lost at write {place}");
        }
        // PagerDuty delivers again what was not answered, and may do so with what was.
        assert_eq!(deliver(&installation, &serving).await, Some(202), "at write {place}");
        assert_eq!(incidents(&serving).await, 1, "doubled at write {place}");
    }
    assert!(unanswered > 0, "no death was met");
}

async fn serve(installation: &Installation, before: &[String]) -> Option<Serving> {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    installation.serve_after(&before, &HTTP).await
}

async fn deliver(installation: &Installation, serving: &Serving) -> Option<u16> {
    installation.deliver(serving, "Duplicate rows in the marts", &json!({})).await
}

async fn incidents(serving: &Serving) -> usize {
    let (status, text) = serving.get("/api/incidents").await;
    assert_eq!(status, 200, "{text}");
    let rows: Value = serde_json::from_str(&text).expect("JSON");
    rows.as_array().expect("a list").len()
}
