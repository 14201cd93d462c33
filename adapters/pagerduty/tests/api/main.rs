//! The REST client against a fake PagerDuty over real HTTP.

mod fake;

use std::{error::Error, time::Duration};

use axum::http::{StatusCode, header};
use pagerduty::{ApiError, IncidentStatus, PagerDutyApi};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::fake::{FakePagerDuty, install_provider};

fn incident(number: usize, status: &str, service: &str) -> Value {
    json!({
        "id": format!("Q{number}"), "type": "incident", "incident_number": number,
        "title": format!("incident {number}"), "status": status,
        "created_at": "2026-11-03T02:09:58Z", "service": {"id": service, "summary": "Orders"},
        "assignments": [{"at": "2026-11-03T02:10:00Z", "assignee": {"id": "PANA", "summary": "Ana"}}],
    })
}

#[tokio::test]
async fn alerts_of_an_incident_are_read() {
    let fake = FakePagerDuty::start().await;
    fake.add_alert(
        "Q1",
        json!({"id": "A1", "summary": "row count", "severity": "critical",
               "body": {"details": {"environment": "prod", "models": ["orders", "revenue"]}}}),
    );
    let alerts = fake.client().incident_alerts("Q1").await.expect("the fake answers");
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].severity.as_deref(), Some("critical"));
    assert_eq!(alerts[0].details["environment"], "prod");
    assert_eq!(alerts[0].details["models"], "orders, revenue");
    assert_eq!(fake.senders(), [Some("bot@example.com".to_owned())]);
}

#[tokio::test]
async fn alerts_are_bounded() {
    let fake = FakePagerDuty::start().await;
    for number in 0..620 {
        fake.add_alert("Q1", json!({"id": format!("A{number}")}));
    }
    let alerts = fake.client().incident_alerts("Q1").await.expect("the fake answers");
    assert_eq!(alerts.len(), 500);
    assert_eq!(fake.calls().len(), 5);
}

#[tokio::test]
async fn ids_that_are_not_ids_never_reach_the_network() {
    let fake = FakePagerDuty::start().await;
    let api = fake.client();
    for id in ["", "Q1/../../users", "..", "Q1?x=1", "Q 1", "Q1%2F", "Q1\n", "Ü1"] {
        let error = api.incident_alerts(id).await.expect_err(id);
        assert!(matches!(&error, ApiError::IncidentId { id: refused } if refused == id), "{error}");
        assert!(!error.is_transient());
    }
    assert!(fake.calls().is_empty(), "{:?}", fake.calls());
}

#[tokio::test]
async fn open_incidents_are_read_over_all_pages() {
    let fake = FakePagerDuty::start().await;
    for number in 0..230 {
        let status = ["triggered", "acknowledged", "resolved"][number % 3];
        fake.add_incident(incident(number, status, "PORDERS"));
    }
    let mut forgotten = incident(999, "triggered", "PORDERS");
    forgotten["older_than_a_month"] = json!(true);
    fake.add_incident(forgotten);
    // A page that has shifted repeats an incident.
    fake.add_incident(incident(0, "triggered", "PORDERS"));

    let open = fake.client().open_incidents(&[]).await.expect("the fake answers");
    assert!(open.complete);
    let numbers: Vec<_> = open.incidents.iter().filter_map(|incident| incident.number).collect();
    let expected: Vec<u64> = (0..230).filter(|number| number % 3 != 2).chain([999]).collect();
    assert_eq!(numbers, expected);
    assert_eq!(open.incidents[1].status, Some(IncidentStatus::Acknowledged));
    assert_eq!(open.incidents[1].assignees[0].id, "PANA");
    assert_eq!(
        fake.calls(),
        [
            "incidents?statuses[]=triggered&statuses[]=acknowledged&sort_by=created_at:asc\
             &date_range=all&limit=100&offset=0",
            "incidents?statuses[]=triggered&statuses[]=acknowledged&sort_by=created_at:asc\
             &date_range=all&limit=100&offset=100",
        ]
    );
}

#[tokio::test]
async fn open_incidents_may_be_of_some_services_only() {
    let fake = FakePagerDuty::start().await;
    for (number, service) in ["PORDERS", "PBILLING", "POTHER"].into_iter().enumerate() {
        fake.add_incident(incident(number, "triggered", service));
    }
    let services = ["PORDERS".to_owned(), "PBILLING".to_owned()];
    let open = fake.client().open_incidents(&services).await.expect("the fake answers");
    let ids: Vec<_> = open.incidents.iter().map(|incident| incident.id.as_str()).collect();
    assert_eq!(ids, ["Q0", "Q1"]);
}

#[tokio::test]
async fn more_incidents_than_the_bound_are_said_to_be_incomplete() {
    let fake = FakePagerDuty::start().await;
    for number in 0..2001 {
        fake.add_incident(incident(number, "triggered", "PORDERS"));
    }
    let open = fake.client().open_incidents(&[]).await.expect("the fake answers");
    assert_eq!((open.incidents.len(), open.complete), (2000, false));
    assert_eq!(fake.calls().len(), 20);
}

