//! `propose`: what a person types, and what comes of it.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    installation::{CUSTOMERS, Installation, ORDERS, policies::edit},
    redacted::redacted,
};

/// An installation in which Ana is whoever runs this test.
async fn of_ana() -> Installation {
    let installation = Installation::fresh().await;
    let output = Command::new("id").arg("-un").output().expect("`id` says who this is");
    let user = String::from_utf8(output.stdout).expect("a name");
    let people = installation.path("rules/people.yaml");
    edit(&people, "{ chat: cli, user: ana }", &format!("{{ chat: cli, user: {} }}", user.trim()));
    installation
}

const TRIGGER: [&str; 2] = ["--trigger", "unexpected_behaviour"];
const REASON: [&str; 2] = ["--reason", "Order numbers look wrong since lunch"];

fn propose<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&["propose"], options, &TRIGGER, &REASON].concat()
}

#[tokio::test]
async fn what_is_proposed_in_a_terminal_is_rolled_back() {
    let installation = of_ana().await;
    let words = propose(&["--type", "2", "--target", "prod", "--models", ORDERS, "--json"]);
    let asked = installation.run(&words).await.expect_code(0);
    let asked: Value = serde_json::from_str(&asked.stdout).expect("JSON");
    let incident = asked["incident"].as_str().expect("an incident").to_owned();
    let listed = installation.run(&["list"]).await;
    assert_snapshot!(redacted(&listed, &[&incident]), @"
    [id]  [date] [time] UTC  Asked for                 Order numbers look wrong since lunch
    [exit 0]
    ");

    let serving = installation.serve().await;
    assert_eq!(serving.incident_in("Waiting for a decision").await, incident);
    let again = propose(&["--type", "1", "--target", "warehouse"]);
    assert_snapshot!(redacted(&installation.run(&again).await, &[&incident]), @"
    refused: a proposal for `warehouse` is open already, in incident [id]: decide on that one first, or reject it. Nothing was proposed.
    [exit 3]
    ");
    serving.decide(&incident, "ana", "approve").await;
    assert_eq!(serving.incident_in("Rolled back").await, incident);
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");
    let versions = [ORDERS, CUSTOMERS].map(|model| installation.warehouse.version(model));
    assert_eq!(versions, ["11", "24"]);

    let timeline = installation.run(&["timeline", &incident]).await.expect_code(0);
    let first: String = timeline.stdout.lines().take(2).collect::<Vec<_>>().join("\n");
    assert!(first.contains("Ana Ruiz proposed a model-level rollback (type 2)"), "{first}");
    let shown = installation.run(&["show", &incident]).await.expect_code(0);
    assert!(shown.stdout.contains("Proposed by      Ana Ruiz"), "{shown}");
    let log = installation.run(&["audit", "export"]).await.expect_code(0);
    std::fs::write(installation.path("log.jsonl"), log.stdout).expect("writes the log");
    let verify = ["audit", "verify", "--log", "log.jsonl", "--keys", "keys"];
    installation.run(&verify).await.expect_code(0);
}

#[tokio::test]
async fn it_says_what_happens_next() {
    let installation = of_ana().await;
    let asked = installation.run(&propose(&["--type", "2", "--target", "prod"])).await;
    let listed = installation.run(&["list", "--json"]).await.expect_code(0);
    let rows: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let incident = rows[0]["id"].as_str().expect("an incident").to_owned();
    let shown = redacted(&asked, &[&incident]);
    let (_, rest) = shown.split_once(", as ").expect("it says who asked");
    let (_, rest) = rest.split_once(':').expect("and the incident");
    assert_snapshot!(rest, @"
     incident [id].
    `countersign serve` now finds out whether it is possible, and brings it to those who decide. See how it goes:
      countersign show [id]
    [exit 0]
    ");
}

#[tokio::test]
async fn those_who_may_not_are_told_why() {
    let installation = Installation::fresh().await;
    let refused = installation.run(&propose(&["--type", "2", "--target", "prod"])).await;
    assert!(
        refused.stderr.starts_with("refused: nobody in people.yaml has the identity"),
        "{refused}"
    );
    assert_eq!(refused.code, 3);

    let installation = of_ana().await;
    let unclear = propose(&["--type", "2", "--target", "staging"]);
    assert_snapshot!(installation.run(&unclear).await, @"
    error: no target of targets.yaml has the id or the environment `staging`; use one of `warehouse`
    [exit 2]
    ");
    let automatic = ["propose", "--type", "2", "--target", "prod", "--trigger", "error_rate_high"];
    let automatic = installation.run(&[&automatic, &REASON[..]].concat()).await;
    assert!(automatic.stderr.starts_with("refused: `error_rate_high`"), "{automatic}");
    assert_eq!(automatic.code, 3);
    let fifth = installation.run(&propose(&["--type", "5", "--target", "prod"])).await;
    assert_eq!(fifth.code, 2, "{fifth}");
    assert_snapshot!(installation.run(&["list"]).await, @"
    There is no incident yet. PagerDuty's webhook brings the first.
    [exit 0]
    ");
}
