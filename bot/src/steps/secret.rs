//! `env:NAME` in a plan: filled in right before it is used, from what the configuration lets through, and never shown.

use std::collections::BTreeMap;

use super::Steps;

impl Steps {
    /// The values that these texts stand for. An error names what is missing.
    pub(super) fn filled(
        &self,
        texts: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, String> {
        let fill = |(name, text): (&String, &String)| match text.strip_prefix("env:") {
            None => Ok((name.clone(), text.clone())),
            Some(variable) => match self.environment.get(variable) {
                Some(value) => Ok((name.clone(), value.clone())),
                None => Err(format!(
                    "the executor inherits no {variable}; set it, and name it under `inherit` in the configuration"
                )),
            },
        };
        texts.iter().map(fill).collect()
    }

    /// Everything that must not be kept or shown of a step with these texts.
    pub(super) fn hidden(
        &self,
        texts: &BTreeMap<String, String>,
        filled: &BTreeMap<String, String>,
    ) -> Vec<String> {
        let named = texts
            .iter()
            .filter(|(_, text)| text.starts_with("env:"))
            .filter_map(|(name, _)| filled.get(name).cloned());
        self.secrets.iter().cloned().chain(named).collect()
    }
}
