//! What follows from a change beside the machines: letters for those who are asked, and the run of an approved proposal.

use domain::{
    id::ProposalId,
    notice::Notice,
    remark::Remark,
    run::{self, StepRule},
};

use super::{Change, Work};
use crate::{engine::EngineError, ids};

impl Work<'_> {
    /// Sees to it that everybody who is asked gets a letter, in every chat that knows them.
    pub(super) async fn hand_over(&mut self, notices: &[Notice]) -> Result<(), EngineError> {
        let book = self.engine.policies.people();
        let (incident, now) = (self.head.incident.clone(), self.now);
        for notice in notices {
            let Notice::Asked { people, repeats, .. } = notice else { continue };
            for chat in self.chats.clone() {
                let mut unreachable = Vec::new();
                for person in people {
                    let Some(to) = book.identity_in(person, chat) else {
                        unreachable.push(person.clone());
                        continue;
                    };
                    let key = ids::message();
                    self.tx.want_handover(&incident, (person, to), key, now).await?;
                }
                if !unreachable.is_empty() && *repeats == 0 {
                    let remark = Remark::Unreachable { chat, people: unreachable };
                    self.follow.push_back(Change::Remark(remark));
                }
            }
        }
        Ok(())
    }

    pub(super) async fn created(
        &mut self,
        proposal: &ProposalId,
    ) -> Result<run::Event, EngineError> {
        let opening = self.proposal(proposal).await?.value.opening;
        let plan = self.tx.plan(&opening.plan).await?;
        let plan = plan
            .ok_or_else(|| EngineError::Missing { what: "plan", id: opening.plan.to_string() })?;
        Ok(run::Event::Created {
            proposal: proposal.clone(),
            plan: opening.plan,
            target: opening.target.id,
            steps: plan.plan().steps.iter().map(StepRule::from).collect(),
        })
    }
}
