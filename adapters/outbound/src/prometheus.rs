//! A question to Prometheus. No data, no number and no answer are inconclusive: silence is never good news.

use std::time::{Duration, Instant};

use domain::plan::{Finding, MetricQuery, Outcome};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    CallError, Header, Outbound,
    client::{Call, address},
};

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Answer {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: Value,
}

impl Outbound {
    /// Asks until the answer has held for as long as the plan says, or `timeout` is over; without such a time, once.
    /// `say` is told on the way how it stands. Dropping the future ends it.
    pub async fn question(
        &self,
        question: &MetricQuery,
        headers: &[Header],
        timeout: Duration,
        mut say: impl FnMut(String),
    ) -> Finding {
        let started = Instant::now();
        let (lasting, every) = (
            Duration::from_millis(question.for_ms),
            Duration::from_millis(question.every_ms.max(1)),
        );
        let mut since: Option<Instant> = None;
        let (outcome, detail) = loop {
            let left = timeout.saturating_sub(started.elapsed());
            let (outcome, detail) = self.ask(question, headers, left.min(ANSWER)).await;
            if lasting.is_zero() {
                break (outcome, detail);
            }
            since = since.filter(|_| outcome == Outcome::Pass);
            if outcome == Outcome::Pass {
                let held = since.get_or_insert_with(Instant::now).elapsed();
                if held >= lasting {
                    break (outcome, format!("{detail} It held for {}.", words(lasting)));
                }
                say(format!("{detail} It has held for {} of {}.", words(held), words(lasting)));
            } else {
                say(detail.clone());
            }
            if started.elapsed() + every >= timeout {
                let detail = format!(
                    "It did not hold for {} without a break before the time was over. At the end: {detail}",
                    words(lasting)
                );
                // Something that began to hold too late has neither held nor failed.
                let outcome =
                    if outcome == Outcome::Fail { Outcome::Fail } else { Outcome::Inconclusive };
                break (outcome, detail);
            }
            sleep(every).await;
        };
        let subject = question.query.clone();
        Finding { check: "prometheus".to_owned(), subject, outcome, detail }
    }

    /// The value at this moment, and of several series that of the worst; the error says why there is none, a sentence.
    pub async fn value(
        &self,
        question: &MetricQuery,
        headers: &[Header],
        timeout: Duration,
    ) -> Result<String, String> {
        let body = self.answer(question, headers, timeout).await;
        let body = body.map_err(|error| format!("Prometheus cannot be asked: {error}."))?;
        let values = values(&body)?;
        Ok(worst(question, &values).1.to_owned())
    }

    /// What holds at this moment.
    async fn ask(
        &self,
        question: &MetricQuery,
        headers: &[Header],
        timeout: Duration,
    ) -> (Outcome, String) {
        match self.answer(question, headers, timeout).await {
            Ok(body) => judge(question, &body),
            Err(error) => (Outcome::Inconclusive, format!("Prometheus cannot be asked: {error}.")),
        }
    }

    async fn answer(
        &self,
        question: &MetricQuery,
        headers: &[Header],
        timeout: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let mut url = address(&format!("{}/api/v1/query", question.server))?;
        url.query_pairs_mut().append_pair("query", &question.query);
        let call = Call { method: "GET", url, headers, body: None, timeout };
        // Prometheus explains its refusals in JSON, whatever the status.
        Ok(self.send(call).await?.body)
    }
}

fn judge(question: &MetricQuery, body: &[u8]) -> (Outcome, String) {
    match values(body) {
        Ok(values) => compare(question, &values),
        Err(detail) => (Outcome::Inconclusive, detail),
    }
}

/// The values of an answer, at least one; the error says why there is none, a sentence.
fn values(body: &[u8]) -> Result<Vec<String>, String> {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return Err("Prometheus answered something else than JSON of its own.".to_owned());
    };
    if answer.status != "success" {
        let why = answer.error.unwrap_or_else(|| "without a reason".to_owned());
        return Err(format!("Prometheus refused the query: {why}."));
    }
    let Some(data) = answer.data else {
        return Err("Prometheus answered without data.".to_owned());
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let values: Option<Vec<String>> = match (data.kind.as_str(), &data.result) {
        ("scalar", sample) => text(sample.get(1)).map(|value| vec![value]),
        ("vector", Value::Array(series)) => {
            series.iter().map(|one| text(one.get("value")?.get(1))).collect()
        }
        _ => None,
    };
    match values {
        None => Err(format!("The query gives a {}, which is no number at one moment.", data.kind)),
        Some(values) if values.is_empty() => Err("The query finds no data.".to_owned()),
        Some(values) => Ok(values),
    }
}

