//! The record for an auditor: exported, proved offline, and refused where a single byte differs.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    installation::{Ended, Installation},
    redacted::redacted,
};

const VERIFY: [&str; 6] = ["audit", "verify", "--log", "log.jsonl", "--keys", "keys"];

/// An installation whose record was exported; gives the record.
async fn exported() -> (Installation, String, String) {
    let (installation, incident) = Installation::rolled_back().await;
    let ended = installation.run(&["audit", "export"]).await.expect_code(0);
    fs::write(installation.path("log.jsonl"), &ended.stdout).expect("writes the record");
    (installation, incident, ended.stdout)
}

/// What the auditor says of a record that was changed.
async fn verified(installation: &Installation, log: &str) -> Ended {
    fs::write(installation.path("log.jsonl"), log).expect("writes the record");
    installation.run(&VERIFY).await
}

#[tokio::test]
async fn a_good_record_is_proved_without_database_and_configuration() {
    let (installation, incident, log) = exported().await;
    for file in ["store.db", "countersign.yaml"] {
        fs::remove_file(installation.path(file)).expect("it was there");
    }
    let entries = log.lines().filter(|line| line.contains("\"kind\":\"entry\"")).count();
    let proved = installation.run(&VERIFY).await.expect_code(0);
    let expected = format!(
        "verified: 1 incident, {entries} entries, 1 signed decision, 4 steps with their approvals\n"
    );
    assert_eq!(proved.stdout, expected);
    let mut with_policies = VERIFY.to_vec();
    with_policies.extend(["--policies", "rules"]);
    installation.run(&with_policies).await.expect_code(0);
    assert!(log.contains(&incident));
}

#[tokio::test]
async fn one_incident_alone_is_exported_by_the_end_of_its_id() {
    let (installation, incident, log) = exported().await;
    let end = &incident[incident.len() - 6..];
    let alone = installation.run(&["audit", "export", "--incident", end]).await.expect_code(0);
    // The heads say when they were signed; everything else is the same.
    let entries = |log: &str| {
        log.lines().filter(|line| !line.contains("\"head\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(entries(&alone.stdout), entries(&log));
    let ended = installation.run(&["audit", "export", "--incident", "nothing"]).await;
    ended.expect_code(2);
}

#[tokio::test]
async fn one_changed_byte_is_found_and_its_entry_named() {
    let (installation, incident, log) = exported().await;
    let is_decision = |line: &&str| line.contains("\"receipt\":\"");
    let line = log.lines().find(is_decision).expect("a signed decision");
    let seq = &serde_json::from_str::<Value>(line).expect("JSON")["seq"];
    let changed = line.replacen("\\\"ana\\\"", "\\\"anb\\\"", 1);
    assert_ne!(changed, line);
    let ended = verified(&installation, &log.replace(line, &changed)).await.expect_code(1);
    assert_snapshot!(redacted(&ended, &[&incident]).replace(&format!("entry {seq} "), "entry [place] "), @"
    NOT verified: entry [place] of [id] was changed: its bytes do not have the hash that it carries
    [exit 1]
    ");
}

#[tokio::test]
async fn a_cut_end_is_found() {
    let (installation, incident, log) = exported().await;
    let lines: Vec<_> = log.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n") + "\n";
    assert_snapshot!(redacted(&verified(&installation, &cut).await, &[&incident]), @"
    NOT verified: the journal of [id] ends without its signed head, or not where the head says: entries are missing
    [exit 1]
    ");
}

#[tokio::test]
async fn other_policies_are_found() {
    let (installation, incident, _) = exported().await;
    let file = installation.path("rules/escalation.yaml");
    let text = fs::read_to_string(&file).expect("the matrix");
    fs::write(&file, text.replace("repeat: 15 min", "repeat: 16 min")).expect("writes it");
    let mut with_policies = VERIFY.to_vec();
    with_policies.extend(["--policies", "rules"]);
    let ended = installation.run(&with_policies).await.expect_code(1);
    let shown = redacted(&ended, &[&incident]);
    let expected = "of [id]: the decision was taken under policies [digest], not [digest]";
    assert!(shown.contains(expected), "{shown}");
}

#[tokio::test]
async fn an_unknown_key_is_named() {
    let (installation, incident, _) = exported().await;
    fs::rename(installation.path("keys"), installation.path("old")).expect("takes the keys away");
    assert_snapshot!(installation.run(&VERIFY).await, @"
    error: no public key (*.pub.pem) in keys: make a key with `countersign keys new`, or name the folder that has them
    [exit 2]
    ");
    let exported = installation.run(&["audit", "export"]).await;
    assert_snapshot!(exported, @"
    error: no key signs yet in keys: make one with `countersign keys new`
    [exit 1]
    ");
    installation.run(&["keys", "new"]).await.expect_code(0);
    let key = fs::read_dir(installation.path("old")).expect("a folder").find_map(|file| {
        let name = file.expect("a file").file_name().into_string().expect("text");
        Some(name.strip_suffix(".pub.pem")?.to_owned())
    });
    let key = key.expect("a public key");
    let ended = installation.run(&VERIFY).await.expect_code(1);
    let expected = format!(
        "its receipt does not hold: receipt 1 does not verify: the envelope is signed with key \"{key}\", which is not known here"
    );
    assert!(ended.stdout.contains(&incident) && ended.stdout.contains(&expected), "{ended}");
}
