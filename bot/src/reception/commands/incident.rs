//! `show` and `timeline`: one incident in words.

use domain::{
    card::{Button, Card, Fact, StepState},
    id::IncidentId,
    journal::Entry,
    plan::Outcome,
    words::Words,
};
use slack::{Answer, AnswerLine, Link, Turn};

use super::{super::Reception, glances::clipped, subject::Meant};
use crate::{cli::quiet, report, view};

/// So many entries stand on a page.
const PAGE: usize = 15;
/// So many findings and steps are shown.
const MOST: usize = 12;

impl Reception {
    pub(super) async fn show(&self, of: Option<&str>) -> anyhow::Result<Answer> {
        let incident = match self.meant("show", of).await? {
            Ok(Meant { incident, .. }) => incident,
            Err(answer) => return Ok(answer),
        };
        let Some(card) = view::card(&self.engine.store, &incident).await? else {
            return Ok(Answer::saying(Words::plain("There is no such incident any more.")));
        };
        let words = Words::plain(format!("{} ", card.state.mark))
            .strong(card.state.word)
            .text(" · ")
            .code(incident.short())
            .text(format!(" · {}", clipped(&card.title)));
        let mut answer = Answer::saying(words);
        let mut add = |words| answer.lines.push(AnswerLine { words, link: None });
        for Fact { label, value } in &card.facts {
            add(Words::new().strong(*label).text(" ").words(value.clone()));
        }
        if let Some(next) = &card.next_ask {
            let words = Words::plain(format!("⏳ If nobody decides: {} at ", next.level));
            add(words.time(next.at));
        }
        for words in findings(&card).into_iter().chain(steps(&card)) {
            add(words);
        }
        let thread = self.links(&[&incident]).await?.remove(&incident);
        let alert = card.alert_url.clone().map(|url| Link { label: "open the alert", url });
        for (words, link) in [("Everything that was said", thread), ("What started it", alert)] {
            if link.is_some() {
                answer.lines.push(AnswerLine { words: Words::plain(words), link });
            }
        }
        Ok(match self.can_be_typed(&card, &incident) {
            Some(hint) => answer.with_hint(hint),
            None => answer,
        })
    }

    pub(super) async fn timeline(
        &self,
        of: Option<&str>,
        page: Option<u32>,
    ) -> anyhow::Result<Answer> {
        let incident = match self.meant("timeline", of).await? {
            Ok(Meant { incident, .. }) => incident,
            Err(answer) => return Ok(answer),
        };
        let entries = report::timeline(&self.engine.store, &incident).await?;
        let pages = entries.len().div_ceil(PAGE).max(1);
        let page = page.map_or(Ok(pages), usize::try_from)?;
        let words = Words::plain("What happened in incident ").code(incident.short());
        if page > pages {
            let words = words.text(format!(": there is no page {page}, the last one is {pages}."));
            return Ok(Answer::saying(words));
        }
        let mut answer = Answer::saying(words.text(format!(", {} entries:", entries.len())));
        for entry in entries.iter().skip((page - 1) * PAGE).take(PAGE) {
            let lines = self.told(entry).into_iter();
            answer.lines.extend(lines.map(|words| AnswerLine { words, link: None }));
        }
        let turn = |label, page: usize| Turn {
            label,
            command: format!("timeline {} {page}", incident.as_str()),
        };
        if page > 1 {
            answer.turns.push(turn("Older", page - 1));
        }
        if page < pages {
            answer.turns.push(turn("Newer", page + 1));
        }
        if pages > 1 {
            answer.hint = Some(Words::plain(format!("Page {page} of {pages}, oldest first")));
        }
        Ok(answer)
    }

    /// An entry of the journal as the thread had it; one that nobody was told of says what it is.
    fn told(&self, entry: &Entry) -> Vec<Words> {
        let people = self.engine.policies.people();
        let at = || Words::new().time(entry.at).text(" ");
        if entry.notices.is_empty() {
            let who = view::who(&entry.actor, people);
            return vec![at().text(format!("{who}: {}", quiet(entry, people)))];
        }
        entry.notices.iter().map(|notice| at().words(notice.words())).collect()
    }

    /// What can be done about it by typing.
    fn can_be_typed(&self, card: &Card, incident: &IncidentId) -> Option<Words> {
        let verbs: Vec<&str> = card.buttons.iter().filter_map(|button| verb(*button)).collect();
        let id = incident.short();
        let commands: Vec<String> =
            verbs.iter().map(|verb| self.typed(&format!("{verb} {id}"))).collect();
        (!commands.is_empty())
            .then(|| Words::plain("By typing: ").codes(commands.iter().map(String::as_str)))
    }
}

/// The word that does what a button does; some are done on the card alone.
pub(super) fn verb(button: Button) -> Option<&'static str> {
    match button {
        Button::Approve => Some("approve"),
        Button::Reject | Button::GiveUp => Some("reject"),
        Button::Escalate => Some("escalate"),
        Button::Pause => Some("pause"),
        Button::Resume => Some("resume"),
        Button::Cancel => Some("cancel"),
        Button::Confirm
        | Button::Retry
        | Button::RetryBlind
        | Button::Skip
        | Button::LiftHold
        | Button::Keep
        | Button::NotMe => None,
    }
}

/// What the checks found that is not as it should be; else that all is.
fn findings(card: &Card) -> Vec<Words> {
    if card.findings.is_empty() {
        return vec![];
    }
    let concerns = card.findings.iter().filter(|finding| finding.outcome != Outcome::Pass);
    let mut lines: Vec<Words> = concerns
        .take(MOST)
        .map(|finding| {
            let mark = if finding.outcome == Outcome::Fail { "❌ " } else { "❔ " };
            Words::plain(mark)
                .text(format!("{} ", finding.label()))
                .code(&finding.subject)
                .text(format!(" – {}", finding.detail))
        })
        .collect();
    let passed = card.findings.len() - card.concerns();
    if passed > 0 {
        let checks = if passed == 1 { "check" } else { "checks" };
        lines.push(Words::plain(format!("✅ {passed} {checks} passed")));
    }
    lines
}

/// How far the run is.
fn steps(card: &Card) -> Vec<Words> {
    let all = card.steps.len();
    if all == 0 {
        return vec![];
    }
    let is_done = |state| matches!(state, StepState::Done | StepState::SignedOff);
    let done = card.steps.iter().filter(|step| is_done(step.state)).count();
    let mut lines = vec![Words::new().strong("Steps").text(format!(" {done} of {all} done"))];
    let current = card
        .steps
        .iter()
        .enumerate()
        .find(|(_, step)| !is_done(step.state) && step.state != StepState::Waiting);
    if let Some((place, step)) = current {
        let live = card.live.as_deref().map(|live| format!(" – {live}")).unwrap_or_default();
        lines.push(Words::plain(format!("⚙️ {}. {}{live}", place + 1, step.name)));
    }
    lines
}
