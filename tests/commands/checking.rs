//! `check`: mistakes come with file, line, caret and advice, and exit with 2.

use insta::assert_snapshot;

use crate::{
    installation::{Installation, policies::edit},
    redacted::redacted,
};

/// What `check` says after a mistake was written into a file.
async fn mistaken(file: &str, old: &str, new: &str) -> String {
    let installation = Installation::bare().await;
    edit(&installation.path(file), old, new);
    installation.run(&["check"]).await.expect_code(2).to_string()
}

#[tokio::test]
async fn good_policies_pass() {
    let installation = Installation::bare().await;
    let ended = installation.run(&["check"]).await.expect_code(0);
    assert_snapshot!(redacted(&ended, &[]), @"
    The configuration and the policies are in order: 8 people, 1 target, policies [digest].
      blue-green rollback (type 1): blue_green; planned: blue_green_planned
      model-level rollback (type 2): model_level; planned: model_level_planned
      schema rollback (type 3): schema; planned: schema_planned
      full environment rollback (type 4): full_environment; planned: full_environment_planned
    [exit 0]
    ");
}

#[tokio::test]
async fn a_typo_in_a_key_of_the_policies() {
    let shown = mistaken("rules/escalation.yaml", "after: 15 min", "aftr: 15 min").await;
    assert_snapshot!(shown, @"
    error: the key `aftr` is not known here
      --> escalation.yaml:27:5
       |
    27 |     aftr: 15 min
       |     ^^^^
       |
       = help: did you mean `after`?

    1 mistake
    [exit 2]
    ");
}

#[tokio::test]
async fn a_level_that_nobody_holds() {
    let installation = Installation::bare().await;
    let board = "strategic_decisions }\n  - { level: 5, name: board, authority: none }";
    edit(&installation.path("rules/escalation.yaml"), "strategic_decisions }", board);
    edit(&installation.path("rules/authority.yaml"), "approvals: [3, 2]", "approvals: [5, 2]");
    assert_snapshot!(installation.run(&["check"]).await, @"
    error: nobody in people.yaml holds level 5 or higher
      --> authority.yaml:24:17
       |
    24 |     approvals: [5, 2]
       |                 ^
       |
       = help: give somebody in people.yaml `level: 5`, or ask for a lower one

    1 mistake
    [exit 2]
    ");
}

#[tokio::test]
async fn a_parameter_that_the_runbook_does_not_have() {
    let shown =
        mistaken("rules/runbooks/model_level.yaml", "[probe, \"${to}\"]", "[probe, \"${too}\"]")
            .await;
    assert_snapshot!(shown, @r#"
    error: there is no parameter `too`
      --> runbooks/model_level.yaml:73:24
       |
    73 |       sqlmesh: [probe, "${too}"]
       |                        ^^^^^^^^
       |
       = help: did you mean `to`?

    1 mistake
    [exit 2]
    "#);
}

#[tokio::test]
async fn a_typo_in_a_rule_of_cedar() {
    let shown =
        mistaken("rules/authority.cedar", "principal.level < 1", "principal.levels < 1").await;
    assert_snapshot!(shown, @"
    error: attribute `levels` on entity type `Countersign::Person` not found
      --> authority.cedar:50:8
       |
    50 | when { principal.levels < 1 };
       |        ^^^^^^^^^^^^^^^^
       |
       = help: did you mean `level`?

    1 mistake
    [exit 2]
    ");
}

#[tokio::test]
async fn a_typo_in_a_key_of_the_configuration() {
    let shown = mistaken("countersign.yaml", "demo_personas", "demo_persona").await;
    assert_snapshot!(shown, @"
    error: the key `demo_persona` is not known here
     --> countersign.yaml:8:8
      |
    8 | web: { demo_persona: true }
      |        ^^^^^^^^^^^^
      |
      = help: did you mean `demo_personas`?

    1 mistake
    [exit 2]
    ");
}

#[tokio::test]
async fn a_secret_that_the_environment_does_not_have() {
    let shown = mistaken("countersign.yaml", "[fake-webhook-secret]", "[env:PD_SECRET]").await;
    assert_snapshot!(shown, @"
    error: `pagerduty.webhook_secrets` is `env:PD_SECRET`, but the environment has no PD_SECRET; set it, or write the value
    [exit 2]
    ");
}

#[tokio::test]
async fn personas_for_everybody() {
    let shown = mistaken("countersign.yaml", "127.0.0.1:0", "0.0.0.0:0").await;
    assert_snapshot!(shown, @"
    error: `web.demo_personas` lets anybody act as anybody, and `listen` is 0.0.0.0:0. Listen on 127.0.0.1, or turn the personas off.
    [exit 2]
    ");
}

#[tokio::test]
async fn a_configuration_that_is_not_there() {
    let installation = Installation::bare().await;
    let ended = installation.run(&["--config", "elsewhere.yaml", "check"]).await.expect_code(2);
    assert!(ended.stderr.contains("cannot read elsewhere.yaml"), "{ended}");
    assert!(ended.stderr.contains("--config"), "{ended}");
}

#[tokio::test]
async fn a_command_that_does_not_exist() {
    let installation = Installation::bare().await;
    let ended = installation.run(&["aprove"]).await.expect_code(2);
    assert!(ended.stderr.contains("unrecognized subcommand 'aprove'"), "{ended}");
}
