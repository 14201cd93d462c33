//! Letters that came from anywhere, before they are shown: cleaned, measured, clipped.
//!
//! Lengths are counted the way that is worst for us: UTF-16 units (as Slack's own programs count) of the letters as
//! JSON writes them. A text that fits here fits in Slack.

/// What stands for the letters that were left out.
pub(crate) const ELLIPSIS: char = '…';

/// How many accents one letter keeps; no language stacks more.
const MOST_ACCENTS: u32 = 4;

/// How much room a letter takes in a JSON text.
pub(crate) fn cost(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' => 2,
        _ => letter.len_utf16(),
    }
}

/// How much room a text takes in a JSON text.
pub(crate) fn room(text: &str) -> usize {
    text.chars().map(cost).sum()
}

/// Whether nobody would see anything of the text. Slack refuses a text of blanks as an empty one.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(says_nothing)
}

/// Whether nobody would see anything of a letter that stands alone.
pub(crate) fn says_nothing(letter: char) -> bool {
    // Accents without a letter below them say nothing either.
    is_unseen(letter) || matches!(letter, '\u{0300}'..='\u{036F}')
}

/// Blanks, and letters that take no room on the screen.
fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '\u{00AD}' | '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        )
        || matches!(letter, '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}')
        || matches!(
            letter,
            '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        )
        || matches!(letter, '\u{E0000}'..='\u{E0FFF}')
}

/// The letters without those that nobody sees but that change what is seen: control characters, marks that turn the
/// direction of writing around, with which `prod` can be made to look like something else, and towers of accents that
/// cover the lines around them.
pub(crate) fn clean(text: &str) -> impl Iterator<Item = char> {
    let mut stacked = 0;
    text.chars().filter_map(move |letter| {
        stacked = if is_accent(letter) { stacked + 1 } else { 0 };
        shown(letter).filter(|_| stacked <= MOST_ACCENTS)
    })
}

/// What a letter is shown as by itself, if it is.
fn shown(letter: char) -> Option<char> {
    match letter {
        '\n' => Some('\n'),
        '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{200E}' | '\u{200F}' | '\u{061C}' => None,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => None,
        _ if letter.is_control() => None,
        _ => Some(letter),
    }
}

/// The same without blanks at both ends. Only what is asked for is read.
pub(crate) fn trimmed(text: &str) -> impl Iterator<Item = char> {
    let leaves_nothing = |letter: char| letter.is_whitespace() || shown(letter).is_none();
    clean(text.trim_end_matches(leaves_nothing)).skip_while(|letter| letter.is_whitespace())
}

/// A mark that is drawn over or below the letter before it, in scripts that need few of them on one letter.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}')
        || matches!(letter, '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// The text on one line, at most `limit` long: for places where Slack knows no markup.
pub(crate) fn line(text: &str, limit: usize) -> String {
    // Each takes room, so that one more than could fit shows that not all do.
    let letters = clean(text).take(limit + 1);
    let letters: Vec<char> =
        letters.map(|letter| if letter == '\n' { ' ' } else { letter }).collect();
    let all: usize = letters.iter().map(|letter| cost(*letter)).sum();
    let after = if all > limit { cost(ELLIPSIS) } else { 0 };
    let mut line = String::new();
    let mut room = limit;
    for letter in letters {
        if cost(letter) + after > room {
            line.push(ELLIPSIS);
            break;
        }
        line.push(letter);
        room -= cost(letter);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cleaned_and_clipped() {
        let table = [
            ("orders", 6, "orders"),
            ("orders", 5, "orde…"),
            ("a\nb\tc\r\0d", 20, "a b cd"),
            ("\u{202E}dorp\u{202C}", 20, "dorp"),
            ("😀😀😀", 6, "😀😀😀"),
            ("😀😀😀", 5, "😀😀…"),
            ("\"\"", 4, "\"\""),
            ("\"\"", 3, "\"…"),
            ("", 3, ""),
            ("e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}!", 20, "e\u{301}\u{301}\u{301}\u{301}!"),
        ];
        for (text, limit, expected) in table {
            assert_eq!(line(text, limit), expected, "{text:?} within {limit}");
        }
    }
}
