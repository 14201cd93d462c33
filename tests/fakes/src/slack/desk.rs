//! The workspace as a page: a person picks as whom they act, sees what that person sees, and acts on it.
//!
//! The page only shows and asks; what it asks for goes through the same methods as in a test, and the signed request
//! that comes of it is handed to whoever started the page. Only this machine reaches it.

mod acts;
mod looks;

use std::{io, sync::Arc};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::FakeSlack;
use crate::{SignedRequest, server::Server};

const PAGE: &str = include_str!("desk/page.html");
const SCRIPT: &str = include_str!("desk/page.js");
const STYLE: &str = include_str!("desk/page.css");

/// A request that the page asks to be sent to the bot.
#[derive(Debug)]
pub struct Outgoing {
    /// The endpoint's path.
    pub path: &'static str,
    /// The request.
    pub request: SignedRequest,
    /// Takes what the bot answered, null where that was nothing; or why it did not.
    pub answer: oneshot::Sender<Result<Value, String>>,
}

/// Makes the request of an alert that has just come in.
pub type Alarm = Box<dyn Fn() -> SignedRequest + Send + Sync>;

/// The page.
#[derive(Debug)]
pub struct Desk {
    server: Server,
}

#[derive(Clone)]
struct Office {
    slack: Arc<FakeSlack>,
    outbox: mpsc::Sender<Outgoing>,
    alarm: Arc<Alarm>,
}

impl Desk {
    /// Serves the page of a workspace on `port`, or on a free one where that is 0.
    pub async fn start(
        slack: Arc<FakeSlack>,
        port: u16,
        outbox: mpsc::Sender<Outgoing>,
        alarm: Alarm,
    ) -> io::Result<Self> {
        let office = Office { slack, outbox, alarm: Arc::new(alarm) };
        let router = Router::new()
            .route("/", get(page))
            .route("/look", get(look))
            .route("/act", post(act))
            .layer(middleware::from_fn(only_this_machine))
            .with_state(office);
        Ok(Self { server: Server::start_on(port, router).await? })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        self.server.url()
    }
}

/// A page elsewhere that makes a browser ask this server names another host.
async fn only_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let name = host.unwrap_or_default().rsplit_once(':').map_or("", |(name, _)| name);
    if matches!(name, "127.0.0.1" | "localhost") {
        next.run(request).await
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    }
}

async fn page() -> Html<String> {
    let style = format!("{}{STYLE}", super::picture::STYLE);
    Html(PAGE.replace("/*style*/", &style).replace("/*script*/", SCRIPT))
}

async fn look(
    State(office): State<Office>,
    axum::extract::Query(query): axum::extract::Query<looks::Look>,
) -> Json<Value> {
    Json(looks::look(&office.slack, &query))
}

async fn act(State(office): State<Office>, Json(wish): Json<Value>) -> Json<Value> {
    match acts::act(&office, wish).await {
        Ok(answer) => Json(json!({"answer": answer})),
        Err(error) => Json(json!({"error": error})),
    }
}
