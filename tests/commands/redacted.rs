//! Output without what differs from run to run, for snapshots.

use std::fmt::Display;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The text with dates, times, durations and digests replaced by what they are, and the given ids by `[id]`.
pub(crate) fn redacted(text: &impl Display, ids: &[&str]) -> String {
    let mut text = text.to_string();
    for id in ids {
        text = text.replace(id, "[id]");
    }
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-:.".contains(letter);
    let mut pieces = text.split_inclusive(|letter| !is_part(letter)).peekable();
    let mut done = String::new();
    while let Some(piece) = pieces.next() {
        let word = piece.trim_end_matches(|letter| !is_part(letter)).trim_end_matches(['.', ':']);
        let next = pieces.peek().copied().unwrap_or_default();
        done.push_str(kind(word, next).unwrap_or(word));
        done.push_str(&piece[word.len()..]);
    }
    done.replace("[number] ms", "[took]")
        .replace("[number] s", "[took]")
        .replace("under [took]", "[took]")
}

/// What a word is, if it differs from run to run.
fn kind(word: &str, next: &str) -> Option<&'static str> {
    let is_unit = next
        .strip_prefix("ms")
        .or(next.strip_prefix('s'))
        .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric()));
    let is_number = word.parse::<f64>().is_ok();
    if MONTHS.contains(&word) {
        Some("[month]")
    } else if is_number && MONTHS.contains(&next.trim_end()) {
        Some("[day]")
    } else if is_like(word, "0000-00-00") {
        Some("[date]")
    } else if ["00:00", "00:00:00", "00:00:00.000"].iter().any(|pattern| is_like(word, pattern)) {
        Some("[time]")
    } else if is_unit && is_number {
        Some("[number]")
    } else if word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Some("[digest]")
    } else {
        None
    }
}

/// Digits stand where `pattern` has zeros, and everything else is the same.
fn is_like(word: &str, pattern: &str) -> bool {
    word.len() == pattern.len()
        && word.bytes().zip(pattern.bytes()).all(|(letter, expected)| {
            if expected == b'0' { letter.is_ascii_digit() } else { letter == expected }
        })
}
