//! Colour for people: on a terminal only, and not where `NO_COLOR` is set.

use std::io::{IsTerminal, stderr, stdout};

/// Colours texts, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// For what goes to standard output.
    pub(crate) fn new() -> Self {
        Self { on: stdout().is_terminal() && wants_colour() }
    }

    /// For what goes to standard error.
    pub(crate) fn for_errors() -> Self {
        Self { on: stderr().is_terminal() && wants_colour() }
    }

    /// Something that went well.
    pub(crate) fn good(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// Something that went wrong.
    pub(crate) fn bad(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// Something that needs a person.
    pub(crate) fn attention(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// Something beside the matter.
    pub(crate) fn faint(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// Something to see first.
    pub(crate) fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[expect(clippy::disallowed_methods, reason = "a wish of the terminal's owner, not configuration")]
fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|wish| wish.is_empty())
}
