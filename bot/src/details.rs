//! Reads all that is known of a proposal, for whoever wants to read more than the card: from the state, the sealed plan
//! and the policies. Anybody in the channel may read it, so no value that a secret stands for, and no address with one in
//! it, gets here.

mod step;

use std::collections::BTreeSet;

use domain::{
    details::Details,
    hold::{self, Hold},
    id::ProposalId,
    journal::{Actor, Record},
    level::Level,
    notice::duration,
    person::PersonId,
    plan::{Outcome, Plan},
    proposal::{self, Proposal, Proposer, Stage},
    release::Release,
    run::Run,
    words::Words,
};
use policies::Policies;
use store::Store;

/// How many earlier rollbacks of a target are shown.
const HISTORY: u32 = 6;
/// How many of its releases.
const RELEASES: u32 = 3;

/// All that is known of a proposal; `None` where there is no such proposal. `public_url` is where the web page is.
pub async fn details(
    store: &Store,
    policies: &Policies,
    id: &ProposalId,
    public_url: &str,
) -> anyhow::Result<Option<Details>> {
    let Some(found) = store.proposal(id).await? else { return Ok(None) };
    let proposal = found.value;
    let opening = &proposal.opening;
    let plan = store.plan(&opening.plan).await?;
    let plan = plan.as_ref().map(domain::plan::SealedPlan::plan);
    let run = store.run_of(id).await?.map(|found| found.value);
    let mut details =
        Details { proposal: id.clone(), plan: opening.plan.clone(), sections: vec![] };
    details.add("What is proposed", proposed(&proposal));
    details.add("Whom it needs, and why", needs(&proposal));
    details.add("Approvals", approvals(store, &proposal).await?);
    details.add("Who could decide", contacts(policies, &proposal));
    details.add("Checks before it", findings(&proposal));
    if let Some(plan) = plan {
        details.add("Steps", step::lines(plan, run.as_ref()));
        details.add("Parameters", parameters(plan));
        details.add("What it touches", step::touched(plan));
    }
    details.add("Earlier on this target", history(store, &proposal).await?);
    details.add("Last releases there", releases(store, &opening.target.id).await?);
    details.add("Links", links(store, &proposal, public_url).await?);
    details.add("Fingerprints", digests(&proposal, plan, run.as_ref()));
    Ok(Some(details))
}

fn proposed(proposal: &Proposal) -> Vec<Words> {
    let opening = &proposal.opening;
    let target = Words::plain(format!("{} in ", opening.rollback_type));
    let target = target.code(&opening.target.environment).text(" of ").code(&opening.target.id);
    let mut lines = vec![target];
    if !opening.models.is_empty() {
        lines.push(Words::plain("Go back: ").codes(opening.models.iter().map(String::as_str)));
    }
    if !opening.outlook.without.is_empty() {
        let without = opening.outlook.without.iter().map(String::as_str);
        lines.push(Words::plain("Leave the environment: ").codes(without));
    }
    if !opening.downstream.is_empty() {
        let downstream = opening.downstream.iter().map(String::as_str);
        lines.push(Words::plain("Rebuilt besides: ").codes(downstream));
    }
    lines.push(match &opening.proposer {
        Proposer::Trigger(trigger) => Words::plain("Proposed by the trigger ").code(trigger),
        Proposer::Person(person) => Words::plain("Proposed by ").person(person),
    });
    lines.push(Words::plain("Why: ").words(Words::marked(&opening.because)));
    lines.extend(opening.changes.iter().map(|change| Words::plain(format!("Changed: {change}"))));
    let usual = opening.outlook.usual_ms;
    let usual = usual.map(|usual| format!("; usually {} here", duration(usual)));
    let within = duration(opening.recovery_target_ms);
    lines
        .push(Words::plain(format!("Should be done within {within}{}", usual.unwrap_or_default())));
    if let Some(until) = opening.possible_until {
        lines.push(Words::plain("Possible until ").time(until));
    }
    if let Some(window) = proposal.window() {
        let words = Words::plain("Begins between ").time(window.opens);
        lines.push(words.text(" and ").time(window.closes));
    }
    lines
}

fn needs(proposal: &Proposal) -> Vec<Words> {
    let requirement = proposal.requirement();
    let levels: Vec<String> = requirement.approvals.iter().map(Level::to_string).collect();
    let count = if levels.len() == 1 { "One approval" } else { "Different people" };
    let mut lines = vec![Words::plain(format!("{count}: {}", levels.join(" and ")))];
    lines.extend(requirement.reasons.iter().map(|reason| Words::plain(reason.clone())));
    let valid = duration(requirement.valid_ms);
    lines.push(Words::plain(format!("An approval is good for {valid}.")));
    lines
}

/// Everybody who has signed for or against it, as the journal has it; whoever counts no longer is named as such.
async fn approvals(store: &Store, proposal: &Proposal) -> anyhow::Result<Vec<Words>> {
    let mut lines = Vec::new();
    for sealed in store.journal(&proposal.opening.incident).await? {
        let entry: domain::journal::Entry = serde_json::from_str(&sealed.body)?;
        let Record::Proposal { id, event } = &entry.record else { continue };
        if *id != proposal.id {
            continue;
        }
        let line = match event {
            proposal::Event::Approved { by, level, .. } => {
                Words::new().person(by).text(format!(" approved at {level}, "))
            }
            proposal::Event::Rejected { by, level, reason, .. } => {
                Words::new().person(by).text(format!(" said no at {level} ({reason}), "))
            }
            proposal::Event::Disowned { by, .. } => {
                Words::new().person(by).text(" said that it was not they who signed, ")
            }
            _ => continue,
        };
        let from = match &entry.actor {
            Actor::Person { identity, .. } => format!(", by {}", identity.chat.as_str()),
            _ => String::new(),
        };
        lines.push(line.time(entry.at).text(from));
    }
    let tally = proposal.tally();
    lines.push(Words::plain(format!("{} of {} count now.", tally.given, tally.needed)));
    Ok(lines)
}

