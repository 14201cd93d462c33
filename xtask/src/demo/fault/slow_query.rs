//! A view that compares every order with every earlier one: its rows are right, and everybody waits for them. Another
//! model is changed for the better, and only a rollback of single models keeps that.

use super::Fault;

pub(super) const FAULT: Fault = Fault {
    types: &[2, 1],
    base: None,
    release: "slow_query",
    removes: &[],
    keeps: &["models/marts/segment_summary.sql"],
    broken: &[],
    damage: None,
    point: None,
    slow: Some("marts.daily_revenue"),
    title: "Response time of the dashboard above 200 % of its baseline",
    engine_says: None,
    error: "reading marts.daily_revenue takes many times as long as before the last release",
    names: &["marts.daily_revenue"],
    note: "the rows of marts.daily_revenue are right, and reading them takes far longer",
};
