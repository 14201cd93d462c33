//! The reading methods. Each exists twice: on [`Store`], where it sees what is committed, and on [`Tx`], where it
//! also sees what that transaction has written.

use domain::{
    Timestamp,
    card::Watched,
    digest::Digest,
    hold::Hold,
    id::{HoldId, IncidentId, PinId, ProposalId, RunId},
    incident::Incident,
    journal::{Head, SealedEntry},
    person::{ChatName, Identity},
    pin::Pin,
    plan::SealedPlan,
    port::MessageRef,
    proposal::Proposal,
    release::Release,
    run::Run,
};

use crate::{
    Error, Knock, Look, Member, Output, Store, Tx, Versioned, card, hold, incident, journal, live,
    look, member, output, pin, plan, proposal, release, run,
};

macro_rules! reading {
    ($(
        $(#[$doc:meta])*
        fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty = $function:path;
    )*) => {
        impl Store {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($argument: $type),*) -> Result<$answer, Error> {
                    $function(&mut *self.connection().await?, $($argument),*).await
                }
            )*
        }

        impl Tx {
            $(
                $(#[$doc])*
                pub async fn $name(&mut self, $($argument: $type),*) -> Result<$answer, Error> {
                    $function(self.connection(), $($argument),*).await
                }
            )*
        }
    };
}

