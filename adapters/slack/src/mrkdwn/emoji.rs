//! Names between colons, of which Slack makes little pictures: `db:fire:orders` must stay what it is.

/// A letter that looks like the colon and makes no picture.
const LOOKALIKE: char = '∶';
/// The names of pictures that have no letter in them; other numbers between colons are times.
const WITHOUT_LETTERS: [&str; 4] = ["100", "1234", "+1", "-1"];

/// The same letters with no name between two colons.
pub(super) fn without_emoji(mut letters: Vec<char>) -> Vec<char> {
    let mut begin: Option<usize> = None;
    for place in 0..letters.len() {
        let letter = letters[place];
        if letter == ':' {
            let name: String =
                begin.map(|begin| letters[begin + 1..place].iter().collect()).unwrap_or_default();
            if is_name(&name) {
                letters[place] = LOOKALIKE;
                begin = None;
            } else {
                begin = Some(place);
            }
        } else if !could_be_in_a_name(letter) {
            begin = None;
        }
    }
    letters
}

fn could_be_in_a_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '+' | '\'')
}

fn is_name(name: &str) -> bool {
    name.chars().any(char::is_alphabetic) || WITHOUT_LETTERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_colons_are_no_pictures() {
        for (text, expected) in [
            ("db:fire:orders", "db:fire∶orders"),
            (":a:b:c:", ":a∶b:c∶"),
            ("::100::", "::100∶:"),
            ("at 05:46:20, ratio 1:2:3", "at 05:46:20, ratio 1:2:3"),
            ("System: error: x", "System: error: x"),
            ("http://x:80/y", "http://x:80/y"),
        ] {
            let shown: String = without_emoji(text.chars().collect()).into_iter().collect();
            assert_eq!(shown, expected);
        }
    }
}
