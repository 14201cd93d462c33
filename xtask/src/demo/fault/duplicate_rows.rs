//! Two models join what they should not, and a third is changed for the better: the rollback must keep that change.

use super::Fault;

pub(super) const FAULT: Fault = Fault {
    types: &[2],
    base: None,
    release: "bad_release",
    removes: &[],
    keeps: &["models/marts/segment_summary.sql"],
    broken: &["marts.customer_segmentation", "marts.order_analytics"],
    damage: None,
    point: None,
    slow: None,
    title: "Data quality issues: duplicate rows in marts.customer_segmentation and marts.order_analytics",
    engine_says: None,
    error: "grain violated: 500 of 1000 keys repeat in marts.customer_segmentation, \
            960 of 6721 in marts.order_analytics; revenue is counted twice",
    names: &["marts.customer_segmentation", "marts.order_analytics"],
    note: "SQLMesh's own tests and audits all pass",
};