reading! {
    /// The incident with this id.
    fn incident(id: &IncidentId) -> Option<Versioned<Incident>> = incident::find;

    /// The newest incident that the alerting system knows by this id.
    fn incident_by_external(external_id: &str) -> Option<Versioned<Incident>>
        = incident::find_by_external;

    /// At most `limit` incidents, newest first; those before `before` where it is given.
    fn incidents(limit: u32, before: Option<&IncidentId>) -> Vec<Versioned<Incident>>
        = incident::list;

    /// At most `limit` incidents, newest first, after the first `skipped`.
    fn incident_page(limit: u32, skipped: u32) -> Vec<Versioned<Incident>> = incident::page;

    /// At most `limit` incidents whose proposal is not closed, and those that were opened at `since` or later and have
    /// no proposal; newest first.
    fn open_incidents(since: Timestamp, limit: u32) -> Vec<Versioned<Incident>>
        = incident::list_open;

    /// How many incidents there are.
    fn count_incidents() -> u64 = incident::count;

    /// The ids that end in what somebody typed, newest first and at most ten.
    fn incident_ids_ending(text: &str) -> Vec<IncidentId> = incident::ids_ending;

    /// The proposal with this id.
    fn proposal(id: &ProposalId) -> Option<Versioned<Proposal>> = proposal::find;

    /// An incident's proposals, oldest first.
    fn proposals_of(incident: &IncidentId) -> Vec<Versioned<Proposal>> = proposal::list;

    /// At most `limit` proposals on this target, whatever their incidents, newest first.
    fn proposals_on(target: &str, limit: u32) -> Vec<Versioned<Proposal>> = proposal::list_on;

    /// The oldest proposal on this target that is not closed, whatever its incident.
    fn open_proposal_on(target: &str) -> Option<Versioned<Proposal>> = proposal::find_open_on;

    /// All proposals that are not closed, oldest first.
    fn open_proposals() -> Vec<Versioned<Proposal>> = proposal::list_open;

    /// The ids that end in what somebody typed, newest first and at most ten.
    fn proposal_ids_ending(text: &str) -> Vec<ProposalId> = proposal::ids_ending;

    /// The run with this id.
    fn run(id: &RunId) -> Option<Versioned<Run>> = run::find;

    /// An incident's runs, oldest first.
    fn runs_of(incident: &IncidentId) -> Vec<Versioned<Run>> = run::list;

    /// The run of this proposal; there is at most one.
    fn run_of(proposal: &ProposalId) -> Option<Versioned<Run>> = run::find_of;

    /// At most `limit` runs on this target, whatever their incidents, newest first.
    fn runs_on(target: &str, limit: u32) -> Vec<Versioned<Run>> = run::list_on;

    /// How many runs were created on this target at `since` or later.
    fn rollbacks_since(target: &str, since: Timestamp) -> i64 = run::count_since;

    /// The plan that is kept under this digest. Its own digest is taken over the stored bytes: the two differ
    /// where somebody changed the row, and whoever runs the plan must compare them.
    fn plan(digest: &Digest) -> Option<SealedPlan> = plan::find;

    /// An incident's journal, oldest entry first. The chain is not checked here.
    fn journal(incident: &IncidentId) -> Vec<SealedEntry> = journal::list;

    /// One entry of an incident's journal.
    fn entry(incident: &IncidentId, seq: u64) -> Option<SealedEntry> = journal::find;

    /// The end of an incident's journal.
    fn head(incident: &IncidentId) -> Head = journal::head;

    /// The signed decisions on a proposal (DSSE envelopes), in the journal's order.
    fn receipts(proposal: &ProposalId) -> Vec<String> = journal::receipts;

    /// Where an incident's thread is in a chat, once its card was posted.
    fn thread(incident: &IncidentId, chat: ChatName) -> Option<MessageRef> = card::thread;

    /// The address that leads to an incident's card in a chat, once it was asked for.
    fn link(incident: &IncidentId, chat: ChatName) -> Option<String> = card::link;

    /// The incident whose card stands there in a chat.
    fn incident_at(chat: ChatName, message: &MessageRef) -> Option<IncidentId> = card::incident_at;

    /// What a chat said of somebody.
    fn member(who: &Identity) -> Option<Member> = member::find;

    /// What people pressed in a chat whom nobody knew, oldest first.
    fn knocks(chat: ChatName) -> Vec<Knock> = member::knocks;

    /// The newest line of the step under way.
    fn live(run: &RunId) -> Option<String> = live::line;

    /// The metrics that are watched beside a run, as they were seen last.
    fn watched(run: &RunId) -> Vec<Watched> = live::watched;

    /// What the programs of a run's steps printed, in order.
    fn outputs_of(run: &RunId) -> Vec<Output> = output::list;

    /// How many runs on this target are not at rest.
    fn runs_under_way_on(target: &str) -> i64 = run::count_under_way_on;

    /// At most `limit` releases of a target, newest first.
    fn releases(target: &str, limit: u32) -> Vec<Release> = release::list;

    /// How a target was looked at; `None` before the first time.
    fn look(target: &str) -> Option<Look> = look::find;

    /// The hold with this id.
    fn hold_with_id(id: &HoldId) -> Option<Versioned<Hold>> = hold::find;

    /// The hold of this proposal; there is at most one.
    fn hold_of(proposal: &ProposalId) -> Option<Versioned<Hold>> = hold::find_of;

    /// An incident's holds, oldest first.
    fn holds_of(incident: &IncidentId) -> Vec<Versioned<Hold>> = hold::list_of;

    /// The holds on a target that stand, oldest first.
    fn standing_holds(target: &str) -> Vec<Versioned<Hold>> = hold::standing;

    /// The newest hold on a target, standing or lifted.
    fn newest_hold_on(target: &str) -> Option<Versioned<Hold>> = hold::newest_on;

    /// At most `limit` holds, newest first.
    fn holds(limit: u32) -> Vec<Versioned<Hold>> = hold::list;

    /// The ids that end in what somebody typed, newest first and at most ten.
    fn hold_ids_ending(text: &str) -> Vec<HoldId> = hold::ids_ending;

    /// The pin with this id.
    fn pin_with_id(id: &PinId) -> Option<Versioned<Pin>> = pin::find;

    /// The newest pin of this proposal, standing or over.
    fn pin_of(proposal: &ProposalId) -> Option<Versioned<Pin>> = pin::find_of;

    /// An incident's pins, oldest first.
    fn pins_of(incident: &IncidentId) -> Vec<Versioned<Pin>> = pin::list_of;

    /// The chats that show this incident's card, or are to show it.
    fn chats_of(incident: &IncidentId) -> Vec<ChatName> = card::chats;
}
