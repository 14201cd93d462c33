//! Mistakes in the policy files: where, what, and what to do about it.
//!
//! A problem carries its source line, so that it can be rendered long after the files are gone. Columns count
//! characters from 1, as editors do.

use std::fmt;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::place::Place;

/// One mistake in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's path relative to its folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub advice: String,
    excerpt: String,
    width: usize,
}

impl Problem {
    /// A mistake at `place` of `text`, which is the text of `file`.
    pub(crate) fn new(
        file: &str,
        text: &str,
        place: Place,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let line = place.line.max(1);
        let excerpt = text.lines().nth(line - 1).unwrap_or_default().to_owned();
        let length = excerpt.chars().count();
        let column = place.column.clamp(1, length + 1);
        Self {
            file: file.to_owned(),
            line,
            column,
            message: message.into(),
            advice: advice.into(),
            width: place.width.clamp(1, (length + 1 - column).max(1)),
            excerpt,
        }
    }

    fn render(&self) -> String {
        let byte = |column: usize| {
            self.excerpt.char_indices().nth(column).map_or(self.excerpt.len(), |(byte, _)| byte)
        };
        let (start, end) = (byte(self.column - 1), byte(self.column - 1 + self.width));
        let report = [Level::ERROR
            .primary_title(self.message.as_str())
            .element(
                Snippet::source(self.excerpt.as_str())
                    .line_start(self.line)
                    .path(self.file.as_str())
                    .annotation(AnnotationKind::Primary.span(start..end)),
            )
            .element(Level::HELP.message(self.advice.as_str()))];
        Renderer::plain().term_width(400).render(&report)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render())
    }
}

/// Every mistake that was found, in the order of files and lines. Never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(formatter, "{problem}\n")?;
        }
        let count = self.0.len();
        write!(formatter, "{count} {}", if count == 1 { "mistake" } else { "mistakes" })
    }
}

impl std::error::Error for Problems {}

/// A file under examination, and where its mistakes are noted.
#[derive(Debug)]
pub(crate) struct Examined<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Examined<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    /// Notes a mistake.
    pub(crate) fn note(
        &mut self,
        place: Place,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.problems.push(Problem::new(self.file, self.text, place, message, advice));
    }

    /// Notes a name that is not among `known`, with the nearest one that is.
    pub(crate) fn unknown(&mut self, place: Place, what: &str, name: &str, known: &[&str]) {
        let advice = crate::suggest::advice(name, known);
        self.note(place, format!("there is no {what} `{name}`"), advice);
    }
}
