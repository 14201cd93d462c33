//! One SQL statement on the target's gateway, through the helper.

use domain::{
    plan::{Comparison, Finding, Outcome, Plan, Statement},
    run::{ProbeAnswer, Run},
};
use sqlmesh::{Called, Rows};
use tokio_util::sync::CancellationToken;

use super::{End, Performed, Steps, Under, check, did, failed, sqlmesh::without_answer};

/// How much of a statement names it.
const SUBJECT: usize = 80;

impl Steps {
    pub(super) async fn statement(&self, statement: &Statement, under: &Under<'_>) -> Performed {
        let on = (under.run, under.plan);
        let arguments = arguments(statement);
        let Called { answer, output } =
            self.call(on, &arguments, under.timeout_ms, under.cancel, |_| {}).await;
        let end = match answer {
            Ok(answer) => match serde_json::from_value::<Rows>(answer.value) {
                Ok(rows) => end(statement, &rows),
                Err(error) => failed(&format!("the helper's answer cannot be read: {error}")),
            },
            Err(error) => without_answer(&error),
        };
        Performed { end, output }
    }

    pub(super) async fn ask_database(
        &self,
        on: (&Run, &Plan),
        statement: &Statement,
        cancel: &CancellationToken,
    ) -> (ProbeAnswer, String) {
        match self.ask(on, &arguments(statement), cancel).await {
            Ok(answer) => match serde_json::from_value::<Rows>(answer.value) {
                Ok(rows) => check::answer(&findings(statement, &rows)),
                Err(error) => {
                    (ProbeAnswer::Unknown, format!("the helper's answer cannot be read: {error}"))
                }
            },
            Err(error) => (ProbeAnswer::Unknown, error.to_string()),
        }
    }
}

pub(super) fn arguments(statement: &Statement) -> Vec<String> {
    let mut arguments = vec!["sql".to_owned(), "--statement".to_owned(), statement.text.clone()];
    arguments.extend(statement.read_only.then(|| "--read-only".to_owned()));
    arguments
}

fn end(statement: &Statement, rows: &Rows) -> End {
    if statement.expect.is_some() {
        return check::end(findings(statement, rows));
    }
    match (rows.changed, rows.rows) {
        (Some(count), _) => did(&format!("{} changed.", counted(count)), vec![]),
        (None, Some(count)) => did(&format!("{} came back.", counted(count)), vec![]),
        (None, None) => did("", vec![]),
    }
}

/// What the answer says of what was expected of it.
pub(super) fn findings(statement: &Statement, rows: &Rows) -> Vec<Finding> {
    let Some(expect) = &statement.expect else { return vec![] };
    let subject: String = statement.text.chars().take(SUBJECT).collect();
    let finding = |outcome: Outcome, detail: String| Finding {
        check: "sql".to_owned(),
        subject: subject.clone(),
        outcome,
        detail,
    };
    if expect.rows.is_none() && expect.value.is_none() {
        let detail = match &rows.value {
            Some(value) => {
                format!("The value is {value}, and what it was before could not be measured.")
            }
            None => "There is no value, and what it was before could not be measured.".to_owned(),
        };
        return vec![finding(Outcome::Inconclusive, detail)];
    }
    let count = expect.rows.as_ref().map(|expected| {
        let Some(count) = rows.rows.or(rows.changed) else {
            let detail = "The database does not say how many rows it were.".to_owned();
            return finding(Outcome::Inconclusive, detail);
        };
        let outcome = expected.of(&count.to_string());
        finding(outcome, compared(&counted(count), outcome, expected))
    });
    let value = expect.value.as_ref().map(|expected| match &rows.value {
        Some(value) => {
            let outcome = expected.of(value);
            finding(outcome, compared(&format!("The value is {value}"), outcome, expected))
        }
        None if rows.rows == Some(0) => {
            finding(Outcome::Inconclusive, "No row came back, so there is no value.".to_owned())
        }
        None => finding(Outcome::Inconclusive, "There is no value.".to_owned()),
    });
    count.into_iter().chain(value).collect()
}

fn compared(found: &str, outcome: Outcome, expected: &Comparison) -> String {
    match outcome {
        Outcome::Pass => format!("{found}, {expected} as expected."),
        Outcome::Fail => format!("{found}, and {expected} is expected."),
        Outcome::Inconclusive => format!("{found}, which cannot be compared with {expected}."),
    }
}

fn counted(count: u64) -> String {
    format!("{count} {}", if count == 1 { "row" } else { "rows" })
}

#[cfg(test)]
mod tests {
    use domain::plan::Answer;

    use super::*;

    #[track_caller]
    fn check(expect: (Option<&str>, Option<&str>), rows: &Rows, expected: &[(Outcome, &str)]) {
        let parse = |text: Option<&str>| text.map(|text| text.parse().expect("a comparison"));
        let expect = Answer { rows: parse(expect.0), value: parse(expect.1) };
        let text = "select 1".to_owned();
        let statement = Statement { text, read_only: false, expect: Some(expect) };
        let found = findings(&statement, rows);
        let found: Vec<_> =
            found.iter().map(|finding| (finding.outcome, finding.detail.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_answer_is_compared_with_what_was_expected() {
        use Outcome::{Fail, Inconclusive, Pass};
        let rows = |rows, value: Option<&str>, changed| Rows {
            rows,
            value: value.map(str::to_owned),
            changed,
        };
        let none = rows(Some(0), None, None);
        check((Some("0"), None), &none, &[(Pass, "0 rows, = 0 as expected.")]);
        check(
            (None, Some(">= 1")),
            &none,
            &[(Inconclusive, "No row came back, so there is no value.")],
        );
        let null = rows(Some(1), None, None);
        check((None, Some("= 0")), &null, &[(Inconclusive, "There is no value.")]);
        let both =
            [(Pass, "1 row, = 1 as expected."), (Fail, "The value is 3, and < 3 is expected.")];
        check((Some("1"), Some("< 3")), &rows(Some(1), Some("3"), None), &both);
        let changed = rows(None, None, Some(2));
        check((Some("= 2"), None), &changed, &[(Pass, "2 rows, = 2 as expected.")]);
        let silent = [(Inconclusive, "The database does not say how many rows it were.")];
        check((Some("= 2"), None), &rows(None, None, None), &silent);
        let between = [(Pass, "The value is 960, >= 950 and <= 1050 as expected.")];
        check((None, Some(">= 950 and <= 1050")), &rows(Some(1), Some("960"), None), &between);
        let not_measured =
            [(Inconclusive, "The value is 960, and what it was before could not be measured.")];
        check((None, None), &rows(Some(1), Some("960"), None), &not_measured);
    }
}
