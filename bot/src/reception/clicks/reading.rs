//! The details: read by anybody who sees the card.

use domain::{id::ProposalId, person::Identity, place::Place};
use slack::Opens;

use crate::{
    details,
    reception::{Budget, Reception},
};

impl Reception {
    /// Shows a page of what is known. What cannot be read is logged, and the person presses again.
    pub(super) async fn read_on(
        &self,
        (identity, place): (&Identity, &Place),
        proposal: &ProposalId,
        (opens, page): (&Opens, usize),
        budget: Budget,
    ) {
        let policies = &self.engine.policies;
        let found =
            details::details(&self.engine.store, policies, proposal, &self.public_url).await;
        match found {
            Ok(Some(details)) => {
                let shown = (&details, page);
                let opening = self.slack.show_details(opens, shown, place, policies.people());
                let is_open = self.opened(opening, budget).await;
                // Whoever reads on sees that the page stays.
                if !is_open && matches!(opens, Opens::Trigger(_)) {
                    self.say_unopened((identity, place), proposal, budget).await;
                }
            }
            Ok(None) => {
                self.metrics.click("other");
                tracing::warn!(
                    "{identity} asks for details of {proposal}, which is not in the store"
                );
            }
            Err(error) => tracing::error!("reading the details of {proposal} failed: {error:#}"),
        }
    }
}
