//! The app's home page as a view. Must stay within Slack's 100 blocks and within its limits of letters, whatever goes on.

use domain::{
    home::{Active, Board, Home, Pending, Reader},
    words::Words,
};
use serde_json::{Value, json};

use crate::{
    address::in_a_link,
    block::{self, HEADER_LIMIT},
    letter, letters,
    mrkdwn::{Moment, Mrkdwn, Readers},
};

const MOST_PENDING: usize = 10;
const MOST_ACTIVE: usize = 15;
const ONE_LINE: usize = 900;
const ONE_TITLE: usize = 120;

/// The view that shows it.
pub(crate) fn view(home: &Home, readers: Readers<'_>) -> Value {
    let (mut blocks, at) = match home {
        Home::Open(board) => (going_on(board, readers), board.at),
        Home::Closed { why, at } => {
            let why = Mrkdwn::within(ONE_LINE).words(&why.words(), readers, Moment::Clock);
            (vec![block::header("Countersign"), block::section(&why.finish())], *at)
        }
    };
    blocks.push(json!({"type": "divider"}));
    blocks.push(block::context(HOW_IT_WORKS));
    let written = Mrkdwn::within(200).markup("As of ").time(at, Moment::Day);
    let written = written.markup(". Open this page again to see it anew.");
    blocks.push(block::context(&written.finish()));
    json!({"type": "home", "blocks": blocks})
}

/// What waits, and what is going on.
fn going_on(home: &Board, readers: Readers<'_>) -> Vec<Value> {
    let mut blocks = vec![block::header("Countersign"), block::section(&reader(home, readers))];
    blocks.push(block::header(&letters::line("Waiting for a decision", HEADER_LIMIT)));
    if home.pending.is_empty() {
        blocks.push(block::section("Nothing waits for a decision. All is quiet here."));
    }
    for (place, pending) in home.pending.iter().take(MOST_PENDING).enumerate() {
        blocks.extend(waiting(place, pending, readers));
    }
    blocks.extend(left_out(home.pending.len(), MOST_PENDING));
    blocks.push(block::header("Incidents that are not over"));
    if home.active.is_empty() {
        blocks.push(block::section("None. May it stay like this."));
    }
    let lines: Vec<String> = home.active.iter().take(MOST_ACTIVE).map(active).collect();
    blocks.extend(lines.chunks(3).map(|lines| block::section(&lines.join("\n"))));
    blocks.extend(left_out(home.going_on, home.active.len().min(MOST_ACTIVE)));
    blocks.push(block::header("Last drills"));
    blocks.push(block::section(NO_DRILLS));
    blocks
}

/// Countersign holds no drills so far.
const NO_DRILLS: &str =
    "None was held: I cannot hold one yet. Once I can, you see here how long each took.";

const HOW_IT_WORKS: &str = "*How this works* An alert comes in, I propose a rollback, and people sign it with a button: here, on the card in the channel, or in the message that I send them. Nothing runs before enough of them have signed; without an answer I ask the next level. Every decision is signed and kept, and the thread tells each step.";

fn reader(home: &Board, readers: Readers<'_>) -> String {
    let words = match &home.reader {
        Reader::Known { person, level: Some(level), peers, turn } => {
            let words = Words::plain("You are ").person(person).text(format!(" and hold {level}"));
            let words = if peers.is_empty() {
                words.text("; nobody else does.")
            } else {
                words.text(if peers.len() == 1 { ", as does " } else { ", as do " }).people(peers).text(".")
            };
            match turn {
                Some(turn) => words.text(" ").words(turn.words()),
                None => words.text(" The escalation asks others, and you can decide all the same."),
            }
        }
        Reader::Known { person, level: None, .. } => Words::plain("You are ")
            .person(person)
            .text(". You hold no level: you can follow everything, and decide nothing."),
        Reader::Unknown { identity } => {
            Words::plain("I do not know you yet, so you can follow and not decide. To be added, give the operator this line for people.yaml: ")
                .code(identity.as_yaml())
        }
    };
    Mrkdwn::within(ONE_LINE).words(&words, readers, Moment::Clock).finish()
}

fn waiting(place: usize, pending: &Pending, readers: Readers<'_>) -> Vec<Value> {
    let text = Mrkdwn::within(ONE_LINE)
        .strong(&letters::line(pending.title.trim(), ONE_TITLE))
        .markup("\n")
        .words(&pending.signs, readers, Moment::Clock)
        .markup("\n")
        .words(&pending.stands, readers, Moment::Clock);
    let text = match &pending.may {
        Ok(()) => text,
        Err(why) => text.markup("\n_").words(why, readers, Moment::Clock).markup("_"),
    };
    let about = (&pending.proposal, &pending.plan);
    let mut elements =
        letter::buttons(&pending.buttons, about, &pending.to_confirm, readers.people);
    elements.extend(pending.link.as_deref().and_then(letter::open_thread));
    let mut blocks = vec![block::section(&text.finish())];
    if !elements.is_empty() {
        blocks.push(block::actions(&format!("pending{place}"), &elements));
    }
    blocks
}

fn active(active: &Active) -> String {
    let text = Mrkdwn::within(ONE_LINE)
        .text(active.state.mark)
        .markup(" ")
        .strong(&letters::line(active.title.trim(), ONE_TITLE))
        .markup(" · ")
        .text(active.state.word)
        .markup(" · since ")
        .time(active.since, Moment::Day);
    match active.link.as_deref().and_then(in_a_link) {
        Some(link) => text.markup(&format!(" · <{link}|open the thread>")).finish(),
        None => text.finish(),
    }
}

fn left_out(all: usize, shown: usize) -> Option<Value> {
    let more = all.saturating_sub(shown);
    (more > 0).then(|| block::context(&format!("… and {more} more")))
}
