//! The fake warehouse from the outside: its state, its faults, and what was asked of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

/// The models of the last release, both changed by it.
pub(crate) const ORDERS: &str = "marts.order_analytics";
/// See [`ORDERS`].
pub(crate) const CUSTOMERS: &str = "marts.customer_segmentation";

/// One warehouse.
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
            "models": {ORDERS: {"current": "22", "previous": "11"}, CUSTOMERS: {"current": "24", "previous": "12"}},
            "good": {ORDERS: "11", CUSTOMERS: "12"},
            "downstream": ["marts.segment_summary"],
            "removed": [],
            "flags": {"jobs": "running"},
            "faults": {},
            "calls": [],
        }));
        warehouse
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The version that a model's readers see.
    pub(crate) fn version(&self, model: &str) -> String {
        self.read()["models"][model]["current"].as_str().expect("a version").to_owned()
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

    /// The janitor removes a version.
    pub(crate) fn remove(&self, model: &str, version: &str) {
        self.change(|warehouse| warehouse["removed"] = json!([format!("{model}={version}")]));
    }

    /// The old version turns out to be wrong as well.
    pub(crate) fn spoil(&self, model: &str) {
        self.change(|warehouse| warehouse["good"][model] = json!("none"));
    }

    /// The value of a flag in the table that runbooks may change.
    pub(crate) fn flag(&self, name: &str) -> String {
        self.read()["flags"][name].as_str().expect("a flag").to_owned()
    }

    /// Whether a command has reached the point where it hangs.
    pub(crate) fn is_hanging(&self) -> bool {
        self.folder.join("hanging").exists()
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
