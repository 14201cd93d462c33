//! Words as Slack's mrkdwn.
//!
//! Owns the promise that letters from outside stay letters: no mention, no link, no emphasis, no quote can be made
//! by a text, whatever it holds. `& < >` are escaped, and marks that Slack would take for emphasis give way to
//! letters that look alike. A text that is too long is cut between letters, never inside a mention or an escape.

use domain::{
    Timestamp,
    words::{Span, Words},
};

use crate::letters::{ELLIPSIS, clean, cost, says_nothing, trimmed};

mod emoji;
mod harmless;
pub(crate) mod names;
mod readers;

pub(crate) use self::readers::Readers;
use self::{emoji::without_emoji, harmless::harmless};

/// How a moment is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// The time of day, inside a sentence. Never with seconds: people plan by minutes, and the record has the rest.
    Clock,
    /// The day as well, where it stands alone.
    Day,
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
        let letters = without_emoji(self.as_many_as_fit(clean(text)));
        for (place, letter) in letters.iter().enumerate() {
            let before = place.checked_sub(1).map(|place| letters[place]);
            let after = letters.get(place + 1).copied();
            self.letter(harmless(*letter, before, after), 0);
        }
        self
    }

    /// Adds emphasised letters.
    pub(crate) fn strong(self, text: &str) -> Self {
        let letters = without_emoji(self.as_many_as_fit(trimmed(text).map(single_line)));
        let inside = letters.into_iter().map(|letter| harmless(letter, None, None));
        self.enclosed('*', text, inside)
    }

    /// Adds a name of the machine's world.
    pub(crate) fn code(self, text: &str) -> Self {
        let inside =
            trimmed(text).map(single_line).map(|letter| if letter == '`' { 'ˋ' } else { letter });
        let inside = self.as_many_as_fit(inside);
        self.enclosed('`', text, inside.into_iter())
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

    /// The first of the letters: none that comes later could be shown, and a text may have a million of them. One more than
    /// there is room for shows that it is cut, and the last one that fits has a neighbour.
    fn as_many_as_fit(&self, letters: impl Iterator<Item = char>) -> Vec<char> {
        letters.take(if self.is_full { 0 } else { self.room + 2 }).collect()
    }

    /// Encloses letters of a text in a mark. Slack knows no empty emphasis: it would show the marks.
    fn enclosed(mut self, mark: char, text: &str, inside: impl Iterator<Item = char>) -> Self {
        if self.is_full || trimmed(text).all(says_nothing) {
            return self;
        }
        // Both marks, one escaped letter, and what stands for the rest.
        if self.room < 2 * cost(mark) + "&amp;".len() + cost(ELLIPSIS) {
            self.close(0);
            return self;
        }
        self.push(mark);
        for letter in inside {
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

#[cfg(test)]
mod tests {
    use domain::person::{ChatName, Identity, People, Person, PersonId};
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

    #[test]
    fn of_a_long_text_only_the_end_of_what_is_shown_counts() {
        let long = |text: &str| text.repeat(20_000);
        let table = [
            (Mrkdwn::within(10).text(&long("x")), "xxxxxxxxx…"),
            (Mrkdwn::within(10).text(&long("\u{202E}x\0")), "xxxxxxxxx…"),
            (Mrkdwn::within(10).text(&format!("a_b_c_d_e_{}", long("f"))), "a_b_c_d_e…"),
            (Mrkdwn::within(10).text(&format!("a_b_c_d__ {}", long("f"))), "a_b_c_d_ˍ…"),
            (
                Mrkdwn::within(10).text(&format!("e{}", long("\u{301}"))),
                "e\u{301}\u{301}\u{301}\u{301}",
            ),
            (Mrkdwn::within(10).text(&long("::fire")), "::fire∶:f…"),
            (Mrkdwn::within(10).strong(&format!("abc{}d", long(" "))), "*abc    …*"),
            (
                Mrkdwn::within(10).strong(&format!("{}abc{}", long(" \u{200E}"), long("\r\n"))),
                "*abc*",
            ),
            (
                Mrkdwn::within(10).code(&format!("{}x", long("\u{200B}"))),
                "`\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}…`",
            ),
            (Mrkdwn::within(10).code(&long("\u{200B}\0")), ""),
            (Mrkdwn::within(10).text(&long("x")).text(&long("y")).code(&long("z")), "xxxxxxxxx…"),
        ];
        for (mrkdwn, expected) in table {
            assert_eq!(mrkdwn.finish(), expected);
        }
    }

    /// Letters that mean something to Slack, more often than chance would bring them.
    fn hostile() -> impl Strategy<Value = String> {
        let marks = vec![
            "<", ">", "&", "|", "!", "@", "#", "*", "_", "~", "`", "```", "\n", "\n>", "&lt;",
            "\u{200B}", "\u{202E}", "\"", "\\", "a", " ",
        ];
        let wholes = vec!["<!channel>", "<@U0EVE>", "<http://x|y>"];
        let piece = prop_oneof![
            prop::sample::select(marks).prop_map(str::to_owned),
            prop::sample::select(wholes).prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_left_unread_would_not_be_shown(text in hostile(), limit in 2_usize..60) {
            let letters = without_emoji(clean(&text).collect());
            let mut whole = Mrkdwn::within(limit);
            for (place, letter) in letters.iter().enumerate() {
                let before = place.checked_sub(1).map(|place| letters[place]);
                let after = letters.get(place + 1).copied();
                whole.letter(harmless(*letter, before, after), 0);
            }
            prop_assert_eq!(Mrkdwn::within(limit).text(&text).finish(), whole.finish());
            let inside: String = clean(&text).map(single_line).collect();
            prop_assert_eq!(
                Mrkdwn::within(limit).strong(&text).finish(),
                Mrkdwn::within(limit).strong(inside.trim()).finish()
            );
        }

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
