//! The handover: what somebody who is asked reads in private, so that they need not read the thread. Five lines: what
//! happened, since when, what was tried, who was asked, and what is needed of them. Rendered from the state, like the
//! card: once it is decided, every copy says so and nothing can be pressed any more.

use crate::{
    Timestamp,
    card::{Button, Card},
    incident::Incident,
    journal::Entry,
    letter::{Letter, Line},
    level::Level,
    notice::{Notice, Tone},
    person::PersonId,
    plan::RollbackType,
    proposal::{Part, Proposal, Stage},
    run::{self, Run},
    words::Words,
};

/// What a handover is written from.
#[derive(Clone, Copy, Debug)]
pub struct Handover<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// Its proposals, oldest first.
    pub proposals: &'a [Proposal],
    /// The newest proposal's run.
    pub run: Option<&'a Run>,
    /// Its journal, which knows who was asked when.
    pub entries: &'a [Entry],
    /// Who reads it.
    pub reader: &'a PersonId,
    /// The level that they hold.
    pub level: Option<Level>,
    /// Where the thread is.
    pub link: Option<&'a str>,
}

const NOTHING_MORE: &str = "Nothing more is needed of you for ";
/// How many earlier askings are named; the newest are.
const MOST_ASKINGS: usize = 5;

impl Handover<'_> {
    /// The letter as the incident stands now.
    pub fn letter(&self) -> Letter {
        let proposal = self.proposals.last();
        let card = Card::of(self.incident, proposal, self.run, None);
        let need = self.need(proposal);
        let (headline, tone) = match &need {
            Need::Decision(_) => ("You are asked to decide on ", Tone::Attention),
            Need::Others(_) => ("You are asked to see that somebody decides on ", Tone::Attention),
            Need::Signed(_) => (NOTHING_MORE, Tone::Neutral),
            Need::Attention(_) => ("You are asked to look at ", Tone::Attention),
            Need::Nothing(_) if card.state.tone == Tone::Attention => (NOTHING_MORE, Tone::Neutral),
            Need::Nothing(_) => (NOTHING_MORE, card.state.tone),
        };
        let headline = Words::plain(headline);
        let title = self.incident.alert.title.trim();
        let title = if title.is_empty() { self.incident.id.short() } else { title };
        let headline = headline.text("“").strong(title).text("”: ").text(card.state.word).text(".");
        let line = |label: &str, value| Line { label: label.to_owned(), value };
        let (label, what) = match &need {
            Need::Decision(words)
            | Need::Others(words)
            | Need::Signed(words)
            | Need::Attention(words) => ("Needed of you", words),
            Need::Nothing(words) => ("How it ended", words),
        };
        let buttons = proposal.map(|proposal| proposal.offers(self.reader, self.level));
        let buttons = buttons.unwrap_or_default();
        let about = proposal.filter(|_| !buttons.is_empty());
        let signed = about.filter(|_| buttons.contains(&Button::Approve));
        Letter {
            headline,
            // Whoever is not needed any more is not called.
            tone,
            lines: vec![
                line("What happened", self.happened()),
                line("Since", Words::new().day(self.incident.opened_at)),
                line("What was tried", self.tried(proposal)),
                line("Who was asked", self.asked(proposal)),
                line(label, what.clone()),
            ],
            about: about.map(|proposal| (proposal.id.clone(), proposal.opening.plan.clone())),
            buttons,
            signs: signed.map(to_confirm).unwrap_or_default(),
            link: self.link.map(str::to_owned),
        }
    }

    fn happened(&self) -> Words {
        let request = self.incident.request.as_ref();
        let words = match request {
            Some(request) => Words::new().person(&request.by).text(" asked for a rollback"),
            None => Words::plain("Alert from ").strong(&self.incident.alert.service_name),
        };
        match (self.proposals.last(), request) {
            // Why it is proposed repeats the reason that a person gave.
            (Some(proposal), _) => words.text(". ").words(Words::marked(&proposal.opening.because)),
            (None, Some(request)) => words.text(": ").text(request.sentence()),
            (None, None) => words.text("."),
        }
    }

    /// What was proposed and done before, and how far it is now.
    fn tried(&self, proposal: Option<&Proposal>) -> Words {
        let Some(proposal) = proposal else { return Words::plain("Nothing yet.") };
        let earlier = self.proposals.iter().rev().skip(1).rev();
        let before = earlier.fold(Words::new(), |words, earlier| match &earlier.stage {
            Stage::Closed { outcome, .. } => words
                .text(format!("An earlier {} ended: ", earlier.opening.rollback_type))
                .text(outcome.name())
                .text(". "),
            _ => words,
        });
        let Some(run) = self.run else {
            return before.text("Nothing was changed yet: the rollback waits.");
        };
        let steps = format!("{} of {} steps are done", run.done.len(), run.steps.len());
        match &run.stage {
            run::Stage::Stuck { step, reason, .. } => before
                .text(steps)
                .text("; it is stuck at ")
                .strong(&run.steps[*step].name)
                .text(format!(": {reason}")),
            _ if proposal.is_closed() => before.text(steps).text("."),
            // How far it is changes with each step: the thread shows that, and nobody's letter is edited for it.
            _ => before.text("The rollback is under way."),
        }
    }

    /// Who was asked at which time since the newest proposal was made, and who has signed.
    fn asked(&self, proposal: Option<&Proposal>) -> Words {
        let since = proposal.map(|proposal| proposal.opened_at);
        let asked: Vec<(Timestamp, &[PersonId])> = self
            .entries
            .iter()
            .filter(|entry| since.is_some_and(|since| entry.at >= since))
            .flat_map(|entry| entry.notices.iter().map(|notice| (entry.at, notice)))
            .filter_map(|(at, notice)| match notice {
                Notice::Asked { people, .. } => Some((at, people.as_slice())),
                _ => None,
            })
            .collect();
        let left_out = asked.len().saturating_sub(MOST_ASKINGS);
        let begin = if left_out > 0 { Words::plain("… ") } else { Words::new() };
        let words =
            asked.iter().skip(left_out).enumerate().fold(begin, |words, (place, (at, people))| {
                let words = if place > 0 { words.text("; ") } else { words };
                words.people(people).text(" at ").time(*at)
            });
        let words = if asked.is_empty() { words.text("Nobody yet") } else { words };
        let signed: Vec<PersonId> = proposal
            .map(|proposal| &proposal.approvals[..])
            .unwrap_or_default()
            .iter()
            .map(|approval| approval.person.clone())
            .collect();
        if signed.is_empty() {
            words.text(". Nobody has signed.")
        } else {
            words.text(". Signed by ").people(&signed).text(".")
        }
    }

    fn need(&self, proposal: Option<&Proposal>) -> Need {
        let Some(proposal) = proposal else {
            return Need::Nothing(Words::plain("No rollback is proposed."));
        };
        match &proposal.stage {
            Stage::Open { .. } => self.decision(proposal),
            Stage::Approved { .. } => Need::Nothing(
                Words::plain("Enough people have signed: ").people(&signers(proposal)).text("."),
            ),
            Stage::Running { .. } if self.run.is_some_and(|run| run.question().is_some()) => {
                Need::Attention(Words::plain(
                    "The rollback asks a question before it goes on. Please answer it on the card in the thread.",
                ))
            }
            Stage::Running { .. } => Need::Nothing(
                Words::plain("The rollback is under way, signed by ")
                    .people(&signers(proposal))
                    .text(". The thread shows how it goes."),
            ),
            Stage::Stuck { .. } => Need::Attention(Words::plain(
                "The rollback cannot go on without a person. Please read why on the card in the thread, and choose there how it goes on.",
            )),
            Stage::Closed { outcome, at } => {
                Need::Nothing(Words::new().day(*at).text(": ").words(outcome.words()))
            }
        }
    }

    /// What is needed of the reader while it waits for signatures.
    fn decision(&self, proposal: &Proposal) -> Need {
        let tally = proposal.tally();
        let tally = format!("{} of {} approvals are there.", tally.given, tally.needed);
        let why_not = || proposal.why_not(self.reader, self.level);
        match proposal.part_of(self.reader, self.level) {
            Part::Counts => {
                let what = Words::plain("Approve or reject the ").words(signs(proposal));
                let what = what.text(format!(". {tally}"));
                Need::Decision(match proposal.asked_next() {
                    Some((level, at)) => what
                        .text(" Please decide by ")
                        .time(at)
                        .text(format!(", when {level} is asked.")),
                    None => what,
                })
            }
            Part::Signed { .. } | Part::Disowned => Need::Signed(
                Words::plain("Nothing more. ").words(why_not()).text(format!(" {tally}")),
            ),
            Part::Proposed | Part::TooLow => {
                let what = Words::plain("See that somebody decides on the ").words(signs(proposal));
                let what = what.text(". Your own approval would not count. ").words(why_not());
                Need::Others(what.text(format!(" {tally}")))
            }
        }
    }
}

enum Need {
    /// They can sign.
    Decision(Words),
    /// They cannot, and can see to it that somebody does.
    Others(Words),
    /// They have.
    Signed(Words),
    Attention(Words),
    Nothing(Words),
}

fn signers(proposal: &Proposal) -> Vec<PersonId> {
    proposal.approvals.iter().map(|approval| approval.person.clone()).collect()
}

/// What an approval signs, in words without its digest.
pub fn signs(proposal: &Proposal) -> Words {
    let opening = &proposal.opening;
    let words = Words::plain(opening.rollback_type.to_string());
    let words =
        if opening.models.is_empty() || opening.rollback_type == RollbackType::FullEnvironment {
            words
        } else {
            words.text(" of ").codes(opening.models.iter().map(String::as_str))
        };
    words.text(" in ").code(&opening.target.environment).text(" of ").code(&opening.target.id)
}

/// What the question before an approval names; empty where a name has to be typed, which is question enough.
pub fn to_confirm(proposal: &Proposal) -> Words {
    if proposal.name_to_type().is_some() { Words::new() } else { signs(proposal) }
}
