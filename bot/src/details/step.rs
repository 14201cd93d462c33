//! The steps of a plan in words: what each does, and what it touches outside.

use std::collections::BTreeSet;

use axum::http::Uri;
use domain::{
    notice::exact_duration,
    plan::{Action, OnFailure, Plan, Step},
    run::Run,
    words::Words,
};

/// So much of a statement is shown; the whole of it is in the plan, under the digest that is signed.
const STATEMENT: usize = 200;
const UNREADABLE: &str = "an address that cannot be read";

/// A line for each step, numbered, with what it does and what it is allowed.
pub(super) fn lines(plan: &Plan, run: Option<&Run>) -> Vec<Words> {
    let done = run.map_or(0, |run| run.done.len());
    let line = |(place, step): (usize, &Step)| {
        let words = Words::plain(format!("{}. ", place + 1)).strong(&step.name).text(": ");
        let words = action(words, &step.action).text(format!(". {}", allowed(step)));
        let words = match &step.probe {
            Some(probe) => action(words.text(" Probe: "), probe).text("."),
            None => words,
        };
        let words = match &step.undo {
            Some(undo) => action(words.text(" Undo: "), undo).text("."),
            None => words,
        };
        if place < done { words.text(" Done.") } else { words }
    };
    plan.steps.iter().enumerate().map(line).collect()
}

/// The hosts, databases and programs that it speaks to.
pub(super) fn touched(plan: &Plan) -> Vec<Words> {
    let mut touched: BTreeSet<(&str, String)> = BTreeSet::new();
    let actions = plan
        .steps
        .iter()
        .flat_map(|step| std::iter::once(&step.action).chain(&step.probe).chain(&step.undo));
    for action in actions {
        touched.extend(match action {
            Action::Command(program) => program.argv.first().map(|name| ("Program", name.clone())),
            Action::Sqlmesh(_) => Some(("SQLMesh project", plan.target.project.clone())),
            Action::Sql(_) => Some(("Database of the gateway", plan.target.gateway.clone())),
            Action::Http(request) => Some(("Host", host(&request.url))),
            Action::Prometheus(query) => Some(("Prometheus", host(&query.server))),
            Action::Dns(lookup) => Some(("Name server", lookup.server.clone())),
            Action::Wait(_) | Action::Confirm(_) => None,
        });
    }
    let line = |(kind, name): (&str, String)| Words::plain(format!("{kind}: ")).code(name);
    touched.into_iter().map(line).collect()
}

fn action(words: Words, action: &Action) -> Words {
    match action {
        // Arguments are under the digest and hold no secret; variables may be named after one, so they are left out.
        Action::Command(program) => words.text("runs ").code(program.argv.join(" ")),
        Action::Sqlmesh(arguments) => words.text("SQLMesh, ").code(arguments.join(" ")),
        Action::Sql(statement) => {
            let kind =
                if statement.read_only { "asks the database " } else { "tells the database " };
            words.text(kind).code(shortened(&statement.text))
        }
        Action::Http(request) => {
            words.text("sends ").code(format!("{} {}", request.method, public(&request.url)))
        }
        Action::Prometheus(query) => words.text("asks Prometheus ").code(&query.query),
        Action::Dns(lookup) => {
            let question = format!("{} {}", lookup.record.as_str(), lookup.name);
            words.text("asks the name server ").code(question)
        }
        Action::Wait(pause) => words.text(format!("waits {}", exact_duration(pause.duration_ms))),
        Action::Confirm(question) => {
            let words = words.text("asks people “").text(&question.text).text("”");
            match question.level {
                Some(level) => words.text(format!(" ({level} or higher)")),
                None => words,
            }
        }
    }
}

fn allowed(step: &Step) -> String {
    let tries = if step.attempts > 1 {
        format!("up to {} tries", step.attempts)
    } else {
        "one try".to_owned()
    };
    let mut parts = vec![format!("At most {}", exact_duration(step.timeout_ms)), tries];
    if step.guard {
        parts.push("looks at the target again first".to_owned());
    }
    if step.idempotent {
        parts.push("may be done twice".to_owned());
    }
    if step.only_reads {
        parts.push("changes nothing".to_owned());
    }
    let after = match step.on_failure {
        OnFailure::Undo => "takes back what was done",
        OnFailure::Ask => "asks a person",
        OnFailure::UndoWhenFailed => "takes back what was done, or asks where it cannot be told",
    };
    format!("{}; a failure {after}.", parts.join(", "))
}

/// The address without what could be a key: user, password, query and fragment.
fn public(address: &str) -> String {
    match address.parse::<Uri>() {
        Ok(uri) => {
            let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
            format!("{scheme}{}{}", host(address), uri.path())
        }
        Err(_) => UNREADABLE.to_owned(),
    }
}

fn host(address: &str) -> String {
    let uri = address.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(|uri| {
        let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        uri.host().map(|host| format!("{host}{port}"))
    });
    host.unwrap_or_else(|| UNREADABLE.to_owned())
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= STATEMENT {
        return line;
    }
    line.chars().take(STATEMENT).chain(['…']).collect()
}