/// What is to be said of the series that is furthest from what is expected, and its value.
fn worst<'v>(question: &MetricQuery, values: &'v [String]) -> (Outcome, &'v str) {
    let worse = |outcome| match outcome {
        Outcome::Pass => 0,
        Outcome::Inconclusive => 1,
        Outcome::Fail => 2,
    };
    let judged = values.iter().map(|value| (question.expect.of(value), value.as_str()));
    judged.max_by_key(|(outcome, _)| worse(*outcome)).unwrap_or((Outcome::Inconclusive, "no value"))
}

/// Every series must hold; the worst one is told.
fn compare(question: &MetricQuery, values: &[String]) -> (Outcome, String) {
    let (outcome, value) = worst(question, values);
    let count = match values.len() {
        1 => String::new(),
        many => format!(" of one of {many} series"),
    };
    let detail = match outcome {
        Outcome::Pass if values.len() > 1 => {
            format!("All {} series are {}.", values.len(), question.expect)
        }
        Outcome::Pass => format!("The value is {value}, {} as expected.", question.expect),
        Outcome::Fail => {
            format!("The value{count} is {value}, and {} is expected.", question.expect)
        }
        Outcome::Inconclusive => {
            format!(
                "The value{count} is {value}, which cannot be compared with {}.",
                question.expect
            )
        }
    };
    (outcome, detail)
}

fn words(time: Duration) -> String {
    match (time.as_secs(), time.as_millis()) {
        (0, milliseconds) => format!("{milliseconds} ms"),
        (seconds, _) if seconds < 120 => format!("{seconds} s"),
        (seconds, _) => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[track_caller]
    fn check(body: &str, expected: Outcome, words: &str) {
        let question = MetricQuery {
            server: "http://prometheus:9090".to_owned(),
            query: "up".to_owned(),
            headers: BTreeMap::new(),
            expect: "< 0.01".parse().unwrap(),
            for_ms: 0,
            every_ms: 1,
        };
        assert_eq!(judge(&question, body.as_bytes()), (expected, words.to_owned()));
    }

    fn vector(values: &[&str]) -> String {
        let series: Vec<_> = values
            .iter()
            .map(|value| format!(r#"{{"metric": {{}}, "value": [1, "{value}"]}}"#))
            .collect();
        let result = series.join(",");
        format!(
            r#"{{"status": "success", "data": {{"resultType": "vector", "result": [{result}]}}}}"#
        )
    }

    #[test]
    fn only_numbers_that_hold_pass() {
        use Outcome::{Fail, Inconclusive, Pass};
        check(&vector(&["0.004"]), Pass, "The value is 0.004, < 0.01 as expected.");
        check(&vector(&["0.004", "0"]), Pass, "All 2 series are < 0.01.");
        check(&vector(&["0.05"]), Fail, "The value is 0.05, and < 0.01 is expected.");
        let one = "The value of one of 3 series is 0.05, and < 0.01 is expected.";
        check(&vector(&["0", "0.05", "NaN"]), Fail, one);
        let nan = "The value is NaN, which cannot be compared with < 0.01.";
        check(&vector(&["NaN"]), Inconclusive, nan);
        check(&vector(&[]), Inconclusive, "The query finds no data.");
        let scalar =
            r#"{"status": "success", "data": {"resultType": "scalar", "result": [1, "0"]}}"#;
        check(scalar, Pass, "The value is 0, < 0.01 as expected.");
        let matrix = r#"{"status": "success", "data": {"resultType": "matrix", "result": []}}"#;
        check(matrix, Inconclusive, "The query gives a matrix, which is no number at one moment.");
        let refused = r#"{"status": "error", "errorType": "bad_data", "error": "parse error"}"#;
        check(refused, Inconclusive, "Prometheus refused the query: parse error.");
        check("<html>", Inconclusive, "Prometheus answered something else than JSON of its own.");
    }
}
