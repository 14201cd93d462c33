//! `why`: which rule lets somebody decide, or not.

use domain::{
    person::{ChatName, Identity, Person, PersonId},
    proposal::Proposal,
    words::Words,
};
use policies::did_you_mean;
use slack::Answer;

use super::{super::Reception, subject::Meant};
use crate::reasons;

impl Reception {
    pub(super) async fn why(
        &self,
        asking: &Identity,
        of: Option<&str>,
        person: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let meant = match self.meant("why", of).await? {
            Ok(meant) => meant,
            Err(answer) => return Ok(answer),
        };
        let Some(proposal) = self.proposal_of(&meant).await? else {
            let words = Words::plain("Incident ")
                .code(meant.incident.short())
                .text(" has no proposal, so there is nothing to decide. ")
                .code(self.typed(&format!("timeline {}", meant.incident.short())))
                .text(" says why.");
            return Ok(Answer::saying(words));
        };
        let person = match person {
            None => self.engine.policies.people().known_as(asking),
            Some(text) => match self.person(asking, text) {
                Ok(person) => Some(person),
                Err(answer) => return Ok(answer),
            },
        };
        let Some(person) = person else { return Ok(unknown(asking)) };
        let about = (&person.id, &proposal);
        let (store, policies) = (&self.engine.store, &self.engine.policies);
        let words = reasons::why(store, policies, about, self.engine.clock.now()).await?;
        Ok(Answer::saying(words))
    }

    /// The proposal that was named, else the incident's newest.
    pub(super) async fn proposal_of(&self, meant: &Meant) -> anyhow::Result<Option<Proposal>> {
        let store = &self.engine.store;
        let found = match &meant.proposal {
            Some(proposal) => store.proposal(proposal).await?,
            None => store.proposals_of(&meant.incident).await?.pop(),
        };
        Ok(found.map(|found| found.value))
    }

    /// The person whom somebody mentions, or names by id or name.
    fn person(&self, asking: &Identity, text: &str) -> Result<&Person, Answer> {
        let people = self.engine.policies.people();
        if let Some(mention) = text.strip_prefix("<@") {
            let user = mention.split(['|', '>']).next().unwrap_or_default();
            let (chat, team) = (ChatName::Slack, asking.team.clone());
            let identity = Identity { chat, team, user: user.to_owned() };
            return people.known_as(&identity).ok_or_else(|| {
                let words = Words::plain("people.yaml does not name ")
                    .code(identity.to_string())
                    .text(", so nothing they do changes anything.");
                Answer::saying(words)
            });
        }
        let name = text.trim_start_matches('@');
        let by_id = people.get(&PersonId::new(name.to_ascii_lowercase()));
        let by_name = || people.iter().find(|person| person.name.eq_ignore_ascii_case(name));
        by_id.or_else(by_name).ok_or_else(|| {
            let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
            let words = Words::plain("people.yaml does not name ").code(name);
            Answer::saying(match did_you_mean(name, &ids) {
                Some(meant) => words.text("; did you mean ").code(format!("@{meant}")).text("?"),
                None => words.text(". Mention them with @, or type their id."),
            })
        })
    }
}

/// What somebody hears whom people.yaml does not name.
pub(super) fn unknown(identity: &Identity) -> Answer {
    let Identity { team, user, .. } = identity;
    Answer::saying(
        Words::plain("people.yaml does not name you, so nothing that you do changes anything. Ask the operator to add the identity ")
            .code(format!("{{ chat: slack, team: {team}, user: {user} }}"))
            .text(" to yours."),
    )
}
