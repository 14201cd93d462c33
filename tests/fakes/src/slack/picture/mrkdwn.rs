//! Slack's markup as HTML: what stands in angle brackets, emphasis within a line, code, quotes.

use chrono::{DateTime, Utc};

use super::Names;

/// Text that HTML shows as it is.
pub(in crate::slack) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A text of type `mrkdwn`.
pub(super) fn html(text: &str, names: &Names) -> String {
    let mut shown = String::new();
    for (number, part) in text.split("```").enumerate() {
        if number % 2 == 1 {
            put(&mut shown, &format!("<pre>{}</pre>", plain(part.trim_matches('\n'))));
            continue;
        }
        let mut quoted = Vec::new();
        let mut lines = Vec::new();
        for line in part.trim_matches('\n').split('\n') {
            if let Some(quote) = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>')) {
                quoted.push(inline(quote.trim_start(), names));
                continue;
            }
            end_quote(&mut quoted, &mut lines);
            lines.push(inline(line, names));
        }
        end_quote(&mut quoted, &mut lines);
        shown.push_str(&lines.join("<br>"));
    }
    shown
}

fn put(shown: &mut String, html: &str) {
    shown.push_str(html);
}

fn end_quote(quoted: &mut Vec<String>, lines: &mut Vec<String>) {
    if !quoted.is_empty() {
        lines.push(format!("<blockquote>{}</blockquote>", quoted.join("<br>")));
        quoted.clear();
    }
}

/// One line: code first, in which nothing else counts; then what stands in brackets; then emphasis.
fn inline(line: &str, names: &Names) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let is_balanced = parts.len() % 2 == 1;
    let mut shown = String::new();
    for (number, part) in parts.iter().enumerate() {
        if number % 2 == 1 && is_balanced {
            put(&mut shown, &format!("<code>{}</code>", plain(part)));
            continue;
        }
        if number > 0 && !is_balanced {
            shown.push('`');
        }
        shown.push_str(&emphasised(&bracketed(part, names)));
    }
    shown
}

/// Slack's own escapes stand for one letter each; anything else is shown as it is.
fn plain(text: &str) -> String {
    escaped(&text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

fn bracketed(text: &str, names: &Names) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(&plain(before));
        let Some((token, behind)) = after.split_once('>') else {
            shown.push_str("&lt;");
            rest = after;
            continue;
        };
        shown.push_str(&special(token, names));
        rest = behind;
    }
    shown + &plain(rest)
}

fn special(token: &str, names: &Names) -> String {
    let (target, label) = match token.split_once('|') {
        Some((target, label)) => (target, Some(label)),
        None => (token, None),
    };
    if let Some(id) = target.strip_prefix('@').or_else(|| target.strip_prefix("!subteam^")) {
        return format!("<span class=mention>@{}</span>", escaped(&names.of(id)));
    }
    if let Some(id) = target.strip_prefix('#') {
        let name = names.of(id);
        return format!("<span class=mention>#{}</span>", escaped(name.trim_start_matches('#')));
    }
    if let Some(rest) = target.strip_prefix("!date^") {
        let mut parts = rest.splitn(3, '^');
        let seconds = parts.next().and_then(|seconds| seconds.parse().ok());
        let fallback = label.unwrap_or_default();
        return match seconds {
            Some(seconds) => date(seconds, parts.next().unwrap_or_default(), fallback),
            None => plain(fallback),
        };
    }
    if let Some(word) = target.strip_prefix('!') {
        return format!("<span class=mention>@{}</span>", escaped(label.unwrap_or(word)));
    }
    let is_link = ["http://", "https://", "mailto:"].iter().any(|start| target.starts_with(start));
    if !is_link {
        return format!("&lt;{}&gt;", plain(token));
    }
    format!(
        "<a href=\"{}\" rel=\"noreferrer noopener\" target=_blank>{}</a>",
        plain(target),
        plain(label.unwrap_or(target))
    )
}

/// A moment; the page shows it again in the reader's own time.
pub(super) fn date(seconds: i64, format: &str, fallback: &str) -> String {
    let shown = DateTime::from_timestamp(seconds, 0)
        .map_or_else(|| plain(fallback), |moment| escaped(&filled(format, moment)));
    format!("<time data-unix={seconds} data-format=\"{}\">{shown}</time>", escaped(format))
}

fn filled(format: &str, moment: DateTime<Utc>) -> String {
    let fields = [
        ("{date_num}", "%Y-%m-%d"),
        ("{date_short_pretty}", "%b %-d"),
        ("{date_long_pretty}", "%A, %B %-d"),
        ("{date_pretty}", "%B %-d"),
        ("{date_short}", "%b %-d, %Y"),
        ("{date_long}", "%A, %B %-d, %Y"),
        ("{date}", "%B %-d, %Y"),
        ("{time_secs}", "%H:%M:%S"),
        ("{time}", "%H:%M"),
    ];
    fields.iter().fold(format.to_owned(), |text, (field, pattern)| {
        text.replace(field, &moment.format(pattern).to_string())
    })
}

/// `*bold*`, `_italic_`, `~struck~`: a mark opens at the edge of a word and closes at one. What stands in a tag of
/// ours is left alone.
fn emphasised(html: &str) -> String {
    [('*', "b"), ('_', "i"), ('~', "s")]
        .into_iter()
        .fold(html.to_owned(), |html, (mark, tag)| marked(&html, mark, tag))
}

fn marked(html: &str, mark: char, tag: &str) -> String {
    let letters: Vec<char> = html.chars().collect();
    let mut shown = String::new();
    let mut in_tag = false;
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        in_tag = (in_tag || letter == '<') && letter != '>';
        let is_mark = letter == mark && !in_tag && opens(&letters, at);
        if let Some(end) = closing(&letters, at, mark).filter(|_| is_mark) {
            let inner: String = letters[at + 1..end].iter().collect();
            put(&mut shown, &format!("<{tag}>{inner}</{tag}>"));
            at = end + 1;
            continue;
        }
        shown.push(letter);
        at += 1;
    }
    shown
}

fn opens(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| letters[before]);
    let after = letters.get(at + 1);
    before.is_none_or(|before| !before.is_alphanumeric())
        && after.is_some_and(|after| !after.is_whitespace() && *after != letters[at])
}

fn closing(letters: &[char], start: usize, mark: char) -> Option<usize> {
    let mut in_tag = false;
    for at in start + 1..letters.len() {
        let letter = letters[at];
        in_tag = (in_tag || letter == '<') && letter != '>';
        let after = letters.get(at + 1);
        let is_end = letter == mark
            && !in_tag
            && !letters[at - 1].is_whitespace()
            && after.is_none_or(|after| !after.is_alphanumeric());
        if is_end && at > start + 1 {
            return Some(at);
        }
    }
    None
}
