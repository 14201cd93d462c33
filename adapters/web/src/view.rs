//! What the caller hands in: the state to show, and who looks at it.
//!
//! A view borrows everything and decides nothing. Whether a viewer may sign is the engine's business; the page
//! shows buttons to everybody who could be asked, so that a "no" comes with its reason.

use domain::{
    Timestamp,
    card::Card,
    notice::{Tone, Volume},
    person::{People, Person},
    words::Words,
};

/// Who looks at the page. Personas exist in the demo only, and the page then says so on every screen.
#[derive(Clone, Debug)]
pub enum Viewer<'a> {
    /// Somebody who has not proved who they are: no form is on the page.
    ReadOnly,
    /// A visitor of the demo who acts as `person`.
    Persona {
        /// As whom they act.
        person: &'a Person,
        /// As whom they could act, in the order shown.
        everyone: Vec<&'a Person>,
    },
    /// A visitor of the demo who has not chosen yet.
    ChoosePersona {
        /// As whom they could act, in the order shown.
        everyone: Vec<&'a Person>,
    },
}

/// One line of an incident's thread.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it was said.
    pub at: Timestamp,
    /// The place of its entry in the journal; several lines may share one.
    pub seq: u64,
    /// Its mood.
    pub tone: Tone,
    /// Who hears it in a chat.
    pub volume: Volume,
    /// Who says it: `Countersign`, `PagerDuty`, or a person's name.
    pub who: String,
    /// What it says.
    pub words: Words,
}

/// One incident as one viewer sees it.
#[derive(Clone, Debug)]
pub struct IncidentView<'a> {
    /// The head of the thread.
    pub card: &'a Card,
    /// The thread, oldest line first.
    pub lines: &'a [Line],
    /// Everybody whose name may appear.
    pub people: &'a People,
    /// Who looks.
    pub viewer: Viewer<'a>,
    /// The token that every form sends back; empty for [`Viewer::ReadOnly`].
    pub csrf: &'a str,
    /// What came of this viewer's last click: a refusal or thanks.
    pub answer: Option<&'a Words>,
    /// The time now, from which the countdowns start.
    pub now: Timestamp,
    /// How many seconds of `now` pass in one second of the reader; 1 except in a demo that runs faster.
    pub speed: u32,
}

/// The list of incidents as one viewer sees it.
#[derive(Clone, Debug)]
pub struct IndexView<'a> {
    /// One card for each incident, in the order shown: newest first.
    pub rows: Vec<&'a Card>,
    /// Everybody whose name may appear.
    pub people: &'a People,
    /// Who looks.
    pub viewer: Viewer<'a>,
    /// The token that every form sends back; empty for [`Viewer::ReadOnly`].
    pub csrf: &'a str,
    /// The time now.
    pub now: Timestamp,
    /// How many seconds of `now` pass in one second of the reader; 1 except in a demo that runs faster.
    pub speed: u32,
}
