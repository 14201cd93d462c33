//! A reader of Slack's mrkdwn that knows nothing of how the adapter writes it: it says what Slack would make of a text.

use serde_json::Value;

/// What a text comes to.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// What stands between `<` and `>`: mentions, moments, links.
    pub(crate) tokens: Vec<String>,
    /// The emphasised stretches, with their mark.
    pub(crate) emphasis: Vec<(char, String)>,
    /// Marks without a partner, which would be shown as they are.
    pub(crate) loose: Vec<char>,
    /// How many lines are quotes.
    pub(crate) quotes: usize,
    /// The letters that a person sees, without tokens.
    pub(crate) plain: String,
}

/// A letter as Slack sees it: one that may act, or one that was escaped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Glyph {
    Raw(char),
    Escaped(char),
    Token,
}

impl Glyph {
    fn letter(self) -> Option<char> {
        match self {
            Self::Raw(letter) | Self::Escaped(letter) => Some(letter),
            Self::Token => None,
        }
    }

    fn is_word(self) -> bool {
        self.letter().is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    }
}

/// Reads a mrkdwn text; the error is what Slack would not understand.
pub(crate) fn read(text: &str) -> Result<Read, String> {
    let mut read = Read::default();
    for line in text.split('\n') {
        read.quotes += usize::from(line.starts_with('>') || line.starts_with("&gt;"));
        let glyphs = glyphs(line, &mut read)?;
        emphasis(&glyphs, &mut read);
        read.plain.push('\n');
    }
    read.plain.pop();
    Ok(read)
}

fn glyphs(line: &str, read: &mut Read) -> Result<Vec<Glyph>, String> {
    let mut glyphs = Vec::new();
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let escapes = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
        let escape = escapes.into_iter().find(|(escape, _)| rest.starts_with(escape));
        if let Some((escape, letter)) = escape {
            glyphs.push(Glyph::Escaped(letter));
            rest = &rest[escape.len()..];
        } else if letter == '<' {
            let end = rest.find('>').ok_or_else(|| format!("a `<` without its end: {line:?}"))?;
            read.tokens.push(rest[1..end].to_owned());
            glyphs.push(Glyph::Token);
            rest = &rest[end + 1..];
        } else if matches!(letter, '&' | '>') {
            return Err(format!("a bare `{letter}`: {line:?}"));
        } else {
            glyphs.push(Glyph::Raw(letter));
            rest = &rest[letter.len_utf8()..];
        }
    }
    Ok(glyphs)
}

fn emphasis(glyphs: &[Glyph], read: &mut Read) {
    let mut place = 0;
    while place < glyphs.len() {
        let glyph = glyphs[place];
        let mark = match glyph {
            Glyph::Raw(mark @ ('*' | '_' | '~' | '`')) => mark,
            Glyph::Raw(_) | Glyph::Escaped(_) | Glyph::Token => {
                read.plain.extend(glyph.letter());
                place += 1;
                continue;
            }
        };
        let before = place.checked_sub(1).map(|before| glyphs[before]);
        let after = glyphs.get(place + 1).copied();
        let is_within = before.is_some_and(Glyph::is_word) && after.is_some_and(Glyph::is_word);
        if mark == '_' && is_within {
            read.plain.push(mark);
            place += 1;
            continue;
        }
        let end = glyphs[place + 1..].iter().position(|glyph| *glyph == Glyph::Raw(mark));
        match end {
            Some(length) if length > 0 => {
                let inside = &glyphs[place + 1..=place + length];
                let inside: String = inside.iter().filter_map(|glyph| glyph.letter()).collect();
                read.plain.push_str(&inside);
                read.emphasis.push((mark, inside));
                place += length + 2;
            }
            Some(_) | None => {
                read.loose.push(mark);
                read.plain.push(mark);
                place += 1;
            }
        }
    }
}

/// All texts of a call that Slack reads as mrkdwn; the text for notifications is one of them.
pub(crate) fn texts(call: &Value) -> Vec<String> {
    let mut found: Vec<String> = call["text"].as_str().map(str::to_owned).into_iter().collect();
    collect(call, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, found)),
        Value::Object(parts) => {
            if parts.get("type").is_some_and(|kind| kind == "mrkdwn") {
                assert_eq!(parts["verbatim"], true, "Slack would look for links in {value}");
                found.extend(parts["text"].as_str().map(str::to_owned));
            }
            parts.values().for_each(|part| collect(part, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_reader_reads() {
    let read = read("*a* `b*c` <@U1> x_y_z 1 &lt; 2\n&gt; q _i_ *").expect("mrkdwn");
    assert_eq!(read.tokens, ["@U1"]);
    let emphasis = [('*', "a"), ('`', "b*c"), ('_', "i")];
    assert_eq!(read.emphasis, emphasis.map(|(mark, text)| (mark, text.to_owned())));
    assert_eq!((read.loose, read.quotes), (vec!['*'], 1));
    assert_eq!(read.plain, "a b*c  x_y_z 1 < 2\n> q i *");
    for broken in ["a & b", "a <b", "a > b"] {
        assert!(super::reader::read(broken).is_err(), "{broken}");
    }
}
