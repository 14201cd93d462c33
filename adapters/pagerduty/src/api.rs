//! Reads from PagerDuty's REST API: the alerts of an incident, and the incidents that are open.
//!
//! Owns the HTTP client with its token, time-outs and bounds. It must never follow a redirect, which would
//! carry the token elsewhere, and never take a list that was cut short for a whole one.

use std::{collections::HashSet, time::Duration};

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tracing::warn;

use crate::{AlertDetails, ApiError, IncidentData, field::whole_number};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// The largest page that PagerDuty gives.
const PAGE_SIZE: usize = 100;
const MAX_INCIDENT_PAGES: usize = 20;
const MAX_ALERT_PAGES: usize = 5;

/// A client of PagerDuty's REST API with one token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PagerDutyApi {
    client: Client,
    base: Url,
    total_timeout: Duration,
}

/// The incidents that are triggered or acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIncidents {
    /// Oldest first, each once.
    pub incidents: Vec<IncidentData>,
    /// False when there are more than were read; then absence from the list says nothing.
    pub complete: bool,
}

impl PagerDutyApi {
    /// Prepares calls of `api_url` (`https://api.pagerduty.com`) with a token, in the name of the user with
    /// the e-mail address `from`. The process needs a rustls provider before, even for plain HTTP.
    pub fn new(api_url: &str, token: &SecretString, from: Option<&str>) -> Result<Self, ApiError> {
        let base = base_address(api_url)?;
        let mut headers = HeaderMap::new();
        // Strict servers do not know that the vendor's type is JSON.
        let accept = "application/vnd.pagerduty+json;version=2, application/json";
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        let token = format!("Token token={}", token.expose_secret());
        headers.insert(AUTHORIZATION, secret_header("api token", &token)?);
        if let Some(from) = from {
            headers.insert(HeaderName::from_static("from"), secret_header("from address", from)?);
        }
        let client = Client::builder()
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(ApiError::Client)?;
        Ok(Self { client, base, total_timeout: TOTAL_TIMEOUT })
    }

    /// The same client with another bound on each call, from connecting to the last byte of the answer.
    #[must_use]
    pub fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { total_timeout, ..self }
    }

    /// The alerts of an incident, at most 500. The id is refused unless it is letters and digits.
    pub async fn incident_alerts(&self, incident_id: &str) -> Result<Vec<AlertDetails>, ApiError> {
        if incident_id.is_empty() || !incident_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(ApiError::IncidentId { id: incident_id.to_owned() });
        }
        let list = List {
            task: "read the alerts of an incident",
            name: "alerts",
            path: &["incidents", incident_id, "alerts"],
            filter: Vec::new(),
            max_pages: MAX_ALERT_PAGES,
        };
        let (alerts, complete) = self.read(&list).await?;
        if !complete {
            warn!(
                pagerduty.incident_id = incident_id,
                alerts = alerts.len(),
                "incident {incident_id} has more alerts than were read",
            );
        }
        Ok(alerts.iter().map(AlertDetails::read).collect())
    }

    /// The incidents that are triggered or acknowledged, of the services named, or of all when none is
    /// named; at most 2000.
    ///
    /// Pages shift when an incident is resolved while they are read, so one may be missed now and then:
    /// meant to be repeated.
    pub async fn open_incidents(&self, service_ids: &[String]) -> Result<OpenIncidents, ApiError> {
        let mut filter = vec![
            ("statuses[]", "triggered"),
            ("statuses[]", "acknowledged"),
            ("sort_by", "created_at:asc"),
            // Otherwise incidents that are older than a month are left out.
            ("date_range", "all"),
        ];
        filter.extend(service_ids.iter().map(|id| ("service_ids[]", id.as_str())));
        let list = List {
            task: "list the open incidents",
            name: "incidents",
            path: &["incidents"],
            filter,
            max_pages: MAX_INCIDENT_PAGES,
        };
        let (incidents, complete) = self.read(&list).await?;
        let mut seen = HashSet::new();
        let incidents = incidents
            .iter()
            .filter_map(IncidentData::read)
            .filter(|incident| seen.insert(incident.id.clone()))
            .collect();
        Ok(OpenIncidents { incidents, complete })
    }

    /// Asks for a page of open incidents and forgets it: whether the token is good.
    pub async fn try_token(&self) -> Result<(), ApiError> {
        let list = List {
            task: "try the token",
            name: "incidents",
            path: &["incidents"],
            filter: vec![("statuses[]", "triggered"), ("statuses[]", "acknowledged")],
            max_pages: 1,
        };
        self.read(&list).await.map(|_| ())
    }

    /// Reads a list page by page; false when it goes on behind the last page that is allowed.
    async fn read(&self, list: &List<'_>) -> Result<(Vec<Value>, bool), ApiError> {
        let mut all = Vec::new();
        for page in 0..list.max_pages {
            let mut answer = self.get(list.task, self.address(list, page * PAGE_SIZE)).await?;
            let more = answer["more"].as_bool().unwrap_or(false);
            // Not by index: that would panic when the answer is no object.
            let Some(Value::Array(elements)) = answer.get_mut(list.name).map(Value::take) else {
                return Err(ApiError::NoList { task: list.task, list: list.name });
            };
            all.extend(elements);
            if !more {
                return Ok((all, true));
            }
        }
        Ok((all, false))
    }

    fn address(&self, list: &List<'_>, offset: usize) -> Url {
        let mut address = self.base.clone();
        address
            .path_segments_mut()
            .expect("the base was checked to have a path")
            .pop_if_empty()
            .extend(list.path);
        address
            .query_pairs_mut()
            .extend_pairs(&list.filter)
            .append_pair("limit", &PAGE_SIZE.to_string())
            .append_pair("offset", &offset.to_string());
        address
    }

    async fn get(&self, task: &'static str, address: Url) -> Result<Value, ApiError> {
        let request = self.client.get(address).timeout(self.total_timeout);
        // The address has no secret, but says nothing that `task` does not.
        let failed = |source: reqwest::Error| ApiError::Call { task, source: source.without_url() };
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ApiError::RateLimited { task, retry_after: retry_after(&answer) });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(ApiError::TooLarge { task, max_bytes: MAX_ANSWER_BYTES });
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(refused(task, status, &body));
        }
        serde_json::from_slice(&body).map_err(|source| ApiError::NotJson { task, source })
    }
}

/// A list of the API and how much of it to read.
struct List<'a> {
    task: &'static str,
    name: &'static str,
    path: &'a [&'a str],
    filter: Vec<(&'a str, &'a str)>,
    max_pages: usize,
}

fn base_address(api_url: &str) -> Result<Url, ApiError> {
    Url::parse(api_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
        .ok_or_else(|| ApiError::Address { url: api_url.to_owned() })
}

fn secret_header(setting: &'static str, value: &str) -> Result<HeaderValue, ApiError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| ApiError::Header { setting })?;
    value.set_sensitive(true);
    Ok(value)
}

fn retry_after(answer: &Response) -> Option<Duration> {
    ["retry-after", "ratelimit-reset"].into_iter().find_map(|name| {
        let seconds = answer.headers().get(name)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    })
}

fn refused(task: &'static str, status: StatusCode, body: &[u8]) -> ApiError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = &body["error"];
    let words = error["message"].as_str().unwrap_or("without a reason");
    let printable = |letter: char| if letter.is_control() { ' ' } else { letter };
    ApiError::Refused {
        task,
        status: status.as_u16(),
        code: whole_number(&error["code"]).and_then(|code| code.try_into().ok()),
        reason: words.chars().take(200).map(printable).collect(),
    }
}
