//! Steps of every kind: what becomes of them with their parameters filled in, and what is refused.

use std::{collections::BTreeMap, fs, path::Path};

use domain::plan::{Action, RollbackType, Step};
use policies::{Files, Policies, Problem};

use crate::files;

/// A runbook with a step of every kind that is not about SQLMesh.
const ALL: &str = r#"name: blue_green
rollback_type: blue_green
recovery_target: 5 min
parameters:
  models: { type: model_list }
  fingerprint: { type: fingerprint }
  baseline: { type: json }
  host: { type: host }
  limit: { type: number }
steps:
  - name: Point the pool
    http:
      method: PUT
      url: "https://lb.example.com/pools/main?for=${fingerprint}&models=${models}"
      headers: { Authorization: env:LB_TOKEN, X-Run: "${fingerprint}" }
      body: '{"active": "blue", "for": "${models}", "then": ${baseline}}'
    expect: { status: [200, 204], json: { /pool/active: blue } }
    timeout: 30 s
    idempotent: true
    probe:
      http: { url: "https://lb.example.com/pools/main" }
      expect: { status: [200], json: { /active: blue } }
    undo:
      http: { method: DELETE, url: "https://lb.example.com/pools/main" }
      expect: { status: [204] }
  - name: The errors are gone
    prometheus:
      server: http://prometheus:9090/
      query: sum(rate(errors{model=~"${models}"}[5m])) / ${limit}
      for: 2 min
      every: 10 s
    expect: "< 0.01"
    timeout: 10 min
  - name: The name leads to blue
    dns: { name: "${host}", type: CNAME, server: 192.0.2.53, every: 1 s }
    expect: ["${host}", blue.example.com]
    timeout: 5 min
  - name: Let the caches run out
    wait: 1 min
  - name: Release the jobs
    sql: "update jobs set held = 'no' where model in ('${models}') and run = '${fingerprint}' and n < ${limit}"
    expect: { rows: ">= 1" }
    timeout: 1 min
    idempotent: true
    probe:
      sql: select count(*) from ${models}
      expect: { value: "= 0" }
  - name: Copy the files
    command: [/usr/bin/copy, "${models}"]
    env: { TOKEN: env:COPY_TOKEN, LEVEL: 3 }
    writes: [/srv/blue]
    limits: { cpu: 90 s, memory_mib: 512, open_files: 64 }
    progress: '^(?<done>\d+)/(?<total>\d+) (?<text>.*)$'
    timeout: 10 min
    idempotent: false
"#;

fn with(runbook: &str) -> Files {
    let mut files = files("rules");
    files.0.insert("runbooks/blue_green.yaml".to_owned(), runbook.to_owned());
    files
}

