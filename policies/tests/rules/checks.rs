//! `checks.yaml`: what becomes of each check, for which rollbacks it is made, and what is refused.

use domain::plan::RollbackType;
use policies::{Asked, Files, Moment, Policies, Problem};

use crate::{changed, files};

/// A check of every kind and area.
const ALL: &str = r#"checks:
  - name: the interface answers
    area: system
    http: { url: "https://api.example.com/health?of=${models}", headers: { Authorization: env:API_TOKEN } }
    expect: { status: [200] }
    timeout: 10 s
  - name: no customer is there twice
    area: data
    sql: select count(*) - count(distinct customer_id) from ${models}
    expect: { value: 0 }
    timeout: 2 min
    retries: 0
  - name: no customer is lost
    area: data
    types: [blue_green, model_level]
    targets: [warehouse]
    sql: select count(distinct customer_id) from marts.customers
    expect: { value: ">= 95 % of before" }
    timeout: 2 min
  - name: queries are fast again
    area: performance
    prometheus: { server: "http://prometheus:9090", query: "query_seconds", for: 2 min }
    expect: "< 2"
    timeout: 10 min
  - name: the name leads to blue
    area: system
    when: before
    types: [blue_green]
    dns: { name: db.example.com, type: CNAME, server: 192.0.2.53 }
    expect: [blue.example.com]
    timeout: 1 min
  - name: the books are closed
    area: business
    when: before
    command: [/usr/local/bin/books, --closed]
    env: { TOKEN: env:BOOKS_TOKEN }
    limits: { memory_mib: 512 }
    timeout: 30 s
"#;

/// A watched metric of every kind.
const WATCH: &str = r#"watch:
  - name: error rate
    area: system
    prometheus: { server: "http://prometheus:9090", query: "error_rate{model=~\"${models}\"}" }
    good: "< 0.01"
    unit: "%"
  - name: oldest order
    area: business
    types: [schema]
    http: { url: "https://shop.example.com/queue" }
    value: /oldest/minutes
    good: "< 30"
    every: 1 min
  - name: rows of today
    area: data
    sql: select count(*) from marts.today
    good: ">= 1"
    beside_steps: true
"#;

fn with(checks: &str) -> Files {
    let mut files = files("rules");
    files.0.insert("checks.yaml".to_owned(), checks.to_owned());
    files
}

