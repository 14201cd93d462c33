//! A stand-in for a Python with SQLMesh: started like one (`python helper.py COMMAND --project ..`, or ahead and with these
//! words on its input), it answers like the helper, by the helper's rules, over a warehouse that is one JSON file in the project's folder.
//!
//! Faults stand in the file too: `fail` (nothing happens), `busy` (nothing happens, somebody else holds the file), `half` (the record is written, not finished), `hang`
//! (before anything happens), `late` (everything happens, but no answer comes) and `wait` (it goes on when the mark that it
//! sets is taken away).

mod arguments;
mod pin;
mod point;
mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::ExitCode,
    thread,
    time::Duration,
};

use domain::digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arguments::{Arguments, Wanted, arguments};

/// A hanging command ends by itself after this time, should nobody kill it.
const HANGING: Duration = Duration::from_mins(1);

/// So long every release takes.
const RELEASE_MS: i64 = 600_000;

#[derive(Serialize, Deserialize)]
struct Warehouse {
    plan_id: String,
    finalized: bool,
    /// When the last plan had finished, in milliseconds since 1970.
    finalized_ms: i64,
    /// By `model=version`; 1000 where nothing is said.
    rows: BTreeMap<String, u64>,
    /// The baselines that `verify` was given.
    baselines: Vec<Value>,
    models: BTreeMap<String, Versions>,
    /// The versions whose rows are right.
    good: BTreeMap<String, String>,
    downstream: Vec<String>,
    /// `model=version` that the janitor has removed.
    removed: Vec<String>,
    /// When the janitor comes, in milliseconds since 1970.
    possible_until_ms: Option<i64>,
    /// What other environments hold, by their names.
    environments: BTreeMap<String, BTreeMap<String, String>>,
    /// Nobody can read it, SQLMesh's state as little as the data.
    #[serde(default)]
    destroyed: bool,
    /// What stands beside it, by name: restored from rollback points, or what was live before.
    #[serde(default)]
    beside: BTreeMap<String, point::Database>,
    /// What environments keep from the janitor, `model=version` by their names.
    #[serde(default)]
    pins: BTreeMap<String, BTreeSet<String>>,
    /// Models that the last release changed in place: all their versions share one table.
    #[serde(default)]
    in_place: BTreeSet<String>,
    /// Those of them whose column came back, or went, and has no values.
    #[serde(default)]
    empty: BTreeSet<String>,
    /// Models whose sources do not have their history any more.
    #[serde(default)]
    forgotten: BTreeSet<String>,
    /// A table that runbooks may read and change.
    #[serde(default)]
    flags: BTreeMap<String, String>,
    /// By command, in order.
    faults: BTreeMap<String, Vec<String>>,
    calls: Vec<String>,
}

/// `None`: the environment does not have the model, or did not have it before the release.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
struct Versions {
    current: Option<String>,
    previous: Option<String>,
}

/// These can do without the state, as those of `point::OF_COPIES`.
const WITHOUT_STATE: [&str; 4] = ["end-backends", "drop-point", "check-past", "end-recoveries"];

