//! `list`, `show` and `timeline`.

use domain::{
    hold,
    id::IncidentId,
    incident,
    journal::{Entry, Record},
    person::People,
    pin::{self, Work},
    proposal, run,
};
use policies::Policies;
use store::Store;

use super::{Done, Usage};
use crate::{
    lookup::{self, Missing},
    report::{self, IncidentReport},
    view,
};

/// How many incidents are listed.
const LISTED: u32 = 50;

pub(super) async fn list(store: &Store, json: bool) -> anyhow::Result<Done> {
    let rows = report::list(store, LISTED).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else if rows.is_empty() {
        println!("There is no incident yet. PagerDuty's webhook brings the first.");
    }
    for row in rows.iter().filter(|_| !json) {
        let state = format!("{}{}", row.state, if row.held { ", held" } else { "" });
        println!(
            "{}  {}  {state:<24}  {}",
            row.id,
            row.since.format("%Y-%m-%d %H:%M UTC"),
            one_line(&row.title)
        );
    }
    Ok(Done::Well)
}

pub(super) async fn show(
    store: &Store,
    policies: Option<&Policies>,
    incident: &str,
    json: bool,
) -> anyhow::Result<Done> {
    let id = find(store, incident).await?;
    let Some(report) = report::incident(store, policies, &id).await? else {
        return Err(Usage(format!("there is no incident {id}")).into());
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        let nobody = People::default();
        print!("{}", shown(&report, policies.map_or(&nobody, Policies::people)));
    }
    Ok(Done::Well)
}

/// What the programs of the incident's runs printed.
pub(super) async fn output(store: &Store, incident: &str) -> anyhow::Result<Done> {
    let id = find(store, incident).await?;
    for run in store.runs_of(&id).await? {
        let run = run.value;
        for output in store.outputs_of(&run.id).await? {
            let name = run.steps.get(output.step).map_or("", |rule| rule.name.as_str());
            let (step, at) = (output.step + 1, output.at.format("%Y-%m-%d %H:%M:%S UTC"));
            println!(
                "── {} step {step}, {name} ({}), {at}\n{}",
                run.id,
                output.act,
                output.text.trim_end()
            );
        }
    }
    Ok(Done::Well)
}

pub(super) async fn timeline(
    store: &Store,
    people: &People,
    incident: &str,
    json: bool,
) -> anyhow::Result<Done> {
    let id = find(store, incident).await?;
    let entries = report::timeline(store, &id).await?;
    for entry in &entries {
        if json {
            println!("{}", serde_json::to_string(entry)?);
        } else {
            print!("{}", told(entry, people));
        }
    }
    Ok(Done::Well)
}

/// The incident that a person means by an id or the end of one.
pub(super) async fn find(store: &Store, text: &str) -> anyhow::Result<IncidentId> {
    match lookup::incident(store, text).await? {
        Ok(id) => Ok(id),
        Err(Missing::Nowhere) => Err(Usage(format!("there is no incident whose id ends in `{text}`; `countersign list` shows those there are")).into()),
        Err(Missing::Ambiguous(many)) => Err(Usage(format!("{many} incidents have ids that end in `{text}`; type more of it")).into()),
    }
}

fn shown(report: &IncidentReport, people: &People) -> String {
    let card = &report.card;
    let mut lines = vec![
        format!("{} {}  {}", card.state.mark, card.state.word, report.id),
        one_line(&card.title),
    ];
    lines.extend(
        card.facts
            .iter()
            .map(|fact| format!("  {:<16} {}", fact.label, fact.value.to_plain(people))),
    );
    lines.extend(card.findings.iter().map(|finding| {
        format!(
            "  {:<16} {}: {}",
            format!("{:?}", finding.outcome).to_lowercase(),
            finding.check,
            finding.detail
        )
    }));
    let alert = card.alert_url.as_deref().map(|url| ("Alert", url));
    let pages = card.links.iter().map(|link| (link.label.as_str(), link.url.as_str()));
    let pages = alert.into_iter().chain(pages);
    lines.extend(pages.map(|(label, url)| format!("  {:<16} {}", label, one_line(url))));
    lines.push(String::new());
    lines.extend(
        report
            .thread
            .iter()
            .map(|line| format!("{}  {}: {}", line.at.format("%H:%M:%S"), line.who, line.text)),
    );
    lines.join("\n") + "\n"
}

