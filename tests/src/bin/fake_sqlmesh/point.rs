//! Rollback points of whole environments: restored beside the live one, compared, and exchanged by name.
//!
//! None of this opens SQLMesh's state but `verify-live`: when a point is needed, the state may be gone.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Arguments, Versions, Warehouse, hang, refuse, write};

/// All that an exchange puts into another's place.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Database {
    plan_id: String,
    finalized: bool,
    models: BTreeMap<String, Versions>,
    /// Nobody can read it.
    #[serde(default)]
    destroyed: bool,
}

/// These look at copies, or move them, and can do without the state.
pub(crate) const OF_COPIES: [&str; 8] = [
    "verify-point",
    "restore-beside",
    "probe-beside",
    "verify-beside",
    "drop-beside",
    "swap",
    "unswap",
    "probe-swap",
];

/// The answer of a sub-command about points; `None` where it is none.
pub(crate) fn answer(
    warehouse: &mut Warehouse,
    arguments: &Arguments,
    fault: Option<&str>,
) -> Option<(u8, Value)> {
    if arguments.command == "drop-point" {
        return Some(drop_point(arguments, fault));
    }
    let command = arguments.command.as_str();
    match command {
        "check-past" => return Some(check_past()),
        "end-recoveries" => return Some(end_recoveries(arguments)),
        "drop-beside" => {
            let is_there = warehouse.beside.remove(&aside("restore", arguments)).is_some();
            write(&arguments.file, warehouse);
            return Some(done(arguments, !is_there, fault));
        }
        _ => {}
    }
    if command != "verify-live" && !OF_COPIES.contains(&command) {
        return None;
    }
    let folder = arguments.points.join(&arguments.point);
    if !folder.join("manifest.json").exists() {
        let error = format!("There is no rollback point {}.", arguments.point);
        return Some(refuse(3, "impossible", &error));
    }
    let exchanged = exchange_state(warehouse, arguments);
    Some(match arguments.command.as_str() {
        "verify-point" => verify_point(&folder, arguments),
        "restore-beside" if exchanged.0 == "done" => {
            let error =
                format!("The rollback point {} has been swapped in already.", arguments.point);
            refuse(4, "conflict", &error)
        }
        "restore-beside" => restore(warehouse, arguments, &folder, fault),
        "probe-beside" => {
            let state = if exchanged.0 == "unknown" { "not_done" } else { "done" };
            (0, json!({"state": state, "detail": exchanged.1}))
        }
        "verify-beside" => {
            let restored = warehouse.beside.get(&aside("restore", arguments));
            verdict(&[compared("restored_content", restored, copy(&folder).as_ref())])
        }
        "swap" | "unswap" => exchange(warehouse, arguments, fault),
        "probe-swap" => (0, json!({"state": exchanged.0, "detail": exchanged.1})),
        _ => {
            let live = live(warehouse);
            verdict(&[compared("environment", Some(&live), copy(&folder).as_ref())])
        }
    })
}

/// What is known before a recovery; of room and time as on a small machine.
fn check_past() -> (u8, Value) {
    let found = |name: &str, detail: &str| json!({"name": name, "subject": "sunday", "outcome": "pass", "detail": detail});
    verdict(&[
        found("base_backup", "The base backup was finished before that moment."),
        found("disk_space", "The recovery needs up to 80 MB, where 9000 MB are free."),
        found("recovery_time", "The recovery copies 40 MB: about 1 min on a plain disk."),
    ])
}

/// Removes what killed recoveries have left.
fn end_recoveries(arguments: &Arguments) -> (u8, Value) {
    let folder = arguments.points.join("recovering");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let ended: Vec<String> = entries
        .map(|entry| {
            fs::remove_dir_all(entry.path()).expect("removes what was left");
            entry.file_name().to_string_lossy().into_owned()
        })
        .collect();
    (0, json!({"ended": ended}))
}

/// A point that is being removed is none any more, whatever comes next.
fn drop_point(arguments: &Arguments, fault: Option<&str>) -> (u8, Value) {
    let folder = arguments.points.join(&arguments.point);
    let already = !folder.exists();
    if !already {
        let manifest = folder.join("manifest.json");
        if manifest.exists() {
            fs::rename(manifest, folder.join("dropped.json")).expect("forgets the point");
        }
        if fault == Some("half") {
            return refuse(1, "crash", "the warehouse does not let its tables go");
        }
        fs::remove_dir_all(&folder).expect("removes the point");
    }
    (0, json!({"already": already, "state": "done", "point": arguments.point}))
}

