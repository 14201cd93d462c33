//! Understands what somebody typed behind the slash command. Pure: whether what is named is there is not asked here.

use policies::did_you_mean;

use super::typed::{Act, Filled, Mistyped, Part, Typed, Verb};

/// Understands a command. Nothing at all asks how things stand.
pub(super) fn understand(text: &str) -> Result<Typed, Mistyped> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    if word.is_empty() {
        return Ok(Typed::Status);
    }
    let verb = verb(word)?;
    match verb {
        Verb::Help if rest.is_empty() => Ok(Typed::Help(None)),
        Verb::Help => Ok(Typed::Help(Some(self::verb(first(rest))?))),
        Verb::Status => Ok(Typed::Status),
        Verb::List => list(rest),
        Verb::Show => Ok(Typed::Show(one(verb, rest)?)),
        Verb::Timeline => timeline(rest),
        Verb::Why => why(rest),
        Verb::Oncall => Ok(Typed::Oncall),
        Verb::Hold => hold(rest),
        Verb::Approve => act(Act::Approve, rest),
        Verb::Reject => act(Act::Reject, rest),
        Verb::Escalate => act(Act::Escalate, rest),
        Verb::Pause => act(Act::Pause, rest),
        Verb::Resume => act(Act::Resume, rest),
        Verb::Cancel => act(Act::Cancel, rest),
        Verb::Propose => Ok(Typed::Propose(parts(rest)?)),
        Verb::Drill => Ok(Typed::Drill),
    }
}

fn verb(word: &str) -> Result<Verb, Mistyped> {
    let names: Vec<&str> = Verb::ALL.iter().map(|verb| verb.name()).collect();
    let found = Verb::ALL.into_iter().find(|verb| verb.name().eq_ignore_ascii_case(word));
    found.ok_or_else(|| {
        let meant = did_you_mean(word, &names)
            .and_then(|near| Verb::ALL.into_iter().map(Verb::name).find(|name| *name == near));
        Mistyped::NoVerb { typed: word.to_owned(), meant }
    })
}

fn first(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn act(act: Act, rest: &str) -> Result<Typed, Mistyped> {
    Ok(Typed::Act(act, one(act.verb(), rest)?))
}

/// At most one word: an id, as people copy it.
fn one(verb: Verb, rest: &str) -> Result<Option<String>, Mistyped> {
    let mut words = rest.split_whitespace();
    let (word, more) = (words.next(), words.next());
    match more {
        None => Ok(word.map(id)),
        Some(more) => {
            let why = format!("It takes one id, and `{more}` is too much.");
            Err(Mistyped::NoSense { verb, why })
        }
    }
}

/// An id without the marks that people copy along.
fn id(word: &str) -> String {
    word.trim_matches(['`', '#', '*', ',', '.', ':']).to_ascii_lowercase()
}

fn number(verb: Verb, word: &str) -> Result<u32, Mistyped> {
    word.parse().ok().filter(|page| *page > 0).ok_or_else(|| Mistyped::NoSense {
        verb,
        why: format!("`{word}` is no page; the first one is 1."),
    })
}

fn list(rest: &str) -> Result<Typed, Mistyped> {
    let (mut all, mut page) = (false, 1);
    for word in rest.split_whitespace() {
        match word.to_ascii_lowercase().as_str() {
            "all" => all = true,
            "open" => all = false,
            other if other.bytes().all(|byte| byte.is_ascii_digit()) => {
                page = number(Verb::List, other)?;
            }
            other => {
                let meant = did_you_mean(other, &["all", "open"]);
                let why = match meant {
                    Some(meant) => format!("Did you mean `{meant}`?"),
                    None => format!("`{other}` is neither `open` nor `all`, nor a page."),
                };
                return Err(Mistyped::NoSense { verb: Verb::List, why });
            }
        }
    }
    Ok(Typed::List { all, page })
}

fn timeline(rest: &str) -> Result<Typed, Mistyped> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words[..] {
        [] => Ok(Typed::Timeline { of: None, page: None }),
        [of] => Ok(Typed::Timeline { of: Some(id(of)), page: None }),
        [of, page] => {
            let page = Some(number(Verb::Timeline, page)?);
            Ok(Typed::Timeline { of: Some(id(of)), page })
        }
        _ => {
            let why = "It takes an incident and a page, and nothing else.".to_owned();
            Err(Mistyped::NoSense { verb: Verb::Timeline, why })
        }
    }
}

fn why(rest: &str) -> Result<Typed, Mistyped> {
    let (mut of, mut person) = (None, None);
    for word in rest.split_whitespace() {
        let is_person = word.starts_with('@') || word.starts_with("<@");
        let place = if is_person { &mut person } else { &mut of };
        if place.is_some() {
            let why = format!("It takes one id and one person, and `{word}` is too much.");
            return Err(Mistyped::NoSense { verb: Verb::Why, why });
        }
        *place = Some(if is_person { word.to_owned() } else { id(word) });
    }
    Ok(Typed::Why { of, person })
}

fn hold(rest: &str) -> Result<Typed, Mistyped> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words[..] {
        [] => Ok(Typed::Holds),
        [word] if word.eq_ignore_ascii_case("list") => Ok(Typed::Holds),
        [word] if word.eq_ignore_ascii_case("lift") => Ok(Typed::LiftHold(None)),
        [word, what] if word.eq_ignore_ascii_case("lift") => {
            Ok(Typed::LiftHold(Some(what.trim_matches('`').to_owned())))
        }
        [word, ..] => {
            let why = match did_you_mean(word, &["list", "lift"]) {
                Some(meant) if meant != word => format!("Did you mean `hold {meant}`?"),
                Some(_) | None => "It takes `list`, or `lift` and one environment.".to_owned(),
            };
            Err(Mistyped::NoSense { verb: Verb::Hold, why })
        }
    }
}

