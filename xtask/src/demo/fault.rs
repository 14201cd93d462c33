//! What a demo breaks. Each kind has a file of its own, and a name on the command line.
//!
//! A fault is a release of the demo project: files that are copied over the good one, files that are removed, what is
//! done to the data besides, and what somebody who watches the warehouse would see of it.

mod bad_switch;
mod corrupted_warehouse;
mod dropped_column;
mod duplicate_rows;
mod slow_query;

use serde::{Deserialize, Serialize};

use super::databases::Warehouse;
use crate::program::Unusable;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Break {
    /// Type 2: two models count revenue twice.
    DuplicateRows,
    /// Type 1: a whole release is bad; it adds a model, removes one and doubles another.
    BadSwitch,
    /// Type 2 or 1: a view takes a hundred times as long to read; its rows are right.
    SlowQuery,
    /// Type 3: a table that is changed in place loses a column with its values.
    DroppedColumn,
    /// Type 4: rows are lost everywhere, also in the raw data, and older versions are gone.
    CorruptedWarehouse,
}

/// A release that breaks something.
#[derive(Debug)]
pub(super) struct Fault {
    /// The rollback types that the alert leads to, the usual one first.
    pub(super) types: &'static [u8],
    /// The folder below `xtask/demo` with the files that the good release has besides the project's.
    pub(super) base: Option<&'static str>,
    /// The folder below `xtask/demo` with the files that it changes or adds.
    pub(super) release: &'static str,
    /// The files that it removes.
    pub(super) removes: &'static [&'static str],
    /// Those of its files that are right, so that a rollback of single models must keep them.
    pub(super) keeps: &'static [&'static str],
    /// The models whose rows are not as they should be.
    pub(super) broken: &'static [&'static str],
    /// The program below `xtask/demo` that damages the warehouse once the release is live.
    pub(super) damage: Option<&'static str>,
    /// What is kept in a rollback point while the good release is live, as `countersign point create` is told it.
    pub(super) point: Option<&'static [&'static str]>,
    /// The model that takes too long to read.
    pub(super) slow: Option<&'static str>,
    /// The alert's headline.
    pub(super) title: &'static str,
    /// What the warehouse itself says where somebody meets the fault.
    pub(super) engine_says: Option<fn(Warehouse) -> &'static str>,
    /// What the alert says besides.
    pub(super) error: &'static str,
    /// The models that the alert names where single models are to go back.
    pub(super) names: &'static [&'static str],
    /// What the demo says when it deploys the release.
    pub(super) note: &'static str,
}

/// One type of rollback, what it answers, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scene {
    #[serde(rename = "type")]
    pub(super) rollback_type: u8,
    #[serde(rename = "break")]
    pub(super) broken: Break,
    #[serde(default)]
    pub(super) warehouse: Warehouse,
}

impl Break {
    pub(super) fn fault(self) -> &'static Fault {
        match self {
            Self::DuplicateRows => &duplicate_rows::FAULT,
            Self::BadSwitch => &bad_switch::FAULT,
            Self::SlowQuery => &slow_query::FAULT,
            Self::DroppedColumn => &dropped_column::FAULT,
            Self::CorruptedWarehouse => &corrupted_warehouse::FAULT,
        }
    }

    /// The name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DuplicateRows => "duplicate-rows",
            Self::BadSwitch => "bad-switch",
            Self::SlowQuery => "slow-query",
            Self::DroppedColumn => "dropped-column",
            Self::CorruptedWarehouse => "corrupted-warehouse",
        }
    }

    /// What a rollback of a type answers where nobody says.
    fn usual(rollback_type: u8) -> Option<Self> {
        match rollback_type {
            1 => Some(Self::BadSwitch),
            2 => Some(Self::DuplicateRows),
            3 => Some(Self::DroppedColumn),
            4 => Some(Self::CorruptedWarehouse),
            _ => None,
        }
    }
}

