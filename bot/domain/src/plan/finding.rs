//! What a check is called where people read it. Its own name stays in the record and in the details.

use super::Finding;

/// The checks that come with the bot and with its SQLMesh helper. A check of the house has its own words already.
const LABELS: [(&str, &str); 52] = [
    ("audit", "SQLMesh's audits"),
    ("backup_tables", "kept tables"),
    ("base_backup", "base backup"),
    ("checksum", "checksum of the copy"),
    ("computed_anew", "what is computed anew"),
    ("copy_content", "content of the copy"),
    ("copy_readable", "the copy"),
    ("data_loss", "data that does not come back"),
    ("dependents", "views and grants of others"),
    ("dependents_lost", "views of others"),
    ("disk_space", "room on the disk"),
    ("downstream", "what reads it"),
    ("downstream_columns", "columns for what reads it"),
    ("downstream_forward_only", "rows of what reads it"),
    ("duplicates", "duplicate rows"),
    ("environment", "environment"),
    ("environment_finalized", "last deploy"),
    ("environment_readable", "environment"),
    ("freshness", "newest rows"),
    ("gone", "models that go away"),
    ("kept_from_janitor", "time until the janitor"),
    ("left_out", "what is left out"),
    ("moment_before_release", "moment before the release"),
    ("others_at_work", "others at work"),
    ("parents_match", "what it reads"),
    ("physical_table_exists", "table of the old version"),
    ("physical_table_filled", "rows of the old version"),
    ("plan_builds", "SQLMesh's plan"),
    ("point_before_release", "age of the rollback point"),
    ("point_verified", "rollback point"),
    ("recoverable", "recovery"),
    ("recovery_time", "time for the recovery"),
    ("restored_beside", "what is restored beside"),
    ("restored_content", "content of what is restored"),
    ("row_count", "number of rows"),
    ("rows_after_point", "rows since the rollback point"),
    ("rows_not_recomputed", "rows that stay as they are"),
    ("rows_recomputed", "rows computed again"),
    ("same_server", "server"),
    ("sources_have_history", "history of the sources"),
    ("sqlmesh_version", "version of SQLMesh"),
    ("tables_there", "tables of the old versions"),
    ("target_free", "other rollbacks"),
    ("target_undisturbed", "others on the target"),
    ("target_version_exists", "old version"),
    ("values_recomputable", "values to compute again"),
    ("values_recomputed", "values computed again"),
    ("values_recoverable", "values to bring back"),
    ("version", "version"),
    ("version_restorable", "way back to the old version"),
    ("view", "view"),
    ("views_match_state", "views"),
];

impl Finding {
    /// The check in words that people know; one that has none is called by its name.
    pub fn label(&self) -> &str {
        let known = LABELS.binary_search_by(|(check, _)| (*check).cmp(self.check.as_str()));
        known.map_or(self.check.as_str(), |place| LABELS[place].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_and_others_keep_their_names() {
        assert!(LABELS.is_sorted_by(|earlier, later| earlier.0 < later.0));
        let label = |check: &str| {
            let (subject, detail) = (String::new(), String::new());
            let outcome = crate::plan::Outcome::Pass;
            Finding { check: check.to_owned(), subject, outcome, detail }.label().to_owned()
        };
        assert_eq!(label("data_loss"), "data that does not come back");
        assert_eq!(label("views_match_state"), "views");
        assert_eq!(label("Revenue: orders of today"), "Revenue: orders of today");
        assert_eq!(label("sql"), "sql");
    }
}
