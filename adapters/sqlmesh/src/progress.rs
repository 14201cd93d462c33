//! The helper's progress lines, in words for a card.

use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    progress: Progress,
}

/// Numbers that a kind of line does not have are 0.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Progress {
    kind: String,
    model: String,
    stage: String,
    /// Models that are all done, or views.
    done: u64,
    total: u64,
    /// Batches of this model that are done, and all of them.
    batch: u64,
    batches: u64,
    duration_ms: Option<u64>,
    audits_passed: u64,
    audits_failed: u64,
    left_ms: Option<u64>,
}

/// What a progress line says to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLine {
    /// What is done, and how far it is.
    pub words: String,
    /// How long the step still takes at SQLMesh's own pace, in milliseconds, where it knows.
    pub left_ms: Option<u64>,
}

/// Reads a progress line; `None` for lines that a person need not see.
pub fn live_line(line: &str) -> Option<LiveLine> {
    let progress = serde_json::from_str::<Line>(line).ok()?.progress;
    let (model, left_ms) = (&progress.model, progress.left_ms);
    let parts = match progress.kind.as_str() {
        "evaluating" | "evaluated" => progress.evaluation(),
        "promoting" => vec![format!("pointing {model} back"), progress.count(progress.done)],
        "removing" => vec![format!("taking {model} away"), progress.count(progress.done)],
        "work" if !progress.stage.is_empty() => vec![progress.stage],
        "stage" if !progress.stage.is_empty() => vec![stage(&progress.stage)],
        _ => return None,
    };
    let said: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Some(LiveLine { words: said.join(" · "), left_ms })
}

impl Progress {
    fn evaluation(&self) -> Vec<String> {
        let is_over = self.kind == "evaluated";
        let is_whole = is_over && self.batch >= self.batches;
        // The model in work is the one after those that are done.
        let place = if is_whole { self.done } else { self.done + 1 };
        // A batch that begins is the one after those that are done.
        let batch = if is_over { self.batch } else { self.batch + 1 };
        vec![
            format!("{} {}", self.kind, self.model),
            self.count(place),
            if self.batches > 1 { format!("batch {batch}") } else { String::new() },
            self.duration_ms.map(domain::notice::duration).unwrap_or_default(),
            self.audits(),
        ]
    }

    fn count(&self, place: u64) -> String {
        if self.total == 0 {
            return String::new();
        }
        format!("{} of {}", place.min(self.total), self.total)
    }

    fn audits(&self) -> String {
        match (self.audits_passed, self.audits_failed) {
            (0, 0) => String::new(),
            (passed, 0) => format!("audits {passed} passed"),
            (passed, failed) => format!("audits {passed} passed, {failed} failed"),
        }
    }
}

/// What SQLMesh does in a stage of its plan; one that is not known here keeps SQLMesh's name.
fn stage(name: &str) -> String {
    let words = match name {
        "CreateSnapshotRecordsStage" => "writing down new versions",
        "PhysicalLayerSchemaCreationStage" => "making tables that are missing",
        "BackfillStage" => "filling days that are missing",
        "RestatementStage" => "clearing what is filled anew",
        "EnvironmentRecordUpdateStage" => "recording the switch",
        "MigrateSchemasStage" => "changing columns in place",
        "UnpauseStage" => "handing over the schedule",
        "VirtualLayerUpdateStage" => "switching the views",
        "FinalizeEnvironmentStage" => "finishing the SQLMesh plan",
        _ => return format!("SQLMesh: {name}"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(fields: &str, expected: &str) {
        let line = format!(r#"{{"progress": {{{fields}}}}}"#);
        let said = live_line(&line).map(|LiveLine { words, .. }| words);
        assert_eq!(said.as_deref(), Some(expected));
    }

    #[test]
    fn an_evaluation_says_how_far_it_is() {
        says(
            r#""kind": "evaluating", "model": "marts.orders", "done": 2, "total": 8, "batch": 1, "batches": 4, "left_ms": 19200"#,
            "evaluating marts.orders · 3 of 8 · batch 2",
        );
        says(
            r#""kind": "evaluated", "model": "marts.orders", "done": 2, "total": 8, "batch": 2, "batches": 4, "duration_ms": 4100, "audits_passed": 2, "audits_failed": 0, "left_ms": 240000"#,
            "evaluated marts.orders · 3 of 8 · batch 2 · 4 s · audits 2 passed",
        );
        says(
            r#""kind": "evaluated", "model": "marts.orders", "done": 8, "total": 8, "batch": 1, "batches": 1, "duration_ms": 153, "audits_passed": 1, "audits_failed": 2"#,
            "evaluated marts.orders · 8 of 8 · under 1 s · audits 1 passed, 2 failed",
        );
        says(
            r#""kind": "evaluating", "model": "ref.rules", "done": 0, "total": 0, "batch": 0, "batches": 0"#,
            "evaluating ref.rules",
        );
    }

    #[test]
    fn views_that_come_and_go_are_counted() {
        says(
            r#""kind": "promoting", "model": "marts.orders", "done": 1, "total": 3"#,
            "pointing marts.orders back · 1 of 3",
        );
        says(
            r#""kind": "removing", "model": "marts.extra", "done": 3, "total": 3"#,
            "taking marts.extra away · 3 of 3",
        );
        says(r#""kind": "stage", "stage": "BackfillStage""#, "filling days that are missing");
        says(r#""kind": "stage", "stage": "NewStage""#, "SQLMesh: NewStage");
    }

    #[test]
    fn work_around_the_plan_names_itself() {
        says(r#""kind": "work", "stage": "Restore wh beside""#, "Restore wh beside");
    }

    #[test]
    fn what_sqlmesh_knows_of_the_rest_is_passed_on() {
        let left = |fields: &str| live_line(&format!(r#"{{"progress": {{{fields}}}}}"#))?.left_ms;
        assert_eq!(left(r#""kind": "evaluating", "model": "a.b", "left_ms": 19200"#), Some(19_200));
        assert_eq!(left(r#""kind": "evaluating", "model": "a.b""#), None);
    }

    #[test]
    fn what_nobody_need_see_is_left_out() {
        assert_eq!(live_line(r#"{"progress": {"kind": "started", "new_plan_id": "x"}}"#), None);
        assert_eq!(live_line("Traceback"), None);
    }
}
