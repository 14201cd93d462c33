//! Calls of Slack's Web API: one POST, one answer, and what became of it.
//!
//! Owns the HTTP client with its token, time-outs, bounds and pace. It never waits for the pace: whoever is too early hears
//! how long it takes. It must never follow a redirect, which would carry the
//! token elsewhere, and never call an outcome certain that is not: once a request may have been sent, silence is
//! `Unknown`.

use std::{sync::Arc, time::Duration};

use domain::port::{ChatError, Clock, Concern};
use reqwest::{
    Client, RequestBuilder, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tracing::warn;

use crate::{Pace, SlackError, pace::Pacer, refusal};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a method is closed when Slack says "too fast" and not for how long.
const NAMELESS_WAIT: Duration = Duration::from_secs(1);
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Slack's Web API with one token.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    base: Url,
    total_timeout: Duration,
    pacer: Pacer,
}

impl Api {
    /// Prepares calls. The process needs a rustls provider before, even for plain HTTP.
    pub(crate) fn new(base: Url, token: &SecretString) -> Result<Self, SlackError> {
        let token = token.expose_secret().trim();
        if token.is_empty() {
            return Err(SlackError::Token);
        }
        let mut bearer =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| SlackError::Token)?;
        bearer.set_sensitive(true);
        let client = Client::builder()
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(SlackError::Client)?;
        let pacer = Pacer::new(Pace::SLACK);
        Ok(Self { client, base, total_timeout: TOTAL_TIMEOUT, pacer })
    }

    pub(crate) fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { total_timeout, ..self }
    }

    pub(crate) fn with_pace(self, pace: Pace) -> Self {
        Self { pacer: self.pacer.at(pace), ..self }
    }

    pub(crate) fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { pacer: self.pacer.by(clock), ..self }
    }

    /// How long an edit has to wait that shows nothing but progress, if it has to.
    pub(crate) fn progress_waits(&self) -> Option<Duration> {
        self.pacer.progress().err()
    }

    /// Calls a method that writes; those take JSON.
    pub(crate) async fn write(
        &self,
        method: &'static str,
        body: &Value,
    ) -> Result<Value, ChatError> {
        self.send((method, channel_of(body)), self.writing(method, body)).await
    }

    fn writing(&self, method: &str, body: &Value) -> RequestBuilder {
        self.client
            .post(self.address(method))
            // Without the character set Slack answers with a warning each time.
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(body.to_string())
    }

    /// Calls a method that writes; `None` where Slack refuses with a word that `is_harmless`.
    pub(crate) async fn write_unless(
        &self,
        method: &'static str,
        body: &Value,
        is_harmless: impl Fn(&str) -> bool,
    ) -> Result<Option<Value>, ChatError> {
        let call = (method, channel_of(body));
        let (answer, _) = self.exchange(call, self.writing(method, body)).await?;
        if answer["ok"] == false && answer["error"].as_str().is_some_and(is_harmless) {
            return Ok(None);
        }
        judged(method, answer).map(Some)
    }

    /// Calls a method that reads; all of those take forms, and not all take JSON.
    pub(crate) async fn read(
        &self,
        method: &'static str,
        form: &[(&str, &str)],
    ) -> Result<Value, ChatError> {
        let channel = form.iter().find(|(name, _)| *name == "channel").map_or("", |(_, id)| id);
        self.send((method, channel), self.client.post(self.address(method)).form(form)).await
    }

    /// The same with the headers of the answer.
    pub(crate) async fn read_with_headers(
        &self,
        method: &'static str,
        form: &[(&str, &str)],
    ) -> Result<(Value, HeaderMap), ChatError> {
        let request = self.client.post(self.address(method)).form(form);
        let (answer, headers) = self.exchange((method, ""), request).await?;
        Ok((judged(method, answer)?, headers))
    }

    fn address(&self, method: &str) -> Url {
        let mut address = self.base.clone();
        address
            .path_segments_mut()
            .expect("the base was checked to be http or https, which have a path")
            .pop_if_empty()
            .push(method);
        address
    }

    async fn send(
        &self,
        (method, channel): (&'static str, &str),
        request: RequestBuilder,
    ) -> Result<Value, ChatError> {
        let (answer, _) = self.exchange((method, channel), request).await?;
        judged(method, answer)
    }

    /// Slack's answer, whether it took it or not, with the answer's headers.
    async fn exchange(
        &self,
        (method, channel): (&'static str, &str),
        request: RequestBuilder,
    ) -> Result<(Value, HeaderMap), ChatError> {
        self.pacer.admit(method, channel).map_err(refusal::too_soon)?;
        let failed = |error: reqwest::Error| lost(method, &error);
        let mut answer = request.timeout(self.total_timeout).send().await.map_err(failed)?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let retry_after = retry_after(&headers);
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.close((method, channel), retry_after));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(refusal::transient(method, "Slack is unavailable (503)"));
        }
        if status.is_server_error() {
            // A gateway's error: the server behind it may have done the work.
            return Err(refusal::unknown(method, &format!("Slack answered {}", status.as_u16())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(refusal::unknown(method, "the answer is larger than any sensible one"));
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(refusal::permanent(
                method,
                Concern::Chat,
                &format!("answered {}", status.as_u16()),
                "Check slack.api_url and any proxy on the way",
            ));
        }
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|_| refusal::unknown(method, "the answer is not JSON"))?;
        match answer["error"].as_str() {
            Some("ratelimited" | "rate_limited") if answer["ok"] != true => {
                Err(self.close((method, channel), retry_after))
            }
            _ => Ok((answer, headers)),
        }
    }

    /// Slack counts otherwise than the pacer: everybody waits as long as it asks.
    fn close(
        &self,
        (method, channel): (&'static str, &str),
        retry_after: Option<Duration>,
    ) -> ChatError {
        let wait = retry_after.unwrap_or(NAMELESS_WAIT);
        warn!("Slack asks to wait {} s before the next {method}", wait.as_secs());
        self.pacer.close(method, channel, wait);
        refusal::too_soon(wait)
    }
}

fn judged(method: &str, answer: Value) -> Result<Value, ChatError> {
    if answer["ok"] == true { Ok(answer) } else { Err(refusal::refused(method, &answer)) }
}

/// The channel that a call writes to; empty where it writes to none.
fn channel_of(body: &Value) -> &str {
    body["channel"].as_str().unwrap_or_default()
}

fn lost(method: &str, error: &reqwest::Error) -> ChatError {
    if error.is_builder() {
        let advice = "This is a fault in Countersign: please report it with this message";
        refusal::permanent(method, Concern::Message, "the request could not be made", advice)
    } else if error.is_connect() {
        refusal::transient(method, "could not connect")
    } else if error.is_timeout() {
        refusal::unknown(method, "no answer in time")
    } else {
        refusal::unknown(method, "the connection was lost")
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
