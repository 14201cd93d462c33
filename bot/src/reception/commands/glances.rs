//! Incidents as lines: `list`, and what other answers take from it.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use domain::{Timestamp, id::IncidentId, person::ChatName, words::Words};
use slack::{Answer, AnswerLine, Link, Turn};

use super::super::Reception;
use crate::report::{self, Glance};

/// So many incidents stand on a page.
const PAGE: u32 = 10;
/// More incidents than these are not looked through for what is open.
const MOST_OPEN: u32 = 200;
/// An incident without a proposal counts as open for so many days.
const DAYS_OPEN: i64 = 7;
/// The longest headline in a line, in letters.
const HEADLINE: usize = 90;
/// Links that do not come in this time are done without.
const LINKS: Duration = Duration::from_millis(900);

impl Reception {
    pub(super) async fn list_all(&self, page: u32) -> anyhow::Result<Answer> {
        let store = &self.engine.store;
        let skipped = (page - 1).saturating_mul(PAGE);
        let mut glances = Vec::new();
        for found in store.incident_page(PAGE, skipped).await? {
            glances.push(report::glance(store, found.value).await?);
        }
        let many = store.count_incidents().await?;
        let words = match many {
            0 => Words::plain(
                "There is no incident yet. An alert brings the first, or somebody who proposes.",
            ),
            1 => Words::plain("There is one incident."),
            many => Words::plain(format!("There are {many} incidents.")),
        };
        self.page(words, glances, ("list all", page, many)).await
    }

    pub(super) async fn list_open(&self, page: u32) -> anyhow::Result<Answer> {
        let mut open = self.open().await?;
        let many = open.len();
        let words = match many {
            0 => Words::plain("Nothing is open. ")
                .code(self.typed("list all"))
                .text(" shows what was."),
            1 => Words::plain("One incident is open."),
            many => Words::plain(format!("{many} incidents are open.")),
        };
        let skipped = usize::try_from((page - 1).saturating_mul(PAGE))?;
        open.drain(..skipped.min(many));
        open.truncate(usize::try_from(PAGE)?);
        self.page(words, open, ("list open", page, u64::try_from(many)?)).await
    }

    /// Incidents about which something is still to be done or decided, newest first.
    pub(super) async fn open(&self) -> anyhow::Result<Vec<Glance>> {
        let store = &self.engine.store;
        let since = self.engine.clock.now() - TimeDelta::days(DAYS_OPEN);
        let mut open = Vec::new();
        for found in store.open_incidents(since, MOST_OPEN).await? {
            let incident = found.value;
            let glance = report::glance(store, incident).await?;
            let is_over = glance.proposal.is_none() && glance.incident.is_resolved();
            if !is_over {
                open.push(glance);
            }
        }
        Ok(open)
    }

    async fn page(
        &self,
        words: Words,
        glances: Vec<Glance>,
        (command, page, many): (&str, u32, u64),
    ) -> anyhow::Result<Answer> {
        let pages = many.div_ceil(u64::from(PAGE)).max(1);
        if u64::from(page) > pages {
            let words = words.text(format!(" There is no page {page}: the last one is {pages}."));
            return Ok(Answer::saying(words));
        }
        let mut answer = Answer::saying(words);
        answer.lines = self.lines(&glances).await?;
        let turn = |label, page: u32| Turn { label, command: format!("{command} {page}") };
        if page > 1 {
            answer.turns.push(turn("Newer", page - 1));
        }
        if u64::from(page) < pages {
            answer.turns.push(turn("Older", page + 1));
        }
        if pages > 1 {
            answer.hint = Some(Words::plain(format!("Page {page} of {pages}")));
        }
        Ok(answer)
    }

    /// Incidents as lines with links to their threads.
    pub(super) async fn lines(&self, glances: &[Glance]) -> anyhow::Result<Vec<AnswerLine>> {
        let ids: Vec<&IncidentId> = glances.iter().map(|glance| &glance.incident.id).collect();
        let mut links = self.links(&ids).await?;
        let line = |glance: &Glance| AnswerLine {
            words: self.line(glance),
            link: links.remove(&glance.incident.id),
        };
        Ok(glances.iter().map(line).collect())
    }

    /// An incident in a line: state, id, where, since when, and what it is about.
    pub(super) fn line(&self, glance: &Glance) -> Words {
        let Glance { incident, proposal, card, .. } = glance;
        let words = Words::plain(format!("{} ", card.state.mark))
            .strong(card.state.word)
            .text(" · ")
            .code(incident.id.short())
            .text(" · ");
        let words = match (proposal, &incident.request) {
            (Some(proposal), _) => words.code(&proposal.opening.target.id),
            (None, Some(request)) => words.code(&request.target),
            (None, None) => words.text(&incident.alert.service_name),
        };
        let age = age(self.engine.clock.now(), incident.opened_at);
        words.text(format!(" · {age} · {}", clipped(&incident.alert.title)))
    }

    /// The addresses of threads. Slack may be slow, or refuse: then the lines stand without.
    pub(super) async fn links(
        &self,
        incidents: &[&IncidentId],
    ) -> anyhow::Result<BTreeMap<IncidentId, Link>> {
        let mut threads = Vec::new();
        for incident in incidents {
            if let Some(thread) = self.engine.store.thread(incident, ChatName::Slack).await? {
                threads.push(((*incident).clone(), thread));
            }
        }
        let mut links = BTreeMap::new();
        let asking = async {
            for (incident, thread) in threads {
                match self.slack.permalink(&thread).await {
                    Ok(url) => {
                        links.insert(incident, Link { label: "thread", url });
                    }
                    Err(error) => {
                        tracing::debug!("the address of a thread is not known: {error}");
                        break;
                    }
                }
            }
        };
        let _ = tokio::time::timeout(LINKS, asking).await;
        Ok(links)
    }
}

/// How long ago something began, roughly.
pub(super) fn age(now: Timestamp, since: Timestamp) -> String {
    let minutes = (now - since).num_minutes().max(0);
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2880 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// A headline on one line.
pub(super) fn clipped(text: &str) -> String {
    let line: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let line = line.trim();
    match line.char_indices().nth(HEADLINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
