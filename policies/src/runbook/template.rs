//! A text with `${parameter}`s within another language: an address, a statement, a query, a JSON document.
//!
//! A value never ends the place that it stands in. Where it may stand is decided at load, by the letters that its type
//! allows and by the place: within quotes, bare, or in a part of an address. [`Scanner`] knows the places.

use std::collections::BTreeMap;

use super::{
    argument::Part,
    parameter::{Parameter, ParameterType},
};

/// Values by the names of their parameters.
pub(crate) type Values<'a> = BTreeMap<&'a str, (&'a Parameter, &'a [String])>;

/// A text before its parameters are filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Letters(String),
    Value { name: String, form: Form },
}

/// How values are written into their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are, with commas between.
    Plain,
    /// Percent-encoded, with encoded commas between.
    Encoded,
    /// `'a', 'b'`: the quotes at both ends stand in the text already.
    Literals,
    /// `a|b`, each letter that a pattern could read otherwise put into brackets.
    Alternatives,
}

impl Template {
    /// A template of these parts; `form` says how the values of each parameter are written.
    pub(crate) fn of(parts: &[Part], mut form: impl FnMut(usize, &str) -> Form) -> Self {
        let piece = |(index, part): (usize, &Part)| match part {
            Part::Letters(letters) => Piece::Letters(letters.clone()),
            Part::Parameter(name) => Piece::Value { name: name.clone(), form: form(index, name) },
        };
        Self(parts.iter().enumerate().map(piece).collect())
    }

    /// The text with values filled in.
    pub(crate) fn fill(&self, values: &Values<'_>) -> String {
        let written = |piece: &Piece| match piece {
            Piece::Letters(letters) => letters.clone(),
            Piece::Value { name, form } => {
                form.write(values.get(name.as_str()).map(|(_, given)| *given).unwrap_or_default())
            }
        };
        self.0.iter().map(written).collect()
    }
}

impl Form {
    fn write(self, values: &[String]) -> String {
        match self {
            Self::Plain => values.join(","),
            Self::Encoded => encoded(&values.join(",")),
            Self::Literals => values.join("', '"),
            Self::Alternatives => {
                values.iter().map(|value| literally(value)).collect::<Vec<_>>().join("|")
            }
        }
    }
}

fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut written, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            write!(written, "%{byte:02X}").expect("a text takes everything");
        }
        written
    })
}

fn literally(text: &str) -> String {
    text.chars().fold(String::new(), |mut written, letter| {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            written.push(letter);
        } else {
            written.extend(['[', letter, ']']);
        }
        written
    })
}

/// The languages whose places are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Sql,
    PromQl,
    Json,
}

/// Where in a text one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Within {
    /// Neither in quotes nor in a comment.
    #[default]
    Bare,
    /// In quotes that this letter ends.
    Quotes(char),
    /// In a comment to the end of its line.
    LineComment,
    /// In a comment to `*/`.
    BlockComment,
}

/// Reads a text from its beginning and says where one is.
#[derive(Debug)]
pub(crate) struct Scanner {
    language: Language,
    within: Within,
    before: Option<char>,
    is_escaped: bool,
}

impl Scanner {
    pub(crate) fn new(language: Language) -> Self {
        Self { language, within: Within::Bare, before: None, is_escaped: false }
    }

    /// Where one is now.
    pub(crate) fn within(&self) -> Within {
        self.within
    }

    /// Reads one letter.
    pub(crate) fn read(&mut self, letter: char) {
        let before = self.before.replace(letter);
        if std::mem::take(&mut self.is_escaped) {
            return;
        }
        let is_sql = self.language == Language::Sql;
        self.within = match (self.within, letter) {
            (Within::Quotes(_), '\\') if !is_sql => {
                self.is_escaped = true;
                self.within
            }
            (Within::Quotes(end), letter) if letter == end => Within::Bare,
            (Within::LineComment, '\n') => Within::Bare,
            (Within::BlockComment, '/') if before == Some('*') => {
                // The same star must not end a comment that it begins.
                self.before = None;
                Within::Bare
            }
            (Within::Bare, '"') => Within::Quotes('"'),
            (Within::Bare, '\'' | '`') if self.language != Language::Json => Within::Quotes(letter),
            (Within::Bare, '-') if is_sql && before == Some('-') => Within::LineComment,
            (Within::Bare, '*') if is_sql && before == Some('/') => {
                self.before = None;
                Within::BlockComment
            }
            (Within::Bare, '#') if self.language == Language::PromQl => Within::LineComment,
            (within, _) => within,
        };
    }

