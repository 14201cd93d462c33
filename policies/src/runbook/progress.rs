//! How far a program is, read from what it prints: `3 of 8 · marts.orders`.

use regex::Regex;

/// The groups that a pattern may name.
const GROUPS: [&str; 3] = ["done", "total", "text"];

/// A checked pattern.
#[derive(Clone, Debug)]
pub struct Progress(Regex);

/// A pattern that says nothing of progress.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgressError {
    /// It is no regular expression.
    #[error("this is not a regular expression: {0}")]
    Pattern(String),
    /// It names a group that nobody reads.
    #[error("nobody reads the group `{0}`")]
    Group(String),
    /// It has no group at all, or only the total.
    #[error("the pattern finds nothing that could be shown")]
    Nothing,
}

impl Progress {
    /// Reads a pattern.
    pub fn parse(pattern: &str) -> Result<Self, ProgressError> {
        let regex = Regex::new(pattern).map_err(|error| {
            let text = error.to_string();
            // The library draws the place over several lines; the last one says what is wrong.
            let last = text.lines().last().unwrap_or_default();
            ProgressError::Pattern(last.trim_start_matches("error: ").to_owned())
        })?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        if let Some(name) = names.iter().find(|name| !GROUPS.contains(name)) {
            return Err(ProgressError::Group((*name).to_owned()));
        }
        if !names.contains(&"done") && !names.contains(&"text") {
            return Err(ProgressError::Nothing);
        }
        Ok(Self(regex))
    }

    /// What a line of output says of progress; `None` where it says nothing.
    pub fn read(&self, line: &str) -> Option<String> {
        let found = self.0.captures(line)?;
        let group = |name| {
            found.name(name).map(|group| group.as_str().trim()).filter(|text| !text.is_empty())
        };
        let count = match (group("done"), group("total")) {
            (Some(done), Some(total)) => Some(format!("{done} of {total}")),
            (Some(done), None) => Some(done.to_owned()),
            (None, _) => None,
        };
        let parts: Vec<_> = count.into_iter().chain(group("text").map(str::to_owned)).collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_for_what_they_say() {
        let progress = Progress::parse(r"^\[(?<done>\d+)/(?<total>\d+)\]( (?<text>.+))?").unwrap();
        for (line, expected) in [
            ("[3/8] marts.orders", Some("3 of 8 · marts.orders")),
            ("[3/8]", Some("3 of 8")),
            ("done", None),
        ] {
            assert_eq!(progress.read(line).as_deref(), expected, "{line}");
        }
        let percent = Progress::parse(r"(?<done>\d+ %)").unwrap();
        assert_eq!(percent.read("copied 40 %").as_deref(), Some("40 %"));
    }

    #[test]
    fn patterns_that_show_nothing_are_refused() {
        let why = |pattern| Progress::parse(pattern).unwrap_err().to_string();
        assert_eq!(why("(?<done>"), "this is not a regular expression: unclosed group");
        assert_eq!(why("(?<percent>.*)"), "nobody reads the group `percent`");
        assert_eq!(why("(?<total>.*)"), "the pattern finds nothing that could be shown");
    }
}
