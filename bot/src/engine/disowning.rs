//! Receipts by letter, and somebody who says that it was not they who signed.

use domain::{
    card::Button,
    digest::Digest,
    journal::Actor,
    letter::{Letter, Line},
    notice::Tone,
    proposal::{Event, Proposal},
    receipt::{Decision, Draft, Verdict},
    refusal::Refusal,
    words::Words,
};
use signer::SigningKey;

use super::{Engine, EngineError, change::Change, decision::Decide, judging::sign, work::Work};
use crate::receipts;

const THANKS: &str = "Thank you for saying so. Whatever was signed here in your name no longer counts, and the others are told. Please have your account secured now: sign out everywhere, and tell those who look after it. Nothing more is taken from it on this rollback.";

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
        let theirs = signed.into_iter().find(|decision| decision.identity == identity);
        let Some(theirs) = theirs else {
            let actor = match self.policies.people().known_as(&identity) {
                Some(person) => Actor::Person { person: person.id.clone(), identity },
                None => Actor::Stranger { identity },
            };
            return Ok((actor, Err(Refusal::NothingToDisown)));
        };
        let (person, level) = (theirs.person, theirs.level);
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
        Ok((actor, Ok((change, Words::plain(THANKS)))))
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