fn values() -> BTreeMap<String, Vec<String>> {
    [
        ("models", &["marts.a", "marts.b"][..]),
        ("fingerprint", &["9f:86"]),
        ("baseline", &[r#"{"rows": 3}"#]),
        ("host", &["db.example.com"]),
        ("limit", &["0.5"]),
    ]
    .into_iter()
    .map(|(name, values)| {
        (name.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
    })
    .collect()
}

#[test]
fn every_kind_stands_in_the_plan_whole() {
    let policies = Policies::load(&with(ALL)).unwrap_or_else(|problems| panic!("{problems}"));
    let runbook = policies.runbook(RollbackType::BlueGreen).unwrap();
    let lines: Vec<String> = runbook
        .steps(&values())
        .unwrap()
        .iter()
        .flat_map(|step| {
            let json = |what: &str, action: &_| {
                format!("  {what}: {}", serde_json::to_string(action).unwrap())
            };
            let head = format!(
                "{}: {} s, {} attempts, idempotent {}",
                step.name,
                step.timeout_ms / 1000,
                step.attempts,
                step.idempotent
            );
            [
                Some(head),
                Some(json("does", &step.action)),
                step.probe.as_ref().map(|action| json("probe", action)),
                step.undo.as_ref().map(|action| json("undo", action)),
            ]
        })
        .flatten()
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Point the pool: 30 s, 1 attempts, idempotent true
      does: {"http":{"method":"PUT","url":"https://lb.example.com/pools/main?for=9f%3A86&models=marts.a%2Cmarts.b","headers":{"Authorization":"env:LB_TOKEN","X-Run":"9f:86"},"body":"{\"active\": \"blue\", \"for\": \"marts.a,marts.b\", \"then\": {\"rows\": 3}}","status":[200,204],"json":{"/pool/active":"blue"}}}
      probe: {"http":{"method":"GET","url":"https://lb.example.com/pools/main","status":[200],"json":{"/active":"blue"}}}
      undo: {"http":{"method":"DELETE","url":"https://lb.example.com/pools/main","status":[204]}}
    The errors are gone: 600 s, 1 attempts, idempotent true
      does: {"prometheus":{"server":"http://prometheus:9090","query":"sum(rate(errors{model=~\"marts[.]a|marts[.]b\"}[5m])) / 0.5","expect":"< 0.01","for_ms":120000,"every_ms":10000}}
    The name leads to blue: 300 s, 1 attempts, idempotent true
      does: {"dns":{"name":"db.example.com","record":"CNAME","server":"192.0.2.53:53","expect":["db.example.com","blue.example.com"],"every_ms":1000}}
    Let the caches run out: 120 s, 1000 attempts, idempotent true
      does: {"wait":{"duration_ms":60000}}
    Release the jobs: 60 s, 1 attempts, idempotent true
      does: {"sql":{"text":"update jobs set held = 'no' where model in ('marts.a', 'marts.b') and run = '9f:86' and n < 0.5","read_only":false,"expect":{"rows":">= 1"}}}
      probe: {"sql":{"text":"select count(*) from marts.a,marts.b","read_only":true,"expect":{"value":"= 0"}}}
    Copy the files: 600 s, 1 attempts, idempotent false
      does: {"command":{"argv":["/usr/bin/copy","marts.a","marts.b"],"env":{"LEVEL":"3","TOKEN":"env:COPY_TOKEN"},"writes":["/srv/blue"],"limits":{"cpu_s":90,"memory_mib":512,"open_files":64},"progress":"^(?<done>\\d+)/(?<total>\\d+) (?<text>.*)$"}}
    "#);
}

/// A replacement in the runbook, the text at which the caret must stand, and words of message and advice.
type Slip = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // one slip a line reads as a table
const SLIPS: &[Slip] = &[
    // What is done
    ("    wait: 1 min", "    wait: 1 min\n    sql: vacuum", "vacuum", "one thing", "keep one of"),
    ("    wait: 1 min", "    wait: soon", "soon", "not a length of time", "90 s"),
    ("    wait: 1 min", "    guard: false", "Let the caches", "nothing to do", "command"),
    ("    wait: 1 min", "    wait: 1 min\n    retries: 2", "2", "cannot fail", "leave `retries` out"),
    ("    wait: 1 min", "    wait: 1 min\n    timeout: 30 s", "30 s", "before it is over", "leave `timeout` out"),
    ("    wait: 1 min", "    wait: 1 min\n    idempotent: false", "false", "can be done twice", "leave `idempotent` out"),
    ("    wait: 1 min", "    wait: 1 min\n    writes: [/srv]", "[/srv]", "for steps with `command`", "remove `writes`"),
    ("    timeout: 30 s\n", "", "Point the pool", "no end", "timeout"),
    ("    idempotent: false", "    guard: true", "Copy the files", "done twice", "idempotent: true"),
    ("      http: { method: DELETE, url: \"https://lb.example.com/pools/main\" }\n      expect: { status: [204] }", "      dns: { name: a.example.com, type: A, server: 192.0.2.1 }\n      expect: [192.0.2.2]", "{ name", "takes nothing back", "probe"),
    ("      expect: { status: [204] }", "      wait: 1 min", "wait", "not known", "use one of"),
    // http
    ("method: PUT", "method: put", "put", "no method", "PUT"),
    ("url: \"https://lb.example.com/pools/main?", "url: \"lb.example.com/pools/main?", "\"lb", "not an address", "https://"),
    ("url: \"https://lb.example.com/pools/main?", "url: \"ftp://lb.example.com/pools/main?", "\"ftp", "is not HTTP", "https://"),
    ("url: \"https://lb.example.com/pools/main?", "url: \"https://ana:pw@lb.example.com/pools/main?", "\"https", "shown to everybody", "env:NAME"),
    ("url: \"https://lb.example.com/pools/main?", "url: \"https://${host}/pools/main?", "\"https", "cannot stand here", "write the server out"),
    ("url: \"https://lb.example.com/pools/main?", "url: \"https://lb.${host}:80/pools/main?", "\"https", "cannot stand here", "write the server out"),
    ("main?for=${fingerprint}", "main?for=${fingerprnt}", "\"https", "no parameter `fingerprnt`", "did you mean `fingerprint`?"),
    ("main?for=${fingerprint}", "main?for=${baseline}", "\"https", "(json) cannot stand here", "address"),
    ("main?for=${fingerprint}", "main?for=${fingerprint", "\"https", "", ""),
    ("{ Authorization: env:LB_TOKEN,", "{ Authorization: Bearer abc,", "Bearer", "secret, and would stand in every plan", "env:NAME"),
    ("{ Authorization: env:LB_TOKEN,", "{ Authorization: \"env:LB TOKEN\",", "\"env:LB", "not the name of a variable", "env:NAME"),
    ("{ Authorization: env:LB_TOKEN,", "{ Host: evil.example.com,", "evil", "cannot be set", "another header"),
    ("X-Run: \"${fingerprint}\"", "X-Run: \"${baseline}\"", "\"${baseline", "cannot stand here", "JSON"),
    ("\"then\": ${baseline}", "\"then\": \"${baseline}\"", "'{", "cannot stand here", "without quotes"),
    ("\"for\": \"${models}\"", "\"for\": ${models}", "'{", "cannot stand here", "double quotes"),
    ("body: '{\"active\"", "body: 'x{\"active\"", "'x", "cannot stand here", "JSON"),
    ("    expect: { status: [200, 204], json: { /pool/active: blue } }\n", "", "method", "which answer is good", "status: [200]"),
    ("{ status: [200, 204], json", "{ json", "{ json", "which status is good", "[200]"),
    ("[200, 204]", "[200, 20]", "20]", "not the status", "200"),
    ("{ status: [200, 204], json: { /pool/active: blue } }", "\"< 3\"", "\"< 3", "not what a server answers", "status"),
    ("{ /pool/active: blue }", "{ pool.active: blue }", "blue", "not a JSON pointer", "`/`"),
    ("{ /pool/active: blue }", "{ /pool: [blue] }", "[blue]", "only single values", "point at"),
    ("http: { url: \"https://lb.example.com/pools/main\" }", "http: { method: POST, url: \"https://lb.example.com/pools/main\" }", "POST", "a probe changes nothing", "GET"),
    // prometheus
    ("server: http://prometheus:9090/", "server: prometheus:9090", "prometheus", "is not HTTP", "https://"),
    ("server: http://prometheus:9090/", "server: \"http://${host}:9090\"", "\"http", "known beforehand", "write the server out"),
    ("model=~\"${models}\"", "model=\"${models}\"", "sum", "cannot stand here", "=~\"${models}\""),
    ("/ ${limit}", "/ ${fingerprint}", "sum", "cannot stand here", "quotes of a label"),
    ("    expect: \"< 0.01\"\n", "", "server", "which value is good", "< 0.01"),
    ("expect: \"< 0.01\"", "expect: \"< little\"", "\"< little", "not a number", "< 0.01"),
    ("expect: \"< 0.01\"", "expect: [0.01]", "[0.01", "not what Prometheus answers", "comparison"),
    ("for: 2 min", "for: 20 min", "20 min", "before this is over", "longer than"),
    ("every: 10 s", "every: 0 s", "0 s", "without a pause", "seconds"),
    // dns
    ("server: 192.0.2.53", "server: ns1.example.com", "ns1", "not the address of a server", "192.0.2.53:53"),
    ("name: \"${host}\"", "name: \"${fingerprint}\"", "\"${finger", "cannot stand here", "type `host`"),
    ("name: \"${host}\"", "name: db example", "db", "not a name", "db.example.com"),
    ("type: CNAME", "type: A", "blue.example", "not what a record of type A holds", "address"),
    ("type: CNAME", "type: MX", "MX", "not a value that fits", "use one of"),
    ("    expect: [\"${host}\", blue.example.com]\n", "", "{ name", "which answer is good", "[192.0.2.10]"),
    // sql
    ("where model in ('${models}')", "where model in (${fingerprint})", "\"update", "cannot stand here", "'${fingerprint}'"),
    ("where model in ('${models}')", "where model in ('x${models}')", "\"update", "cannot stand here", "quotes of its own"),
    ("where model in ('${models}')", "where model in (\\\"${models}\\\")", "\"update", "cannot stand here", "single quotes"),
    ("where model in ('${models}')", "where 1 = 1 /* ${models} */", "\"update", "cannot stand here", "comments"),
    ("where model in ('${models}')", "where model = '${baseline}'", "\"update", "cannot stand here", "JSON cannot"),
    ("where model in ('${models}')", "where model = e'\\\\' and x in ('${models}')", "\"update", "differ between engines", "without parameters"),
    ("n < ${limit}\"", "n < ${limit}; drop table jobs\"", "\"update", "more than one statement", "of each"),
    ("      expect: { value: \"= 0\" }\n", "", "select", "nobody would look", "rows: 0"),
    ("{ rows: \">= 1\" }", "{ status: [200] }", "{ status", "not what a statement answers", "rows: 0"),
    ("{ rows: \">= 1\" }", "{ rows: \">= x\" }", "\">= x", "not a number", "relation"),
    ("limit: { type: number }", "limit: { type: number, optional: true }", "sum", "would leave a gap", "optional"),
    // command
    ("env: { TOKEN: env:COPY_TOKEN", "env: { COUNTERSIGN_RUN: x", "x", "cannot be set", "taken"),
    ("writes: [/srv/blue]", "writes: [srv/blue]", "srv", "not the absolute path", "/var/lib"),
    ("writes: [/srv/blue]", "writes: [/srv/../etc]", "/srv", "not the absolute path", "`..`"),
    ("writes: [/srv/blue]", "writes: [/]", "/", "write everywhere", "folders"),
    ("cpu: 90 s", "cpu: 10 ms", "10 ms", "gets far", "second"),
    ("memory_mib: 512", "memory_mib: 1", "1", "cannot start with 1", "at least 16"),
    ("(?<done>", "(?<done", "'^", "not a regular expression", "mend"),
    ("(?<text>", "(?<name>", "'^", "nobody reads the group `name`", "(?<text>..)"),
    ("command: [/usr/bin/copy, \"${models}\"]", "command: [/usr/bin/copy, \"${models}\"]\n    expect: { rows: 1 }", "{ rows", "no answer to compare", "exit code"),
    ("[/usr/bin/copy, ", "[env, A=b, bash, -c, ", "bash", "is a shell", "program itself"),
];

#[test]
fn every_slip_is_found_where_it_stands() {
    let mut wrong = Vec::new();
    for (from, to, caret, message, advice) in SLIPS {
        assert!(ALL.contains(from), "the runbook does not contain `{from}`");
        let files = with(&ALL.replacen(from, to, 1));
        let Err(problems) = Policies::load(&files) else {
            wrong.push(format!("`{to}` was accepted"));
            continue;
        };
        let stands = |problem: &Problem| {
            let text = &files.0["runbooks/blue_green.yaml"];
            let line = text.lines().nth(problem.line - 1).unwrap_or_default();
            line.chars().skip(problem.column - 1).collect::<String>()
        };
        let is_found = problems.0.iter().any(|problem| {
            stands(problem).starts_with(caret)
                && problem.message.contains(message)
                && problem.advice.contains(advice)
                && !problem.advice.is_empty()
        });
        if !is_found {
            wrong.push(format!("`{to}` gives\n{problems}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

#[test]
fn a_value_that_could_mean_something_else_says_where_it_can_stand() {
    let files = with(&ALL.replacen("model in ('${models}')", "model = ${fingerprint}", 1));
    let problems = Policies::load(&files).unwrap_err();
    insta::assert_snapshot!(problems.to_string(), @r#"
    error: the parameter `fingerprint` (fingerprint) cannot stand here: its letters could mean something else
      --> runbooks/blue_green.yaml:41:10
       |
    41 |     sql: "update jobs set held = 'no' where model = ${fingerprint} and run = '${fingerprint}' and n < ${limit}"
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: put it into single quotes, `'${fingerprint}'`; only models and numbers can stand without, and nothing in comments

    1 mistake
    "#);
}

#[test]
fn the_example_in_the_documents_can_be_loaded() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/blue_green_kubernetes.yaml");
    let files = with(&fs::read_to_string(path).unwrap());
    let policies = Policies::load(&files).unwrap_or_else(|problems| panic!("{problems}"));
    let steps = policies.runbook(RollbackType::BlueGreen).unwrap().steps(&BTreeMap::new()).unwrap();
    let is_change = |step: &&Step| match &step.action {
        Action::Command(_) => !step.name.starts_with("Wait"),
        Action::Http(request) => !request.only_asks(),
        _ => false,
    };
    let changes: Vec<_> = steps.iter().filter(is_change).collect();
    assert_eq!((steps.len(), changes.len()), (8, 3));
    for step in changes {
        assert!(step.probe.is_some() && step.undo.is_some() && step.idempotent, "{}", step.name);
    }
}
