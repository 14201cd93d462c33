//! Reads forms and texts out of a page, as far as somebody who fills in a form needs them.
//!
//! It reads the pages of this project, not any page: tags are closed, attributes are quoted, nothing hides in scripts.

/// A form of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it is sent to.
    pub(super) action: String,
    /// What its hidden fields hold.
    pub(super) fields: Vec<(String, String)>,
    /// What can be pressed.
    pub(super) buttons: Vec<Button>,
}

/// A button of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Button {
    /// What pressing it adds to the fields.
    pub(super) field: Option<(String, String)>,
    /// What it says.
    pub(super) text: String,
}

impl Form {
    /// What a hidden field holds.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// All forms of a page, in their order.
pub(super) fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut open_button: Option<Button> = None;
    for piece in pieces(page) {
        match (&piece, forms.last_mut()) {
            (Piece::Open { name: "form", .. }, _) => {
                let action = piece.attribute("action").unwrap_or_default();
                forms.push(Form { action, fields: Vec::new(), buttons: Vec::new() });
            }
            (Piece::Open { name: "input", .. }, Some(form)) => {
                form.fields.extend(piece.named_value());
            }
            (Piece::Open { name: "button", .. }, Some(_)) => {
                open_button = Some(Button { field: piece.named_value(), text: String::new() });
            }
            (Piece::Close("button"), Some(form)) => {
                form.buttons.extend(open_button.take().map(Button::trimmed));
            }
            (Piece::Text(text), _) => {
                if let Some(button) = &mut open_button {
                    button.text.push_str(&unescaped(text));
                }
            }
            _ => {}
        }
    }
    forms
}

/// The text inside the element with this id; `None` where there is no such element or it is empty.
pub(super) fn text_of(page: &str, id: &str) -> Option<String> {
    let mut inside: Option<(&str, usize)> = None;
    let mut found = String::new();
    for piece in pieces(page) {
        match (&piece, &mut inside) {
            (Piece::Open { name, .. }, None) if piece.attribute("id").as_deref() == Some(id) => {
                inside = Some((name, 1));
            }
            (Piece::Open { name, .. }, Some((element, depth))) if name == element => *depth += 1,
            (Piece::Close(name), Some((element, depth))) if name == element => {
                *depth -= 1;
                if *depth == 0 {
                    break;
                }
            }
            (Piece::Text(text), Some(_)) => found.push_str(&unescaped(text)),
            _ => {}
        }
    }
    let words: Vec<_> = found.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

enum Piece<'p> {
    Open { name: &'p str, attributes: &'p str },
    Close(&'p str),
    Text(&'p str),
}

impl Piece<'_> {
    fn attribute(&self, wanted: &str) -> Option<String> {
        let Self::Open { attributes, .. } = self else { return None };
        let mut rest = *attributes;
        while let Some((before, after)) = rest.split_once("=\"") {
            let (value, behind) = after.split_once('"')?;
            if before.split_whitespace().last() == Some(wanted) {
                return Some(unescaped(value));
            }
            rest = behind;
        }
        None
    }

    fn named_value(&self) -> Option<(String, String)> {
        // Whoever fills in a form types what it gives as an example.
        let value = self.attribute("value").or_else(|| self.attribute("placeholder"));
        Some((self.attribute("name")?, value?))
    }
}

impl Button {
    fn trimmed(self) -> Self {
        let words: Vec<_> = self.text.split_whitespace().collect();
        Self { text: words.join(" "), ..self }
    }
}

fn pieces(page: &str) -> impl Iterator<Item = Piece<'_>> {
    // What stands before the first `<` is text; every other part begins with a tag.
    page.split('<').enumerate().flat_map(|(index, part)| {
        if index == 0 {
            return [Some(Piece::Text(part)), None].into_iter().flatten();
        }
        // A `>` inside a quoted value is escaped by the templates.
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let piece = if let Some(name) = tag.strip_prefix('/') {
            Piece::Close(name.trim())
        } else {
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            Piece::Open { name, attributes }
        };
        [Some(piece), Some(Piece::Text(text))].into_iter().flatten()
    })
}

/// A text with its character references replaced by what they stand for.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let reference = part.split_once(';').and_then(|(name, rest)| Some((letter(name)?, rest)));
        if let Some((letter, rest)) = reference {
            plain.push(letter);
            plain.push_str(rest);
        } else {
            plain.push('&');
            plain.push_str(part);
        }
    }
    plain
}

fn letter(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><p>1 &lt; 2</p>
<form method="post" action="/persona" class="personas">
<input type="hidden" name="token" value="a&amp;b&#x2f;c&#39;">
<button type="submit" name="person" value="ana" aria-pressed="false"><bdi>Ana Ruiz</bdi> <small>level 1</small></button>
<button type="submit" name="person" value="sam"><bdi>Sam</bdi> <small>watches</small></button>
</form>
<div id="answer" class="answer"><div><p>Thank you, <strong>Ana</strong> &amp; Bo.</p></div></div><div id="empty"></div>
<form method="post" action="/incidents/inc_1/decide"><input type="hidden" name="verdict" value="approve"><input type="hidden" name="reason" value=""><button type="submit">Sign</button></form>
"#;

    #[test]
    fn forms_are_read_with_their_fields_and_buttons() {
        let [persona, decide] = &forms(PAGE)[..] else { panic!("{:?}", forms(PAGE)) };
        assert_eq!(persona.action, "/persona");
        assert_eq!(persona.field("token"), Some("a&b/c'"));
        let [ana, sam] = &persona.buttons[..] else { panic!("{persona:?}") };
        assert_eq!(ana.field, Some(("person".to_owned(), "ana".to_owned())));
        assert_eq!((ana.text.as_str(), sam.text.as_str()), ("Ana Ruiz level 1", "Sam watches"));
        assert_eq!((decide.field("verdict"), decide.field("reason")), (Some("approve"), Some("")));
        assert_eq!(decide.buttons, [Button { field: None, text: "Sign".to_owned() }]);
    }

    #[test]
    fn texts_are_found_by_id() {
        assert_eq!(text_of(PAGE, "answer").as_deref(), Some("Thank you, Ana & Bo."));
        assert_eq!(text_of(PAGE, "empty"), None);
        assert_eq!(text_of(PAGE, "nowhere"), None);
    }

    #[test]
    fn references_that_are_none_stay() {
        for (text, plain) in [
            ("a & b", "a & b"),
            ("&nope;", "&nope;"),
            ("&#x41;&#66;", "AB"),
            ("&#x110000;", "&#x110000;"),
        ] {
            assert_eq!(unescaped(text), plain);
        }
    }
}
