//! Asks again and again until the answer is as it should be.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    time::{Duration, Instant},
};

use domain::plan::{Finding, Lookup, Outcome, RecordType};
use tokio::time::sleep;

use crate::lookup::{normal, values};

/// Asks once.
pub async fn ask(question: &Lookup) -> Finding {
    let (outcome, detail) = look(question).await;
    finding(question, outcome, detail)
}

/// Asks until the answer is as the plan says, or `timeout` is over; then the last answer stands. `say` is told on the
/// way how it stands. Dropping the future ends it.
pub async fn until_it_holds(
    question: &Lookup,
    timeout: Duration,
    mut say: impl FnMut(String),
) -> Finding {
    let started = Instant::now();
    let every = Duration::from_millis(question.every_ms.max(1));
    loop {
        let (outcome, detail) = look(question).await;
        if outcome == Outcome::Pass || started.elapsed() + every >= timeout {
            return finding(question, outcome, detail);
        }
        say(detail);
        sleep(every).await;
    }
}

async fn look(question: &Lookup) -> (Outcome, String) {
    let Lookup { name, server, record, .. } = question;
    let kind = record.as_str();
    let wanted: BTreeSet<String> =
        question.expect.iter().map(|value| canonical(*record, value)).collect();
    match values(question).await {
        Err(why) => (Outcome::Inconclusive, format!("{server} gave no answer for {name}: {why}.")),
        Ok(found) if found == wanted => {
            (Outcome::Pass, format!("{name} {kind} is {} at {server}.", list(&found)))
        }
        Ok(found) if found.is_empty() => {
            (Outcome::Fail, format!("{server} has no {kind} record of {name}."))
        }
        Ok(found) => {
            let detail = format!(
                "{name} {kind} is {} at {server}, and {} is expected.",
                list(&found),
                list(&wanted)
            );
            (Outcome::Fail, detail)
        }
    }
}

/// One way to write each value.
fn canonical(record: RecordType, value: &str) -> String {
    match record {
        RecordType::A | RecordType::Aaaa => {
            value.parse::<IpAddr>().map_or_else(|_| value.to_owned(), |address| address.to_string())
        }
        RecordType::Cname => normal(value),
        RecordType::Txt => value.to_owned(),
    }
}

fn list(values: &BTreeSet<String>) -> String {
    values.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn finding(question: &Lookup, outcome: Outcome, detail: String) -> Finding {
    let subject = format!("{} {}", question.name, question.record.as_str());
    Finding { check: "dns".to_owned(), subject, outcome, detail }
}
