//! What one person is told of something that they pressed, where nothing was judged.

use domain::{
    effect::{Job, Lane},
    id::ProposalId,
    person::Identity,
    place::Place,
    words::Words,
};

use super::{Engine, EngineError, again};
use crate::ids;

impl Engine {
    /// Tells somebody something about a proposal, where they look. What is not in the store has nothing to be told of.
    pub async fn tell(
        &self,
        to: &Identity,
        proposal: &ProposalId,
        place: &Place,
        words: &Words,
    ) -> Result<(), EngineError> {
        again(async || {
            let Some(found) = self.store.proposal(proposal).await? else { return Ok(()) };
            let mut work = self.work(&found.value.opening.incident).await?;
            let (lane, incident) = (Lane::Chat(to.chat), work.head().incident.clone());
            let job = Job::Whisper { to: to.clone(), words: words.clone(), place: place.clone() };
            let now = work.now;
            work.tx.enqueue(&lane, &incident, &job, ids::message(), now).await?;
            work.commit().await
        })
        .await
    }
}
