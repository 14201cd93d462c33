//! A bad release, and a clean-up job with a wrong condition behind it: raw rows are gone, rows of all models, and the
//! tables of the older versions. There is nothing to point back at, and a rebuild would read what is left of the raw
//! data; a copy of the whole environment has all of it.

use super::Fault;

pub(super) const FAULT: Fault = Fault {
    types: &[4],
    base: None,
    release: "bad_release",
    removes: &[],
    keeps: &[],
    broken: &["marts.order_analytics", "marts.customer_segmentation", "raw.orders", "raw.payments"],
    damage: Some("corrupt_warehouse.py"),
    point: Some(&["--kind", "full"]),
    slow: None,
    title: "Data corruption: raw.orders has lost every third row, and the marts every second one",
    engine_says: None,
    error: "row_count: raw.orders 4000, expected 6000; marts.customer_segmentation 500, expected 1000; \
            half of all amounts in raw.payments are 0",
    names: &[],
    note: "then a clean-up job with a wrong condition runs",
};
