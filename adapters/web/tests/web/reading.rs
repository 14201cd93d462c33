//! A page as somebody reads it aloud: the words in order, forms and buttons marked, decoration left out.

/// The reading of some HTML, one line for each thing said.
///
/// `[..]` is a button, `{name=value}` a hidden field, `{name: ____}` a field to fill in.
pub(crate) fn reading(html: &str) -> String {
    let mut text = String::new();
    // The element that a reader passes over, and how many of its name are open inside.
    let mut passed_over: Option<(String, usize)> = None;
    let mut rest = html;
    while let Some((before, tag_on)) = rest.split_once('<') {
        let (tag, after) = tag_on.split_once('>').expect("every tag is closed");
        rest = after;
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        if let Some((element, depth)) = &mut passed_over {
            if name == element {
                *depth = if tag.starts_with('/') { *depth - 1 } else { *depth + 1 };
            }
            if *depth == 0 {
                passed_over = None;
            }
            continue;
        }
        text.push_str(&before.replace('\n', " "));
        if tag.contains("aria-hidden=\"true\"") || name == "progress" {
            passed_over = Some((name.to_owned(), 1));
        } else {
            text.push_str(&said(tag, name));
        }
    }
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&amp;", "&");
    let one_space = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = plain.lines().map(one_space).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The value of an attribute, as it is written.
pub(crate) fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}

fn said(tag: &str, name: &str) -> String {
    let value = |of: &str| attribute(tag, of).unwrap_or_default().to_owned();
    match (tag.starts_with('/'), name) {
        (false, "h1") => "\n# ".to_owned(),
        (false, "h2") => "\n## ".to_owned(),
        (false, "li") => "\n- ".to_owned(),
        (false, "summary" | "button") => "\n[".to_owned(),
        (true, "summary" | "button") => "]\n".to_owned(),
        (false, "form") => format!("\n→ {} {}\n", value("method"), value("action")),
        (false, "input") => format!(" {{{}={}}}", value("name"), value("value")),
        (false, "textarea") => format!("\n{{{}: ____}}", value("name")),
        (false, "label") => "\n".to_owned(),
        (true, "dt") => ": ".to_owned(),
        (true, "h1" | "h2" | "p" | "dd" | "label" | "section" | "title") => "\n".to_owned(),
        _ => String::new(),
    }
}
