//! What an exported record says of the steps: each was done once, and none was begun again without a reason.

use std::collections::BTreeMap;

use serde_json::Value;

/// How often each step was done, by its place. Panics where a step was begun again although nothing had found out that
/// it was not done, or done in part.
pub(crate) fn done(exported: &str) -> BTreeMap<usize, usize> {
    let mut done = BTreeMap::new();
    let mut rules = Vec::new();
    // The last thing that was heard of each step.
    let mut heard: BTreeMap<usize, Value> = BTreeMap::new();
    for event in events(exported) {
        if event["event"] == "created" {
            rules.clone_from(event["steps"].as_array().expect("steps"));
        }
        let Some(step) = event["step"].as_u64() else { continue };
        let step = usize::try_from(step).expect("a place");
        let is = |name: &str| event["event"] == name;
        assert!(!is("undo_did") && !is("undo_failed"), "step {step} was taken back: {exported}");
        if is("intended")
            && let Some(before) = heard.get(&step)
        {
            assert!(may_begin_again(before, &rules[step]), "step {step} came twice: {exported}");
        }
        if is("did") || (is("probed") && event["answer"] == "done") {
            *done.entry(step).or_default() += 1;
        }
        heard.insert(step, event);
    }
    done
}

/// Whether a step may be begun again after what was heard of it last.
fn may_begin_again(last: &Value, rule: &Value) -> bool {
    match last["event"].as_str() {
        Some("probed") => last["answer"] == "not_done" || last["answer"] == "partial",
        // Nothing was started.
        Some("not_done") => true,
        // It is declared idempotent, and nothing can tell of it.
        Some("interrupted" | "failed") => rule["has_probe"] == false && rule["idempotent"] == true,
        _ => false,
    }
}

/// The events of runs, in order.
fn events(exported: &str) -> impl Iterator<Item = Value> {
    exported.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).expect("a line of the record is JSON");
        let body: Value = serde_json::from_str(line["body"].as_str()?).expect("a body is JSON");
        Some(body["record"]["run"]["event"].clone()).filter(|event| !event.is_null())
    })
}
