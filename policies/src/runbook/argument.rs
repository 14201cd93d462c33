//! One argument of a step: letters and `${parameter}`s.

use super::template::Values;

/// An argument before its parameters are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Letters(String),
    Parameter(String),
}

impl Argument {
    /// Reads an argument; an `Err` is the rest that begins with an unfinished `${`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                return Err(format!("${{{after}"));
            };
            if !before.is_empty() {
                parts.push(Part::Letters(before.to_owned()));
            }
            parts.push(Part::Parameter(name.to_owned()));
            rest = behind;
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Letters(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// Its letters and parameters, in order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The parameters that it names.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Parameter(name) => Some(name.as_str()),
            Part::Letters(_) => None,
        })
    }
}

/// The arguments with values filled in. Parameters without a value were refused before.
pub(crate) fn expand(arguments: &[Argument], values: &Values<'_>) -> Vec<String> {
    let value = |name: &str| values.get(name).map(|(_, given)| *given).unwrap_or_default();
    let one = |argument: &Argument| -> Vec<String> {
        if let [Part::Parameter(name)] = &argument.0[..] {
            let flag = values.get(name.as_str()).and_then(|(parameter, _)| parameter.flag.as_ref());
            return value(name)
                .iter()
                .flat_map(|value| flag.into_iter().chain([value]).cloned())
                .collect();
        }
        let letters = argument.0.iter().map(|part| match part {
            Part::Letters(letters) => letters.clone(),
            Part::Parameter(name) => value(name).join(","),
        });
        vec![letters.collect()]
    };
    arguments.iter().flat_map(one).collect()
}
