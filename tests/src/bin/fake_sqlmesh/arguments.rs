//! What the stand-in is called with: the helper's own arguments.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _},
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The helper's file that waits for its arguments.
const STANDBY: &str = "countersign_standby.py";

/// A call.
pub(crate) struct Arguments {
    pub(crate) command: String,
    pub(crate) file: PathBuf,
    pub(crate) wanted: Wanted,
    pub(crate) instead_of: Wanted,
    pub(crate) expected: String,
    pub(crate) baseline: Value,
    pub(crate) source: Option<String>,
    pub(crate) statement: String,
    pub(crate) is_read_only: bool,
    /// The folder of all rollback points, the one that is meant, and the name of its use.
    pub(crate) points: PathBuf,
    pub(crate) point: String,
    pub(crate) tag: Option<String>,
    pub(crate) is_back: bool,
    /// The name of the environment that keeps, or is not kept any more.
    pub(crate) name: String,
    /// What kind of point is made.
    pub(crate) kind: String,
    /// The moment of the past that it is made of, in milliseconds since 1970.
    pub(crate) moment: Option<i64>,
    /// The models whose values are computed again.
    pub(crate) restate: Vec<String>,
}

/// The version that each model shall have; none where the environment shall not have the model.
pub(crate) type Wanted = BTreeMap<String, Option<String>>;

/// Reads them. One that was started ahead gets them later, or never: nobody wants it then.
pub(crate) fn arguments() -> Option<Arguments> {
    // The first argument is the helper's path.
    let is_ahead = std::env::args().nth(1).is_some_and(|path| path.ends_with(STANDBY));
    let words: Vec<String> = if is_ahead { given()? } else { std::env::args().skip(2).collect() };
    Some(read(words.into_iter()))
}

/// The one line that a caller gives.
fn given() -> Option<Vec<String>> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).expect("reads its input");
    line.ends_with('\n').then(|| serde_json::from_str(&line).expect("a list of arguments"))
}

fn read(mut words: impl Iterator<Item = String>) -> Arguments {
    let command = words.next().unwrap_or_default();
    let (mut file, mut expected, mut source) = (PathBuf::new(), String::new(), None);
    let (mut wanted, mut instead_of) = (Wanted::new(), Wanted::new());
    let (mut statement, mut is_read_only, mut baseline) = (String::new(), false, Value::Null);
    let (mut points, mut point, mut tag, mut is_back) =
        (PathBuf::new(), String::new(), None, false);
    let (mut kind, mut name) = ("tables".to_owned(), String::new());
    let (mut moment, mut restate) = (None, Vec::new());
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        let pair = |text: String| {
            let (model, version) = text.split_once('=')?;
            Some((model.to_owned(), Some(version.to_owned())))
        };
        match word.as_str() {
            "--project" => file = Path::new(&value()).join("warehouse.json"),
            "--to" => wanted.extend(pair(value())),
            "--without" => wanted.extend([(value(), None)]),
            "--instead-of" => instead_of.extend(pair(value())),
            "--instead-without" => instead_of.extend([(value(), None)]),
            "--source" => source = value().strip_prefix("env:").map(str::to_owned),
            "--expect-fingerprint" => expected = value(),
            "--baseline" => baseline = serde_json::from_str(&value()).expect("JSON"),
            "--statement" => statement = value(),
            "--read-only" => is_read_only = true,
            "--into" => points = value().into(),
            "--point" => point = value(),
            "--tag" => tag = Some(value()),
            "--kind" => kind = value(),
            "--at" => moment = value().parse().ok(),
            "--restate" => restate.push(value()),
            "--name" => name = value(),
            "--back" => is_back = true,
            "--gateway" | "--environment" | "--user" | "--models" | "--reason" | "--leaving"
            | "--history" | "--put-back" | "--base" | "--log" => drop(value()),
            _ => {}
        }
    }
    Arguments {
        command,
        file,
        wanted,
        instead_of,
        expected,
        baseline,
        source,
        statement,
        is_read_only,
        points,
        point,
        tag,
        is_back,
        name,
        kind,
        moment,
        restate,
    }
}
