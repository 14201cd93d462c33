//! Which incident a command is about: the one that is named, else the only one that is open.

use domain::{
    id::{IncidentId, ProposalId},
    words::Words,
};
use slack::Answer;

use super::super::Reception;
use crate::{
    lookup::{self, Missing, Subject},
    report::{self, Glance},
};

/// So many incidents are named to choose from.
const NAMED: usize = 8;

/// What a command is about.
pub(super) struct Meant {
    /// The incident.
    pub(super) incident: IncidentId,
    /// The proposal, where one was named.
    pub(super) proposal: Option<ProposalId>,
}

impl Reception {
    /// What is meant by what was typed; else what to type instead.
    pub(super) async fn meant(
        &self,
        verb: &str,
        text: Option<&str>,
    ) -> anyhow::Result<Result<Meant, Answer>> {
        match text {
            Some(text) => self.named(text).await,
            None => self.only_open(verb).await,
        }
    }

    async fn named(&self, text: &str) -> anyhow::Result<Result<Meant, Answer>> {
        let store = &self.engine.store;
        let found = match lookup::subject(store, text).await? {
            Ok(Subject::Incident(incident)) => {
                let is_there = store.incident(&incident).await?.is_some();
                is_there.then_some(Meant { incident, proposal: None })
            }
            Ok(Subject::Proposal(proposal)) => store.proposal(&proposal).await?.map(|found| {
                Meant { incident: found.value.opening.incident, proposal: Some(proposal) }
            }),
            Err(Missing::Nowhere) => None,
            Err(Missing::Ambiguous(many)) => {
                let words = Words::plain(format!("{many} ids end in "))
                    .code(text)
                    .text(": type more of it. Nothing was done.");
                return Ok(Err(Answer::saying(words)));
            }
        };
        Ok(found.ok_or_else(|| {
            let words = Words::plain("No incident and no proposal has an id that ends in ")
                .code(text)
                .text(". ")
                .code(self.typed("list all"))
                .text(" shows those there are. Nothing was done.");
            Answer::saying(words)
        }))
    }

    async fn only_open(&self, verb: &str) -> anyhow::Result<Result<Meant, Answer>> {
        let mut open: Vec<IncidentId> = Vec::new();
        for found in self.engine.store.open_proposals().await? {
            let incident = found.value.opening.incident;
            if !open.contains(&incident) {
                open.push(incident);
            }
        }
        match &open[..] {
            [incident] => Ok(Ok(Meant { incident: incident.clone(), proposal: None })),
            [] => {
                let words = Words::plain(
                    "No proposal is open, so it is not clear which incident you mean: ",
                )
                .code(self.typed(&format!("{verb} INC")))
                .text(" names one, and ")
                .code(self.typed("list all"))
                .text(" shows those there are. Nothing was done.");
                Ok(Err(Answer::saying(words)))
            }
            several => {
                let words = Words::plain(format!(
                    "{} incidents are open: say which one you mean, for example ",
                    several.len()
                ))
                .code(self.typed(&format!("{verb} {}", several[0].short())))
                .text(". Nothing was done.");
                let mut answer = Answer::saying(words);
                for incident in several.iter().take(NAMED) {
                    if let Some(glance) = self.glance(incident).await? {
                        answer = answer.line(self.line(&glance));
                    }
                }
                Ok(Err(answer))
            }
        }
    }

    /// An incident at a glance; `None` where there is no such one.
    pub(super) async fn glance(&self, incident: &IncidentId) -> anyhow::Result<Option<Glance>> {
        let store = &self.engine.store;
        match store.incident(incident).await? {
            Some(found) => Ok(Some(report::glance(store, found.value).await?)),
            None => Ok(None),
        }
    }

    /// A command as somebody would type it.
    pub(super) fn typed(&self, rest: &str) -> String {
        format!("{} {rest}", self.command)
    }
}
