//! `sql:`: one statement, with values in places that they cannot leave.

use domain::plan::{Answer, Comparison, Statement};

use super::{Checker, work::Role};
use crate::{
    baseline::Baseline,
    place::At,
    runbook::{
        action::ActionTemplate,
        expect::{Expect, Scalar},
        template::{Language, Scanner, Within},
    },
};

/// Statements that give rows and mostly change nothing: without an expectation nobody would look at their answer.
const QUESTIONS: [&str; 6] = ["select", "values", "show", "table", "describe", "explain"];
/// Statements that change something by their first word. Others are found out when they are asked: the database is told
/// that nothing may be written.
const CHANGES: [&str; 12] = [
    "insert", "update", "delete", "merge", "create", "drop", "alter", "truncate", "grant",
    "revoke", "copy", "call",
];

impl Checker<'_, '_> {
    pub(super) fn sql(
        &mut self,
        at: &At<String>,
        expect: Option<&At<Expect>>,
        role: Role,
    ) -> Option<ActionTemplate> {
        let text = at.value.trim();
        if text.is_empty() {
            self.file.note(at.place, "there is no statement", "write one SQL statement");
            return None;
        }
        self.refuse_second(at, text);
        let first: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
        let first = first.to_lowercase();
        if role.only_looks() && CHANGES.contains(&first.as_str()) {
            let message = format!("{} changes nothing, and `{first}` does", role.name());
            self.file.note(at.place, message, "write a query");
            return None;
        }
        if text.contains("${") {
            let letters = text.replace("${", "");
            if letters.contains(['\\', '$']) {
                let advice = "write it without `\\` and `$`, or without parameters";
                let message = "beside a parameter, these letters can begin and end texts in ways that differ between engines";
                self.file.note(at.place, message, advice);
                return None;
            }
        }
        let is_question = QUESTIONS.contains(&first.as_str());
        let expect = match expect {
            Some(expect) => self.answer(expect, role),
            None if is_question || role.only_looks() => {
                let advice = "add `expect: { rows: 0 }` or `expect: { value: \">= 1\" }`";
                let message = "nobody would look at what this statement answers";
                self.file.note(at.place, message, advice);
                None
            }
            None => None,
        };
        let template = self.text_in(Language::Sql, at.place, text)?;
        let statement = Statement { text: String::new(), read_only: role.only_looks(), expect };
        Some(ActionTemplate::Sql { text: template, statement })
    }

    /// A second statement would be carried out by some engines and left out by others.
    fn refuse_second(&mut self, at: &At<String>, text: &str) {
        let mut scanner = Scanner::new(Language::Sql);
        let mut is_over = false;
        // The bodies of functions in dollar quotes hold semicolons of their own.
        for letter in text.chars().take_while(|_| !text.contains("$$")) {
            let was_bare = scanner.within() == Within::Bare;
            scanner.read(letter);
            let is_bare = was_bare && scanner.within() == Within::Bare;
            if is_over && !letter.is_whitespace() {
                let advice = "make a step of each statement";
                self.file.note(at.place, "there is more than one statement", advice);
                return;
            }
            is_over |= is_bare && letter == ';';
        }
    }

    fn answer(&mut self, at: &At<Expect>, role: Role) -> Option<Answer> {
        let fields = match &at.value {
            Expect::Fields(fields) if fields.status.is_none() && fields.json.is_none() => fields,
            _ => {
                let advice = "write `{ rows: 0 }` or `{ value: \">= 1\" }`";
                self.file.note(at.place, "this is not what a statement answers", advice);
                return None;
            }
        };
        if fields.rows.is_none() && fields.value.is_none() {
            let advice = "write `{ rows: 0 }` or `{ value: \">= 1\" }`";
            self.file.note(at.place, "nothing is expected here", advice);
        }
        let rows = fields.rows.as_ref().and_then(|at| self.comparison(at));
        let by_before = |at: &&At<Scalar>| {
            matches!(role, Role::Check { .. }) && Baseline::is_meant(&at.value.0)
        };
        if let Some(at) = fields.value.as_ref().filter(by_before) {
            self.baseline = Baseline::parse(&at.value.0);
            if self.baseline.is_none() {
                let advice =
                    "write `\"within 5 % of before\"`, `\">= 95 % of before\"` or `\">= before\"`";
                self.file.note(at.place, format!("`{}` cannot be read", at.value.0), advice);
            }
            if let Some(rows) = &fields.rows {
                let advice = "make a check of its own of one of them";
                let message = "what was before is compared with one value alone";
                self.file.note(rows.place, message, advice);
            }
            return Some(Answer { rows: None, value: None });
        }
        let value = fields.value.as_ref().and_then(|at| self.comparison(at));
        (rows.is_some() || value.is_some()).then_some(Answer { rows, value })
    }

    pub(super) fn comparison(&mut self, at: &At<Scalar>) -> Option<Comparison> {
        if at.value.0.trim_end().ends_with("% of before") {
            let message = "only the `value` of an `sql` check can be compared with what was before";
            let advice =
                "write numbers, or move this to `checks.yaml` as the `value` of an `sql` check";
            self.file.note(at.place, message, advice);
            return None;
        }
        match at.value.0.parse() {
            Ok(comparison) => Some(comparison),
            Err(error) => {
                let error: domain::plan::ComparisonError = error;
                let advice = "write a relation and a value, such as `\"< 0.01\"`, `\">= 1\"` or `\"= active\"`";
                self.file.note(at.place, error.to_string(), advice);
                None
            }
        }
    }
}