fn told(entry: &Entry, people: &People) -> String {
    let who = view::who(&entry.actor, people);
    let at = entry.at.format("%Y-%m-%d %H:%M:%S%.3f UTC");
    if entry.notices.is_empty() {
        return format!("{:>4}  {at}  {who}: {}\n", entry.seq, quiet(entry, people));
    }
    let sentences = entry.notices.iter().map(|notice| notice.words().to_plain(people));
    let lines = sentences.map(|sentence| format!("{:>4}  {at}  {sentence}", entry.seq));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// What an entry says that nobody was told of.
pub(crate) fn quiet(entry: &Entry, people: &People) -> String {
    match &entry.record {
        Record::Refused { refusal, .. } => {
            format!("was refused: {}", refusal.words().to_plain(people))
        }
        Record::Incident(event) => quiet_incident(event),
        Record::Proposal { event, .. } => quiet_proposal(event).to_owned(),
        Record::Run { event, .. } => quiet_run(event),
        Record::Hold { event, .. } => quiet_hold(event),
        Record::Pin { event, .. } => quiet_pin(event),
        Record::Remark(_) => "something was written down".to_owned(),
    }
}

fn quiet_incident(event: &incident::Event) -> String {
    match event {
        incident::Event::Reported { .. } => "the alert was reported again".to_owned(),
        incident::Event::Requested { .. } => "a rollback was asked for".to_owned(),
        incident::Event::Acknowledged { .. } => "the incident was acknowledged".to_owned(),
        incident::Event::Unacknowledged { .. } => "the incident was given back".to_owned(),
        incident::Event::Resolved { .. } => "the incident was resolved".to_owned(),
        incident::Event::Remarked { what, .. } => format!("says {}", one_line(what)),
        incident::Event::Detailed { .. } => "the alert's details were read".to_owned(),
        incident::Event::NotProposed { .. } => "no rollback is proposed".to_owned(),
    }
}

fn quiet_proposal(event: &proposal::Event) -> &'static str {
    match event {
        proposal::Event::Opened { .. } => "the proposal was opened",
        proposal::Event::Posted => "the card is posted; the clock counts from here",
        proposal::Event::DeadlinePassed { .. } => "a deadline passed",
        proposal::Event::WayBackCloses => "people are warned that the way back may be gone soon",
        proposal::Event::WayBackGone { .. } => "the way back is gone",
        proposal::Event::WindowNears => "people are told that the maintenance window comes near",
        proposal::Event::WindowOpened => "the maintenance window is open",
        proposal::Event::Escalated { .. } => "the next level was asked for",
        proposal::Event::Approved { .. } => "approved",
        proposal::Event::Rejected { .. } => "rejected",
        proposal::Event::Disowned { .. } => "what was signed in this name is disowned",
        proposal::Event::RunHalted { .. } => "the run has heard of it",
        proposal::Event::Voided { .. } => "the proposal is void",
        proposal::Event::RunStarted { .. } => "the proposal is running",
        proposal::Event::RunStuck => "the proposal waits for a person",
        proposal::Event::RunLapsed { .. } => "the proposal waits for its approvals again",
        proposal::Event::RunPaused { .. } => "the proposal's run is paused",
        proposal::Event::RunGoesOn => "the proposal's run goes on",
        proposal::Event::RunAsks { .. } => "the proposal's run asks a question",
        proposal::Event::RunSucceeded => "the proposal is done",
        proposal::Event::RunSignedOff { .. } => "the proposal is done, signed off",
        proposal::Event::RunCancelled { .. } => "the proposal's run was cancelled and taken back",
        proposal::Event::RunUndone { .. } => "the proposal's run was taken back",
        proposal::Event::IncidentResolved => "the proposal's incident is over",
    }
}

fn quiet_run(event: &run::Event) -> String {
    match event {
        run::Event::Created { .. } => "the run was made".to_owned(),
        run::Event::Intended { step, attempt } => {
            format!("step {} begins, try {attempt}", step + 1)
        }
        run::Event::Did { step, .. } => format!("step {} is done", step + 1),
        run::Event::Failed { step, .. } => format!("step {} failed", step + 1),
        run::Event::NotDone { step, why } => format!("step {} was not done: {why}", step + 1),
        run::Event::Interrupted { step } => format!("step {} was interrupted", step + 1),
        run::Event::Probed { step, .. } => format!("step {} was probed", step + 1),
        run::Event::UndoDid { step } => format!("step {} was taken back", step + 1),
        run::Event::UndoFailed { step, why } => {
            format!("taking step {} back failed: {}", step + 1, one_line(why))
        }
        run::Event::Unauthorised { .. } => "the approvals do not allow the next step".to_owned(),
        run::Event::ApprovalsLapsed { disowned: Some(_), .. } => {
            "an approval was taken back, and those that are left are not enough".to_owned()
        }
        run::Event::ApprovalsLapsed { disowned: None, .. } => {
            "the approvals have run out".to_owned()
        }
        run::Event::TargetChanged { .. } => "the target has changed".to_owned(),
        run::Event::Steered(_) => "the run was steered".to_owned(),
        run::Event::Halted { .. } => "the run hears that an approval was disowned".to_owned(),
    }
}

fn quiet_hold(event: &hold::Event) -> String {
    match event {
        hold::Event::Placed { .. } => "the environment is held".to_owned(),
        hold::Event::ReminderDue { .. } => "people are reminded of the hold".to_owned(),
        hold::Event::ReleaseSeen { plan_id, .. } => {
            format!("saw the SQLMesh plan {}; the hold stands", one_line(plan_id))
        }
        hold::Event::Lifted { .. } => "the hold is lifted".to_owned(),
    }
}

fn quiet_pin(event: &pin::Event) -> String {
    match event {
        pin::Event::Asked { .. } => "the way back is to be kept".to_owned(),
        pin::Event::Intended { work: Work::Keep } => "the way back is being kept".to_owned(),
        pin::Event::Intended { work: Work::Release } => "the way back is being let go".to_owned(),
        pin::Event::Did { .. } => "that is done".to_owned(),
        pin::Event::NotDone { why } => format!("that was not done: {}", one_line(why)),
        pin::Event::Unanswered { why } => {
            format!("whether that is done cannot be told: {}", one_line(why))
        }
        pin::Event::Gone { .. } => "the way back is gone".to_owned(),
        pin::Event::Unauthorised { why } => format!("that is not allowed: {}", one_line(why)),
        pin::Event::ProposalClosed { release_at } => {
            format!("the way back is let go at {}", release_at.format("%Y-%m-%d %H:%M:%S UTC"))
        }
        pin::Event::MovedOn { .. } => "the way back is kept for the new proposal".to_owned(),
    }
}

/// An alert's text on a terminal: no control characters, no line breaks.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
