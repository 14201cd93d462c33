//! Versions that an environment keeps from the janitor, by the helper's rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Arguments, Warehouse, hang, refuse, write};

/// Keeps the versions under the name, or names those that are gone.
pub(crate) fn pin(
    warehouse: &mut Warehouse,
    arguments: &Arguments,
    fault: Option<&str>,
) -> (u8, Value) {
    if !arguments.name.starts_with("countersign_") {
        return refuse(2, "usage", "--name wants a name that begins with countersign_.");
    }
    let wanted = wanted(arguments);
    let already = warehouse.pins.get(&arguments.name) == Some(&wanted);
    let missing: Vec<_> =
        wanted.iter().filter(|version| warehouse.removed.contains(version)).collect();
    if !already && !missing.is_empty() {
        return (3, json!({"state": "gone", "already": false, "missing": missing, "in_place": []}));
    }
    let in_place: Vec<_> =
        arguments.wanted.keys().filter(|model| warehouse.in_place.contains(*model)).collect();
    let answer = json!({"state": "done", "already": already, "missing": [], "in_place": in_place});
    warehouse.pins.insert(arguments.name.clone(), wanted);
    write(&arguments.file, warehouse);
    match fault {
        Some("late") => hang(&arguments.file),
        _ => (0, answer),
    }
}

/// Takes what the name keeps away.
pub(crate) fn unpin(
    warehouse: &mut Warehouse,
    arguments: &Arguments,
    fault: Option<&str>,
) -> (u8, Value) {
    let already = warehouse.pins.remove(&arguments.name).is_none();
    write(&arguments.file, warehouse);
    match fault {
        Some("late") => hang(&arguments.file),
        _ => (0, json!({"state": "not_done", "already": already})),
    }
}

/// Whether the name keeps exactly these versions.
pub(crate) fn probe(warehouse: &Warehouse, arguments: &Arguments) -> Value {
    let state = match warehouse.pins.get(&arguments.name) {
        Some(kept) if *kept == wanted(arguments) => "done",
        Some(_) => "partial",
        None => "not_done",
    };
    json!({"state": state, "detail": format!("{} is looked at.", arguments.name)})
}

/// Whether some environment of ours keeps each version that is asked about.
pub(crate) fn keeps_all(warehouse: &Warehouse, arguments: &Arguments) -> bool {
    let wanted = wanted(arguments);
    let is_kept = |version| warehouse.pins.values().any(|kept| kept.contains(version));
    !wanted.is_empty() && wanted.iter().all(is_kept)
}

fn wanted(arguments: &Arguments) -> BTreeSet<String> {
    let pair = |(model, version): (&String, &Option<String>)| {
        version.as_ref().map(|version| format!("{model}={version}"))
    };
    arguments.wanted.iter().filter_map(pair).collect()
}
