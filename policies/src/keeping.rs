//! Why somebody may or may not keep a way back from the janitor, in words.

use domain::{Timestamp, person::PersonId, proposal::Proposal, words::Words};

use crate::{
    cedar::{Act, Verdict},
    load::Policies,
};

impl Policies {
    /// Whether somebody may keep the way back of `proposal` at `now`, and which rules say so. Nothing where it has no
    /// deadline, or nobody waits for it.
    pub fn why_keeping(
        &self,
        person: &PersonId,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Option<Words> {
        let known = self.people().get(person).filter(|_| proposal.could_be_kept())?;
        let words = Words::new().person(person);
        Some(match self.may(known, Act::Keep, proposal, now) {
            Verdict::Allowed { level, rules } => {
                self.cite(words.text(format!(" may keep the way back, holding {level}. ")), &rules)
            }
            // No level is too low by the proposal's own word; a rule that asks for one denies.
            Verdict::LevelTooLow { .. } => words.text(" may not keep the way back. "),
            Verdict::Denied { reason, .. } => {
                words.text(format!(" may not keep the way back. {reason} "))
            }
        })
    }
}
