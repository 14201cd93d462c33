//! Letters that Slack would take for markup give way to letters that look alike.

/// The letter, or one that looks alike where Slack would take it for markup.
pub(super) fn harmless(letter: char, before: Option<char>, after: Option<char>) -> char {
    // An underscore between letters emphasises nothing, and names are full of them.
    let in_a_word = |neighbour: Option<char>| {
        neighbour.is_some_and(|neighbour| neighbour.is_alphanumeric() || neighbour == '_')
    };
    match letter {
        '*' => '∗',
        '~' => '∼',
        '`' => 'ˋ',
        '_' if !(in_a_word(before) && in_a_word(after)) => 'ˍ',
        '>' if before.is_none_or(|before| before == '\n') => '›',
        _ => letter,
    }
}
