//! Every "no", as the person who clicked reads it.

use domain::{digest::Digest, proposal::Outcome, refusal::Refusal, standing::Standing};

use crate::world::{identity, level, minute, people, person, plan};

#[test]
fn every_refusal() {
    let needs = |ids: &[&str], due| Refusal::NeedsLevel {
        needed: level(2),
        held: level(1),
        who: ids.iter().copied().map(person).collect(),
        due,
    };
    let refusals = [
        Refusal::Outdated,
        Refusal::IncidentResolved,
        Refusal::NobodyCanApprove,
        Refusal::ProposalOpen,
        Refusal::Unknown { identity: identity("eve").to_string() },
        Refusal::NotAMember { standing: Standing::Guest },
        Refusal::NotAMember { standing: Standing::Deactivated },
        Refusal::StandingUnknown,
        Refusal::Forbidden { reason: "Stakeholders watch; they do not decide.".to_owned() },
        needs(&["ben", "bea", "cleo"], Some(minute(30))),
        needs(&["ben"], None),
        needs(&[], None),
        Refusal::AlreadySigned { tally: 1, needed: 2 },
        Refusal::ProposerDoesNotCount,
        Refusal::Disowned,
        Refusal::AlreadyDisowned,
        Refusal::NothingToDisown,
        Refusal::ApprovalsMissing { given: 1, needed: 2 },
        Refusal::NotTyped { name: "prod".to_owned() },
        Refusal::OtherPlan { shown: Digest::of("an older plan"), current: plan() },
        Refusal::AlreadyApproved,
        Refusal::AlreadyClosed { outcome: Outcome::Withdrawn, at: minute(5) },
        Refusal::AlreadyLifted { by: person("ben"), at: minute(5) },
        Refusal::JustAsked { who: vec![person("ben"), person("bea")], at: minute(30) },
        Refusal::ReasonMissing,
        Refusal::NotRunning,
        Refusal::AlreadyPaused { by: person("ana"), since: minute(5) },
        Refusal::NotPaused,
        Refusal::IsPaused { by: person("ana"), since: minute(5) },
        Refusal::AnswerAwaited,
        Refusal::IsStuck,
        Refusal::AlreadyCancelled { by: person("ana") },
        Refusal::AlreadyTakenBack,
        Refusal::NotStuck,
        Refusal::NothingAsked,
        Refusal::OtherStop,
        Refusal::NothingToTry,
    ];
    let sentences = refusals.map(|refusal| refusal.words().to_plain(&people()));
    insta::assert_snapshot!(sentences.join("\n"), @r"
    That is already taken care of; nothing was changed.
    This incident is resolved; nothing was changed.
    The policies name nobody who could approve this, so it cannot be proposed. Ask the operator to run `countersign check`.
    A proposal for this target is already waiting; decide on that one first.
    I do not know you yet, so your click changed nothing. Ask the operator to add { chat: slack, team: T1, user: U_eve } to people.yaml.
    Your click changed nothing: you are a guest in this workspace, and guests never decide. Ask somebody of the level that is asked now, or the operator.
    Your click changed nothing: your account is switched off. Ask somebody of the level that is asked now, or the operator.
    Your click changed nothing: Slack does not tell me right now whether your account is in order, and without that nobody decides. Please press again in a minute. If it stays like this, tell the operator: the bot needs the scope users:read.
    Stakeholders watch; they do not decide. Nothing was changed.
    This needs level 2, and you hold level 1. Ben, Bea and Cleo can decide; that level is asked at 23 Nov 03:30:00 UTC, or sooner if you press “Ask the next level now”. Nothing was changed.
    This needs level 2, and you hold level 1. Ben can decide. Nothing was changed.
    This needs level 2, and you hold level 1. The escalation names nobody of that level: tell the operator. Nothing was changed.
    You have already signed this one; it has 1 of 2 approvals. One person counts once.
    You proposed this, and it needs more than one person: others have to sign. Nothing was changed.
    You said that somebody else signed here in your name, so nothing more is taken from this account on this rollback; others decide. Nothing was changed.
    That is known already: what was signed here in your name does not count, and the others have been told. Nothing more was changed.
    Nothing was signed here from this account, so there is nothing to take back. Nothing was changed.
    It needs its approvals first: 1 of 2 count. Whoever may approve presses Approve on the card; after that it can go on. Nothing was changed.
    This replaces a whole environment, so an approval needs its name, typed exactly: prod. Press Approve on the card and type it; nothing was changed.
    The card you clicked shows plan 8df23b65, but the plan that waits now is 9523fa88. Please read the current card and decide again; nothing was changed.
    Enough people have signed already; the thread shows how the rollback goes. Nothing was changed.
    You are a little late: this was already closed at 23 Nov 03:05:00 UTC (withdrawn). Nothing was changed.
    You are a little late: Ben lifted this hold at 23 Nov 03:05:00 UTC. Nothing was changed.
    Ben and Bea were asked a moment ago, at 23 Nov 03:30:00 UTC. Give them a minute before the next level is woken. Nothing was changed.
    Please say why: this needs a reason that the others can read.
    No rollback is under way here, so there is nothing to steer. Nothing was changed.
    It is paused already, by Ana since 23 Nov 03:05:00 UTC. Nothing was changed.
    It is not paused (any more); the thread shows how it goes. Nothing was changed.
    It is paused by Ana since 23 Nov 03:05:00 UTC. Press Resume first, then answer the question. Nothing was changed.
    It already waits for an answer, and nothing runs before somebody gives it. Nothing was changed.
    It is stuck and does nothing by itself: try the step again, skip it, or end the rollback. Nothing was changed.
    Ana has cancelled it already; the thread shows how it is taken back. Nothing was changed.
    It has failed and is being taken back already; the thread shows how it goes. Nothing was changed.
    It is not stuck (any more): somebody may have been faster. The thread shows how it goes. Nothing was changed.
    No question waits for an answer (any more): somebody may have been faster. The thread shows how it goes. Nothing was changed.
    The card you clicked is older: the rollback has gone on since and stopped again. Please read the current card and decide again; nothing was changed.
    There is nothing to try again: the step has no way back that could be taken. Take it back by hand and skip it here, or end the rollback. Nothing was changed.
    ");
}
