//! A stand-in for a Python with SQLMesh: started like one (`python helper.py COMMAND --project ..`), it answers like
//! the helper, by the helper's rules, over a warehouse that is one JSON file in the project's folder.
//!
//! Faults stand in the file too: `fail` (nothing happens), `busy` (nothing happens, somebody else holds the file), `half` (the record is written, not finished), `hang`
//! (before anything happens) and `late` (everything happens, but no answer comes).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Duration,
};

use domain::digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A hanging command ends by itself after this time, should nobody kill it.
const HANGING: Duration = Duration::from_mins(1);

#[derive(Serialize, Deserialize)]
struct Warehouse {
    plan_id: String,
    finalized: bool,
    models: BTreeMap<String, Versions>,
    /// The versions whose rows are right.
    good: BTreeMap<String, String>,
    downstream: Vec<String>,
    /// `model=version` that the janitor has removed.
    removed: Vec<String>,
    /// A table that runbooks may read and change.
    #[serde(default)]
    flags: BTreeMap<String, String>,
    /// By command, in order.
    faults: BTreeMap<String, Vec<String>>,
    calls: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Versions {
    current: String,
    previous: String,
}

struct Arguments {
    command: String,
    file: PathBuf,
    to: Vec<(String, String)>,
    instead_of: Vec<(String, String)>,
    expected: String,
    statement: String,
    is_read_only: bool,
}

fn main() -> ExitCode {
    let arguments = arguments();
    let mut warehouse = read(&arguments.file);
    warehouse.calls.push(arguments.command.clone());
    let fault = warehouse
        .faults
        .get_mut(&arguments.command)
        .filter(|faults| !faults.is_empty())
        .map(|faults| faults.remove(0));
    write(&arguments.file, &warehouse);
    let (code, answer) = match (arguments.command.as_str(), fault.as_deref()) {
        (_, Some("hang")) => hang(&arguments.file),
        (_, Some("fail")) => refuse(1, "crash", "the warehouse said no"),
        (_, Some("busy")) => {
            let error = "could not set lock on the warehouse";
            (1, json!({"error": error, "kind": "crash", "transient": true}))
        }
        ("inspect", _) => (0, inspect(&warehouse)),
        ("check", _) => check(&warehouse, &arguments),
        ("promote", fault) => promote(&mut warehouse, &arguments, fault),
        ("probe", _) => (0, probe(&warehouse, &arguments)),
        ("verify", _) => verify(&warehouse, &arguments),
        ("end-backends", _) => (0, json!({"ended": 0})),
        ("sql", _) => sql(&mut warehouse, &arguments),
        (other, _) => refuse(2, "usage", &format!("unknown command {other}")),
    };
    println!("{answer}");
    ExitCode::from(code)
}

fn arguments() -> Arguments {
    // The first argument is the helper's path.
    let mut words = std::env::args().skip(2);
    let command = words.next().unwrap_or_default();
    let (mut file, mut to, mut instead_of, mut expected) =
        (PathBuf::new(), vec![], vec![], String::new());
    let (mut statement, mut is_read_only) = (String::new(), false);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        let pair = |text: String| {
            text.split_once('=').map(|(model, version)| (model.to_owned(), version.to_owned()))
        };
        match word.as_str() {
            "--project" => file = Path::new(&value()).join("warehouse.json"),
            "--to" => to.extend(pair(value())),
            "--instead-of" => instead_of.extend(pair(value())),
            "--expect-fingerprint" => expected = value(),
            "--statement" => statement = value(),
            "--read-only" => is_read_only = true,
            "--gateway" | "--environment" | "--user" | "--baseline" | "--models" | "--name" => {
                drop(value());
            }
            _ => {}
        }
    }
    Arguments { command, file, to, instead_of, expected, statement, is_read_only }
}

fn read(file: &Path) -> Warehouse {
    let text = fs::read_to_string(file).expect("the project has a warehouse");
    serde_json::from_str(&text).expect("a warehouse")
}

fn write(file: &Path, warehouse: &Warehouse) {
    let draft = file.with_extension("draft");
    fs::write(&draft, serde_json::to_string(warehouse).expect("JSON"))
        .expect("writes the warehouse");
    fs::rename(draft, file).expect("replaces the warehouse");
}

fn hang(file: &Path) -> ! {
    // Whoever watches the folder knows that it hangs now.
    fs::write(file.with_file_name("hanging"), "").expect("writes a mark");
    thread::sleep(HANGING);
    std::process::exit(1)
}

fn refuse(code: u8, kind: &str, error: &str) -> (u8, Value) {
    (code, json!({"error": error, "kind": kind, "transient": false}))
}

fn hex(text: &str) -> String {
    Digest::of(text).hex().to_owned()
}

fn fingerprint(warehouse: &Warehouse) -> String {
    let versions: Vec<_> = warehouse
        .models
        .iter()
        .map(|(model, versions)| format!("{model}={}", versions.current))
        .collect();
    hex(&format!("{} {} {}", warehouse.plan_id, warehouse.finalized, versions.join(" ")))
}

/// The id of the one plan that may do this for this approval, as the helper makes it.
fn plan_id(expected: &str, to: &[(String, String)]) -> String {
    let mut pairs: Vec<_> =
        to.iter().map(|(model, version)| format!("{model}={version}")).collect();
    pairs.sort();
    hex(&format!("{expected}\n{}", pairs.join("\n")))[..32].to_owned()
}