fn contacts(policies: &Policies, proposal: &Proposal) -> Vec<Words> {
    let mut seen: BTreeSet<PersonId> = BTreeSet::new();
    let mut lines = Vec::new();
    for rung in &proposal.requirement().ladder {
        for person in rung.people.iter().filter(|person| seen.insert((*person).clone())) {
            let words = Words::new().strong(policies.people().name(person));
            let words = words.text(format!(" – {}, {}", rung.role, rung.level));
            let contact = policies.contact(person);
            let phone = contact.and_then(|contact| contact.phone.as_deref());
            let email = contact.and_then(|contact| contact.email.as_deref());
            let ways: Vec<&str> = phone.into_iter().chain(email).collect();
            let way =
                if ways.is_empty() { "no telephone known".to_owned() } else { ways.join(", ") };
            lines.push(words.text(": ").text(way));
        }
    }
    lines
}

fn findings(proposal: &Proposal) -> Vec<Words> {
    let line = |finding: &domain::plan::Finding| {
        let outcome = match finding.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Inconclusive => "cannot be told",
        };
        let words = Words::new().strong(outcome).text(format!(": {} ", finding.label()));
        let words = words.code(&finding.subject).text(format!(" – {}", finding.detail));
        // By this name the record, the policies and the command line know it.
        if finding.label() == finding.check {
            words
        } else {
            words.text(" (").code(&finding.check).text(")")
        }
    };
    proposal.opening.findings.iter().map(line).collect()
}

fn parameters(plan: &Plan) -> Vec<Words> {
    let line = |(name, values): (&String, &Vec<String>)| {
        Words::new().code(name).text(": ").codes(values.iter().map(String::as_str))
    };
    plan.parameters.iter().filter(|(_, values)| !values.is_empty()).map(line).collect()
}

async fn history(store: &Store, proposal: &Proposal) -> anyhow::Result<Vec<Words>> {
    let target = &proposal.opening.target.id;
    let mut lines = Vec::new();
    for found in store.proposals_on(target, HISTORY).await? {
        let earlier = found.value;
        if earlier.id == proposal.id {
            continue;
        }
        let words = Words::new().time(earlier.opened_at);
        let words = words.text(format!(": {} – ", earlier.opening.rollback_type));
        lines.push(match &earlier.stage {
            Stage::Closed { outcome, .. } => words.text(outcome.name()),
            Stage::Open { .. } => words.text("waits for a decision"),
            Stage::Approved { .. } => words.text("approved"),
            Stage::Running { .. } => words.text("under way"),
            Stage::Stuck { .. } => words.text("stuck"),
        });
    }
    for found in store.standing_holds(target).await? {
        lines.push(held(&found.value));
    }
    if lines.is_empty() {
        lines.push(Words::plain("Nothing was rolled back here before."));
    }
    Ok(lines)
}

async fn releases(store: &Store, target: &str) -> anyhow::Result<Vec<Words>> {
    let newest = store.releases(target, RELEASES).await?.into_iter();
    let line = |release: Release| {
        Words::new().code(&release.plan_id).text(", seen at ").time(release.seen_at)
    };
    Ok(newest.map(line).collect())
}

fn held(hold: &Hold) -> Words {
    let words = Words::plain("Held since ").time(hold.since).text(": ");
    let bad = hold.opening.bad.iter().map(ToString::to_string).collect::<Vec<_>>();
    let words = words.codes(bad.iter().map(String::as_str));
    match hold.stage {
        hold::Stage::Held { .. } => words.text(" must not come back"),
        hold::Stage::Lifted { .. } => words.text(" – lifted"),
    }
}

async fn links(store: &Store, proposal: &Proposal, public_url: &str) -> anyhow::Result<Vec<Words>> {
    let id = &proposal.opening.incident;
    let page = format!("{}/incidents/{id}", public_url.trim_end_matches('/'));
    let mut lines = vec![Words::plain("The thread on the web page: ").code(page)];
    let incident = store.incident(id).await?;
    if let Some(url) = incident.and_then(|found| found.value.alert.url) {
        lines.push(Words::plain("The alert: ").code(url));
    }
    Ok(lines)
}

fn digests(proposal: &Proposal, plan: Option<&Plan>, run: Option<&Run>) -> Vec<Words> {
    let opening = &proposal.opening;
    let mut lines = vec![
        Words::plain("Plan: ").code(opening.plan.to_string()),
        Words::plain("Summary that is signed: ").code(proposal.summary_digest().to_string()),
        Words::plain("Policies: ").code(opening.requirement.policy_digest.to_string()),
        Words::plain("Incident: ").code(opening.incident.as_str()),
        Words::plain("Proposal: ").code(proposal.id.as_str()),
    ];
    lines.extend(run.map(|run| Words::plain("Run: ").code(run.id.as_str())));
    if let Some(plan) = plan {
        let runbook = Words::plain("Runbook: ").code(&plan.runbook).text(", ");
        lines.push(runbook.code(plan.runbook_digest.to_string()));
        let tools = plan.tool_versions.iter().map(|(tool, version)| format!("{tool} {version}"));
        let tools: Vec<String> = tools.collect();
        if !tools.is_empty() {
            lines.push(Words::plain("Made with: ").codes(tools.iter().map(String::as_str)));
        }
    }
    lines
}
