//! Slips of the finger in the default files, a line each: what is found, where, and with which advice.

use policies::{Policies, Problem};

use crate::changed;

/// A replacement in a default file, the text at which the caret must stand, and words of message and advice.
type Slip = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// The beginning of the default runbook's first step, before which a question is put.
const FIRST: &str = "  # Reads";
/// The end of the default runbook, behind which a question is put.
const LAST: &str = "--audits, \"${baseline}\"]\n    timeout: 5 min\n    retries: 1\n    idempotent: true\n    on_failure: ask\n";
const ASK_LAST: &str = "--audits, \"${baseline}\"]\n    timeout: 5 min\n    retries: 1\n    idempotent: true\n    on_failure: ask\n  - name: Second look\n    confirm: { question: \"Is it right?\" }\n";

const ASK_LATE: &str = "--audits, \"${baseline}\"]\n    timeout: 5 min\n    retries: 1\n    idempotent: true\n    on_failure: ask\n  - name: Second look\n    confirm: { question: \"Is it right?\" }\n  - name: Note it\n    only_with: baseline\n    wait: 1 s\n";

#[rustfmt::skip] // one slip a line reads as a table
const SLIPS: &[Slip] = &[
    // escalation.yaml
    ("escalation.yaml", "after: 15 min", "after: quarter hour", "quarter", "not a length of time", "15 min"),
    ("escalation.yaml", "after: 45 min", "after: 10 min", "10 min", "before the one above", "rising order"),
    ("escalation.yaml", "- { level: 2", "- { level: 1", "1, name: senior", "does not rise", "lowest first"),
    ("escalation.yaml", "- { level: 4", "- { level: 12", "12", "not a level", "1 to 9"),
    ("escalation.yaml", "Europe/Berlin", "Mars/Olympus", "Mars", "no time zone", "IANA"),
    ("escalation.yaml", "people: [ana]", "people: [anna]", "anna", "no person `anna`", "did you mean `ana`?"),
    ("escalation.yaml", "people: [ana]", "people: []", "[]", "empty list means nobody", "name somebody"),
    ("escalation.yaml", "people: [ana]", "people: [sam]", "sam", "no level", "holds level 1"),
    ("escalation.yaml", "repeat: 15 min", "repeat: 0 min", "0 min", "without pause", "15 min"),
    ("escalation.yaml", "level: 3\n    role", "level: 7\n    role", "7", "no level 7", "1, 2, 3, 4"),
    // people.yaml
    ("people.yaml", "level: 2", "level: 5", "5", "no level 5", "1, 2, 3, 4"),
    ("people.yaml", "level: 2", "level: two", "two", "type", "value"),
    ("people.yaml", "id: bo\n", "id: ana\n", "ana", "two people `ana`", "of their own"),
    ("people.yaml", "user: U0BO", "user: U0ANA", "U0ANA", "belongs to `ana`", "sign twice"),
    ("people.yaml", "chat: slack", "chat: slak", "slak", "`slak`", "did you mean `slack`?"),
    ("people.yaml", "team: T0DATA, ", "", "U0ANA", "workspace", "add `team:`"),
    ("people.yaml", "chat: web, user", "chat: web, team: T1, user", "T1", "no teams", "leave `team` out"),
    // authority.yaml
    ("authority.yaml", "approvals: [1]", "approvals: []", "[]", "nobody can approve", "name a level"),
    ("authority.yaml", "approvals: [1]", "approvals: [8]", "8", "no level 8", "1, 2, 3, 4"),
    ("authority.yaml", "[3, 2]", "[4, 4, 4]", "[4, 4, 4]", "fewer people hold level 4", "counts once"),
    ("authority.yaml", "[security_breach_identified]", "[security_breach]", "security_breach", "no trigger", "use one of"),
    ("authority.yaml", "approvals_valid: 4 h", "approvals_valid: four h", "four h", "not a length", "4 h"),
    ("authority.yaml", "{ categories: [business] }", "{ categories: [busines] }", "busines", "`busines`", "`business`"),
    ("authority.yaml", "when: { categories: [business] }", "when: {}", "{}", "always apply", "condition"),
    ("authority.yaml", "    to: 3\n", "", "business_impact", "exactly one way", "to: 3"),
    ("authority.yaml", "depends on {detail}", "depends on {model}", "\"The business", "brace", "{detail}"),
    ("authority.yaml", "id: business_impact", "id: business_critical_consumer", "business_critical_consumer", "two rules", "own"),
    // retention.yaml
    ("retention.yaml", "for: 24 h", "for: one day", "one day", "not a length", "15 min"),
    ("retention.yaml", "for: 24 h", "for: 0 h", "0 h", "immediate would keep nothing", "`7 d`"),
    ("retention.yaml", "for: 7 d", "for: 12 h", "12 h", "short_term is shorter than immediate", "rising lengths"),
    ("retention.yaml", "newest_of_week", "all", "all", "long_term keeps more than short_term", "keeps fewer"),
    ("retention.yaml", "newest_of_day", "newest_of_dey", "newest_of_dey", "`newest_of_dey`", "`newest_of_day`"),
    ("retention.yaml", "archive: {", "archives: {", "archives", "not known", "`archive`"),
    // triggers.yaml and targets.yaml
    ("triggers.yaml", "category: critical", "category: critcal", "critcal", "`critcal`", "did you mean `critical`?"),
    ("triggers.yaml", "id: error_rate_high", "id: response_time_high", "response_time_high", "two triggers", "own"),
    ("triggers.yaml", "[\"error rate\", ", "[\"*\", ", "\"*\"", "nearly everything", "three letters"),
    ("triggers.yaml", "suggests: [full_environment, model_level]", "suggests: []", "[]", "no rollback", "best first"),
    ("targets.yaml", "    rollbacks: [blue_green, model_level, schema, full_environment]", "    look_every: 5 s\n    rollbacks: [blue_green, model_level, schema, full_environment]", "5 s", "without pause", "`30 s` or more"),
    ("targets.yaml", "    rollbacks: [blue_green, model_level, schema, full_environment]", "    look_every: often\n    rollbacks: [blue_green, model_level, schema, full_environment]", "often", "is not a length of time", "`15 min`"),
    ("authority.yaml", "hold_reminder: 24 h", "hold_reminder: 1 s", "1 s", "reminded without pause", "`24 h`"),
    ("runbooks/schema.yaml", "rollback_type: schema", "rollback_type: model_level", "model_level", "`model_level` is for a", "one runbook for each type and workflow"),
    ("runbooks/schema_planned.yaml", "rollback_type: schema", "rollback_type: model_level", "model_level", "`model_level_planned` is for a planned model-level", "one runbook for each type and workflow"),
    ("runbooks/schema_planned.yaml", "workflow: planned", "workflow: plannd", "plannd", "`plannd`", "did you mean `planned`?"),
    ("runbooks/schema_planned.yaml", "on_failure: undo_when_failed", "on_failure: undo_if_failed", "undo_if_failed", "`undo_if_failed`", "`undo_when_failed`"),
    ("escalation.yaml", "after_planned: 8 h", "after_planned: 8 min", "8 min", "before the one above it", "`after_planned`"),
    ("escalation.yaml", "repeat_planned: 24 h", "repeat_planned: 0 h", "0 h", "without pause", "`15 min`"),
    ("targets.yaml", "rollbacks: [blue_green, model_level, schema, full_environment]", "rollbacks: [modellevel]", "modellevel", "`modellevel`", "`model_level`"),
    ("targets.yaml", "gateway: local", "gateway: local\n    links: { runbook: wiki.example.com/orders }", "wiki.example.com/orders", "is not an address", "https://"),
    ("targets.yaml", "gateway: local", "gateway: local\n    links: { runbook: javascript:alert(1) }", "javascript:alert(1)", "is not the web", "https://"),
    ("targets.yaml", "gateway: local", "gateway: local\n    links: { runbook: https://ana:secret@wiki.example.com }", "https://ana:secret@wiki.example.com", "read this password", "`@`"),
    ("targets.yaml", "gateway: local", "gateway: local\n    links: { \"<!here>\": https://wiki.example.com }", "https://wiki.example.com", "cannot stand on a button", "`runbook`"),
    ("targets.yaml", "gateway: local", "gateway: local\n    blue: prod", "prod", "go back to itself", "good state"),
    ("targets.yaml", "rollbacks: [blue_green, model_level, schema, full_environment]", "rollbacks: [model_level]\n    blue: blue", "blue", "only a blue-green rollback", "`blue_green`"),
    ("targets.yaml", "gateway: local", "gateway: local\n    archive: { base_backups: /a, wal: /a }", "{ base", "in one folder", "two folders"),
    ("targets.yaml", "gateway: local", "gateway: local\n    archive: { base_backups: /a, log: /b }", "log", "not known", "`wal`"),
    ("targets.yaml", "gateway: local", "gateway: local\n    warn_before: soon", "soon", "not a length", "15 min"),
    ("targets.yaml", "      - name: marts.daily_revenue\n", "      - name: marts.daily_revenue\n        source_history: 3 min\n", "3 min", "no history of a day", "`all`"),
    ("targets.yaml", "      - name: marts.daily_revenue\n", "      - name: marts.daily_revenue\n        source_history: everything\n", "everything", "no history", "90 d"),
    ("targets.yaml", "name: marts.daily_revenue", "name: marts; drop", "marts; drop", "not the name of a model", "MODEL block"),
    ("targets.yaml", "[Data warehouse]", "[Data warehouse, data warehouse]", "data warehouse", "belongs to", "one target"),
    ("authority.yaml", "approvals_valid: 4 h", "approvals_valid: 0 h", "0 h", "run out at once", "4 h"),
    ("authority.yaml", "reason: Revenue", "raeson: Revenue", "raeson", "not known", "`reason`"),
    ("authority.yaml", "when: { categories: [business] }", "when: { categories: [business], typs: [schema] }", "typs", "not known", "`types`"),
    // runbooks
    ("runbooks/model_level.yaml", "name: model_level", "name: models", "models", "another name", "`model_level`"),
    ("runbooks/model_level.yaml", "type: fingerprint", "type: fingerprnt", "fingerprnt", "`fingerprnt`", "`fingerprint`"),
    ("runbooks/model_level.yaml", ", \"${baseline}\"]", "]", "baseline", "declared but not used", "${baseline}"),
    ("runbooks/model_level.yaml", "timeout: 10 min", "timeout: 10", "10", "not a length", "15 min"),
    ("runbooks/model_level.yaml", "timeout: 10 min", "timeout: 0 s", "0 s", "without a sensible end", "10 min"),
    ("runbooks/model_level.yaml", "retries: 2", "retries: 50", "50", "too many", "at most 9"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "sqlmesh: [chekc,", "chekc", "sub-command", "`check`"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "sqlmesh: [rollback,", "rollback", "does not roll models back", "promote"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "command: [sqlmesh, destroy,", "destroy", "removes every table", "remove the step"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "command: [/opt/venv/bin/sqlmesh, -p, x, rollback,", "rollback", "own state", "promote"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "command: [python, -m, sqlmesh, janitor, --ignore-ttl,", "--ignore-ttl", "goes back to", "remove"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "command: [/opt/venv/bin/sqlmesh, plan, prod, --auto-apply, --dry-run,", "--dry-run", "is not dry", "--explain"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "command: [python, -m, sqlmesh, plan, prod, --skip-backfill,", "--skip-backfill", "empty or stale", "--no-gaps"),
    ("runbooks/model_level.yaml", "sqlmesh: [check, \"${to}\"]", "command: rm -rf ${to}", "rm", "no shell", "list of arguments"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "command: [bash, -c,", "bash", "is a shell", "program itself"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "command: [sudo, /bin/sh, -c,", "/bin/sh", "is a shell", "program itself"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "sql: [check,", "[check", "expected string", "default file"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "sqlmash: [check,", "sqlmash", "not known", "`sqlmesh`"),
    ("runbooks/model_level.yaml", "[probe, \"${to}\"]", "[promote, \"${to}\"]", "promote", "a probe must not change anything", "only reads"),
    ("runbooks/schema.yaml", "dry_run:\n      sqlmesh: [check-schema,", "dry_run:\n      sqlmesh: [restore-schema,", "restore-schema", "a dry run must not change anything", "only reads"),
    ("runbooks/model_level.yaml", FIRST, "  - name: Second look\n    confirm: { question: \"Go on?\" }\n    dry_run: { sqlmesh: [inspect] }\n\n  # Reads", "Second look", "no `dry_run`", "another step"),
    ("runbooks/model_level.yaml", "[probe, \"${to}\"]", "[probe, \"${to\"]", "\"${to\"", "not finished", "close it"),
    ("runbooks/model_level.yaml", "flag: --to", "flag: to", "to", "not a flag", "--to"),
    ("runbooks/model_level.yaml", "idempotent: true", "idempotent: maybe", "maybe", "", ""),
    ("runbooks/model_level.yaml", "    timeout: 2 min\n", "", "Check that", "has no end", "add `timeout:`"),
    ("runbooks/model_level.yaml", "    idempotent: true\n", "", "Check that", "may be done twice", "idempotent: true"),
    ("runbooks/model_level.yaml", LAST, ASK_LAST, "{ question", "nothing comes after", "before the step"),
    ("runbooks/model_level.yaml", FIRST, "  - name: Second look\n    confirm: { question: \"Go on?\", level: 7 }\n\n  # Reads", "7", "no level 7", "1, 2, 3, 4"),
    ("runbooks/model_level.yaml", FIRST, "  - name: Second look\n    confirm: { question: \" \" }\n\n  # Reads", "\" \"", "could not read", "one line"),
    ("runbooks/model_level.yaml", FIRST, "  - name: Second look\n    confirm: { question: \"Is ${to} right?\" }\n\n  # Reads", "\"Is", "no parameters", "write the question out"),
    ("runbooks/model_level.yaml", FIRST, "  - name: Second look\n    confirm: { question: \"Go on?\" }\n    timeout: 5 min\n\n  # Reads", "5 min", "no `timeout`", "another step"),
    ("runbooks/model_level.yaml", FIRST, "  - name: Second look\n    confirm: { question: \"Go on?\" }\n    undo: { command: [/bin/true] }\n\n  # Reads", "Second look", "no `undo`", "another step"),
    ("runbooks/model_level.yaml", FIRST, "  - name: Second look\n    confirm: { queston: \"Go on?\" }\n\n  # Reads", "queston", "not known", "`question`"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "only_with: baselin\n    sqlmesh: [check,", "baselin", "no parameter `baselin`", "`baseline`"),
    ("runbooks/model_level.yaml", "sqlmesh: [check,", "only_with: to\n    sqlmesh: [check,", "to", "always has a value", "optional: true"),
    ("runbooks/model_level.yaml", LAST, ASK_LATE, "{ question", "nothing comes after", "before the step"),
    // authority.cedar
    ("authority.cedar", "@reason(\"A program may propose, but people decide.\")\n", "", "forbid", "no `@reason`", "people read it"),
    ("authority.cedar", "@id(\"no_level\")\n", "", "forbid", "no `@id`", "names rules"),
    ("authority.cedar", "@id(\"no_level\")", "@id(\"inactive\")", "forbid", "two rules `inactive`", "own"),
    ("authority.cedar", "principal.human", "principal.humen", "principal.humen", "humen", ""),
    ("authority.cedar", "Action::\"escalate\"", "Action::\"escalte\"", "Countersign::Action::\"escalte\"", "escalte", ""),
    ("authority.cedar", "principal.level < 1", "principal.level < \"1\"", "\"1\"", "type", ""),
    ("authority.cedar", "unless { principal.active };", "unless { principal.active ;", ";", "unexpected", ""),
];

#[test]
fn every_slip_is_found_where_it_stands() {
    let mut wrong = Vec::new();
    for (file, from, to, caret, message, advice) in SLIPS {
        let files = changed(file, from, to);
        let Err(problems) = Policies::load(&files) else {
            wrong.push(format!("{file}: `{to}` was accepted"));
            continue;
        };
        let stands = |problem: &Problem| {
            let line = files.0[*file].lines().nth(problem.line - 1).unwrap_or_default();
            line.chars().skip(problem.column - 1).collect::<String>()
        };
        let is_found = problems.0.iter().any(|problem| {
            problem.file == *file
                && stands(problem).starts_with(caret)
                && problem.message.contains(message)
                && problem.advice.contains(advice)
                && !problem.advice.is_empty()
        });
        if !is_found {
            wrong.push(format!("{file}: `{to}` gives\n{problems}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}
