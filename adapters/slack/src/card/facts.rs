//! The card's facts, sorted by how soon a reader needs them.

use domain::{
    card::{Card, Fact, NextAsk},
    words::Words,
};
use serde_json::Value;

use super::moment;
use crate::{
    block::{self, FIELDS_LIMIT},
    letters,
    mrkdwn::{Moment, Mrkdwn, Readers, names},
};

/// What happened, or what it waits for.
const HAPPENED: [&str; 8] =
    ["Outcome", "Closed", "Hold", "Stuck at", "Question", "Paused", "Cancelled", "Signed off"];
/// What is proposed.
const PROPOSED: [&str; 6] = ["Proposal", "Where", "Models", "Taken away", "Why", "What changed"];
/// Who decides, and until when.
const ASKED: [&str; 7] =
    ["Asked now", "Can answer", "Approvals", "Begins", "Possible until", "Way back", "Proposed by"];
/// The same once people have decided: until when they could is of no use to anybody.
const DECIDED: [&str; 6] =
    ["Asked now", "Can answer", "Approvals", "Begins", "Way back", "Proposed by"];

// The shares of the 13,000 letters that Slack takes, and of one fact in them. With those of the other parts and the JSON
// around them they stay below it.
const HAPPENED_SHARE: usize = 1200;
const PROPOSED_SHARE: usize = 1400;
const ASKED_SHARE: usize = 1000;
const REST_SHARE: usize = 700;
const FIRST_LINE: usize = 300;
const ONE_FACT: usize = 700;
const ONE_FIELD: usize = 300;
/// A list of names that is longer is counted: nobody reads forty models at night, and the details have them all.
const ONE_LIST: usize = 300;
const BETWEEN: &str = "  ·  ";
/// A fact of at most so many letters shares its line with others.
const SHORT: usize = 70;

/// The facts that have not been shown yet.
pub(super) struct Facts<'a> {
    facts: Vec<&'a Fact>,
    readers: Readers<'a>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(card: &'a Card, readers: Readers<'a>) -> Self {
        Self { facts: card.facts.iter().collect(), readers }
    }

    /// What happened, what is wrong, what it waits for.
    pub(super) fn happened(&mut self) -> Option<Value> {
        let facts = self.take(&HAPPENED);
        self.paragraph(&facts, HAPPENED_SHARE)
    }

    /// What is proposed, the type and the place on the first line.
    pub(super) fn proposed(&mut self) -> Option<Value> {
        let facts = self.take(&PROPOSED);
        let find = |label| facts.iter().find(|fact: &&&Fact| fact.label == label);
        let (Some(proposal), Some(place)) = (find("Proposal"), find("Where")) else {
            return self.paragraph(&facts, PROPOSED_SHARE);
        };
        let first = Mrkdwn::within(FIRST_LINE)
            .strong(&capitalised(&proposal.value.to_plain(self.readers.people)))
            .markup(" in ")
            .words(&place.value, self.readers, Moment::Day)
            .finish();
        let rest: Vec<&Fact> = facts
            .iter()
            .copied()
            .filter(|fact| !matches!(fact.label, "Proposal" | "Where"))
            .collect();
        let lines = self.lines(&rest, PROPOSED_SHARE - FIRST_LINE);
        let lines: Vec<String> = std::iter::once(first).chain(lines).collect();
        Some(block::section(&lines.join("\n")))
    }

    /// Who is asked, who has decided, what comes next and until when: in columns.
    pub(super) fn asked(&mut self, next: Option<&NextAsk>) -> Option<Value> {
        let facts = self.take(&ASKED);
        self.columns(facts, next)
    }

    /// The same while it runs or is over.
    pub(super) fn decided(&mut self, next: Option<&NextAsk>) -> Option<Value> {
        let facts = self.take(&DECIDED);
        self.columns(facts, next)
    }

    fn columns(&self, facts: Vec<&Fact>, next: Option<&NextAsk>) -> Option<Value> {
        let (now, others): (Vec<&Fact>, Vec<&Fact>) =
            facts.into_iter().partition(|fact| fact.label == "Asked now");
        let next = next.map(|NextAsk { level, at }| {
            Mrkdwn::within(ONE_FIELD)
                .strong("If nobody decides")
                .markup("\n")
                .text(&format!("{level} at "))
                .time(*at, Moment::Clock)
                .finish()
        });
        let mut room = ASKED_SHARE;
        let field = |fact: &&Fact| self.field(fact);
        let fields: Vec<String> = now
            .iter()
            .map(field)
            .chain(next)
            .chain(others.iter().map(field))
            .take(FIELDS_LIMIT)
            .take_while(|field| {
                let cost = letters::room(field);
                let fits = cost <= room;
                room = room.saturating_sub(cost);
                fits
            })
            .collect();
        (!fields.is_empty()).then(|| block::fields(&fields))
    }

    /// What can wait, in small letters; short facts share a line.
    pub(super) fn rest(self) -> Option<Value> {
        let (short, long): (Vec<&Fact>, Vec<&Fact>) = self
            .facts
            .iter()
            .partition(|fact| fact.value.to_plain(self.readers.people).chars().count() <= SHORT);
        let short = self.lines(&short, REST_SHARE / 2);
        let long = self.lines(&long, REST_SHARE / 2);
        let lines: Vec<String> =
            short.chunks(3).map(|facts| facts.join(BETWEEN)).chain(long).collect();
        (!lines.is_empty()).then(|| block::context(&lines.join("\n")))
    }

    /// The facts of these labels, in the order of the labels.
    fn take(&mut self, labels: &[&str]) -> Vec<&'a Fact> {
        let (mut taken, left): (Vec<&Fact>, Vec<&Fact>) =
            self.facts.drain(..).partition(|fact| labels.contains(&fact.label));
        self.facts = left;
        taken.sort_by_key(|fact| labels.iter().position(|label| *label == fact.label));
        taken
    }

    fn paragraph(&self, facts: &[&Fact], share: usize) -> Option<Value> {
        let lines = self.lines(facts, share);
        (!lines.is_empty()).then(|| block::section(&lines.join("\n")))
    }

    /// A line a fact, as many as fit.
    fn lines(&self, facts: &[&Fact], share: usize) -> Vec<String> {
        let mut room = share;
        let mut lines = Vec::new();
        for fact in facts {
            // Too little would show a label and no value.
            if room < 2 * fact.label.len() + 20 {
                break;
            }
            let line = Mrkdwn::within(ONE_FACT.min(room)).strong(fact.label).markup("  ");
            let line = value(line, &fact.value, self.readers, moment(fact.label)).finish();
            room = room.saturating_sub(letters::room(&line) + letters::cost('\n'));
            lines.push(line);
        }
        lines
    }

    fn field(&self, fact: &Fact) -> String {
        let text = Mrkdwn::within(ONE_FIELD).strong(fact.label).markup("\n");
        value(text, &fact.value, self.readers, moment(fact.label)).finish()
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn value(text: Mrkdwn, words: &Words, readers: Readers<'_>, moment: Moment) -> Mrkdwn {
    match names::listed(words) {
        Some(names) => text.names(&names, ONE_LIST),
        None => text.words(words, readers, moment),
    }
}
