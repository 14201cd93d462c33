//! The one door for YAML. Budgets are tight, because a policy file is short and written by hand; unknown keys are
//! refused by the layouts themselves.
//!
//! serde stops at the first mistake. To show all of them at once, a mistake whose place is known is mended in a copy
//! of the text and the copy is read again; what was read from a mended copy is never returned.

use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy, Options};

use crate::{
    place::Place,
    problem::{Examined, Problem},
    suggest,
};

const MAX_BYTES: usize = 1 << 20;
const MAX_MISTAKES: usize = 20;

/// Reads one document of layout `T`. `None` when there was a mistake; it is noted in `file`.
pub(crate) fn read<T: DeserializeOwned>(file: &mut Examined<'_>) -> Option<T> {
    if file.text.len() > MAX_BYTES {
        file.note(
            Place::START,
            "the file is larger than 1 MiB",
            "split it, or remove what is no policy",
        );
        return None;
    }
    let mut text = file.text.to_owned();
    let mut shifts: Vec<Shift> = Vec::new();
    for _ in 0..MAX_MISTAKES {
        let error = match serde_saphyr::from_str_with_options::<T>(&text, options()) {
            Ok(value) if shifts.is_empty() => return Some(value),
            Ok(_) => return None,
            Err(error) => error,
        };
        let error = error.without_snippet();
        let place = error.location().map_or(Place::START, Place::from);
        let original = shifts.iter().rev().fold(place, |place, shift| shift.back(place));
        let (message, advice) = words(error);
        file.problems.push(Problem::new(file.file, file.text, original, message, advice));
        let (mended, shift) = mend(&text, place, error)?;
        text = mended;
        shifts.push(shift);
    }
    None
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 50_000,
            max_nodes: 25_000,
            max_depth: 16,
            flow_nesting_limit: 8,
            max_aliases: 32,
            max_anchors: 16,
            max_recorded_anchor_events: 2_000,
            max_documents: 1,
            max_total_scalar_bytes: MAX_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 2_000,
            max_replay_stack_depth: 2,
            max_alias_expansions_per_anchor: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn words(error: &Error) -> (String, String) {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let advice = suggest::advice(field, expected);
            (format!("the key `{field}` is not known here"), advice)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => (
            format!("`{variant}` is not a value that fits here"),
            suggest::advice(variant, expected),
        ),
        Error::SerdeMissingField { field, .. } => {
            (format!("the key `{field}` is missing here"), format!("add `{field}:`"))
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("?");
            (format!("the key `{key}` stands here twice"), "keep one of them".to_owned())
        }
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            (format!("{unexpected} does not fit here"), format!("write {expected}"))
        }
        Error::InvalidScalar { ty, .. } => {
            (format!("this is not of the type `{ty}`"), "write a value of that type".to_owned())
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => (
            "the file is larger or deeper than a policy file may be".to_owned(),
            "write it out without anchors and aliases, and split it if it is long".to_owned(),
        ),
        Error::MultipleDocuments { .. } => (
            "there is more than one document in the file".to_owned(),
            "remove the `---` line".to_owned(),
        ),
        other => (plain(other), "mend the line, or compare with the default file".to_owned()),
    }
}

/// The library's sentence without its place, which is shown beside it.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.split(" at line ").next().unwrap_or_default().trim_end_matches([':', ',']).to_owned()
}

/// Letters that were put in or taken out by mending, so that places of the copy can be told in the original.
struct Shift {
    line: usize,
    from_column: usize,
    added: isize,
}

impl Shift {
    fn back(&self, place: Place) -> Place {
        if place.line == self.line && place.column > self.from_column {
            Place { column: place.column.saturating_add_signed(-self.added), ..place }
        } else {
            place
        }
    }
}

fn mend(text: &str, place: Place, error: &Error) -> Option<(String, Shift)> {
    let line = text.split_inclusive('\n').nth(place.line.checked_sub(1)?)?;
    let line_start = line.as_ptr() as usize - text.as_ptr() as usize;
    let column_byte = line.char_indices().nth(place.column.checked_sub(1)?)?.0;
    let token: &str =
        line[column_byte..].split([':', ',', ']', '}', '#', '\n', '\r']).next()?.trim_end();
    let replacement = match error {
        Error::SerdeUnknownField { field, expected, .. } if token == field => {
            suggest::nearest(field, expected)?.to_owned()
        }
        Error::SerdeUnknownVariant { variant, expected, .. } if token == variant => {
            (*expected.first()?).to_owned()
        }
        Error::InvalidScalar { ty, .. } if ty.starts_with(['u', 'i']) => "1".to_owned(),
        _ => return None,
    };
    let start = line_start + column_byte;
    let mended = format!("{}{replacement}{}", &text[..start], &text[start + token.len()..]);
    let added = isize::try_from(replacement.chars().count()).ok()?
        - isize::try_from(token.chars().count()).ok()?;
    Some((mended, Shift { line: place.line, from_column: place.column, added }))
}
