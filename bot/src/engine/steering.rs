//! What people want of a run that is under way: judged, signed and kept like every other decision.

use domain::{
    refusal::Refusal,
    run::{Run, Steer, Steered},
    words::Words,
};
use policies::{Act, Verdict as Judgement};

use super::{
    Engine,
    change::Change,
    judging::{Signer, What},
    work::Work,
};

impl Engine {
    /// Whether the person may steer the run like this, and the change that it makes, signed.
    pub(super) fn judge_steering(
        &self,
        signer: &Signer<'_>,
        run: Option<&Run>,
        (steer, reason): (Steer, Option<String>),
        work: &Work<'_>,
    ) -> Result<(Change, Words), Refusal> {
        let Signer { decide, proposal, person, .. } = *signer;
        let named = run.and_then(|run| run.level_named(steer));
        let act = match steer {
            Steer::Pause => Act::Pause,
            Steer::Resume => Act::Resume,
            Steer::Cancel => Act::Cancel,
            Steer::Retry { .. } => Act::Retry,
            Steer::Skip { .. } => Act::Skip,
            Steer::Confirm { .. } => Act::Confirm { named },
        };
        let level = match self.policies.may(person, act, proposal, work.now) {
            // Who could is known to the proposal: it words that refusal.
            Judgement::Allowed { level, .. } | Judgement::LevelTooLow { level, .. } => level,
            Judgement::Denied { reason, .. } => return Err(proposal.forbids(&person.id, reason)),
        };
        let steered = Steered {
            steer,
            by: person.id.clone(),
            level,
            proposal: proposal.id.clone(),
            plan: decide.plan.clone(),
            reason,
        };
        proposal.may_steer(&steered, named)?;
        let run = run.ok_or(Refusal::NotRunning)?;
        // Nothing is signed that the machine would not take.
        run.takes(&steered, work.now)?;
        let what = What {
            verdict: steer.into(),
            about: Some(steered.about(&run.id)),
            hold: None,
            pin: None,
            reason: steered.reason.clone(),
        };
        let receipt = signer.sign(what, level, work);
        let thanks = Words::plain(thanks(steer)).text(" Your decision on plan ");
        let thanks = thanks.code(decide.plan.short()).text(" is signed and kept.");
        Ok((Change::Steer(run.id.clone(), steered, receipt), thanks))
    }
}

fn thanks(steer: Steer) -> &'static str {
    match steer {
        Steer::Pause => {
            "The rollback is paused: a step under way comes to its end, and nothing further begins."
        }
        Steer::Resume => "The rollback goes on.",
        Steer::Cancel => {
            "The rollback is cancelled: what was done is taken back, and the thread says how it goes."
        }
        Steer::Retry { .. } => "The step is tried again; the thread says how it goes.",
        Steer::Skip { .. } => {
            "The step counts as settled, and the thread and the card say that you signed it off."
        }
        Steer::Confirm { .. } => "Thank you: the rollback goes on.",
    }
}
