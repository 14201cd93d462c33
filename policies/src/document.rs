//! Other files of the operator's, read as strictly as the policies: the configuration is one.

use serde::de::DeserializeOwned;

use crate::{
    problem::{Examined, Problems},
    yaml,
};

/// Reads `text` as one YAML document of layout `T`; mistakes name `file`, line and column.
pub fn document<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Problems> {
    let mut examined = Examined::new(file, text);
    match yaml::read(&mut examined) {
        Some(value) => Ok(value),
        None => Err(Problems(examined.problems)),
    }
}
