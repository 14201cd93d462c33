//! What an entry says that a person decided; its receipt must say the same.

use domain::{
    digest::Digest,
    fold::Fold,
    hold,
    id::{HoldId, PinId, ProposalId},
    journal::Record,
    level::Level,
    person::PersonId,
    pin, proposal,
    receipt::{About, Decision, Verdict},
    run,
};

/// A decision as the journal tells it.
pub(super) struct Said<'a> {
    verdict: Verdict,
    about: Option<About>,
    hold: Option<&'a HoldId>,
    pin: Option<&'a PinId>,
    by: &'a PersonId,
    level: Level,
    plan: &'a Digest,
    reason: Option<&'a str>,
    /// The proposal that was decided on.
    pub(super) proposal: &'a ProposalId,
}

impl<'a> Said<'a> {
    /// What the record says after all that `before` holds; `None` where it is no decision.
    pub(super) fn of(record: &'a Record, before: &'a Fold) -> Option<Self> {
        match record {
            Record::Proposal { id, event: proposal::Event::Approved { by, level, plan } } => {
                let (verdict, level) = (Verdict::Approve, *level);
                let (about, hold, pin, reason) = (None, None, None, None);
                Some(Self { verdict, about, hold, pin, by, level, plan, reason, proposal: id })
            }
            Record::Proposal {
                id,
                event: proposal::Event::Rejected { by, level, plan, reason },
            } => Some(Self {
                verdict: Verdict::Reject,
                about: None,
                hold: None,
                pin: None,
                by,
                level: *level,
                plan,
                reason: Some(reason),
                proposal: id,
            }),
            Record::Proposal { id, event: proposal::Event::Disowned { by, level, plan } } => {
                let (verdict, level) = (Verdict::Disown, *level);
                let (about, hold, pin, reason) = (None, None, None, None);
                Some(Self { verdict, about, hold, pin, by, level, plan, reason, proposal: id })
            }
            Record::Run { id, event: run::Event::Steered(steered) } => Some(Self {
                verdict: steered.steer.into(),
                about: Some(steered.about(id)),
                hold: None,
                pin: None,
                by: &steered.by,
                level: steered.level,
                plan: &steered.plan,
                reason: steered.reason.as_deref(),
                proposal: &steered.proposal,
            }),
            Record::Hold { id, event: hold::Event::Lifted { by, level, plan, reason } } => {
                Some(Self {
                    verdict: Verdict::LiftHold,
                    about: None,
                    hold: Some(id),
                    pin: None,
                    by,
                    level: *level,
                    plan,
                    reason: Some(reason),
                    // One that was never placed is refused when the entry is replayed.
                    proposal: &before.holds.get(id)?.opening.proposal,
                })
            }
            Record::Pin { id, event: pin::Event::Asked { opening } } => Some(Self {
                verdict: Verdict::Keep,
                about: None,
                hold: None,
                pin: Some(id),
                by: &opening.by,
                level: opening.level,
                plan: &opening.plan,
                reason: None,
                proposal: &opening.proposal,
            }),
            _ => None,
        }
    }

    /// Whether the signed decision says the same.
    pub(super) fn is_what(&self, decision: &Decision) -> bool {
        // The journal does not keep what somebody says to an approval; the receipt alone does.
        let is_same_reason =
            self.verdict == Verdict::Approve || self.reason == decision.reason.as_deref();
        is_same_reason
            && (
                decision.verdict,
                &decision.about,
                decision.hold.as_ref(),
                decision.pin.as_ref(),
                &decision.person,
                decision.level,
                &decision.plan,
                &decision.proposal,
            ) == (
                self.verdict,
                &self.about,
                self.hold,
                self.pin,
                self.by,
                self.level,
                self.plan,
                self.proposal,
            )
    }
}
