//! The helper's progress lines, in words for a card.

use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    progress: Progress,
}

#[derive(Deserialize)]
struct Progress {
    kind: String,
    model: Option<String>,
    stage: Option<String>,
    done: Option<u64>,
    total: Option<u64>,
}

/// The sentence for a progress line; `None` for lines that a person need not see.
pub fn live_line(line: &str) -> Option<String> {
    let Progress { kind, model, stage, done, total } =
        serde_json::from_str::<Line>(line).ok()?.progress;
    let count = match (done, total) {
        (Some(done), Some(total)) if total > 0 => format!(" ({done} of {total})"),
        _ => String::new(),
    };
    match (kind.as_str(), model, stage) {
        ("evaluating", Some(model), _) => Some(format!("rebuilding {model}{count}")),
        ("evaluated", Some(model), _) => Some(format!("rebuilt {model}{count}")),
        ("promoting", Some(model), _) => Some(format!("pointing {model} back{count}")),
        ("work", _, Some(stage)) => Some(stage),
        ("stage", _, Some(stage)) => Some(format!("SQLMesh: {stage}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_person_wants_to_know() {
        let line = r#"{"progress": {"kind": "evaluated", "model": "marts.orders", "done": 2, "total": 5}}"#;
        assert_eq!(live_line(line).as_deref(), Some("rebuilt marts.orders (2 of 5)"));
        let line = r#"{"progress": {"kind": "promoting", "model": "marts.orders", "done": 1, "total": 0}}"#;
        assert_eq!(live_line(line).as_deref(), Some("pointing marts.orders back"));
        let line = r#"{"progress": {"kind": "work", "stage": "Restore wh beside"}}"#;
        assert_eq!(live_line(line).as_deref(), Some("Restore wh beside"));
        assert_eq!(live_line(r#"{"progress": {"kind": "started", "new_plan_id": "x"}}"#), None);
        assert_eq!(live_line("Traceback"), None);
    }
}
