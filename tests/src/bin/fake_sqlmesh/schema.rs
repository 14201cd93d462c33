//! Models that were changed in place: their definition goes back, and their values come from a rollback point.

use std::fs;

use serde_json::{Value, json};

use super::{Arguments, Warehouse, check, hang, is_at, probe, promote, refuse, verify, write};

/// The answer of a sub-command about them; `None` where it is none.
pub(crate) fn answer(
    warehouse: &mut Warehouse,
    arguments: &Arguments,
    fault: Option<&str>,
) -> Option<(u8, Value)> {
    Some(match arguments.command.as_str() {
        "save" => save(warehouse, arguments, fault),
        "probe-point" => {
            let is_there = arguments.points.join(&arguments.point).join("manifest.json").exists();
            let state = if is_there { "done" } else { "not_done" };
            (0, json!({"state": state, "detail": format!("It is asked for {}.", arguments.point)}))
        }
        "check-schema" => check_schema(warehouse, arguments),
        "restore-schema" => restore(warehouse, arguments, fault),
        "probe-schema" => {
            let mut answer = probe(warehouse, arguments);
            if answer["state"] == "done" && has_empty(warehouse, arguments) {
                answer["state"] = json!("partial");
            }
            (0, answer)
        }
        "verify-schema" => verify_schema(warehouse, arguments),
        _ => return None,
    })
}

/// Keeps the tables as they are, or only the versions; of a moment of the past, the versions of before the release.
fn save(warehouse: &Warehouse, arguments: &Arguments, fault: Option<&str>) -> (u8, Value) {
    let folder = arguments.points.join(&arguments.point);
    let already = folder.join("manifest.json").exists();
    if !already {
        let kept: Vec<_> = warehouse
            .models
            .iter()
            .map(|(name, is)| {
                let of = if arguments.moment.is_some() { &is.previous } else { &is.current };
                json!({"name": name, "identifier": of, "kept": arguments.kind != "versions"})
            })
            .collect();
        let models: Value = warehouse
            .models
            .iter()
            .map(|(name, is)| (name.clone(), json!({"current": is.previous, "previous": null})))
            .collect();
        let copy = match arguments.moment {
            Some(_) => json!({"plan_id": "good-release", "finalized": true, "models": models}),
            None => json!({}),
        };
        let project = match arguments.moment {
            Some(_) => fs::canonicalize(&arguments.file).expect("a warehouse"),
            None => "/warehouse.json".into(),
        };
        let project = project.parent().expect("the project's folder");
        let manifest = json!({
            "point": arguments.point, "kind": arguments.kind, "created_ms": arguments.moment.unwrap_or(0), "reason": "",
            "environment": "prod", "gateway": "local", "fingerprint": "",
            "project": {"path": project, "commit": null}, "models": kept,
        });
        fs::create_dir_all(&folder).expect("makes the point's folder");
        fs::write(folder.join("copy.json"), copy.to_string()).expect("writes the copy");
        fs::write(folder.join("manifest.json"), manifest.to_string()).expect("writes the manifest");
    }
    if fault == Some("late") {
        hang(&arguments.file);
    }
    (0, json!({"already": already, "state": "done", "point": arguments.point}))
}

/// Whether the point keeps each model at the version that it goes back to, or its sources have its history.
fn check_schema(warehouse: &Warehouse, arguments: &Arguments) -> (u8, Value) {
    let (_, mut answer) = check(warehouse, arguments);
    for (model, version) in &arguments.wanted {
        if arguments.restate.contains(model) {
            answer["findings"].as_array_mut().expect("findings").push(again(warehouse, model));
            continue;
        }
        let is_kept = kept(arguments, model).is_some_and(|kept| Some(&kept) == version.as_ref());
        let (outcome, detail) = if is_kept {
            ("pass", format!("The rollback point has the values of {model}."))
        } else {
            ("fail", format!("The rollback point was made when {model} had lost its values."))
        };
        let finding = json!({"check": "values_recoverable", "subject": model, "outcome": outcome, "detail": detail});
        answer["findings"].as_array_mut().expect("findings").push(finding);
    }
    let findings = answer["findings"].as_array().expect("findings");
    let possible = findings.iter().all(|finding| finding["outcome"] == "pass");
    answer["possible"] = json!(possible);
    (if possible { 0 } else { 3 }, answer)
}

/// What the sources give of a model.
fn again(warehouse: &Warehouse, model: &str) -> Value {
    let (outcome, detail) = if warehouse.forgotten.contains(model) {
        let text = "would have 12 rows where there are 1000 now: its sources do not have all of its history.";
        ("fail", format!("Computed again as a whole, {model} {text}"))
    } else {
        let text = "has 1000 rows where there are 1000 now: 1000 with loyalty_points.";
        ("pass", format!("Computed again as a whole, {model} {text}"))
    };
    json!({"check": "values_recomputable", "subject": model, "outcome": outcome, "detail": detail})
}

/// First the definitions, whose columns are empty then, and after that their values.
fn restore(warehouse: &mut Warehouse, arguments: &Arguments, fault: Option<&str>) -> (u8, Value) {
    let is_there = is_at(warehouse, &arguments.wanted) == arguments.wanted.len();
    if is_there && warehouse.finalized && !has_empty(warehouse, arguments) {
        return (0, json!({"already": true, "state": "done"}));
    }
    if !(is_there && warehouse.finalized) {
        let (code, answer) = promote(warehouse, arguments, None);
        if code != 0 {
            return (code, answer);
        }
        let in_place =
            warehouse.in_place.iter().filter(|model| arguments.wanted.contains_key(*model));
        warehouse.empty.extend(in_place.cloned().collect::<Vec<_>>());
        write(&arguments.file, warehouse);
    }
    if fault == Some("half") {
        return refuse(5, "apply_failed", "the connection was lost");
    }
    warehouse.empty.retain(|model| !arguments.wanted.contains_key(model));
    write(&arguments.file, warehouse);
    match fault {
        Some("late") => hang(&arguments.file),
        _ => (0, json!({"already": false, "state": "done"})),
    }
}

fn verify_schema(warehouse: &mut Warehouse, arguments: &Arguments) -> (u8, Value) {
    let (_, mut answer) = verify(warehouse, arguments);
    let checks = answer["checks"].as_array_mut().expect("checks");
    for model in warehouse.in_place.iter().filter(|model| arguments.wanted.contains_key(*model)) {
        let is_filled = !warehouse.empty.contains(model);
        let outcome = if is_filled { "pass" } else { "fail" };
        let detail =
            format!("The values of {model} are {}there.", if is_filled { "" } else { "not " });
        checks.push(json!({"name": "values_restored", "subject": model, "outcome": outcome, "detail": detail}));
    }
    let passed = checks.iter().all(|check| check["outcome"] == "pass");
    answer["passed"] = json!(passed);
    (if passed { 0 } else { 6 }, answer)
}

fn has_empty(warehouse: &mut Warehouse, arguments: &Arguments) -> bool {
    arguments.wanted.keys().any(|model| warehouse.empty.contains(model))
}

/// The version of a model that the point keeps.
fn kept(arguments: &Arguments, model: &str) -> Option<String> {
    let file = arguments.points.join(&arguments.point).join("manifest.json");
    let manifest: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let found = manifest["models"].as_array()?.iter().find(|kept| kept["name"] == model)?;
    found["identifier"].as_str().map(str::to_owned)
}
