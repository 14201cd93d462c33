//! Receipts by letter, and somebody who says that it was not they who signed.

use domain::{
    card::Button,
    digest::Digest,
    id::ProposalId,
    journal::Actor,
    letter::{Letter, Line},
    notice::Tone,
    person::PersonId,
    proposal::{Event, Proposal},
    receipt::{Decision, Draft, Verdict},
    refusal::Refusal,
    words::Words,
};
use signer::SigningKey;

use super::{Engine, EngineError, change::Change, decision::Decide, judging::sign, work::Work};
use crate::receipts;

const THANKS: &str = "Thank you for saying so. Whatever was signed here in your name no longer counts, and the others are told. Please have your account secured now: sign out everywhere, and tell those who look after it. Nothing more is taken from it in this incident.";

const NEWER: &str = " This incident has a newer proposal that was approved in your name too. If that was not you either, press “Not me?” in its letter as well.";

impl Work<'_> {
    /// Whether somebody has said of any proposal of the incident that somebody else signed it in their name. Whoever has the
    /// account would otherwise sign the next one, which comes as soon as the target changes.
    pub(super) async fn has_disowned(&mut self, person: &PersonId) -> Result<bool, EngineError> {
        let incident = self.head().incident.clone();
        let proposals = self.tx.proposals_of(&incident).await?;
        Ok(proposals.iter().any(|found| found.value.disowned.contains(person)))
    }

    /// Whether another proposal of the incident is under way on an approval in this name.
    async fn waits_on_word_of(
        &mut self,
        person: &PersonId,
        but: &ProposalId,
    ) -> Result<bool, EngineError> {
        let incident = self.head().incident.clone();
        let proposals = self.tx.proposals_of(&incident).await?;
        let others = proposals.iter().map(|found| &found.value);
        let mut others = others.filter(|other| other.id != *but && !other.is_closed());
        Ok(others.any(|other| other.approvals.iter().any(|approval| approval.person == *person)))
    }
}

impl Engine {
    /// Whether that identity has signed anything here, and the change that disowning it makes, signed. It asks no policy:
    /// whoever has lost their authority meanwhile can say so all the same.
    pub(super) async fn judge_disowning(
        &self,
        decide: &Decide,
        proposal: &Proposal,
        key: Option<&SigningKey>,
        work: &mut Work<'_>,
    ) -> Result<(Actor, Result<(Change, Words), Refusal>), EngineError> {
        let identity = decide.identity.clone();
        let envelopes = work.tx.receipts(&proposal.id).await?;
        let signed = envelopes.iter().filter_map(|envelope| self.opened(envelope));
        let signed: Vec<_> = signed.filter(|decision| decision.identity == identity).collect();
        // Where people.yaml has given the account to somebody else meanwhile, it has signed in two names: a press for each.
        let is_new = |decision: &&Decision| !proposal.disowned.contains(&decision.person);
        let Some(theirs) = signed.iter().find(is_new).or(signed.first()) else {
            let actor = match self.policies.people().known_as(&identity) {
                Some(person) => Actor::Person { person: person.id.clone(), identity },
                None => Actor::Stranger { identity },
            };
            return Ok((actor, Err(Refusal::NothingToDisown)));
        };
        let (person, level) = (theirs.person.clone(), theirs.level);
        let event = Event::Disowned { by: person.clone(), level, plan: decide.plan.clone() };
        let actor = Actor::Person { person: person.clone(), identity: identity.clone() };
        // Nothing is signed that the machine would not take.
        if let Err(refusal) = proposal.clone().step(&event, work.now) {
            return Ok((actor, Err(refusal)));
        }
        let draft = Draft {
            proposal,
            verdict: Verdict::Disown,
            about: None,
            hold: None,
            pin: None,
            reason: None,
            person: &person,
            identity: &identity,
            method: "click",
            level,
        };
        let receipt = sign(key, draft, work);
        let change = Change::Proposal(proposal.id.clone(), event, Some(receipt));
        let thanks = Words::plain(THANKS);
        let thanks = if work.waits_on_word_of(&person, &proposal.id).await? {
            thanks.text(NEWER)
        } else {
            thanks
        };
        Ok((actor, Ok((change, thanks))))
    }

    /// What the person gets in private once they have signed something that others act on.
    pub(super) fn receipt_letter(&self, change: &Change, proposal: &Proposal) -> Option<Letter> {
        let envelope = change.receipt()?;
        let decision = self.opened(envelope)?;
        let what = match decision.verdict {
            Verdict::Approve => "You signed an approval.",
            Verdict::Reject => "You signed a rejection.",
            Verdict::Confirm => "You signed a yes to the question of this rollback.",
            Verdict::Skip => "You signed off a step of this rollback.",
            Verdict::Pause
            | Verdict::Resume
            | Verdict::Cancel
            | Verdict::Retry
            | Verdict::LiftHold
            | Verdict::Keep
            | Verdict::Disown => return None,
        };
        Some(receipt_letter(what, &decision, &Digest::of(envelope), proposal))
    }

    /// The decision in an envelope, if it is a receipt of ours.
    fn opened(&self, envelope: &str) -> Option<Decision> {
        receipts::open(&self.keys, envelope, 1).ok()
    }
}

fn receipt_letter(what: &str, decision: &Decision, digest: &Digest, proposal: &Proposal) -> Letter {
    let opening = &proposal.opening;
    let line = |label: &str, value| Line { label: label.to_owned(), value };
    let target = Words::plain(opening.rollback_type.to_string()).text(" in ");
    let target = target.code(&opening.target.environment).text(" of ").code(&opening.target.id);
    let mut lines = vec![
        line("What", target),
        line("Plan", Words::new().code(decision.plan.short())),
        line("Incident", Words::new().code(opening.incident.short())),
        line("When", Words::new().day(decision.issued_at)),
    ];
    if let Some(reason) = &decision.reason {
        lines.push(line("Why", Words::plain(reason.clone())));
    }
    let receipt = Words::plain(format!("number {} of the incident's journal, ", decision.seq));
    lines.push(line("Receipt", receipt.code(digest.short())));
    lines.push(line(
        "",
        Words::plain("If it was not you, press “Not me?”: it counts no longer then, the rollback is stopped where it stands, and the others are told."),
    ));
    Letter {
        headline: Words::plain(what),
        tone: Tone::Neutral,
        lines,
        about: Some((proposal.id.clone(), decision.plan.clone())),
        buttons: vec![Button::NotMe],
        signs: Words::new(),
        link: None,
    }
}