fn verify_point(folder: &Path, arguments: &Arguments) -> (u8, Value) {
    let point = &arguments.point;
    // What a point of tables keeps besides them is no database.
    let passed = fs::read(folder.join("copy.json"))
        .is_ok_and(|bytes| serde_json::from_slice::<Value>(&bytes).is_ok());
    let (outcome, detail) = if passed {
        ("pass", format!("The copy of {point} was read to its end."))
    } else {
        ("fail", format!("The copy of {point} cannot be read to its end."))
    };
    let kept = json!({"at_ms": 0, "passed": passed});
    fs::write(folder.join("verified.json"), kept.to_string()).expect("writes the verdict");
    verdict(&[
        json!({"name": "copy_readable", "subject": point, "outcome": outcome, "detail": detail}),
    ])
}

fn restore(
    warehouse: &mut Warehouse,
    arguments: &Arguments,
    folder: &Path,
    fault: Option<&str>,
) -> (u8, Value) {
    let name = aside("restore", arguments);
    let already = warehouse.beside.contains_key(&name);
    if !already {
        let Some(copy) = copy(folder) else {
            return refuse(1, "crash", "the copy cannot be read to its end");
        };
        println!("{}", json!({"progress": {"kind": "work", "stage": "Restore warehouse beside"}}));
        warehouse.beside.insert(name, copy);
        write(&arguments.file, warehouse);
    }
    done(arguments, already, fault)
}

/// Whether the restored one is live, by the names that are there.
fn exchange_state(warehouse: &Warehouse, arguments: &Arguments) -> (&'static str, String) {
    let (coming, leaving) = names(arguments);
    let there = |name: &String| warehouse.beside.contains_key(name);
    match (there(&coming), there(&leaving)) {
        (true, true) => ("unknown", format!("Both {coming} and {leaving} are there.")),
        (true, false) => ("not_done", format!("{coming} waits beside the live one.")),
        (false, true) => ("done", format!("It was exchanged; {leaving} is what it was before.")),
        (false, false) => ("unknown", format!("Neither {coming} nor {leaving} is there.")),
    }
}

fn exchange(warehouse: &mut Warehouse, arguments: &Arguments, fault: Option<&str>) -> (u8, Value) {
    let (state, detail) = exchange_state(warehouse, arguments);
    if state == "unknown" {
        return refuse(4, "conflict", &detail);
    }
    if state == "not_done" {
        println!("{}", json!({"progress": {"kind": "work", "stage": "Exchange warehouse"}}));
        let (coming, leaving) = names(arguments);
        let arriving = warehouse.beside.remove(&coming).expect("it waits");
        let before = live(warehouse);
        warehouse.beside.insert(leaving, before);
        let Database { plan_id, finalized, models, destroyed } = arriving;
        (warehouse.plan_id, warehouse.finalized) = (plan_id, finalized);
        (warehouse.models, warehouse.destroyed) = (models, destroyed);
        write(&arguments.file, warehouse);
    }
    done(arguments, state == "done", fault)
}

fn done(arguments: &Arguments, already: bool, fault: Option<&str>) -> (u8, Value) {
    match fault {
        Some("late") => hang(&arguments.file),
        _ => (0, json!({"already": already, "state": "done", "point": arguments.point})),
    }
}

/// What comes into the live one's place, and what the live one is called then.
fn names(arguments: &Arguments) -> (String, String) {
    let (restored, broken) = (aside("restore", arguments), aside("broken", arguments));
    if arguments.command == "unswap" || arguments.is_back {
        (broken, restored)
    } else {
        (restored, broken)
    }
}

fn aside(what: &str, arguments: &Arguments) -> String {
    let tag = arguments.tag.as_ref().unwrap_or(&arguments.point);
    format!("warehouse_{what}_{tag}")
}

fn live(warehouse: &Warehouse) -> Database {
    Database {
        plan_id: warehouse.plan_id.clone(),
        finalized: warehouse.finalized,
        models: warehouse.models.clone(),
        destroyed: warehouse.destroyed,
    }
}

/// What the point holds; `None` where it was cut off.
fn copy(folder: &Path) -> Option<Database> {
    serde_json::from_slice(&fs::read(folder.join("copy.json")).ok()?).ok()
}

fn compared(name: &str, found: Option<&Database>, expected: Option<&Database>) -> Value {
    let (outcome, detail) = match (found, expected) {
        (None, _) => ("fail", "The warehouse is not restored beside."),
        (found, expected) if found == expected => {
            ("pass", "Every table has the rows of the rollback point.")
        }
        _ => ("fail", "Some tables do not have the rows of the rollback point."),
    };
    json!({"name": name, "subject": "warehouse", "outcome": outcome, "detail": detail})
}

fn verdict(checks: &[Value]) -> (u8, Value) {
    let passed = checks.iter().all(|check| check["outcome"] == "pass");
    (if passed { 0 } else { 6 }, json!({"checks": checks, "passed": passed}))
}