/// `type=2 target=prod models=a,b reason="all that follows"`.
fn parts(mut rest: &str) -> Result<Filled, Mistyped> {
    let mistyped = |why: String| Mistyped::NoSense { verb: Verb::Propose, why };
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let word = first(rest);
        let Some((name, _)) = word.split_once('=') else {
            return Err(mistyped(format!("`{word}` says nothing of the form `part=value`.")));
        };
        let known: Vec<&str> = Part::ALL.iter().map(|(name, _)| *name).collect();
        let bare = name.trim_start_matches('-').to_ascii_lowercase();
        let Some((_, part)) = Part::ALL.into_iter().find(|(known, _)| *known == bare) else {
            let all = known.join("`, `");
            return Err(mistyped(match did_you_mean(&bare, &known) {
                Some(meant) => {
                    format!("`{name}` is no part of a proposal; did you mean `{meant}`?")
                }
                None => format!("`{name}` is no part of a proposal; those are `{all}`."),
            }));
        };
        let (value, after) = value(&rest[name.len() + 1..]);
        parts.push((part, value.trim().to_owned()));
        rest = after.trim_start();
    }
    Ok(parts)
}

/// A value, which ends at its quote (Slack likes to bend quotes), or at the next blank.
fn value(text: &str) -> (&str, &str) {
    let quotes = ['"', '“', '”', '„'];
    if let Some(inside) = text.strip_prefix(quotes) {
        return match inside.find(quotes) {
            Some(end) => (&inside[..end], inside[end..].trim_start_matches(quotes)),
            None => (inside, ""),
        };
    }
    text.find(char::is_whitespace).map_or((text, ""), |end| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_understood_however_they_are_typed() {
        let id = |text: &str| Some(text.to_owned());
        let table = [
            ("", Typed::Status),
            ("  STATUS ", Typed::Status),
            ("help", Typed::Help(None)),
            ("help propose", Typed::Help(Some(Verb::Propose))),
            ("list", Typed::List { all: false, page: 1 }),
            ("list all 3", Typed::List { all: true, page: 3 }),
            ("list 2 open", Typed::List { all: false, page: 2 }),
            ("show", Typed::Show(None)),
            ("show `4SN02Q`", Typed::Show(id("4sn02q"))),
            ("timeline 4sn02q 2", Typed::Timeline { of: id("4sn02q"), page: Some(2) }),
            ("why", Typed::Why { of: None, person: None }),
            ("why @ben 4sn02q", Typed::Why { of: id("4sn02q"), person: id("@ben") }),
            ("why <@U0BEN|ben>", Typed::Why { of: None, person: id("<@U0BEN|ben>") }),
            ("hold", Typed::Holds),
            ("hold list", Typed::Holds),
            ("hold lift", Typed::LiftHold(None)),
            ("hold lift prod", Typed::LiftHold(id("prod"))),
            ("approve 4sn02q", Typed::Act(Act::Approve, id("4sn02q"))),
            ("cancel", Typed::Act(Act::Cancel, None)),
            ("drill run single model", Typed::Drill),
            ("propose", Typed::Propose(vec![])),
            (
                "propose type=2 --target=prod models=a,b reason=“rows are missing” when=window",
                Typed::Propose(vec![
                    (Part::Type, "2".to_owned()),
                    (Part::Target, "prod".to_owned()),
                    (Part::Models, "a,b".to_owned()),
                    (Part::Reason, "rows are missing".to_owned()),
                    (Part::When, "window".to_owned()),
                ]),
            ),
            (
                "propose reason=\"never closed",
                Typed::Propose(vec![(Part::Reason, "never closed".to_owned())]),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(understand(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn whoever_mistypes_hears_what_may_be_meant() {
        let told = |text: &str| match understand(text) {
            Ok(typed) => format!("{text} → {typed:?}"),
            Err(Mistyped::NoVerb { typed, meant }) => {
                format!("{text} → no verb {typed}, {meant:?}")
            }
            Err(Mistyped::NoSense { verb, why }) => format!("{text} → {}: {why}", verb.name()),
        };
        let texts = [
            "aprove 4sn02q",
            "statsu",
            "make coffee",
            "help aproove",
            "list al",
            "list everything",
            "list 0",
            "show one two",
            "timeline 4sn02q zero",
            "timeline a 2 c",
            "why a b",
            "hold lfit prod",
            "hold lift prod staging",
            "hold tight",
            "propose 2",
            "propose typ=2",
            "propose colour=red",
        ];
        let told: Vec<String> = texts.into_iter().map(told).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        aprove 4sn02q → no verb aprove, Some("approve")
        statsu → no verb statsu, Some("status")
        make coffee → no verb make, None
        help aproove → no verb aproove, Some("approve")
        list al → list: Did you mean `all`?
        list everything → list: `everything` is neither `open` nor `all`, nor a page.
        list 0 → list: `0` is no page; the first one is 1.
        show one two → show: It takes one id, and `two` is too much.
        timeline 4sn02q zero → timeline: `zero` is no page; the first one is 1.
        timeline a 2 c → timeline: It takes an incident and a page, and nothing else.
        why a b → why: It takes one id and one person, and `b` is too much.
        hold lfit prod → hold: Did you mean `hold lift`?
        hold lift prod staging → hold: It takes `list`, or `lift` and one environment.
        hold tight → hold: It takes `list`, or `lift` and one environment.
        propose 2 → propose: `2` says nothing of the form `part=value`.
        propose typ=2 → propose: `typ` is no part of a proposal; did you mean `type`?
        propose colour=red → propose: `colour` is no part of a proposal; those are `type`, `target`, `models`, `trigger`, `reason`, `when`.
        "#);
    }
}
