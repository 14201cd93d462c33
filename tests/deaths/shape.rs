//! What is rolled back: the shape of the plan whose run is disturbed.

use std::{fs, path::Path};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::installation::{CUSTOMERS, Installation, ORDERS, Warehouse, policies};

/// The steps of [`Shape::Lines`].
pub(crate) const LINES: [&str; 3] = ["first", "second", "third"];

/// The shape of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Three steps that must not be done twice, each with a probe.
    Lines,
    /// Type 1 as it is shipped.
    BlueGreen,
    /// Type 2 as it is shipped.
    ModelLevel,
    /// Type 3 as it is shipped.
    Schema,
    /// Type 4 as it is shipped, up to the question before the exchange.
    FullEnvironment,
    /// Type 4 from the yes to that question on.
    Exchange,
}

impl Shape {
    /// The four types, the last one in two parts.
    pub(crate) const TYPES: [Self; 5] =
        [Self::BlueGreen, Self::ModelLevel, Self::Schema, Self::FullEnvironment, Self::Exchange];

    /// Breaks the installation's warehouse in a way that this answers.
    pub(crate) fn break_in(self, installation: &Installation) {
        let (warehouse, points) = (&installation.warehouse, installation.path("points"));
        let before: DateTime<Utc> = "2026-11-23T02:00:00Z".parse().expect("a time");
        match self {
            Self::Lines => {
                let file = installation.path("rules/runbooks/model_level.yaml");
                fs::write(file, runbook(&installation.path("lines"))).expect("writes the runbook");
            }
            Self::ModelLevel => {}
            Self::BlueGreen => warehouse.switch_badly(),
            Self::Schema => {
                warehouse.change_in_place(ORDERS);
                warehouse.keep_point(&points, "pt_before", "tables", before);
            }
            Self::FullEnvironment | Self::Exchange => {
                warehouse.keep_point(&points, "pt_good", "full", before);
                Warehouse::verified(&points, "pt_good");
                warehouse.destroy();
            }
        }
        // The tests move no clock, and the answer to a look of the watch may come at any moment.
        let targets = installation.path("rules/targets.yaml");
        policies::edit(&targets, "environment: prod", "environment: prod\n    look_every: 0 min");
    }

    /// The alert's headline and details.
    pub(crate) fn alert(self) -> (&'static str, Value) {
        match self {
            Self::Lines | Self::ModelLevel => {
                ("Duplicate rows in the marts", json!({"models": format!("{ORDERS}, {CUSTOMERS}")}))
            }
            Self::BlueGreen => ("The error rate is above 1 %", json!({})),
            Self::Schema => ("Data corruption: a column is gone", json!({"models": ORDERS})),
            Self::FullEnvironment | Self::Exchange => ("The data warehouse is down", json!({})),
        }
    }

    /// Those whose approvals it needs.
    pub(crate) fn people(self) -> &'static [&'static str] {
        match self {
            Self::Lines | Self::BlueGreen | Self::ModelLevel => &["ana"],
            Self::Schema => &["ben", "tess"],
            Self::FullEnvironment | Self::Exchange => &["ben", "mia", "cleo"],
        }
    }

    /// What is said of the incident at its end.
    pub(crate) fn ends_as(self) -> &'static str {
        if self == Self::FullEnvironment { "Waiting for an answer" } else { "Rolled back" }
    }

    /// The places of the steps that are done at its end; a question is no step to be done.
    pub(crate) fn steps(self) -> &'static [usize] {
        match self {
            Self::Lines | Self::FullEnvironment => &[0, 1, 2],
            Self::BlueGreen | Self::ModelLevel => &[0, 1, 2, 3],
            Self::Schema => &[0, 1, 2, 3, 4],
            Self::Exchange => &[0, 1, 2, 4, 5],
        }
    }
}

/// Three steps that must not be done twice, each with a probe.
fn runbook(lines: &Path) -> String {
    let scribe = env!("CARGO_BIN_EXE_fake-scribe");
    let folder = lines.parent().expect("it is in the installation").display();
    let lines = lines.display();
    let step = |name: &str| {
        format!(
            "  - name: Write the {name} line\n    \
                 command: [{scribe}, append, {lines}, {name}]\n    \
                 writes: [{folder}]\n    \
                 probe: {{ command: [{scribe}, has, {lines}, {name}] }}\n    \
                 timeout: 1 min\n    \
                 retries: 2\n    \
                 idempotent: false\n    \
                 guard: {}\n    \
                 on_failure: ask\n",
            name == LINES[0]
        )
    };
    let steps: String = LINES.into_iter().map(step).collect();
    format!(
        "name: model_level\nrollback_type: model_level\nrecovery_target: 15 min\nsteps:\n{steps}"
    )
}
