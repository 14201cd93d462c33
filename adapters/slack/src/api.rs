//! Calls of Slack's Web API: one POST, one answer, and what became of it.
//!
//! Owns the HTTP client with its token, time-outs and bounds. It must never follow a redirect, which would carry the
//! token elsewhere, and never call an outcome certain that is not: once a request may have been sent, silence is
//! `Unknown`.

use std::time::Duration;

use domain::port::ChatError;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{SlackError, refusal};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Slack's Web API with one token.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    base: Url,
    total_timeout: Duration,
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
        Ok(Self { client, base, total_timeout: TOTAL_TIMEOUT })
    }

    pub(crate) fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { total_timeout, ..self }
    }

    /// Calls a method that writes; those take JSON.
    pub(crate) async fn write(
        &self,
        method: &'static str,
        body: &Value,
    ) -> Result<Value, ChatError> {
        self.send(method, self.writing(method, body)).await
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
        let (answer, retry_after) = self.exchange(method, self.writing(method, body)).await?;
        if answer["ok"] == false && answer["error"].as_str().is_some_and(is_harmless) {
            return Ok(None);
        }
        judged(method, answer, retry_after).map(Some)
    }

    /// Calls a method that reads; all of those take forms, and not all take JSON.
    pub(crate) async fn read(
        &self,
        method: &'static str,
        form: &[(&str, &str)],
    ) -> Result<Value, ChatError> {
        self.send(method, self.client.post(self.address(method)).form(form)).await
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
        method: &'static str,
        request: RequestBuilder,
    ) -> Result<Value, ChatError> {
        let (answer, retry_after) = self.exchange(method, request).await?;
        judged(method, answer, retry_after)
    }

    /// Slack's answer, whether it took it or not, and how long it asks us to wait.
    async fn exchange(
        &self,
        method: &'static str,
        request: RequestBuilder,
    ) -> Result<(Value, Option<Duration>), ChatError> {
        let failed = |error: reqwest::Error| lost(method, &error);
        let mut answer = request.timeout(self.total_timeout).send().await.map_err(failed)?;
        let status = answer.status();
        let retry_after = retry_after(&answer);
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(refusal::transient(method, "ratelimited", retry_after));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(refusal::transient(method, "Slack is unavailable (503)", retry_after));
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
                &format!("answered {}", status.as_u16()),
                "Check slack.api_url and any proxy on the way",
            ));
        }
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|_| refusal::unknown(method, "the answer is not JSON"))?;
        Ok((answer, retry_after))
    }
}

fn judged(method: &str, answer: Value, retry_after: Option<Duration>) -> Result<Value, ChatError> {
    if answer["ok"] == true {
        Ok(answer)
    } else {
        Err(refusal::refused(method, &answer, retry_after))
    }
}

fn lost(method: &str, error: &reqwest::Error) -> ChatError {
    if error.is_builder() {
        let advice = "This is a fault in Countersign: please report it with this message";
        refusal::permanent(method, "the request could not be made", advice)
    } else if error.is_connect() {
        refusal::transient(method, "could not connect", None)
    } else if error.is_timeout() {
        refusal::unknown(method, "no answer in time")
    } else {
        refusal::unknown(method, "the connection was lost")
    }
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
