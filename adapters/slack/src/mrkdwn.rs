//! Words as Slack's mrkdwn.
//!
//! Owns the promise that letters from outside stay letters: no mention, no link, no emphasis, no quote can be made
//! by a text, whatever it holds. `& < >` are escaped, and marks that Slack would take for emphasis give way to
//! letters that look alike. A text that is too long is cut between letters, never inside a mention or an escape.

use domain::{
    Timestamp,
    person::{ChatName, People, PersonId},
    words::{Span, Words},
};

use crate::letters::{ELLIPSIS, clean, cost, is_blank};

mod emoji;
pub(crate) mod names;

use emoji::without_emoji;

/// Whom mentions reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readers<'a> {
    /// Everybody whom the people file names.
    pub(crate) people: &'a People,
    /// The workspace whose members can be mentioned; `None` takes any.
    pub(crate) team: Option<&'a str>,
}

/// How a moment is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// The time of day, inside a sentence. Never with seconds: people plan by minutes, and the record has the rest.
    Clock,
    /// The day as well, where it stands alone.
    Day,
}

impl Readers<'_> {
    fn mention(&self, person: &PersonId) -> Option<String> {
        let identity = self.people.get(person)?.identities.iter().find(|identity| {
            identity.chat == ChatName::Slack && self.team.is_none_or(|team| identity.team == team)
        })?;
        let user = &identity.user;
        let is_user = user.starts_with(['U', 'W'])
            && user.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        is_user.then(|| format!("<@{user}>"))
    }
}

/// A mrkdwn text that grows up to a limit.
#[derive(Debug)]
pub(crate) struct Mrkdwn {
    text: String,
    room: usize,
    is_full: bool,
}

impl Mrkdwn {
    /// A text of at most `limit`, which is at least 2.
    pub(crate) fn within(limit: usize) -> Self {
        Self { text: String::new(), room: limit, is_full: false }
    }

    /// Adds our own markup, whole or not at all.
    pub(crate) fn markup(mut self, markup: &str) -> Self {
        self.atom(markup, 0);
        self
    }

    /// Adds letters.
    pub(crate) fn text(mut self, text: &str) -> Self {
        let letters = without_emoji(clean(text).collect());
        for (place, letter) in letters.iter().enumerate() {
            let before = place.checked_sub(1).map(|place| letters[place]);
            let after = letters.get(place + 1).copied();
            self.letter(harmless(*letter, before, after), 0);
        }
        self
    }

    /// Adds emphasised letters.
    pub(crate) fn strong(self, text: &str) -> Self {
        let letters = without_emoji(clean(text).map(single_line).collect());
        let inside: String =
            letters.into_iter().map(|letter| harmless(letter, None, None)).collect();
        self.enclosed('*', inside.trim())
    }

    /// Adds a name of the machine's world.
    pub(crate) fn code(self, text: &str) -> Self {
        let inside: String = clean(text)
            .map(single_line)
            .map(|letter| if letter == '`' { 'ˋ' } else { letter })
            .collect();
        self.enclosed('`', inside.trim())
    }

    /// Adds words; moments are shown as `moment` says.
    pub(crate) fn words(self, words: &Words, readers: Readers<'_>, moment: Moment) -> Self {
        words.spans().iter().fold(self, |mrkdwn, span| match span {
            Span::Text(text) => mrkdwn.text(text),
            Span::Strong(text) => mrkdwn.strong(text),
            Span::Code(text) => mrkdwn.code(text),
            Span::Time(at) => mrkdwn.time(*at, moment),
            Span::Day(at) => mrkdwn.time(*at, Moment::Day),
            Span::Person(person) => match readers.mention(person) {
                Some(mention) => mrkdwn.markup(&mention),
                None => mrkdwn.text(readers.people.name(person)),
            },
        })
    }

