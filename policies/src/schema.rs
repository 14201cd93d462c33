//! JSON Schemas of the files, for editors. They are committed under `schemas/`; a test fails when they are outdated.

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::{
    authority::AuthorityFile, case::CaseFile, checks::ChecksFile, escalation::EscalationFile,
    people::PeopleFile, retention::RetentionFile, runbook::RunbookFile, target::TargetsFile,
    trigger::TriggersFile,
};

/// The schemas by file name, each as JSON text with a newline at its end.
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("authority.schema.json", schema::<AuthorityFile>()),
        ("case.schema.json", schema::<CaseFile>()),
        ("checks.schema.json", schema::<ChecksFile>()),
        ("escalation.schema.json", schema::<EscalationFile>()),
        ("people.schema.json", schema::<PeopleFile>()),
        ("retention.schema.json", schema::<RetentionFile>()),
        ("runbook.schema.json", schema::<RunbookFile>()),
        ("targets.schema.json", schema::<TargetsFile>()),
        ("triggers.schema.json", schema::<TriggersFile>()),
    ]
}

fn schema<T: JsonSchema>() -> String {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let text =
        serde_json::to_string_pretty(&schema).expect("a schema holds only what JSON can write");
    format!("{text}\n")
}