#[test]
fn every_check_becomes_a_step() {
    let policies = Policies::load(&with(ALL)).unwrap_or_else(|problems| panic!("{problems}"));
    let models = ["marts.a".to_owned(), "marts.b".to_owned()];
    let lines: Vec<String> = policies
        .checks(RollbackType::BlueGreen, "warehouse")
        .map(|check| {
            let step = check.step(check.action(&models).unwrap());
            let action = serde_json::to_string(&step.action).unwrap();
            let by = check.baseline().and_then(|baseline| baseline.from_measured("1000"));
            let by = by.map(|by| format!("\n  by what was before, {by}")).unwrap_or_default();
            assert!(step.idempotent && step.undo.is_none() && step.probe.is_none() && !step.guard);
            format!(
                "{:?}: {}: {} s, {} attempts, on failure {:?}\n  {action}{by}",
                check.moment(),
                step.name,
                step.timeout_ms / 1000,
                step.attempts,
                step.on_failure,
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    After: System: the interface answers: 10 s, 2 attempts, on failure Ask
      {"http":{"method":"GET","url":"https://api.example.com/health?of=marts.a%2Cmarts.b","headers":{"Authorization":"env:API_TOKEN"},"status":[200]}}
    After: Data: no customer is there twice: 120 s, 1 attempts, on failure Ask
      {"sql":{"text":"select count(*) - count(distinct customer_id) from marts.a,marts.b","read_only":true,"expect":{"value":"= 0"}}}
    After: Data: no customer is lost: 120 s, 2 attempts, on failure Ask
      {"sql":{"text":"select count(distinct customer_id) from marts.customers","read_only":true,"expect":{}}}
      by what was before, >= 950
    After: Performance: queries are fast again: 600 s, 2 attempts, on failure Ask
      {"prometheus":{"server":"http://prometheus:9090","query":"query_seconds","expect":"< 2","for_ms":120000,"every_ms":15000}}
    Before: System: the name leads to blue: 60 s, 2 attempts, on failure Undo
      {"dns":{"name":"db.example.com","record":"CNAME","server":"192.0.2.53:53","expect":["blue.example.com"],"every_ms":2000}}
    Before: Business: the books are closed: 30 s, 2 attempts, on failure Undo
      {"command":{"argv":["/usr/local/bin/books","--closed"],"env":{"TOKEN":"env:BOOKS_TOKEN"},"limits":{"cpu_s":120,"memory_mib":512,"open_files":1024}}}
    "#);
}

#[test]
fn a_check_is_made_where_it_belongs() {
    let policies = Policies::load(&with(ALL)).unwrap_or_else(|problems| panic!("{problems}"));
    let titles = |rollback_type, target, moment| -> Vec<&str> {
        let checks = policies.checks(rollback_type, target);
        checks.filter(|check| check.moment() == moment).map(policies::Check::title).collect()
    };
    assert_eq!(
        titles(RollbackType::Schema, "lake", Moment::After),
        [
            "System: the interface answers",
            "Data: no customer is there twice",
            "Performance: queries are fast again"
        ]
    );
    assert_eq!(
        titles(RollbackType::ModelLevel, "warehouse", Moment::Before),
        ["Business: the books are closed"]
    );
}

#[test]
fn a_check_of_models_needs_some() {
    let policies = Policies::load(&with(ALL)).unwrap_or_else(|problems| panic!("{problems}"));
    let mut checks = policies.checks(RollbackType::Schema, "warehouse");
    let check = checks.find(|check| check.names_models()).unwrap();
    assert!(check.action(&[]).is_err());
    assert!(check.action(&["marts.a; drop table b".to_owned()]).is_err());
}

#[test]
fn the_file_may_be_left_out_and_counts_where_it_is() {
    let mut files = files("rules");
    let with = Policies::load(&files).unwrap_or_else(|problems| panic!("{problems}"));
    files.0.remove("checks.yaml").unwrap();
    let without = Policies::load(&files).unwrap_or_else(|problems| panic!("{problems}"));
    assert_ne!(with.digest(), without.digest());
    assert_eq!(without.checks(RollbackType::Schema, "warehouse").count(), 0);
}

#[test]
fn every_watched_metric_asks_for_one_value() {
    let policies = Policies::load(&with(WATCH)).unwrap_or_else(|problems| panic!("{problems}"));
    let models = ["marts.a".to_owned()];
    let lines: Vec<String> = policies
        .watches(RollbackType::Schema, "warehouse")
        .map(|watch| {
            let asked = match watch.asked(&models).unwrap().unwrap() {
                Asked::Sql(statement) => statement.text,
                Asked::Prometheus(question) => format!("{} {}", question.server, question.query),
                Asked::Http(request, pointer) => format!("{} {pointer}", request.url),
            };
            format!(
                "{} ({}), good {}, every {} ms, beside steps {}\n  {asked}",
                watch.title(),
                watch.unit().unwrap_or("no unit"),
                watch.good(),
                watch.every_ms(),
                watch.is_beside_steps(),
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    System: error rate (%), good < 0.01, every 15000 ms, beside steps false
      http://prometheus:9090 error_rate{model=~"marts[.]a"}
    Business: oldest order (no unit), good < 30, every 60000 ms, beside steps false
      https://shop.example.com/queue /oldest/minutes
    Data: rows of today (no unit), good >= 1, every 15000 ms, beside steps true
      select count(*) from marts.today
    "#);
    let others = policies.watches(RollbackType::ModelLevel, "warehouse");
    assert_eq!(
        others.map(policies::Watch::title).collect::<Vec<_>>(),
        ["System: error rate", "Data: rows of today"]
    );
}

/// A replacement in the file, the text at which the caret must stand, and words of message and advice.
type Slip = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // one slip a line reads as a table
const SLIPS: &[Slip] = &[
    ("area: system\n    http", "area: sytem\n    http", "sytem", "`sytem`", "did you mean `system`?"),
    ("    area: performance\n", "", "timeout: 10 min", "`area` is missing", "add `area:`"),
    ("name: no customer is lost", "name: no customer is there twice", "no customer", "two checks", "of its own"),
    ("name: no customer is lost", "name: \" \"", "\" \"", "could not read", "one line"),
    ("types: [blue_green, model_level]", "types: [blue, model_level]", "blue,", "`blue`", "use one of"),
    ("types: [blue_green, model_level]", "types: []", "[]", "for no rollback", "leave `types` out"),
    ("targets: [warehouse]", "targets: [warehose]", "warehose", "no target `warehose`", "did you mean `warehouse`?"),
    ("targets: [warehouse]", "targets: []", "[]", "for no target", "leave `targets` out"),
    ("timeout: 30 s", "timeout: 0 s", "0 s", "without a sensible end", "1 min"),
    ("timeout: 30 s", "timeout: half", "half", "not a length of time", "90 s"),
    ("    timeout: 30 s\n", "", "limits:", "`timeout` is missing", "add `timeout:`"),
    ("retries: 0", "retries: 12", "12", "too many", "at most 9"),
    // What a check must not do
    ("http: {", "http: { method: POST,", "POST", "a check changes nothing, and `POST` may", "`GET` or `HEAD`"),
    ("sql: select count(*) -", "sql: delete from a where", "delete", "a check changes nothing, and `delete` does", "write a query"),
    ("    expect: { value: 0 }\n", "", "select", "nobody would look", "add `expect:"),
    ("command: [/usr/local/bin/books, --closed]", "command: [sh, -c, books]", "sh", "is a shell", "program itself"),
    ("command: [/usr/local/bin/books, --closed]", "sqlmesh: [verify]", "[verify", "belongs into a runbook", "`sql`"),
    ("command: [/usr/local/bin/books, --closed]", "wait: 1 min", "1 min", "does not wait", "`for`"),
    ("command: [/usr/local/bin/books, --closed]", "confirm: { question: Go on? }", "{ question", "asks no people", "into the runbook"),
    ("limits: { memory_mib: 512 }", "writes: [/srv]", "writes", "`writes` is not known", "use one of"),
    ("    dns: { name: db.example.com, type: CNAME, server: 192.0.2.53 }\n    expect: [blue.example.com]\n", "", "the name leads", "nothing is looked at", "add one of `sql`"),
    ("    sql: select count(*) -", "    command: [/bin/true]\n    sql: select count(*) -", "select", "looks at one thing", "two checks"),
    ("from ${models}", "from ${to}", "select", "no parameter `to`", "`models`"),
    ("for: 2 min", "for: 20 min", "20 min", "a check would end before this is over", "longer than `for`"),
    // What was before
    (">= 95 % of before", "within five % of before", "\"within", "cannot be read", "within 5 % of before"),
    ("{ value: \">= 95 % of before\" }", "{ rows: \">= 95 % of before\" }", "\">= 95", "only the `value` of an `sql` check", "numbers"),
    ("{ value: \">= 95 % of before\" }", "{ rows: 1, value: \">= 95 % of before\" }", "1,", "one value alone", "of its own"),
    ("expect: \"< 2\"", "expect: \"< 120 % of before\"", "\"< 120", "only the `value` of an `sql` check", "numbers"),
    ("area: data\n    types", "area: data\n    when: before\n    types", "{ value: \">= 95", "nothing before it to compare with", "`after`"),
];

#[rustfmt::skip] // one slip a line reads as a table
const SLIPS_OF_WATCH: &[Slip] = &[
    ("area: business", "area: busines", "busines", "`busines`", "did you mean `business`?"),
    ("name: oldest order", "name: error rate", "error rate", "two watched metrics", "of its own"),
    ("good: \"< 30\"", "good: \"< many\"", "\"< many", "is not a number", "relation and a value"),
    ("good: \"< 30\"", "good: \"within 5 % of before\"", "\"within", "compared with a number", "what it was is shown"),
    ("    good: \"< 30\"\n", "", "", "`good` is missing", "add `good:`"),
    ("    value: /oldest/minutes\n", "", "{ url", "where the value stands", "JSON pointer"),
    ("value: /oldest/minutes", "value: oldest", "oldest", "not a JSON pointer", "value: /rates/errors"),
    ("    beside_steps: true", "    value: /a", "/a", "only an answer to `http`", "remove `value`"),
    ("every: 1 min", "beside_steps: true", "true", "only `sql` could be in the way", "remove `beside_steps`"),
    ("every: 1 min", "every: 100 ms", "100 ms", "without a pause", "a second or more"),
    ("unit: \"%\"", "unit: parts of a whole", "parts", "could not read this unit", "at most 12"),
    ("types: [schema]", "types: []", "[]", "for no rollback", "leave `types` out"),
    ("http: { url", "http: { method: PUT, url", "PUT", "a watched metric changes nothing", "`GET` or `HEAD`"),
    ("sql: select", "sql: drop table a; select", "drop", "a watched metric changes nothing, and `drop` does", "query"),
    ("    sql: select count(*) from marts.today\n", "    sql: select 1\n    http: { url: \"https://a.example.com\" }\n    value: /a\n", "{ url", "one value", "keep one of"),
    ("    http: { url: \"https://shop.example.com/queue\" }\n    value: /oldest/minutes\n", "", "oldest order", "nothing is watched", "add one of"),
    ("{ server: \"http://prometheus:9090\",", "{ server: \"http://prometheus:9090\", for: 1 min,", "1 min", "does not wait", "remove `for`"),
];

#[test]
fn every_slip_is_found_where_it_stands() {
    slips(ALL, SLIPS);
    slips(WATCH, SLIPS_OF_WATCH);
}

#[track_caller]
fn slips(text: &str, slips: &[Slip]) {
    let mut wrong = Vec::new();
    for (from, to, caret, message, advice) in slips {
        assert!(text.contains(from), "the file does not contain `{from}`");
        let files = with(&text.replacen(from, to, 1));
        let Err(problems) = Policies::load(&files) else {
            wrong.push(format!("`{to}` was accepted"));
            continue;
        };
        let is_found = problems.0.iter().any(|problem: &Problem| {
            let line = files.0["checks.yaml"].lines().nth(problem.line - 1).unwrap_or_default();
            let stands: String = line.chars().skip(problem.column - 1).collect();
            problem.file == "checks.yaml"
                && stands.starts_with(caret)
                && problem.message.contains(message)
                && problem.advice.contains(advice)
        });
        if !is_found {
            wrong.push(format!("`{to}` gives\n{problems}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

#[test]
fn a_mistake_reads_like_those_of_other_files() {
    let problems = Policies::load(&with(&ALL.replacen(
        "command: [/usr/local/bin/books, --closed]",
        "confirm: { question: Go on? }",
        1,
    )))
    .unwrap_err();
    insta::assert_snapshot!(problems.to_string(), @"
    error: a check asks no people: one that does not pass asks them by itself
      --> checks.yaml:35:14
       |
    35 |     confirm: { question: Go on? }
       |              ^
       |
       = help: put the question into the runbook

    1 mistake
    ");
}

#[test]
fn a_step_of_a_runbook_cannot_be_compared_with_before() {
    let files = changed(
        "runbooks/model_level.yaml",
        "sqlmesh: [verify, \"${to}\", --audits, \"${baseline}\"]",
        "sql: select 1\n    expect: { value: \"within 5 % of before\" }",
    );
    let problems = Policies::load(&files).unwrap_err();
    let is_found = problems
        .0
        .iter()
        .any(|problem| problem.message.contains("only the `value` of an `sql` check"));
    assert!(is_found, "{problems}");
}
