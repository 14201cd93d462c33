//! Text for people before it meets a chat: who and when are kept apart from the letters, so that Slack can
//! mention, the web page can show the reader's own time, and nothing from an alert can act as markup.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    person::{People, PersonId},
};

/// Somebody's words with a full stop, so that ours can follow.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// One piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Plain letters; a renderer escapes them.
    Text(String),
    /// Emphasised letters.
    Strong(String),
    /// A name of the machine's world: a model, an id, a command.
    Code(String),
    /// A person; a chat may notify them.
    Person(PersonId),
    /// A moment of these hours; shown in the reader's own zone.
    Time(Timestamp),
    /// A moment that may be on another day: the same with the day, and without seconds.
    Day(Timestamp),
}

/// A sentence or two, made of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(Vec<Span>);

impl Words {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Plain letters.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new().text(text)
    }

    /// A sentence of our own in which names of the machine's world stand between backticks. A backtick without its
    /// partner stays a letter.
    pub fn marked(sentence: &str) -> Self {
        let mut words = Self::new();
        let mut rest = sentence;
        while let Some((before, name, after)) = quoted(rest) {
            words = words.text(before).code(name);
            rest = after;
        }
        if rest.is_empty() { words } else { words.text(rest) }
    }

    /// Adds plain letters.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.push(Span::Text(text.into()))
    }

    /// Adds emphasised letters.
    #[must_use]
    pub fn strong(self, text: impl Into<String>) -> Self {
        self.push(Span::Strong(text.into()))
    }

    /// Adds a name of the machine's world.
    #[must_use]
    pub fn code(self, text: impl Into<String>) -> Self {
        self.push(Span::Code(text.into()))
    }

    /// Adds a person.
    #[must_use]
    pub fn person(self, person: &PersonId) -> Self {
        self.push(Span::Person(person.clone()))
    }

    /// Adds a moment.
    #[must_use]
    pub fn time(self, at: Timestamp) -> Self {
        self.push(Span::Time(at))
    }

    /// Adds a moment with its day.
    #[must_use]
    pub fn day(self, at: Timestamp) -> Self {
        self.push(Span::Day(at))
    }

    /// Adds several people: `Ana, Ben and Cleo`, or `nobody`.
    #[must_use]
    pub fn people(self, people: &[PersonId]) -> Self {
        let last = people.len().saturating_sub(1);
        let with_people =
            people.iter().enumerate().fold(self, |words, (place, person)| match place {
                0 => words.person(person),
                _ if place == last => words.text(" and ").person(person),
                _ => words.text(", ").person(person),
            });
        if people.is_empty() { with_people.text("nobody") } else { with_people }
    }

    /// Adds several names of the machine's world, with commas between.
    #[must_use]
    pub fn codes<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().enumerate().fold(self, |words, (place, name)| {
            if place == 0 { words.code(name) } else { words.text(", ").code(name) }
        })
    }

    /// Adds other words.
    #[must_use]
    pub fn words(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The spans in order.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentence for a terminal or a log: names from `people`, times in UTC.
    pub fn to_plain(&self, people: &People) -> String {
        self.0
            .iter()
            .map(|span| match span {
                Span::Text(text) | Span::Strong(text) | Span::Code(text) => text.clone(),
                Span::Person(person) => people.name(person).to_owned(),
                Span::Time(at) => at.format("%-d %b %H:%M:%S UTC").to_string(),
                Span::Day(at) => at.format("%-d %b %H:%M UTC").to_string(),
            })
            .collect()
    }

    fn push(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }
}

/// The first text between backticks, with what stands before and after it.
fn quoted(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (name, after) = rest.split_once('`')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_mark_names() {
        let words = Words::marked("It is `data_corruption` (data is corrupt), not `x`.");
        let expected = Words::plain("It is ")
            .code("data_corruption")
            .text(" (data is corrupt), not ")
            .code("x")
            .text(".");
        assert_eq!(words, expected);
        assert_eq!(Words::marked("no name"), Words::plain("no name"));
        assert_eq!(Words::marked("one ` alone"), Words::plain("one ` alone"));
        assert_eq!(Words::marked(""), Words::new());
    }
}
