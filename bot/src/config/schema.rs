//! The JSON Schema of `countersign.yaml`, with which editors complete and check it.

use super::Config;

/// The schema as it is committed and as `check --schema` prints it.
pub fn schema() -> String {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Config));
    schema.expect("a schema holds only what JSON can write") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_up_to_date() {
        let committed = include_str!("../../../docs/countersign.schema.json");
        assert!(
            committed == schema(),
            "run `cargo run -p countersign -- check --schema > docs/countersign.schema.json`"
        );
    }
}
