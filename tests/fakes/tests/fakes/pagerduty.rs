//! PagerDuty's rules.

use fakes::pagerduty::{API_TOKEN, FakePagerDuty, Happening, Incident, WEBHOOK_SECRET};
use reqwest::{Client, Response, StatusCode};
use ring::hmac;
use serde_json::{Value, json};

use crate::client;

const ACCEPT: &str = "application/vnd.pagerduty+json;version=2";

fn incident(id: &str, status: &str) -> Incident {
    Incident {
        id: id.to_owned(),
        title: "orders_daily: row count".to_owned(),
        status: status.to_owned(),
        service_id: "PSVC".to_owned(),
        service_name: "orders pipeline".to_owned(),
        urgency: "high".to_owned(),
        created_at: "2026-11-23T05:46:20Z".to_owned(),
    }
}

async fn get(client: &Client, fake: &FakePagerDuty, path: &str) -> Response {
    let request = client
        .get(format!("{}{path}", fake.api_url()))
        .header("authorization", format!("Token token={API_TOKEN}"))
        .header("accept", ACCEPT);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn alerts_and_incidents_are_read_with_the_token_alone() {
    let (fake, client) = (FakePagerDuty::start().await, client());
    for (id, status) in [("Q1", "triggered"), ("Q2", "resolved"), ("Q3", "acknowledged")] {
        fake.put_incident(incident(id, status));
    }
    fake.add_alert("Q1", "row count", &json!({"environment": "prod"}));
    let alerts: Value =
        get(&client, &fake, "/incidents/Q1/alerts").await.json().await.expect("JSON");
    assert_eq!(alerts["alerts"][0]["body"]["details"]["environment"], "prod");
    let path = "/incidents?statuses%5B%5D=triggered&statuses%5B%5D=acknowledged&limit=1";
    let page: Value = get(&client, &fake, path).await.json().await.expect("JSON");
    assert_eq!((&page["incidents"][0]["id"], &page["more"]), (&json!("Q1"), &json!(true)));
    let missing = get(&client, &fake, "/incidents/Q9/alerts").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let stranger = client.get(format!("{}/incidents", fake.api_url())).send().await;
    assert_eq!(stranger.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    assert_eq!(fake.calls().len(), 3);
}

#[tokio::test]
async fn faults_come_once_and_being_down_lasts() {
    let (fake, client) = (FakePagerDuty::start().await, client());
    fake.rate_limit_next(7);
    fake.fail_next_with_status(500);
    let limited = get(&client, &fake, "/incidents").await;
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers()["ratelimit-reset"], "7");
    assert_eq!(get(&client, &fake, "/incidents").await.status().as_u16(), 500);
    assert_eq!(get(&client, &fake, "/incidents").await.status().as_u16(), 200);
    fake.down(true);
    for _ in 0..2 {
        assert_eq!(get(&client, &fake, "/incidents").await.status().as_u16(), 503);
    }
    fake.down(false);
    fake.lose_reply_of_next();
    let lost = client.get(format!("{}/incidents", fake.api_url())).send().await;
    let lost = match lost {
        Ok(answer) => answer.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(lost.is_err(), "the connection breaks");
}

#[tokio::test]
async fn webhooks_are_signed_over_the_body() {
    let fake = FakePagerDuty::start().await;
    let happening = Happening {
        event_type: "incident.triggered",
        event_id: "01EVENT",
        occurred_at: "2026-11-23T05:46:20.123Z",
    };
    let request = fake.webhook(happening, &incident("Q1", "triggered"));
    let signature = request.header("X-PagerDuty-Signature").strip_prefix("v1=").expect("v1");
    let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let signature = hex::decode(signature).expect("hexadecimal digits");
    hmac::verify(&key, &request.body, &signature).expect("a good signature");
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(body["event"]["id"], "01EVENT");
    assert_eq!(body["event"]["data"]["service"]["summary"], "orders pipeline");
    assert!(body["event"]["data"]["body"].is_null(), "alert details are only behind the REST API");
}
