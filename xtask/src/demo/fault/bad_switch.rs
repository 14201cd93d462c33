//! A release that should not have gone live: it doubles the rows of one model, drops one that a dashboard reads, and
//! adds one that nobody knows yet. All of it goes back together.

use super::{Fault, Warehouse};

pub(super) const FAULT: Fault = Fault {
    types: &[1],
    base: None,
    release: "bad_switch",
    removes: &["models/marts/segment_summary.sql"],
    keeps: &[],
    broken: &["marts.order_analytics", "marts.segment_summary", "marts.revenue_by_method"],
    damage: None,
    point: None,
    slow: None,
    title: "Error rate above 1 %: 9 of 10 queries of the dashboard fail since the last release",
    engine_says: Some(|warehouse| match warehouse {
        Warehouse::Duckdb => "Catalog Error: Table with name segment_summary does not exist",
        Warehouse::Postgres => "ERROR: relation \"marts.segment_summary\" does not exist",
    }),
    error: "marts.order_analytics: 960 of 6721 keys repeat",
    names: &[],
    note: "it adds marts.revenue_by_method, removes marts.segment_summary and doubles rows",
};