    /// Passes over a value: nothing before it belongs to what follows.
    pub(crate) fn pass_value(&mut self) {
        self.before = None;
    }
}

/// A place for a value: where it is, and what stands right before and behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'t> {
    pub(crate) within: Within,
    pub(crate) before: &'t str,
    pub(crate) behind: &'t str,
}

impl Spot<'_> {
    /// Whether the value is all that its quotes hold.
    fn is_whole(self, quote: char) -> bool {
        self.before.ends_with(quote)
            && self.behind.starts_with(quote)
            && !self.behind[quote.len_utf8()..].starts_with(quote)
    }

    /// How values of this type are written here; an `Err` says where they could stand instead.
    pub(crate) fn form(
        self,
        language: Language,
        kind: ParameterType,
    ) -> Result<Form, &'static str> {
        use ParameterType::{Json, ModelList, Number};
        match (language, self.within) {
            (Language::Sql, Within::Bare) if matches!(kind, ModelList | Number) => Ok(Form::Plain),
            (Language::Sql, Within::Quotes('\'')) if kind != Json => match self.is_whole('\'') {
                true => Ok(Form::Literals),
                false if kind.is_list() => Err("give it quotes of its own: `in ('${name}')`"),
                false => Ok(Form::Plain),
            },
            (Language::Sql, _) if kind == Json => Err("JSON cannot stand in a statement"),
            (Language::Sql, _) => Err(
                "put it into single quotes, `'${name}'`; only models and numbers can stand without, and nothing in comments",
            ),
            (Language::PromQl, Within::Bare) if kind == Number => Ok(Form::Plain),
            (Language::PromQl, Within::Quotes(quote)) if kind != Json => {
                let opening = self.before.strip_suffix(quote).unwrap_or_default();
                let is_pattern = opening.ends_with("=~") || opening.ends_with("!~");
                match self.is_whole(quote) {
                    true if is_pattern => Ok(Form::Alternatives),
                    _ if kind.is_list() => {
                        Err("compare it by `=~\"${name}\"`, which takes several values")
                    }
                    _ => Ok(Form::Plain),
                }
            }
            (Language::PromQl, _) if kind == Json => Err("JSON cannot stand in a query"),
            (Language::PromQl, _) => {
                Err("put it into the quotes of a label's value; only numbers can stand without")
            }
            (Language::Json, Within::Quotes(_)) if kind != Json => Ok(Form::Plain),
            (Language::Json, Within::Bare) if matches!(kind, Json | Number) => Ok(Form::Plain),
            (Language::Json, _) if kind == Json => Err("let it stand without quotes"),
            (Language::Json, _) => {
                Err("put it into double quotes; only JSON and numbers stand without")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn within(language: Language, text: &str, expected: Within) {
        let mut scanner = Scanner::new(language);
        text.chars().for_each(|letter| scanner.read(letter));
        assert_eq!(scanner.within(), expected, "{language:?} {text}");
    }

    #[test]
    fn the_place_is_known_behind_quotes_and_comments() {
        use Language::{Json, PromQl, Sql};
        use Within::{Bare, BlockComment, LineComment, Quotes};
        for (text, expected) in [
            ("select ", Bare),
            ("select '", Quotes('\'')),
            ("select 'it''s ", Quotes('\'')),
            ("select 'it''s'", Bare),
            ("select \"a'b\" ", Bare),
            ("select `a", Quotes('`')),
            ("select 1 -- it's", LineComment),
            ("select 1 -- it's\n", Bare),
            ("select 1 - - 'a", Quotes('\'')),
            ("select /* it's */ ", Bare),
            ("select /*/ ", BlockComment),
            ("select 'a' /* ", BlockComment),
            ("select '--' ", Bare),
        ] {
            within(Sql, text, expected);
        }
        within(PromQl, r#"up{job="a\""#, Quotes('"'));
        within(PromQl, "up{job='a'} # it's", LineComment);
        within(Json, r#"{"it's": "#, Bare);
        within(Json, r#"{"a": "b\\"#, Quotes('"'));
    }

    #[test]
    fn values_are_written_for_their_place() {
        let values = ["marts.a".to_owned(), "marts.b".to_owned()];
        for (form, expected) in [
            (Form::Plain, "marts.a,marts.b"),
            (Form::Encoded, "marts.a%2Cmarts.b"),
            (Form::Literals, "marts.a', 'marts.b"),
            (Form::Alternatives, "marts[.]a|marts[.]b"),
        ] {
            assert_eq!(form.write(&values), expected);
        }
        assert_eq!(encoded("a b/\u{e4}"), "a%20b%2F%C3%A4");
    }
}