fn main() -> ExitCode {
    let Some(arguments) = arguments() else { return ExitCode::SUCCESS };
    let mut warehouse = read(&arguments.file);
    warehouse.calls.push(arguments.command.clone());
    let fault = warehouse
        .faults
        .get_mut(&arguments.command)
        .filter(|faults| !faults.is_empty())
        .map(|faults| faults.remove(0));
    write(&arguments.file, &warehouse);
    if fault.as_deref() == Some("wait") {
        wait(&arguments.file);
        warehouse = read(&arguments.file);
    }
    let (code, answer) = match (arguments.command.as_str(), fault.as_deref()) {
        (_, Some("hang")) => hang(&arguments.file),
        (_, Some("fail")) => refuse(1, "crash", "the warehouse said no"),
        (_, Some("busy")) => {
            let error = "could not set lock on the warehouse";
            (1, json!({"error": error, "kind": "crash", "transient": true}))
        }
        (command, _)
            if warehouse.destroyed
                && !WITHOUT_STATE.contains(&command)
                && arguments.moment.is_none()
                && !point::OF_COPIES.contains(&command) =>
        {
            refuse(3, "impossible", "The DuckDB file warehouse.duckdb does not exist.")
        }
        ("inspect", _) => inspect(&warehouse, arguments.source.as_deref()),
        ("check", _) => check(&warehouse, &arguments),
        ("promote", fault) => promote(&mut warehouse, &arguments, fault),
        ("probe", _) => (0, probe(&warehouse, &arguments)),
        ("verify", _) => verify(&mut warehouse, &arguments),
        ("measure", _) => (0, measure(&warehouse)),
        ("end-backends", _) => (0, json!({"ended": 0})),
        ("sql", _) => sql(&mut warehouse, &arguments),
        ("pin", fault) => pin::pin(&mut warehouse, &arguments, fault),
        ("unpin", fault) => pin::unpin(&mut warehouse, &arguments, fault),
        ("probe-pin", _) => (0, pin::probe(&warehouse, &arguments)),
        (other, fault) => {
            let unknown = || refuse(2, "usage", &format!("unknown command {other}"));
            point::answer(&mut warehouse, &arguments, fault)
                .or_else(|| schema::answer(&mut warehouse, &arguments, fault))
                .unwrap_or_else(unknown)
        }
    };
    println!("{answer}");
    ExitCode::from(code)
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

/// Sets the mark, and waits until somebody takes it away.
fn wait(file: &Path) {
    let mark = file.with_file_name("hanging");
    fs::write(&mark, "").expect("writes a mark");
    let started = std::time::Instant::now();
    while mark.exists() && started.elapsed() < HANGING {
        thread::sleep(Duration::from_millis(10));
    }
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
        .filter_map(|(model, versions)| Some(format!("{model}={}", versions.current.as_ref()?)))
        .collect();
    hex(&format!("{} {} {}", warehouse.plan_id, warehouse.finalized, versions.join(" ")))
}

/// The id of the one plan that may do this for this approval, as the helper makes it.
fn plan_id(expected: &str, wanted: &Wanted) -> String {
    let pairs: Vec<_> =
        wanted.iter().map(|(model, version)| written(model, version.as_ref())).collect();
    hex(&format!("{expected}\n{}", pairs.join("\n")))[..32].to_owned()
}

fn written(model: &str, version: Option<&String>) -> String {
    version.map_or_else(|| format!("without {model}"), |is| format!("{model}={is}"))
}

fn inspect(warehouse: &Warehouse, source: Option<&str>) -> (u8, Value) {
    let mut models = warehouse.models.clone();
    if let Some(source) = source {
        let Some(held) = warehouse.environments.get(source) else {
            let error = format!("There is no environment '{source}' to go back to.");
            return refuse(3, "impossible", &error);
        };
        for (model, versions) in &mut models {
            versions.previous = held.get(model).cloned();
        }
    }
    let changed: Vec<_> = models
        .iter()
        .filter(|(_, versions)| versions.current != versions.previous)
        .map(|(name, versions)| json!({"name": name, "current": versions.current, "previous": versions.previous}))
        .collect();
    let current: Vec<_> = live(warehouse)
        .map(|(name, identifier)| {
            let table = format!("t_{identifier}");
            json!({"name": name, "identifier": identifier, "version": identifier, "physical_table": table})
        })
        .collect();
    let finalized_ts = warehouse.finalized.then_some(warehouse.finalized_ms);
    let answer = json!({
        "sqlmesh_version": "0.236.4",
        "environment": {
            "name": "prod", "plan_id": warehouse.plan_id, "finalized_ts": finalized_ts,
            "began_ts": finalized_ts.map(|at| at - RELEASE_MS),
        },
        "fingerprint": fingerprint(warehouse),
        "current": current,
        "changed": changed,
    });
    (0, answer)
}

fn check(warehouse: &Warehouse, arguments: &Arguments) -> (u8, Value) {
    let finding = |(model, version): (&String, &Option<String>)| {
        let Some(version) = version else {
            let detail = format!(
                "{model} leaves the environment: its view goes, and its table stays for now."
            );
            return json!({"check": "left_out", "subject": model, "outcome": "pass", "detail": detail});
        };
        if warehouse.in_place.contains(model) && arguments.command == "check" {
            let detail =
                format!("{model} was changed in place: there is no old table to go back to.");
            return json!({"check": "version_restorable", "subject": model, "outcome": "fail", "detail": detail});
        }
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
    let mut findings: Vec<_> = arguments.wanted.iter().map(finding).collect();
    if !warehouse.finalized {
        let detail = format!("Plan {} on prod has not finished.", warehouse.plan_id);
        findings.push(json!({"check": "environment_finalized", "subject": "prod", "outcome": "fail", "detail": detail}));
    }
    let possible = findings.iter().all(|finding| finding["outcome"] == "pass");
    let answer = json!({
        "findings": findings,
        "possible": possible,
        "affected": {"downstream": warehouse.downstream},
        "backfill": {"intervals": 0},
        "possible_until_ms": warehouse.possible_until_ms.filter(|_| !pin::keeps_all(warehouse, arguments)),
        "fingerprint": fingerprint(warehouse),
    });
    (if possible { 0 } else { 3 }, answer)
}

fn is_at(warehouse: &Warehouse, wanted: &Wanted) -> usize {
    let current = |model| warehouse.models.get(model).and_then(|versions| versions.current.clone());
    wanted.iter().filter(|(model, version)| current(*model) == **version).count()
}

fn promote(warehouse: &mut Warehouse, arguments: &Arguments, fault: Option<&str>) -> (u8, Value) {
    let wanted = &arguments.wanted;
    if is_at(warehouse, wanted) == wanted.len() && warehouse.finalized {
        return (
            0,
            json!({"already": true, "state": "done", "fingerprint": fingerprint(warehouse)}),
        );
    }
    let own =
        [plan_id(&arguments.expected, wanted), plan_id(&arguments.expected, &arguments.instead_of)];
    if fingerprint(warehouse) != arguments.expected && !own.contains(&warehouse.plan_id) {
        return refuse(4, "conflict", "The environment prod is not as it was approved.");
    }
    for (place, (model, version)) in wanted.iter().enumerate() {
        let kind = if version.is_some() { "promoting" } else { "removing" };
        println!(
            "{}",
            json!({"progress": {"kind": kind, "model": model, "done": place + 1, "total": wanted.len()}})
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
    let (count, all) = (is_at(warehouse, &arguments.wanted), arguments.wanted.len());
    let state = match (count, warehouse.finalized) {
        (count, true) if count == all => "done",
        (0, true) => "not_done",
        _ => "partial",
    };
    json!({"state": state, "detail": format!("{count} of {all} models point at their target."), "fingerprint": fingerprint(warehouse)})
}

/// The models that the environment has, with their versions.
fn live(warehouse: &Warehouse) -> impl Iterator<Item = (&String, &String)> {
    warehouse.models.iter().filter_map(|(model, is)| Some((model, is.current.as_ref()?)))
}

fn rows(warehouse: &Warehouse, model: &str, version: &str) -> u64 {
    warehouse.rows.get(&format!("{model}={version}")).copied().unwrap_or(1000)
}

fn measure(warehouse: &Warehouse) -> Value {
    let measured = |(model, version): (&String, &String)| {
        let rows = rows(warehouse, model, version);
        (model.clone(), json!({"rows": rows, "duplicates": 0, "max_time": null}))
    };
    let models: BTreeMap<String, Value> = live(warehouse).map(measured).collect();
    json!({"environment": "prod", "fingerprint": fingerprint(warehouse), "models": models})
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

fn verify(warehouse: &mut Warehouse, arguments: &Arguments) -> (u8, Value) {
    if !arguments.baseline.is_null() {
        warehouse.baselines.push(arguments.baseline.clone());
        write(&arguments.file, warehouse);
    }
    let check = |(model, version): (&String, &Option<String>)| {
        let current = warehouse.models.get(model).and_then(|versions| versions.current.as_ref());
        if version.is_none() {
            let (outcome, is) =
                if current.is_none() { ("pass", "are gone") } else { ("fail", "are there") };
            let detail = format!("{model} and its view {is}.");
            return json!({"name": "gone", "subject": model, "outcome": outcome, "detail": detail});
        }
        let is_right = current.is_some() && current == warehouse.good.get(model);
        let detail = if is_right {
            format!("No row of {model} repeats its key.")
        } else {
            format!("14950 rows of {model} repeat their key.")
        };
        json!({"name": "duplicates", "subject": model, "outcome": if is_right { "pass" } else { "fail" }, "detail": detail})
    };
    let count = |model: &String| {
        let expected = arguments.baseline["models"][model]["rows"].as_u64()?;
        let version = warehouse.models.get(model).and_then(|versions| versions.current.as_ref());
        let found = rows(warehouse, model, version?);
        let outcome = if found < expected { "fail" } else { "pass" };
        let detail = format!("{found} rows where the baseline has {expected}.");
        Some(json!({"name": "row_count", "subject": model, "outcome": outcome, "detail": detail}))
    };
    let mut checks: Vec<_> = arguments.wanted.iter().map(check).collect();
    checks.extend(arguments.wanted.keys().filter_map(count));
    let passed = checks.iter().all(|check| check["outcome"] == "pass");
    (if passed { 0 } else { 6 }, json!({"checks": checks, "passed": passed}))
}
