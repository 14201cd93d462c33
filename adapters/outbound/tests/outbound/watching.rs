//! Questions to Prometheus that must hold for a while.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use domain::plan::{Finding, MetricQuery, Outcome};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{outbound, serve};

/// A Prometheus whose values come one after the other; the last one stays. `none` is an empty answer.
async fn prometheus(values: &[&'static str]) -> (String, JoinSet<()>) {
    let left = Arc::new(Mutex::new(values.to_vec()));
    let answer = |State(left): State<Arc<Mutex<Vec<&'static str>>>>,
                  Query(asked): Query<HashMap<String, String>>| async move {
        assert_eq!(asked["query"], "sum(rate(errors{job=\"a b\"}[5m])) + 1");
        let mut left = left.lock().unwrap();
        let value = if left.len() > 1 { left.remove(0) } else { left[0] };
        let result = if value == "none" { vec![] } else { vec![json!({"value": [1, value]})] };
        Json::<Value>(
            json!({"status": "success", "data": {"resultType": "vector", "result": result}}),
        )
    };
    serve(Router::new().route("/prefix/api/v1/query", get(answer)).with_state(left)).await
}

async fn watched(
    values: &[&'static str],
    for_ms: u64,
    (every_ms, timeout_ms): (u64, u64),
) -> (Finding, Vec<String>) {
    let (url, _tasks) = prometheus(values).await;
    let question = MetricQuery {
        server: format!("{url}/prefix"),
        query: "sum(rate(errors{job=\"a b\"}[5m])) + 1".to_owned(),
        headers: BTreeMap::new(),
        expect: "< 0.01".parse().unwrap(),
        for_ms,
        every_ms,
    };
    let mut said = Vec::new();
    let timeout = Duration::from_millis(timeout_ms);
    let finding = outbound().question(&question, &[], timeout, |line| said.push(line)).await;
    (finding, said)
}

#[tokio::test]
async fn one_moment_is_asked_once() {
    for (value, expected) in
        [("0", Outcome::Pass), ("0.5", Outcome::Fail), ("none", Outcome::Inconclusive)]
    {
        let (finding, said) = watched(&[value], 0, (20, 5000)).await;
        assert_eq!((finding.outcome, said.len()), (expected, 0), "{}", finding.detail);
    }
}

#[tokio::test]
async fn it_must_hold_without_a_break() {
    let (finding, said) = watched(&["0.5", "0", "none", "0"], 60, (20, 10_000)).await;
    assert_eq!(finding.outcome, Outcome::Pass);
    insta::assert_snapshot!(finding.detail, @"The value is 0, < 0.01 as expected. It held for 60 ms.");
    assert_eq!(said[0], "The value is 0.5, and < 0.01 is expected.");
    assert!(said[1].contains("It has held for 0 ms of 60 ms"), "{said:?}");
    assert_eq!(said[2], "The query finds no data.");
}

#[tokio::test]
async fn what_never_holds_says_how_it_stood_at_the_end() {
    // Asked twice, and the second time long before the end: an answer that is slow is still one.
    let seldom = (600, 1000);
    let (finding, _) = watched(&["0.5"], 50, seldom).await;
    assert_eq!(finding.outcome, Outcome::Fail);
    insta::assert_snapshot!(finding.detail, @"It did not hold for 50 ms without a break before the time was over. At the end: The value is 0.5, and < 0.01 is expected.");
    let (finding, _) = watched(&["0"], 5000, seldom).await;
    assert_eq!(finding.outcome, Outcome::Inconclusive, "{}", finding.detail);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_good_news() {
    let question = MetricQuery {
        server: "http://127.0.0.1:1".to_owned(),
        query: "up".to_owned(),
        headers: BTreeMap::new(),
        expect: "= 1".parse().unwrap(),
        for_ms: 0,
        every_ms: 1,
    };
    let finding = outbound().question(&question, &[], Duration::from_secs(5), drop).await;
    assert_eq!(finding.outcome, Outcome::Inconclusive);
    insta::assert_snapshot!(finding.detail, @"Prometheus cannot be asked: nothing was sent: http://127.0.0.1:1 cannot be reached: Connection refused (os error 111).");
}
