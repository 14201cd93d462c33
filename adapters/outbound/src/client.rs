//! One call: bounded in time and size, sent once.

use std::time::Duration;

use reqwest::{
    Client, Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::CallError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The client of all steps. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
}

/// A header whose value nobody may see.
pub type Header = (String, SecretString);

/// What is sent.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: Url,
    pub(crate) headers: &'a [Header],
    pub(crate) body: Option<&'a str>,
    pub(crate) timeout: Duration,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether there was more than is taken.
    pub(crate) is_cut: bool,
}

impl Outbound {
    /// Prepares calls. The process needs a rustls provider before, even for plain HTTP.
    pub fn new() -> Result<Self, CallError> {
        let client = Client::builder()
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // Whoever signed the plan has seen one address.
            .redirect(redirect::Policy::none())
            .no_proxy()
            // A connection that the server closes at the same moment would leave a request in doubt.
            .pool_max_idle_per_host(0)
            .retry(retry::never())
            .build()
            .map_err(CallError::Client)?;
        Ok(Self { client })
    }

    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Reply, CallError> {
        let server = call.url.origin().ascii_serialization();
        let method = Method::from_bytes(call.method.as_bytes())
            .map_err(|_| CallError::Unsendable(format!("{} is no method", call.method)))?;
        let mut request = self
            .client
            .request(method, call.url)
            .headers(headers(call.headers)?)
            .timeout(call.timeout);
        if let Some(body) = call.body {
            request = request.body(body.to_owned());
        }
        let failed = |error: reqwest::Error| CallError::of(&error, &server);
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            let room = MAX_ANSWER_BYTES - body.len();
            if chunk.len() > room {
                body.extend_from_slice(&chunk[..room]);
                return Ok(Reply { status, body, is_cut: true });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, body, is_cut: false })
    }
}

/// An address as the plan has it.
pub(crate) fn address(text: &str) -> Result<Url, CallError> {
    Url::parse(text)
        .map_err(|error| CallError::Unsendable(format!("{text} is no address: {error}")))
}

fn headers(given: &[Header]) -> Result<HeaderMap, CallError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let wrong = || CallError::Unsendable(format!("the header {name} cannot be sent"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