fn inspect(warehouse: &Warehouse) -> Value {
    let changed: Vec<_> = warehouse
        .models
        .iter()
        .filter(|(_, versions)| versions.current != versions.previous)
        .map(|(name, versions)| json!({"name": name, "current": versions.current, "previous": versions.previous}))
        .collect();
    json!({
        "sqlmesh_version": "0.236.4",
        "environment": {"name": "prod", "plan_id": warehouse.plan_id},
        "fingerprint": fingerprint(warehouse),
        "changed": changed,
    })
}

fn check(warehouse: &Warehouse, arguments: &Arguments) -> (u8, Value) {
    let finding = |(model, version): &(String, String)| {
        let is_there = !warehouse.removed.contains(&format!("{model}={version}"));
        let detail = if is_there {
            format!("Version {version} of {model} is in the state.")
        } else {
            format!(
                "Version {version} of {model} is no longer in SQLMesh's state; the janitor has removed it."
            )
        };
        json!({"check": "target_version_exists", "subject": model, "outcome": if is_there { "pass" } else { "fail" }, "detail": detail})
    };
    let findings: Vec<_> = arguments.to.iter().map(finding).collect();
    let possible = findings.iter().all(|finding| finding["outcome"] == "pass");
    let answer = json!({
        "findings": findings,
        "possible": possible,
        "affected": {"downstream": warehouse.downstream},
        "possible_until_ms": null,
        "fingerprint": fingerprint(warehouse),
    });
    (if possible { 0 } else { 3 }, answer)
}

fn is_at(warehouse: &Warehouse, to: &[(String, String)]) -> usize {
    to.iter()
        .filter(|(model, version)| {
            warehouse.models.get(model).is_some_and(|versions| versions.current == *version)
        })
        .count()
}

fn promote(warehouse: &mut Warehouse, arguments: &Arguments, fault: Option<&str>) -> (u8, Value) {
    let to = &arguments.to;
    if is_at(warehouse, to) == to.len() && warehouse.finalized {
        return (
            0,
            json!({"already": true, "state": "done", "fingerprint": fingerprint(warehouse)}),
        );
    }
    let own =
        [plan_id(&arguments.expected, to), plan_id(&arguments.expected, &arguments.instead_of)];
    if fingerprint(warehouse) != arguments.expected && !own.contains(&warehouse.plan_id) {
        return refuse(4, "conflict", "The environment prod is not as it was approved.");
    }
    for (model, version) in to {
        println!(
            "{}",
            json!({"progress": {"kind": "promoting", "model": model, "done": 1, "total": to.len()}})
        );
        if let Some(versions) = warehouse.models.get_mut(model) {
            versions.previous = std::mem::replace(&mut versions.current, version.clone());
        }
    }
    warehouse.plan_id.clone_from(&own[0]);
    warehouse.finalized = fault != Some("half");
    write(&arguments.file, warehouse);
    match fault {
        Some("late") => hang(&arguments.file),
        Some("half") => refuse(5, "apply_failed", "the connection was lost"),
        _ => (0, json!({"already": false, "state": "done", "fingerprint": fingerprint(warehouse)})),
    }
}

fn probe(warehouse: &Warehouse, arguments: &Arguments) -> Value {
    let (count, all) = (is_at(warehouse, &arguments.to), arguments.to.len());
    let state = match (count, warehouse.finalized) {
        (count, true) if count == all => "done",
        (0, true) => "not_done",
        _ => "partial",
    };
    json!({"state": state, "detail": format!("{count} of {all} models point at their target."), "fingerprint": fingerprint(warehouse)})
}

/// One table of its own, `flags`: `select value from flags where name = 'x'` and `update flags set value = 'on' where
/// name = 'x'`. A read-only call changes nothing.
fn sql(warehouse: &mut Warehouse, arguments: &Arguments) -> (u8, Value) {
    let quoted: Vec<&str> = arguments.statement.split('\'').skip(1).step_by(2).collect();
    match (arguments.statement.split(' ').next(), &quoted[..]) {
        (Some("select"), [name]) => {
            let value = warehouse.flags.get(*name);
            (0, json!({"rows": usize::from(value.is_some()), "value": value, "changed": null}))
        }
        (Some("update"), [value, name]) if !arguments.is_read_only => {
            let found = warehouse.flags.get_mut(*name);
            let changed = usize::from(found.is_some());
            if let Some(found) = found {
                (*value).clone_into(found);
            }
            write(&arguments.file, warehouse);
            (0, json!({"rows": null, "value": null, "changed": changed}))
        }
        _ => refuse(1, "crash", "the warehouse does not understand this statement"),
    }
}

fn verify(warehouse: &Warehouse, arguments: &Arguments) -> (u8, Value) {
    let check = |(model, _): &(String, String)| {
        let current = warehouse.models.get(model).map(|versions| &versions.current);
        let is_right = current.is_some() && current == warehouse.good.get(model);
        let detail = if is_right {
            format!("No row of {model} repeats its key.")
        } else {
            format!("14950 rows of {model} repeat their key.")
        };
        json!({"name": "duplicates", "subject": model, "outcome": if is_right { "pass" } else { "fail" }, "detail": detail})
    };
    let checks: Vec<_> = arguments.to.iter().map(check).collect();
    let passed = checks.iter().all(|check| check["outcome"] == "pass");
    (if passed { 0 } else { 6 }, json!({"checks": checks, "passed": passed}))
}
