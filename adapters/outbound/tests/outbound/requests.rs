//! Single requests.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Router,
    http::HeaderMap,
    response::Redirect,
    routing::{get, put},
};
use domain::plan::{Finding, Outcome, Request};
use outbound::{CallError, Header};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinSet,
};

use crate::{outbound, serve};

const SOON: Duration = Duration::from_secs(10);

fn request(method: &str, url: String) -> Request {
    Request {
        method: method.to_owned(),
        url,
        headers: BTreeMap::new(),
        body: None,
        status: vec![200],
        json: BTreeMap::new(),
    }
}

async fn sent(request: &Request, headers: &[Header]) -> Result<Finding, CallError> {
    outbound().request(request, headers, SOON).await
}

/// A server that reads a whole request and then does what it is told with the connection.
async fn raw(answer: &'static [u8]) -> (String, JoinSet<usize>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = socket.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut piece = [0; 1024];
            let count = stream.read(&mut piece).await.unwrap();
            seen.extend_from_slice(&piece[..count]);
        }
        stream.write_all(answer).await.unwrap();
        drop(stream);
        // Whoever asks again without being told to is counted.
        match tokio::time::timeout(Duration::from_millis(300), socket.accept()).await {
            Ok(_) => 2,
            Err(_) => 1,
        }
    });
    (url, tasks)
}

#[tokio::test]
async fn method_headers_and_body_arrive_and_the_answer_is_compared() {
    let echo = |headers: HeaderMap, body: String| async move {
        let header =
            |name| headers.get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
        let (key, kind) = (header("x-key"), header("content-type"));
        axum::Json(json!({"key": key, "type": kind, "body": body}))
    };
    let (url, _tasks) = serve(Router::new().route("/pool", put(echo))).await;
    let mut request = request("PUT", format!("{url}/pool?for=9f%3A86"));
    request.body = Some(r#"{"active": "blue"}"#.to_owned());
    request.json = [
        ("/key".to_owned(), json!("quiet")),
        ("/type".to_owned(), json!("application/json")),
        ("/body".to_owned(), json!(r#"{"active": "blue"}"#)),
    ]
    .into();
    let headers = [("X-Key".to_owned(), "quiet".into())];
    let finding = sent(&request, &headers).await.unwrap();
    assert_eq!(finding.outcome, Outcome::Pass, "{}", finding.detail);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let away = || async { Redirect::temporary("http://127.0.0.1:1/") };
    let (url, _tasks) = serve(Router::new().route("/", get(away))).await;
    let finding = sent(&request("GET", url), &[]).await.unwrap();
    assert_eq!(finding.outcome, Outcome::Inconclusive);
    insta::assert_snapshot!(finding.detail, @"The server answered 307, and 200 is expected.");
}

#[tokio::test]
async fn a_refused_connection_has_done_nothing() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let error = sent(&request("PUT", format!("http://{address}/")), &[]).await.unwrap_err();
    assert!(!error.may_have_arrived(), "{error}");
    let text = error.to_string().replace(&address.to_string(), "SERVER");
    insta::assert_snapshot!(text, @"nothing was sent: http://SERVER cannot be reached: Connection refused (os error 111)");
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_breaks_off_leaves_everything_open() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"active\"";
    for answer in [&b""[..], &begun[..]] {
        let (url, mut tasks) = raw(answer).await;
        let error = sent(&request("PUT", url), &[]).await.unwrap_err();
        assert!(error.may_have_arrived(), "{error}");
        assert_eq!(tasks.join_next().await.unwrap().unwrap(), 1, "it was sent twice");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = || std::future::pending::<&'static str>();
    let (url, _tasks) = serve(Router::new().route("/", get(silent))).await;
    let asked = request("GET", url);
    let error = outbound().request(&asked, &[], Duration::from_millis(100)).await.unwrap_err();
    assert!(error.may_have_arrived());
    assert!(error.to_string().ends_with("gave no answer: the time was over"), "{error}");
}

#[tokio::test]
async fn a_long_answer_is_cut_and_not_believed() {
    let long = || async { format!("{{\"active\": \"blue\", \"x\": \"{}\"}}", "x".repeat(2 << 20)) };
    let (url, _tasks) = serve(Router::new().route("/", get(long))).await;
    let mut asked = request("GET", url);
    assert_eq!(sent(&asked, &[]).await.unwrap().outcome, Outcome::Pass);
    asked.json = [("/active".to_owned(), json!("blue"))].into();
    let finding = sent(&asked, &[]).await.unwrap();
    assert_eq!(finding.outcome, Outcome::Inconclusive);
    assert!(finding.detail.contains("too long"), "{}", finding.detail);
}
