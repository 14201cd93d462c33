//! The details: read by anybody who sees the card.

use domain::{id::ProposalId, person::Identity, place::Place};
use slack::Opens;

use crate::{details, reception::Reception};

impl Reception {
    /// Shows a page of what is known. What cannot be read is logged, and the person presses again.
    pub(super) async fn read_on(
        &self,
        identity: &Identity,
        proposal: &ProposalId,
        page: usize,
        (opens, place): (&Opens, &Place),
    ) {
        let policies = &self.engine.policies;
        let found =
            details::details(&self.engine.store, policies, proposal, &self.public_url).await;
        match found {
            Ok(Some(details)) => {
                let shown = (&details, page);
                self.open(self.slack.show_details(opens, shown, place, policies.people())).await;
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
