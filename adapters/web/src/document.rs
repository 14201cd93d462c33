//! What the templates see: every field they may name, and nothing else.
//!
//! The layout of the page is decided in the templates; what belongs together is decided here.

use domain::{
    Timestamp,
    level::Level,
    notice::{Tone, Volume},
    person::{People, Person},
    words::Words,
};
use serde::Serialize;

use self::card::CardDocument;
use crate::{
    IncidentView, IndexView, Line, Viewer,
    piece::{Moment, Piece, pieces},
};

mod card;

/// What surrounds every page.
#[derive(Serialize)]
pub(crate) struct Frame<'a> {
    title: String,
    viewer: ViewerDocument<'a>,
    csrf: &'a str,
    here: String,
    speed: u32,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ViewerDocument<'a> {
    ReadOnly,
    Persona { name: &'a str, level: Option<u8>, everyone: Vec<PersonDocument<'a>> },
    ChoosePersona { everyone: Vec<PersonDocument<'a>> },
}

#[derive(Serialize)]
struct PersonDocument<'a> {
    id: &'a str,
    name: &'a str,
    level: Option<u8>,
    chosen: bool,
}

/// An incident's page.
#[derive(Serialize)]
pub(crate) struct IncidentDocument<'a> {
    frame: Frame<'a>,
    card: CardDocument<'a>,
    answer: Option<Vec<Piece<'a>>>,
    lines: Vec<LineDocument<'a>>,
    now: Option<Moment>,
}

/// The list's page.
#[derive(Serialize)]
pub(crate) struct IndexDocument<'a> {
    frame: Frame<'a>,
    rows: Vec<CardDocument<'a>>,
    webhook: String,
    now: Moment,
}

/// A page that says one thing.
#[derive(Serialize)]
pub(crate) struct MessageDocument<'a> {
    frame: Frame<'a>,
    words_said: Vec<Piece<'a>>,
}

#[derive(Serialize)]
struct LineDocument<'a> {
    key: String,
    at: Moment,
    tone: Tone,
    loud: bool,
    who: &'a str,
    initials: String,
    bot: bool,
    continued: bool,
    words: Vec<Piece<'a>>,
}

impl<'a> IncidentDocument<'a> {
    /// The whole page.
    pub(crate) fn page(view: &'a IncidentView<'a>) -> Self {
        Self::at(view, Some(view.now))
    }

    /// The live part, which says nothing that changes with the clock alone.
    pub(crate) fn fragment(view: &'a IncidentView<'a>) -> Self {
        Self::at(view, None)
    }

    fn at(view: &'a IncidentView<'a>, now: Option<Timestamp>) -> Self {
        let card = view.card;
        Self {
            frame: Frame {
                title: format!("{} {} · {}", card.state.mark, card.state.word, card.title),
                viewer: viewer(&view.viewer),
                csrf: view.csrf,
                here: format!("/incidents/{}", card.incident),
                speed: view.speed,
            },
            card: CardDocument::of(card, view.people, now),
            answer: view.answer.map(|words| pieces(words, view.people)),
            lines: lines(view.lines, view.people),
            now: now.map(Moment::from),
        }
    }
}

impl<'a> IndexDocument<'a> {
    pub(crate) fn of(view: &'a IndexView<'a>, public_url: &str) -> Self {
        Self {
            frame: Frame {
                title: "Incidents".to_owned(),
                viewer: viewer(&view.viewer),
                csrf: view.csrf,
                here: "/".to_owned(),
                speed: view.speed,
            },
            rows: view
                .rows
                .iter()
                .map(|card| CardDocument::of(card, view.people, Some(view.now)))
                .collect(),
            webhook: format!("{public_url}/webhooks/pagerduty"),
            now: view.now.into(),
        }
    }
}

impl<'a> MessageDocument<'a> {
    pub(crate) fn of(title: &str, words: &'a Words, people: &'a People) -> Self {
        Self {
            frame: Frame {
                title: title.to_owned(),
                viewer: ViewerDocument::ReadOnly,
                csrf: "",
                here: "/".to_owned(),
                speed: 1,
            },
            words_said: pieces(words, people),
        }
    }
}

fn viewer<'a>(viewer: &'a Viewer<'a>) -> ViewerDocument<'a> {
    let documents = |everyone: &[&'a Person], chosen: Option<&Person>| {
        everyone
            .iter()
            .map(|person| PersonDocument {
                id: person.id.as_str(),
                name: &person.name,
                level: person.level.map(Level::number),
                chosen: chosen.is_some_and(|chosen| chosen.id == person.id),
            })
            .collect()
    };
    match viewer {
        Viewer::ReadOnly => ViewerDocument::ReadOnly,
        Viewer::Persona { person, everyone } => ViewerDocument::Persona {
            name: &person.name,
            level: person.level.map(Level::number),
            everyone: documents(everyone, Some(person)),
        },
        Viewer::ChoosePersona { everyone } => {
            ViewerDocument::ChoosePersona { everyone: documents(everyone, None) }
        }
    }
}

fn lines<'a>(lines: &'a [Line], people: &'a People) -> Vec<LineDocument<'a>> {
    let mut before: Option<&Line> = None;
    let mut place_in_entry = 0;
    lines
        .iter()
        .map(|line| {
            let is_same_entry = before.is_some_and(|before| before.seq == line.seq);
            place_in_entry = if is_same_entry { place_in_entry + 1 } else { 0 };
            let continued = before.is_some_and(|before| before.who == line.who);
            before = Some(line);
            LineDocument {
                key: format!("{}-{place_in_entry}", line.seq),
                at: line.at.into(),
                tone: line.tone,
                loud: line.volume == Volume::Channel,
                who: &line.who,
                initials: initials(&line.who),
                bot: line.who == "Countersign",
                continued,
                words: pieces(&line.words, people),
            }
        })
        .collect()
}

/// The first letters of the first and the last word: `AR` for `Ana Ruiz`.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.last().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}
