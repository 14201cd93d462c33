//! A model that is changed in place loses a column, and its values with it: there is no older table to point back at.
//! They come back from the rollback point that was made before the release.

use super::{Fault, Warehouse};

pub(super) const FAULT: Fault = Fault {
    types: &[3],
    base: Some("forward_only"),
    release: "dropped_column",
    removes: &[],
    keeps: &[],
    broken: &["marts.customer_profile"],
    damage: None,
    point: Some(&["--models", "marts.customer_profile"]),
    slow: None,
    title: "Data corruption: marts.customer_profile has lost its column loyalty_points",
    engine_says: Some(|warehouse| match warehouse {
        Warehouse::Duckdb => {
            "Binder Error: Referenced column \"loyalty_points\" not found in FROM clause"
        }
        Warehouse::Postgres => "ERROR: column \"loyalty_points\" does not exist",
    }),
    error: "the loyalty mailing reads it",
    names: &["marts.customer_profile"],
    note: "it drops loyalty_points of 500 customers, in place",
};