#[tokio::test]
async fn failures_say_whether_to_try_again() {
    let too_large = vec![b' '; 8 * 1024 * 1024 + 1];
    let fake = FakePagerDuty::start().await;
    let api = fake.client();
    let refusal = json!({"error": {"message": "Invalid\nInput", "code": 2001}}).to_string();
    let busy = StatusCode::TOO_MANY_REQUESTS;

    let check = async |message: &str, transient: bool, retry_after: Option<u64>| {
        let error = api.open_incidents(&[]).await.expect_err(message);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.is_transient(), transient, "{message}");
        assert_eq!(error.retry_after(), retry_after.map(Duration::from_secs), "{message}");
    };
    let limited = "could not list the open incidents: PagerDuty asks for fewer calls";

    fake.fail_next((busy, [(header::RETRY_AFTER, "17")]));
    check(limited, true, Some(17)).await;
    fake.fail_next((busy, [("ratelimit-reset", "5")]));
    check(limited, true, Some(5)).await;
    fake.fail_next(busy);
    check(limited, true, None).await;
    fake.fail_next((busy, [(header::RETRY_AFTER, "Tue, 03 Nov 2026 02:10:00 GMT")]));
    check(limited, true, None).await;
    fake.fail_next((StatusCode::BAD_REQUEST, refusal));
    check("could not list the open incidents: PagerDuty answered 400, Invalid Input", false, None)
        .await;
    fake.fail_next((StatusCode::BAD_GATEWAY, "<html>"));
    check(
        "could not list the open incidents: PagerDuty answered 502, without a reason",
        true,
        None,
    )
    .await;
    fake.fail_next("<html>");
    check("could not list the open incidents: the answer is not JSON", false, None).await;
    for not_a_list in ["{}", "[]", "null", "7", r#"{"incidents":null}"#, r#"{"incidents":{}}"#] {
        fake.fail_next(not_a_list);
        let message = "could not list the open incidents: the answer has no list of incidents";
        check(message, false, None).await;
    }
    fake.fail_next(too_large);
    check("could not list the open incidents: the answer has more than 8388608 bytes", false, None)
        .await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = FakePagerDuty::start().await;
    let fake = FakePagerDuty::start().await;
    let target = format!("{}/incidents", elsewhere.url());
    fake.fail_next((StatusCode::FOUND, [(header::LOCATION, target)]));
    let error = fake.client().open_incidents(&[]).await.expect_err("a redirect");
    assert!(matches!(error, ApiError::Refused { status: 302, .. }), "{error}");
    assert!(elsewhere.calls().is_empty(), "the token went elsewhere");
}

#[tokio::test]
async fn a_wrong_token_and_an_unknown_incident_are_refused() {
    let fake = FakePagerDuty::start().await;
    let error = fake.client_with_token("wrong").incident_alerts("Q1").await.expect_err("refused");
    assert!(matches!(error, ApiError::Refused { status: 401, code: Some(2006), .. }), "{error}");
    let error = fake.client().incident_alerts("Q404").await.expect_err("unknown");
    assert!(matches!(error, ApiError::Refused { status: 404, code: Some(2100), .. }), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_call_without_an_answer_ends_and_may_be_repeated() {
    let fake = FakePagerDuty::start().await;
    fake.hang_next();
    let impatient = fake.client().with_total_timeout(Duration::from_millis(50));
    let error = impatient.open_incidents(&[]).await.expect_err("no answer");
    assert!(error.is_transient(), "{error}");
    assert_eq!(error.to_string(), "could not list the open incidents");
    assert!(error.source().is_some(), "the cause is kept");
}

#[tokio::test]
async fn an_unreachable_server_is_a_transient_failure() {
    let closed_port = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        socket.local_addr().expect("a bound address")
    };
    install_provider();
    let api = PagerDutyApi::new(&format!("http://{closed_port}"), &SecretString::from("t"), None)
        .expect("valid settings");
    let error = api.open_incidents(&[]).await.expect_err("nobody listens");
    assert!(matches!(error, ApiError::Call { .. }) && error.is_transient(), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    install_provider();
    let new = |url: &str, token: &str, from| {
        PagerDutyApi::new(url, &SecretString::from(token), from).expect_err("unusable").to_string()
    };
    for url in ["", "api.pagerduty.com", "ftp://api.pagerduty.com", "mailto:a@b", "http://h/?q=1"] {
        let expected = format!("could not use {url:?} as the address of PagerDuty's API");
        assert_eq!(new(url, "token", None), expected);
    }
    let url = "https://api.pagerduty.com";
    assert_eq!(new(url, "to\nken", None), "could not put the configured api token into a header");
    assert_eq!(
        new(url, "token", Some("bot@\r\nX-Evil: 1")),
        "could not put the configured from address into a header"
    );
}

#[test]
fn the_token_does_not_show_in_debug_output() {
    install_provider();
    let token = SecretString::from("hunter2");
    let api = PagerDutyApi::new("https://api.pagerduty.com", &token, None).expect("valid");
    let shown = format!("{api:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
