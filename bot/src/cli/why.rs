//! `why`: the rules behind a yes or a no, in words.

use domain::{id::ProposalId, person::PersonId, port::Clock};
use policies::Policies;
use store::Store;

use super::{Done, Usage};
use crate::{
    lookup::{self, Missing},
    reasons,
};

pub(super) async fn why(
    store: &Store,
    policies: &Policies,
    proposal: &str,
    person: &str,
    clock: &dyn Clock,
) -> anyhow::Result<Done> {
    let id = find(store, proposal).await?;
    let Some(found) = store.proposal(&id).await? else {
        return Err(Usage(format!("there is no proposal {id}")).into());
    };
    let person = PersonId::new(person);
    if policies.people().get(&person).is_none() {
        return Err(Usage(format!("people.yaml does not name `{person}`")).into());
    }
    let words = reasons::why(store, policies, (&person, &found.value), clock.now()).await?;
    println!("{}", words.to_plain(policies.people()).trim_end());
    Ok(Done::Well)
}

/// The proposal that this id, or the end of one, names.
pub(super) async fn find(store: &Store, text: &str) -> anyhow::Result<ProposalId> {
    match lookup::proposal(store, text).await? {
        Ok(id) => Ok(id),
        Err(Missing::Nowhere) => Err(Usage(format!("there is no proposal whose id ends in `{text}`; `countersign show` names an incident's proposals")).into()),
        Err(Missing::Ambiguous(many)) => Err(Usage(format!("{many} proposals have ids that end in `{text}`; type more of it")).into()),
    }
}