    /// Adds a moment in the reader's own time.
    pub(crate) fn time(self, at: Timestamp, moment: Moment) -> Self {
        let (format, fallback) = match moment {
            Moment::Clock => ("{time}", at.format("%H:%M UTC")),
            Moment::Day => ("{date_short_pretty}, {time}", at.format("%Y-%m-%d %H:%M UTC")),
        };
        self.markup(&format!("<!date^{}^{format}|{fallback}>", at.timestamp()))
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// Encloses letters in a mark. Slack knows no empty emphasis: it would show the marks.
    fn enclosed(mut self, mark: char, inside: &str) -> Self {
        if is_blank(inside) || self.is_full {
            return self;
        }
        // Both marks, one escaped letter, and what stands for the rest.
        if self.room < 2 * cost(mark) + "&amp;".len() + cost(ELLIPSIS) {
            self.close(0);
            return self;
        }
        self.push(mark);
        for letter in inside.chars() {
            self.letter(letter, cost(mark));
        }
        self.push(mark);
        self
    }

    fn letter(&mut self, letter: char, keep: usize) {
        match letter {
            '&' => self.atom("&amp;", keep),
            '<' => self.atom("&lt;", keep),
            '>' => self.atom("&gt;", keep),
            _ => self.atom(letter.encode_utf8(&mut [0; 4]), keep),
        }
    }

    /// Adds something that must not be cut, and keeps room for what must follow.
    fn atom(&mut self, atom: &str, keep: usize) {
        if self.is_full {
            return;
        }
        let needed: usize = atom.chars().map(cost).sum();
        if needed + keep + cost(ELLIPSIS) > self.room {
            self.close(keep);
        } else {
            self.text.push_str(atom);
            self.room -= needed;
        }
    }

    fn close(&mut self, keep: usize) {
        self.is_full = true;
        if self.room >= keep + cost(ELLIPSIS) {
            self.push(ELLIPSIS);
        }
    }

    fn push(&mut self, letter: char) {
        self.text.push(letter);
        self.room = self.room.saturating_sub(cost(letter));
    }
}

fn single_line(letter: char) -> char {
    if letter == '\n' { ' ' } else { letter }
}

/// The letter, or one that looks alike where Slack would take it for markup.
fn harmless(letter: char, before: Option<char>, after: Option<char>) -> char {
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

#[cfg(test)]
mod tests {
    use domain::person::{Identity, Person};
    use proptest::prelude::*;

    use super::*;

    fn people() -> People {
        let identity = |team: &str, user: &str| Identity {
            chat: ChatName::Slack,
            team: team.to_owned(),
            user: user.to_owned(),
        };
        let person = |id: &str, name: &str, identities| Person {
            id: PersonId::new(id),
            name: name.to_owned(),
            level: None,
            identities,
        };
        People::new([
            person("ana", "Ana", vec![identity("T1", "U0ANA"), identity("T2", "U9ANA")]),
            person("ben", "<@U0EVE> *Ben*", vec![]),
            person("cleo", "Cleo", vec![identity("T1", "U1|<!channel>")]),
        ])
    }

    fn render(words: &Words, team: Option<&str>) -> String {
        let people = people();
        let readers = Readers { people: &people, team };
        Mrkdwn::within(3000).words(words, readers, Moment::Clock).finish()
    }

    #[test]
    fn letters_stay_letters() {
        let table = [
            ("<!channel> <@U0EVE>", "&lt;!channel&gt; &lt;@U0EVE&gt;"),
            ("<http://evil|click> & co", "&lt;http://evil|click&gt; &amp; co"),
            ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
            ("*bold* ~gone~ `code` ```block```", "∗bold∗ ∼gone∼ ˋcodeˋ ˋˋˋblockˋˋˋ"),
            ("int_order_payments and a__b", "int_order_payments and a__b"),
            ("_italic_ _x", "ˍitalicˍ ˍx"),
            ("> quote\n> again, but 5 > 4", "› quote\n› again, but 5 &gt; 4"),
            ("a\u{200B}<\u{200D}@U1>", "a\u{200B}&lt;\u{200D}@U1&gt;"),
            ("\u{202E}dorp\u{0}", "dorp"),
        ];
        for (text, expected) in table {
            assert_eq!(render(&Words::plain(text), None), expected, "{text}");
        }
    }

    #[test]
    fn emphasis_and_code_cannot_be_left() {
        let table = [
            (Words::new().strong("a*b* _c_"), "*a∗b∗ ˍcˍ*"),
            (Words::new().strong(" \n "), ""),
            (Words::new().strong("two\nlines"), "*two lines*"),
            (Words::new().code("x` <!channel> `y"), "`xˋ &lt;!channel&gt; ˋy`"),
            (Words::new().code("a\nb_*c*_"), "`a b_*c*_`"),
            (Words::new().code(""), ""),
        ];
        for (words, expected) in table {
            assert_eq!(render(&words, None), expected, "{words:?}");
        }
    }

    #[test]
    fn people_are_mentioned_only_by_an_identity_of_the_workspace() {
        let table = [
            ("ana", Some("T1"), "<@U0ANA>"),
            ("ana", Some("T2"), "<@U9ANA>"),
            ("ana", Some("T3"), "Ana"),
            ("ana", None, "<@U0ANA>"),
            ("ben", None, "&lt;@U0EVE&gt; ∗Ben∗"),
            ("cleo", Some("T1"), "Cleo"),
            ("gone", None, "gone"),
        ];
        for (person, team, expected) in table {
            let words = Words::new().person(&PersonId::new(person));
            assert_eq!(render(&words, team), expected, "{person} in {team:?}");
        }
    }

    #[test]
    fn moments_are_in_the_readers_own_time() {
        let at = Timestamp::from_timestamp(1_700_000_000, 0).expect("a moment");
        assert_eq!(
            render(&Words::plain("at ").time(at), None),
            "at <!date^1700000000^{time}|22:13 UTC>"
        );
        assert_eq!(
            Mrkdwn::within(99).time(at, Moment::Day).finish(),
            "<!date^1700000000^{date_short_pretty}, {time}|2023-11-14 22:13 UTC>"
        );
    }

    #[test]
    fn a_cut_never_goes_through_an_escape_a_mention_or_emphasis() {
        let ana = Words::new().person(&PersonId::new("ana"));
        let people = people();
        let readers = Readers { people: &people, team: None };
        let table = [
            (Mrkdwn::within(10).text("abc&&&&"), "abc&amp;…"),
            (Mrkdwn::within(8).words(&ana, readers, Moment::Clock), "…"),
            (Mrkdwn::within(12).text("abcdefghijkl").text("m"), "abcdefghijk…"),
            (Mrkdwn::within(10).code("abcdefghijkl"), "`abcdefg…`"),
            (Mrkdwn::within(10).text("abcd").code("efg").text("h"), "abcd…"),
        ];
        for (mrkdwn, expected) in table {
            assert_eq!(mrkdwn.finish(), expected);
        }
    }

    /// Letters that mean something to Slack, more often than chance would bring them.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                "<",
                ">",
                "&",
                "|",
                "!",
                "@",
                "#",
                "*",
                "_",
                "~",
                "`",
                "```",
                "\n",
                "\n>",
                "<!channel>",
                "<@U0EVE>",
                "<http://x|y>",
                "&lt;",
                "\u{200B}",
                "\u{202E}",
                "\"",
                "\\",
                "a",
                " ",
            ])
            .prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_text_makes_markup(text in hostile(), limit in 2_usize..200) {
            let shown = Mrkdwn::within(limit).text(&text).finish();
            prop_assert!(!shown.contains(['<', '>', '*', '~', '`']), "{shown:?}");
            prop_assert!(!shown.split('\n').any(|line| line.starts_with("&gt;")), "{shown:?}");
            let escapes = shown.matches("&amp;").count()
                + shown.matches("&lt;").count()
                + shown.matches("&gt;").count();
            prop_assert_eq!(shown.matches('&').count(), escapes, "a bare or cut escape: {:?}", shown);
            let padded = format!(" {shown} ");
            let letters: Vec<char> = padded.chars().collect();
            for around in letters.windows(3).filter(|around| around[1] == '_') {
                let is_inside = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '…';
                prop_assert!(is_inside(around[0]) && is_inside(around[2]), "{shown:?}");
            }
        }

        #[test]
        fn no_text_leaves_its_mark(text in hostile(), limit in 2_usize..200) {
            let strong = Mrkdwn::within(limit).strong(&text).finish();
            let code = Mrkdwn::within(limit).code(&text).finish();
            for (shown, mark) in [(strong, '*'), (code, '`')] {
                prop_assert!(!shown.contains(['<', '>', '\n']), "{shown:?}");
                prop_assert!(matches!(shown.matches(mark).count(), 0 | 2), "{shown:?}");
                if shown.contains(mark) {
                    prop_assert!(shown.starts_with(mark) && shown.ends_with(mark), "{shown:?}");
                }
            }
        }

        #[test]
        fn nothing_grows_beyond_its_limit(text in hostile(), limit in 2_usize..200) {
            let words = Words::plain(&text).strong(&text).code(&text).person(&PersonId::new("ana"));
            let people = people();
            let readers = Readers { people: &people, team: None };
            let shown = Mrkdwn::within(limit).words(&words, readers, Moment::Clock).finish();
            prop_assert!(shown.chars().map(cost).sum::<usize>() <= limit, "{shown:?}");
        }
    }
}
