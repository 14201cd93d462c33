//! The fake warehouse from the outside: its state, its faults, and what was asked of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The models of the last release, both changed by it.
pub(crate) const ORDERS: &str = "marts.order_analytics";
/// See [`ORDERS`].
pub(crate) const CUSTOMERS: &str = "marts.customer_segmentation";
/// A model that a bad switch adds.
pub(crate) const EXTRA: &str = "marts.revenue_by_method";
/// A model that a bad switch removes.
pub(crate) const SUMMARY: &str = "marts.segment_summary";

/// One warehouse; copies show the same.
#[derive(Clone)]
pub(crate) struct Warehouse {
    folder: PathBuf,
}

impl Warehouse {
    /// A warehouse whose last release broke both models.
    pub(crate) fn broken(folder: &Path) -> Self {
        let warehouse = Self { folder: folder.to_owned() };
        fs::create_dir_all(folder).expect("makes the project's folder");
        warehouse.write(&json!({
            "plan_id": "bad-release",
            "finalized": true,
            "finalized_ms": 1_795_316_400_000_i64, // 2026-11-22 03:00 UTC
            "rows": {},
            "baselines": [],
            "models": {ORDERS: {"current": "22", "previous": "11"}, CUSTOMERS: {"current": "24", "previous": "12"}},
            "good": {ORDERS: "11", CUSTOMERS: "12"},
            "downstream": ["marts.segment_summary"],
            "removed": [],
            "possible_until_ms": null,
            "environments": {},
            "flags": {"jobs": "running"},
            "faults": {},
            "calls": [],
        }));
        warehouse
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The last release is a bad switch: it changed two models, added one and removed one.
    pub(crate) fn switch_badly(&self) {
        self.change(|warehouse| {
            warehouse["models"][EXTRA] = json!({"current": "30", "previous": null});
            warehouse["models"][SUMMARY] = json!({"current": null, "previous": "13"});
            warehouse["good"][SUMMARY] = json!("13");
            warehouse["downstream"] = json!([]);
        });
    }

    /// The last release broke so many models besides; gives their names.
    pub(crate) fn breaks_many(&self, count: usize) -> Vec<String> {
        let names: Vec<String> = (1..=count).map(|number| format!("marts.wide_{number}")).collect();
        self.change(|warehouse| {
            for name in &names {
                warehouse["models"][name] = json!({"current": "2", "previous": "1"});
                warehouse["good"][name] = json!("1");
            }
        });
        names
    }

    /// Another environment holds these versions.
    pub(crate) fn hold(&self, environment: &str, versions: &[(&str, &str)]) {
        let held: BTreeMap<_, _> = versions.iter().copied().collect();
        self.change(|warehouse| warehouse["environments"][environment] = json!(held));
    }

    /// A SQLMesh plan begins, or it ends.
    pub(crate) fn finish(&self, finalized: bool) {
        self.change(|warehouse| warehouse["finalized"] = json!(finalized));
    }

    /// The janitor comes at this time.
    pub(crate) fn janitor_comes(&self, at: domain::Timestamp) {
        self.change(|warehouse| warehouse["possible_until_ms"] = json!(at.timestamp_millis()));
    }

    /// The version that a model's readers see.
    pub(crate) fn version(&self, model: &str) -> String {
        self.live(model).expect("a version")
    }

    /// The version that a model's readers see; `None` where there is no such model.
    pub(crate) fn live(&self, model: &str) -> Option<String> {
        self.read()["models"][model]["current"].as_str().map(str::to_owned)
    }

    /// How often a command was asked.
    pub(crate) fn calls(&self, command: &str) -> usize {
        self.read()["calls"]
            .as_array()
            .expect("calls")
            .iter()
            .filter(|call| *call == command)
            .count()
    }

    /// What the next calls of a command meet, in order.
    pub(crate) fn fault(&self, command: &str, faults: &[&str]) {
        self.change(|warehouse| warehouse["faults"][command] = json!(faults));
    }

    /// Somebody deploys another release.
    pub(crate) fn deploy(&self, plan_id: &str) {
        self.change(|warehouse| warehouse["plan_id"] = json!(plan_id));
    }

    /// Somebody deploys a release in which these models have these versions; SQLMesh remembers what was there before.
    pub(crate) fn release(&self, plan_id: &str, at: DateTime<Utc>, versions: &[(&str, &str)]) {
        self.change(|warehouse| {
            warehouse["plan_id"] = json!(plan_id);
            warehouse["finalized"] = json!(true);
            warehouse["finalized_ms"] = json!(at.timestamp_millis());
            let models = warehouse["models"].as_object_mut().expect("models");
            for model in models.values_mut() {
                model["previous"] = model["current"].clone();
            }
            for (model, version) in versions {
                let of_model = models.entry(*model).or_insert_with(|| json!({"previous": null}));
                of_model["current"] = json!(version);
            }
        });
    }

    /// The last release took a model away.
    pub(crate) fn is_without(&self, model: &str) {
        self.change(|warehouse| warehouse["models"][model]["current"] = Value::Null);
    }

    /// How many rows a version has.
    pub(crate) fn holds_rows(&self, version: &str, rows: u64) {
        self.change(|warehouse| warehouse["rows"][version] = json!(rows));
    }

    /// This version's rows are right.
    pub(crate) fn is_right(&self, model: &str, version: &str) {
        self.change(|warehouse| warehouse["good"][model] = json!(version));
    }

    /// What the checks after a rollback were told to compare with, in order.
    pub(crate) fn baselines(&self) -> Vec<Value> {
        self.read()["baselines"].as_array().expect("baselines").clone()
    }

    /// The janitor removes a version.
    pub(crate) fn remove(&self, model: &str, version: &str) {
        self.change(|warehouse| warehouse["removed"] = json!([format!("{model}={version}")]));
    }

    /// The janitor comes, and takes these versions unless an environment keeps them.
    pub(crate) fn janitor_takes(&self, versions: &[(&str, &str)]) {
        self.change(|warehouse| {
            let kept: Vec<_> = self.pins().into_values().flatten().collect();
            let versions = versions.iter().map(|(model, version)| format!("{model}={version}"));
            let taken: Vec<_> = versions.filter(|version| !kept.contains(version)).collect();
            warehouse["removed"] = json!(taken);
        });
    }

    /// What environments of ours keep, by their names.
    pub(crate) fn pins(&self) -> BTreeMap<String, Vec<String>> {
        serde_json::from_value(self.read()["pins"].clone()).unwrap_or_default()
    }

    /// The old version turns out to be wrong as well.
    pub(crate) fn spoil(&self, model: &str) {
        self.change(|warehouse| warehouse["good"][model] = json!("none"));
    }

    /// CI makes a rollback point, `full` or of `tables`, of what was there before the last release.
    pub(crate) fn keep_point(&self, points: &Path, id: &str, kind: &str, at: domain::Timestamp) {
        let of = |model: &Value| json!({"current": model["previous"], "previous": null});
        let models: BTreeMap<String, Value> = self.read()["models"]
            .as_object()
            .expect("models")
            .iter()
            .map(|(name, versions)| (name.clone(), of(versions)))
            .collect();
        let kept: Vec<_> = models
            .iter()
            .map(|(name, of)| json!({"name": name, "identifier": of["current"], "kept": true}))
            .collect();
        let project = fs::canonicalize(&self.folder).expect("the project's folder");
        let manifest = json!({
            "point": id, "kind": kind, "created_ms": at.timestamp_millis(), "reason": "before the release",
            "environment": "prod", "gateway": "local", "fingerprint": "of-the-good-release",
            "project": {"path": project, "commit": null}, "models": kept,
        });
        let copy = json!({"plan_id": "good-release", "finalized": true, "models": models});
        let folder = points.join(id);
        fs::create_dir_all(&folder).expect("makes the point's folder");
        fs::write(folder.join("copy.json"), copy.to_string()).expect("writes the copy");
        fs::write(folder.join("manifest.json"), manifest.to_string()).expect("writes the manifest");
    }

    /// The last verification of a point found nothing wrong.
    pub(crate) fn verified(points: &Path, id: &str) {
        let verdict = json!({"at_ms": 0, "passed": true}).to_string();
        fs::write(points.join(id).join("verified.json"), verdict).expect("writes the verdict");
    }

    /// The last release changed this model in place, and dropped a column of it.
    pub(crate) fn change_in_place(&self, model: &str) {
        self.change(|warehouse| {
            warehouse["in_place"] = json!([model]);
            warehouse["empty"] = json!([model]);
        });
    }

    /// The sources of this model have lost most of their history.
    pub(crate) fn forget_sources(&self, model: &str) {
        self.change(|warehouse| warehouse["forgotten"] = json!([model]));
    }

    /// Models whose columns have no values.
    pub(crate) fn empty(&self) -> Vec<String> {
        let empty = self.read()["empty"].clone();
        serde_json::from_value(empty).expect("models")
    }

    /// A wrong command or a broken disk: neither state nor data can be read any more.
    pub(crate) fn destroy(&self) {
        self.change(|warehouse| warehouse["destroyed"] = json!(true));
    }

    /// Whether SQLMesh's state and the data can be read.
    pub(crate) fn is_readable(&self) -> bool {
        self.read()["destroyed"] != json!(true)
    }

    /// What stands beside the live environment.
    pub(crate) fn beside(&self) -> Vec<String> {
        let beside = self.read()["beside"].clone();
        beside.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }

    /// The value of a flag in the table that runbooks may change.
    pub(crate) fn flag(&self, name: &str) -> String {
        self.read()["flags"][name].as_str().expect("a flag").to_owned()
    }

    /// Somebody changes a flag of that table.
    pub(crate) fn set_flag(&self, name: &str, value: &str) {
        self.change(|warehouse| warehouse["flags"][name] = json!(value));
    }

    /// Whether a command has reached the point where it hangs.
    pub(crate) fn is_hanging(&self) -> bool {
        self.folder.join("hanging").exists()
    }

    /// Lets a command go on that waits.
    pub(crate) fn go_on(&self) {
        fs::remove_file(self.folder.join("hanging")).expect("a command waits");
    }

    fn read(&self) -> Value {
        let text =
            fs::read_to_string(self.folder.join("warehouse.json")).expect("the warehouse is there");
        serde_json::from_str(&text).expect("a warehouse")
    }

    fn write(&self, value: &Value) {
        fs::write(self.folder.join("warehouse.json"), value.to_string())
            .expect("writes the warehouse");
    }

    fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut value = self.read();
        change(&mut value);
        self.write(&value);
    }
}