impl Scene {
    /// The scene that was asked for; what was left out follows from the rest.
    pub(super) fn of(
        rollback_type: Option<u8>,
        broken: Option<Break>,
        warehouse: Option<Warehouse>,
    ) -> Result<Self, Unusable> {
        let rollback_type =
            rollback_type.unwrap_or_else(|| broken.map_or(2, |is| is.fault().types[0]));
        let Some(broken) = broken.or_else(|| Break::usual(rollback_type)) else {
            return Err(Unusable(format!(
                "there is no rollback of type {rollback_type}: give `--type` 1, 2, 3 or 4"
            )));
        };
        let types = broken.fault().types;
        if !types.contains(&rollback_type) {
            return Err(Unusable(format!(
                "`--break {}` is not answered by a rollback of type {rollback_type}: \
                 leave `--type` out, or give `--type {}`",
                broken.name(),
                types[0]
            )));
        }
        Ok(Self { rollback_type, broken, warehouse: warehouse.unwrap_or_default() })
    }

    /// What the alert says below its headline.
    pub(super) fn error(self) -> String {
        let fault = self.fault();
        let engine = fault.engine_says.map(|says| says(self.warehouse));
        engine.into_iter().chain([fault.error]).collect::<Vec<_>>().join("; ")
    }

    pub(super) fn fault(self) -> &'static Fault {
        self.broken.fault()
    }

    /// The files of the bad release that stay. A whole release goes back with all that was good about it.
    pub(super) fn kept(self) -> &'static [&'static str] {
        if self.rollback_type == 2 { self.fault().keeps } else { &[] }
    }

    /// Whether the data are afterwards as they were when the good release was deployed, and not those of today.
    pub(super) fn goes_back_in_time(self) -> bool {
        self.rollback_type == 4
    }
}

impl Default for Scene {
    fn default() -> Self {
        Self { rollback_type: 2, broken: Break::DuplicateRows, warehouse: Warehouse::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::ValueEnum as _;

    use super::*;
    use crate::repository;

    #[test]
    fn what_is_left_out_follows_from_the_rest() {
        use Break::{BadSwitch, CorruptedWarehouse, DroppedColumn, DuplicateRows, SlowQuery};
        for (given, expected) in [
            ((None, None), (2, DuplicateRows)),
            ((Some(1), None), (1, BadSwitch)),
            ((None, Some(BadSwitch)), (1, BadSwitch)),
            ((None, Some(SlowQuery)), (2, SlowQuery)),
            ((Some(1), Some(SlowQuery)), (1, SlowQuery)),
            ((Some(3), None), (3, DroppedColumn)),
            ((None, Some(DroppedColumn)), (3, DroppedColumn)),
            ((Some(4), None), (4, CorruptedWarehouse)),
            ((None, Some(CorruptedWarehouse)), (4, CorruptedWarehouse)),
        ] {
            let scene = Scene::of(given.0, given.1, None).unwrap();
            assert_eq!((scene.rollback_type, scene.broken), expected, "{given:?}");
            assert_eq!(scene.warehouse, Warehouse::Duckdb);
        }
        for wrong in [
            (Some(5), None),
            (Some(2), Some(BadSwitch)),
            (Some(1), Some(DuplicateRows)),
            (Some(3), Some(CorruptedWarehouse)),
        ] {
            assert!(Scene::of(wrong.0, wrong.1, None).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_alert_speaks_as_the_warehouse_does() {
        let said = |warehouse| Scene::of(Some(1), None, Some(warehouse)).unwrap().error();
        insta::assert_snapshot!(said(Warehouse::Duckdb), @"Catalog Error: Table with name segment_summary does not exist; marts.order_analytics: 960 of 6721 keys repeat");
        insta::assert_snapshot!(said(Warehouse::Postgres), @r#"ERROR: relation "marts.segment_summary" does not exist; marts.order_analytics: 960 of 6721 keys repeat"#);
    }

    #[test]
    fn the_files_of_every_fault_are_there() {
        let demo = repository::demo();
        for broken in Break::value_variants() {
            let named = broken.to_possible_value().expect("no variant is skipped");
            assert_eq!(named.get_name(), broken.name());
            let Fault { base, release, removes, keeps, damage, .. } = broken.fault();
            let there =
                |folder: &str, file: &&str| demo.join(folder).join(Path::new(file)).is_file();
            assert!(removes.iter().all(|file| there("project", file)), "{broken:?}");
            assert!(keeps.iter().all(|file| there(release, file)), "{broken:?}");
            assert!(demo.join(release).join("models").is_dir(), "{broken:?}");
            assert!(base.is_none_or(|base| demo.join(base).join("models").is_dir()), "{broken:?}");
            assert!(damage.is_none_or(|damage| demo.join(damage).is_file()), "{broken:?}");
        }
    }
}
