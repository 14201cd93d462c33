//! After a rollback: `hold`, `gate` and `release`.

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    installation::{CUSTOMERS, Installation, ORDERS, client, patience::until, policies::edit},
    redacted::redacted,
};

/// The newest hold's id.
async fn hold(installation: &Installation) -> String {
    let listed = installation.run(&["hold", "list", "--json"]).await.expect_code(0);
    let rows: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    rows[0]["hold"].as_str().expect("a hold").to_owned()
}

#[tokio::test]
async fn before_anything_was_rolled_back() {
    let installation = Installation::fresh().await;
    assert_snapshot!(installation.run(&["hold", "list"]).await, @"
    Nothing is held, and nothing ever was: a rollback that succeeds leaves a hold.
    [exit 0]
    ");
    assert_snapshot!(installation.run(&["gate", "check", "--environment", "prod"]).await, @"
    prod is free: nothing is held.
    [exit 0]
    ");
    assert_snapshot!(installation.run(&["gate", "check", "--environment", "dev"]).await, @"
    error: no target of targets.yaml has the environment or the id `dev`
    [exit 2]
    ");
    assert_snapshot!(installation.run(&["release", "list", "--environment", "prod"]).await, @"
    No release of prod was seen yet. `countersign serve` looks at it.
    [exit 0]
    ");
    let lift = ["hold", "lift", "nothing", "--person", "ana", "--reason", "why not"];
    assert_snapshot!(installation.run(&lift).await, @"
    error: there is no hold whose id ends in `nothing`; `countersign hold list` shows those there are
    [exit 2]
    ");
}

#[tokio::test]
async fn the_gate_of_a_held_environment() {
    let (installation, incident) = Installation::rolled_back().await;
    let hold = hold(&installation).await;
    let ids = [incident.as_str(), &hold];
    assert_snapshot!(redacted(&installation.run(&["hold", "list"]).await, &ids), @"
    [id]  [date] [time] UTC  held                  prod of warehouse  [id]  marts.customer_segmentation=24, marts.order_analytics=22
    [exit 0]
    ");
    let check = ["gate", "check", "--environment", "warehouse"];
    assert_snapshot!(redacted(&installation.run(&check).await, &ids), @"
    warehouse is held.
      since [date] [time] UTC, by the rollback of [id] (warehouse): It is data_corruption_detected (data is corrupt): the headline contains “duplicate* rows”.
      must not come back: marts.customer_segmentation=24, marts.order_analytics=22
      can lift it, with a reason: Ana Ruiz, Bo Lindqvist, Ben Okafor, Tess Novak, Mia Haddad, Cleo Martin, Vic Tanaka (level 1 or higher); hold [id]
    [exit 3]
    ");

    let with = async |text: &str| {
        std::fs::write(installation.path("models.txt"), text).expect("writes the file");
        let check = ["gate", "check", "--environment", "prod", "--plan-models", "models.txt"];
        let ended = installation.run(&check).await;
        let first = ended.stdout.lines().next().unwrap_or_default().to_owned();
        format!("{first}{}[exit {}]", ended.stderr, ended.code)
    };
    assert_snapshot!(with(&format!("# what this deploy brings\n{ORDERS}=33\n\nmarts.other\n")).await, @"prod is held, and this deploy brings back nothing that was rolled back: go on. The hold stands.[exit 0]");
    assert_snapshot!(with(&format!("{ORDERS}=22\n{CUSTOMERS}=12\n")).await, @"prod is held, and this deploy would bring back what was rolled back: marts.order_analytics=22[exit 3]");
    assert_snapshot!(with(&format!("{CUSTOMERS}\n")).await, @"prod is held, and this deploy would bring back what was rolled back: marts.customer_segmentation=24[exit 3]");
    assert_snapshot!(with("marts.other\nrm -rf /\n").await, @"
    error: line 2 of models.txt is neither `model=identifier` nor the name of a model
    [exit 2]
    ");
    let missing = ["gate", "check", "--environment", "prod", "--plan-models", "nothing.txt"];
    assert_snapshot!(installation.run(&missing).await, @"
    error: nothing.txt cannot be read: No such file or directory (os error 2)
    [exit 2]
    ");

    let json = installation.run(&["gate", "check", "--environment", "prod", "--json"]).await;
    let gate: Value = serde_json::from_str(&json.expect_code(3).stdout).expect("JSON");
    assert_eq!(gate["held"], true);
    assert_eq!(gate["incident"], incident);
    assert_eq!(gate["bad"][0]["model"], CUSTOMERS);
    assert_eq!(gate["bad"][0]["identifier"], "24");
    assert!(gate.get("brings_back").is_none());

    std::fs::write(installation.path("models.txt"), CUSTOMERS).expect("writes the file");
    let check = ["gate", "check", "--environment", "prod", "--plan-models", "models.txt", "--json"];
    let gate: Value =
        serde_json::from_str(&installation.run(&check).await.expect_code(3).stdout).expect("JSON");
    assert_eq!(gate["brings_back"][0]["model"], CUSTOMERS);
}

/// Whoever types a name has not proved that it is theirs.
#[tokio::test]
async fn a_terminal_lifts_no_hold() {
    let (installation, incident) = Installation::rolled_back().await;
    let hold = hold(&installation).await;
    let ids = [incident.as_str(), &hold];
    let lift = async |person, reason| {
        let end = &hold[hold.len() - 6..];
        let lift = ["hold", "lift", end, "--person", person, "--reason", reason];
        redacted(&installation.run(&lift).await, &ids)
    };
    assert_snapshot!(lift("ana", "the fix is merged").await, @"
    The hold of prod stands: a terminal cannot prove that you are Ana Ruiz, and lifting a hold is a decision that gets signed.
    Press “Lift the hold” on the card of [id] instead:
      on the page, http://127.0.0.1:8080/incidents/[id]
    Can lift it: Ana Ruiz, Bo Lindqvist, Ben Okafor, Tess Novak, Mia Haddad, Cleo Martin, Vic Tanaka (level 1 or higher).
    [exit 3]
    ");
    assert_snapshot!(lift("nobody", "the fix is merged").await, @"
    error: people.yaml does not name `nobody`
    [exit 2]
    ");
    assert_snapshot!(lift("ana", " ").await, @"
    error: say why, so that the others can read it: --reason TEXT
    [exit 2]
    ");
    installation.run(&["gate", "check", "--environment", "prod"]).await.expect_code(3);

    edit(&installation.path("countersign.yaml"), "web: { demo_personas: true }", "");
    assert_snapshot!(lift("ana", "the fix is merged").await, @"
    The hold of prod stands: a terminal cannot prove that you are Ana Ruiz, and lifting a hold is a decision that gets signed.
    Press “Lift the hold” on the card of [id] instead:
      in a chat; none is configured, so nobody can decide here yet
    Can lift it: Ana Ruiz, Bo Lindqvist, Ben Okafor, Tess Novak, Mia Haddad, Cleo Martin, Vic Tanaka (level 1 or higher).
    [exit 3]
    ");
}

#[tokio::test]
async fn a_hold_that_was_lifted_on_the_page() {
    let (installation, incident) = Installation::rolled_back().await;
    let hold = hold(&installation).await;
    let ids = [incident.as_str(), &hold];
    let serving = installation.serve().await;
    let page = serving.decide_because(&incident, "ana", "lift_hold", "the fix is merged").await;
    assert!(page.contains("is lifted; your decision is signed and kept"), "{page}");
    let (status, gate) = serving.get("/api/gate/prod").await;
    let gate: Value = serde_json::from_str(&gate).expect("JSON");
    assert_eq!(
        (status, &gate["held"], &gate["lifted_by"]),
        (200, &false.into(), &"Ana Ruiz".into())
    );
    assert_eq!(serving.get("/api/gate/nowhere").await.0, 404);
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");

    let check = ["gate", "check", "--environment", "prod"];
    assert_snapshot!(redacted(&installation.run(&check).await, &ids), @"
    prod is free: Ana Ruiz lifted its last hold on [date] [time] UTC: the fix is merged
    [exit 0]
    ");
    assert_snapshot!(redacted(&installation.run(&["hold", "list"]).await, &ids), @"
    [id]  [date] [time] UTC  lifted by Ana Ruiz    prod of warehouse  [id]  marts.customer_segmentation=24, marts.order_analytics=22
    [exit 0]
    ");
    let lift = ["hold", "lift", &hold, "--person", "ben", "--reason", "me too"];
    assert_snapshot!(redacted(&installation.run(&lift).await, &ids), @"
    Ana Ruiz lifted this hold of prod on [date] [time] UTC: the fix is merged
    [exit 3]
    ");
    installation.run(&["audit", "export"]).await.expect_code(0);
}

#[tokio::test]
async fn what_was_deployed() {
    let installation = Installation::fresh().await;
    let secret = "sqlmesh: { webhook_secrets: [the-secret-path] }\nweb:";
    edit(&installation.path("countersign.yaml"), "web:", secret);
    let serving = installation.serve().await;
    let list = ["release", "list", "--environment", "prod"];
    let seen = async || {
        let listed = installation.run(&list).await.expect_code(0);
        listed.stdout.contains("bad-release").then_some(listed)
    };
    let listed = until("the release is seen", seen).await;
    assert_snapshot!(redacted(&listed, &[]), @"
    warehouse     1  [date] [time] UTC  unknown  poll          -  bad-release
    [exit 0]
    ");
    let note = |commit| ["release", "note", "--environment", "prod", "--commit", commit];
    assert_snapshot!(installation.run(&note("HEAD")).await, @"
    error: `HEAD` is not a commit's id: give 7 to 64 hexadecimal digits, such as `git rev-parse HEAD` prints
    [exit 2]
    ");
    assert_snapshot!(installation.run(&note("0f5e1e1c8b0f")).await, @"
    Noted: the newest release of prod gets commit 0f5e1e1c8b0f when it is looked at next.
    [exit 0]
    ");
    let named = async || {
        let listed = installation.run(&list).await.expect_code(0);
        listed.stdout.contains("0f5e1e1c8b0f").then_some(listed)
    };
    let listed = until("the release has its commit", named).await;
    assert_snapshot!(redacted(&listed, &[]), @"
    warehouse     1  [date] [time] UTC  unknown  poll          0f5e1e1c8b0f  bad-release
    [exit 0]
    ");
    for (secret, expected) in [("the-secret-path", 202), ("the-secret-pat", 404), ("", 404)] {
        let post = client().post(format!("{}/webhooks/sqlmesh/{secret}", serving.address));
        let answer = post.body("{\"text\":\"done\"}").send().await.expect("the bot answers");
        assert_eq!(answer.status().as_u16(), expected, "{secret}");
    }
}
