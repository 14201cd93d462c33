//! Mistakes in the files: each is found where it stands, with advice.

use policies::{Files, Policies};

use crate::{changed, files};

#[track_caller]
fn rendered(files: &Files) -> String {
    Policies::load(files).expect_err("the files were accepted").to_string()
}

#[test]
fn a_typo_in_a_key() {
    let files = changed("runbooks/model_level.yaml", "parameters:", "paramaters:");
    insta::assert_snapshot!(rendered(&files), @r#"
    error: the key `paramaters` is not known here
      --> runbooks/model_level.yaml:12:1
       |
    12 | paramaters:
       | ^^^^^^^^^^
       |
       = help: did you mean `parameters`?

    1 mistake
    "#);
}

#[test]
fn a_level_that_nobody_holds() {
    let files = changed("people.yaml", "level: 3", "level: 2");
    insta::assert_snapshot!(rendered(&files), @"
    error: nobody in people.yaml holds level 3
      --> escalation.yaml:34:12
       |
    34 |   - level: 3
       |            ^
       |
       = help: give somebody in people.yaml `level: 3`, or remove this rung

    1 mistake
    ");
}

#[test]
fn a_rollback_without_a_runbook() {
    let mut files = files("rules");
    files.0.remove("runbooks/blue_green.yaml");
    insta::assert_snapshot!(rendered(&files), @"
    error: there is no runbook for a blue-green rollback (type 1)
      --> targets.yaml:12:17
       |
    12 |     rollbacks: [blue_green, model_level, schema, full_environment]
       |                 ^^^^^^^^^^
       |
       = help: add one under runbooks/, or keep to `model_level`, `schema`, `full_environment`

    1 mistake
    ");
}

#[test]
fn a_planned_runbook_alone_is_none() {
    let mut files = files("rules");
    files.0.remove("runbooks/schema.yaml");
    let shown = rendered(&files);
    assert!(shown.contains("there is no runbook for a schema rollback (type 3)"), "{shown}");
}

#[test]
fn a_runbook_parameter_that_does_not_exist() {
    let files = changed("runbooks/model_level.yaml", r#"[probe, "${to}"]"#, r#"[probe, "${too}"]"#);
    insta::assert_snapshot!(rendered(&files), @r#"
    error: there is no parameter `too`
      --> runbooks/model_level.yaml:73:24
       |
    73 |       sqlmesh: [probe, "${too}"]
       |                        ^^^^^^^^
       |
       = help: did you mean `to`?

    1 mistake
    "#);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mut files = changed("people.yaml", "level: 1", "levle: 1");
    let text = files.0["people.yaml"].replacen("{ chat: slack, team", "{ chat: slak, taem", 1);
    files.0.insert("people.yaml".to_owned(), text);
    let text = files.0["escalation.yaml"].replace("Europe/Berlin", "Europe/Berln");
    files.0.insert("escalation.yaml".to_owned(), text);
    let text = files.0["authority.cedar"].replace("principal.active", "principal.actve");
    files.0.insert("authority.cedar".to_owned(), text);
    files.0.remove("targets.yaml");
    insta::assert_snapshot!(rendered(&files), @"
    error: attribute `actve` on entity type `Countersign::Person` not found
      --> authority.cedar:55:10
       |
    55 | unless { principal.actve };
       |          ^^^^^^^^^^^^^^^
       |
       = help: did you mean `active`?

    error: there is no time zone `Europe/Berln`
      --> escalation.yaml:10:12
       |
    10 | time_zone: Europe/Berln
       |            ^^^^^^^^^^^^
       |
       = help: did you mean `Europe/Berlin`?

    error: the key `levle` is not known here
      --> people.yaml:12:5
       |
    12 |     levle: 1
       |     ^^^^^
       |
       = help: did you mean `level`?

    error: `slak` is not a value that fits here
      --> people.yaml:14:17
       |
    14 |       - { chat: slak, taem: T0DATA, user: U0ANA }
       |                 ^^^^
       |
       = help: did you mean `slack`?

    error: the key `taem` is not known here
      --> people.yaml:14:23
       |
    14 |       - { chat: slak, taem: T0DATA, user: U0ANA }
       |                       ^^^^
       |
       = help: did you mean `team`?

    error: the file is missing
     --> targets.yaml:1:1
      |
    1 |
      | ^
      |
      = help: add `targets.yaml` to the rules folder; the default one is a good beginning

    6 mistakes
    ");
}

#[test]
fn one_slip_gives_one_problem() {
    for (file, from, to) in [
        ("people.yaml", "chat: slack", "chat: slak"),
        ("escalation.yaml", "repeat: 15 min", "repaet: 15 min"),
        ("runbooks/model_level.yaml", "sqlmesh: [check,", "sql: [check,"),
        ("authority.cedar", "principal.human", "principal.humen"),
        ("triggers.yaml", "kind: automatic", "kind: automatik"),
    ] {
        let problems = Policies::load(&changed(file, from, to)).unwrap_err();
        assert_eq!(problems.0.len(), 1, "`{to}` gives\n{problems}");
    }
}

#[test]
fn files_that_nobody_reads_and_files_that_are_missing() {
    let mut files = files("rules");
    let text = files.0.remove("triggers.yaml").unwrap();
    files.0.insert("trigger.yaml".to_owned(), text);
    insta::assert_snapshot!(rendered(&files), @r#"
    error: nobody reads this file
     --> trigger.yaml:1:1
      |
    1 | # yaml-language-server: $schema=../schemas/triggers.schema.json
      | ^
      |
      = help: did you mean `triggers.yaml`? Runbooks are read from `runbooks/NAME.yaml`.

    error: the file is missing
     --> triggers.yaml:1:1
      |
    1 |
      | ^
      |
      = help: add `triggers.yaml` to the rules folder; the default one is a good beginning

    2 mistakes
    "#);
}

#[test]
fn bombs_are_refused_quickly() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                people: [*c,*c,*c,*c,*c,*c,*c]\n";
    let deep = format!("people: {}{}", "[".repeat(5000), "]".repeat(5000));
    let long = format!("people: [] # {}", "x".repeat(2 << 20));
    for (text, message) in
        [(bomb.to_owned(), ""), (deep, "recursion limit"), (long, "larger than 1 MiB")]
    {
        let mut files = files("rules");
        files.0.insert("people.yaml".to_owned(), text);
        let problems = Policies::load(&files).unwrap_err();
        let found = problems.0.iter().find(|problem| problem.file == "people.yaml").unwrap();
        assert!(found.message.contains(message), "{}", found.message);
    }
}
