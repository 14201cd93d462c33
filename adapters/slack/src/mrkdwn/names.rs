//! Long lists of names: as many as fit, each of them whole, and how many more there are.

use domain::words::{Span, Words};

use super::{Mrkdwn, cost};
use crate::letters::ELLIPSIS;

/// A longer name is cut; no database takes one.
const ONE_NAME: usize = 200;
const BETWEEN: &str = ", ";

impl Mrkdwn {
    /// Adds names of the machine's world with commas between, of `limit` letters in all. A name that does not fit is
    /// counted, not cut.
    pub(crate) fn names(self, names: &[&str], limit: usize) -> Self {
        // What stands for the rest needs its room here too.
        let room = self.room.saturating_sub(cost(ELLIPSIS));
        let list = Self::within(limit.min(room)).all_names(names).finish();
        self.markup(&list)
    }

    fn all_names(mut self, names: &[&str]) -> Self {
        let names = names.iter().map(|name| Self::within(ONE_NAME).code(name).finish());
        let shown: Vec<String> = names.filter(|name| !name.is_empty()).collect();
        for (place, name) in shown.iter().enumerate() {
            let between = if place == 0 { "" } else { BETWEEN };
            let left = shown.len() - place;
            let tail = if left > 1 { more(left).chars().count() } else { 0 };
            let needed: usize = between.chars().chain(name.chars()).map(cost).sum();
            if needed + tail + cost(ELLIPSIS) > self.room {
                return self.markup(&more(left));
            }
            self = self.markup(between).markup(name);
        }
        self
    }
}

fn more(count: usize) -> String {
    format!(" and {count} more")
}

/// The names of words that are nothing but a list of names.
pub(crate) fn listed(words: &Words) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for span in words.spans() {
        match span {
            Span::Code(name) => names.push(name.as_str()),
            Span::Text(text) if text == BETWEEN => {}
            Span::Text(_) | Span::Strong(_) | Span::Person(_) | Span::Time(_) | Span::Day(_) => {
                return None;
            }
        }
    }
    (names.len() > 1).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_fit_are_counted() {
        let names: Vec<String> = (1..=40).map(|number| format!("model_{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for (limit, expected) in [
            (60, "`model_1`, `model_2`, `model_3`, `model_4` and 36 more"),
            (25, "`model_1` and 39 more"),
        ] {
            let shown = Mrkdwn::within(500).text("See ").names(&names, limit).finish();
            assert_eq!(shown, format!("See {expected}"));
        }
        assert_eq!(Mrkdwn::within(30).names(&names[..2], 300).finish(), "`model_1`, `model_2`");
    }

    #[test]
    fn only_a_list_is_a_list() {
        assert_eq!(listed(&Words::new().codes(["a", "b"])), Some(vec!["a", "b"]));
        assert_eq!(listed(&Words::new().code("a")), None);
        assert_eq!(listed(&Words::new().code("a").text(" of ").code("b")), None);
    }
}
