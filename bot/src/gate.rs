//! The gate: whether an environment is held, for CI and for people. It only reads.
//!
//! An environment is named by its target's id, or by SQLMesh's name. Where several targets have an environment of that
//! name, it is held as soon as one of them is: whoever does not say which may mean any.

use std::fmt::Write as _;

use domain::{
    Timestamp,
    hold::{Hold, Stage},
    id::{HoldId, IncidentId},
    person::People,
    release::ModelVersion,
    words::Words,
};
use policies::{Policies, TargetRule};
use serde::Serialize;
use store::Store;

/// What the gate says of an environment.
#[derive(Debug, Serialize)]
pub struct Gate {
    /// The environment as it was asked for.
    pub environment: String,
    /// The targets that it stands for.
    pub targets: Vec<String>,
    /// Whether a hold stands.
    pub held: bool,
    /// Since when; of the oldest hold.
    pub since: Option<Timestamp>,
    /// By which incident's rollback; of the oldest hold.
    pub incident: Option<IncidentId>,
    /// Why it was rolled back; of the oldest hold.
    pub reason: Option<String>,
    /// What must not come back, of all holds.
    pub bad: Vec<BadVersion>,
    /// Every hold that stands, oldest first.
    pub holds: Vec<Held>,
    /// Who lifted the newest hold, where none stands.
    pub lifted_by: Option<String>,
    /// When.
    pub lifted_at: Option<Timestamp>,
    /// Why.
    pub lifted_reason: Option<String>,
}

/// A version that must not come back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BadVersion {
    /// The target.
    pub target: String,
    /// The model.
    pub model: String,
    /// SQLMesh's identifier of the snapshot.
    pub identifier: String,
}

/// One hold.
#[derive(Debug, Serialize)]
pub struct Held {
    /// Its id.
    pub hold: HoldId,
    /// The target.
    pub target: String,
    /// Since when.
    pub since: Timestamp,
    /// The incident.
    pub incident: IncidentId,
    /// Why it was rolled back.
    pub reason: String,
    /// What must not come back.
    pub bad: Vec<ModelVersion>,
    /// The level that may lift it.
    pub needs_level: u8,
    /// Who of the ladder holds that level.
    pub can_lift: Vec<String>,
    /// What is live again although it is held.
    pub returned: Option<Returned>,
}

/// Bad versions that are live again.
#[derive(Debug, Serialize)]
pub struct Returned {
    /// The SQLMesh plan that brought them.
    pub plan_id: String,
    /// Which.
    pub versions: Vec<ModelVersion>,
    /// When that was seen.
    pub at: Timestamp,
}

/// What a deploy would bring, as CI knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// One version of a model.
    Version(ModelVersion),
    /// A model in a version that CI does not know.
    Model(String),
}

/// The targets that an environment's name stands for: the one with this id, else all with an environment of this name.
pub fn targets<'p>(policies: &'p Policies, environment: &str) -> Vec<&'p TargetRule> {
    match policies.target(environment) {
        Some(target) => vec![target],
        None => policies.targets().iter().filter(|rule| rule.environment == environment).collect(),
    }
}

/// What the gate says; `None` where no target has such an environment.
pub async fn ask(
    store: &Store,
    policies: &Policies,
    environment: &str,
) -> anyhow::Result<Option<Gate>> {
    let targets = targets(policies, environment);
    if targets.is_empty() {
        return Ok(None);
    }
    let (mut standing, mut newest) = (Vec::new(), None::<Hold>);
    for rule in &targets {
        standing.extend(store.standing_holds(&rule.id).await?.into_iter().map(|found| found.value));
        let on_this = store.newest_hold_on(&rule.id).await?.map(|found| found.value);
        newest = newest.into_iter().chain(on_this).max_by_key(|hold| hold.since);
    }
    standing.sort_by_key(|hold| hold.since);
    let lifted = match newest.filter(|_| standing.is_empty()).map(|hold| hold.stage) {
        Some(Stage::Lifted { by, reason, at, .. }) => Some((by, reason, at)),
        Some(Stage::Held { .. }) | None => None,
    };
    let mut bad: Vec<BadVersion> = standing.iter().flat_map(bad_versions).collect();
    bad.sort_unstable();
    bad.dedup();
    let oldest = standing.first();
    Ok(Some(Gate {
        environment: environment.to_owned(),
        targets: targets.iter().map(|rule| rule.id.clone()).collect(),
        held: oldest.is_some(),
        since: oldest.map(|hold| hold.since),
        incident: oldest.map(|hold| hold.opening.incident.clone()),
        reason: oldest.map(|hold| plain(&hold.opening.reason)),
        bad,
        holds: standing.iter().map(|hold| held(hold, policies.people())).collect(),
        lifted_by: lifted.as_ref().map(|(by, ..)| policies.people().name(by).to_owned()),
        lifted_at: lifted.as_ref().map(|(_, _, at)| *at),
        lifted_reason: lifted.map(|(_, reason, _)| reason),
    }))
}

fn bad_versions(hold: &Hold) -> impl Iterator<Item = BadVersion> + '_ {
    hold.opening.bad.iter().map(|version| BadVersion {
        target: hold.opening.target.id.clone(),
        model: version.model.clone(),
        identifier: version.identifier.clone(),
    })
}

/// A hold as programs read it.
pub fn held(hold: &Hold, people: &People) -> Held {
    let opening = &hold.opening;
    Held {
        hold: hold.id.clone(),
        target: opening.target.id.clone(),
        since: hold.since,
        incident: opening.incident.clone(),
        reason: plain(&opening.reason),
        bad: opening.bad.clone(),
        needs_level: opening.needs.number(),
        can_lift: opening.who.iter().map(|person| people.name(person).to_owned()).collect(),
        returned: hold.returned().map(|found| Returned {
            plan_id: found.plan_id.clone(),
            versions: found.versions.clone(),
            at: found.at,
        }),
    }
}

impl Planned {
    /// Reads a line, `model=identifier` or `model`; `None` where it is neither.
    pub fn read(line: &str) -> Option<Self> {
        let is_model = |model: &str| policies::is_model_name(model);
        match ModelVersion::read(line) {
            Some(version) => is_model(&version.model).then_some(Self::Version(version)),
            None => is_model(line).then(|| Self::Model(line.to_owned())),
        }
    }

    fn meets(&self, bad: &BadVersion) -> bool {
        match self {
            Self::Version(version) => {
                (&version.model, &version.identifier) == (&bad.model, &bad.identifier)
            }
            // Whoever cannot say which version it will be cannot say either that it is another one.
            Self::Model(model) => *model == bad.model,
        }
    }
}

impl Gate {
    /// Which of the bad versions a deploy would bring back.
    pub fn met_by(&self, planned: &[Planned]) -> Vec<&BadVersion> {
        self.bad.iter().filter(|bad| planned.iter().any(|planned| planned.meets(bad))).collect()
    }

    /// The answer as people read it; `met` is what their deploy would bring back, where they said what it brings.
    pub fn told(&self, met: Option<&[&BadVersion]>) -> String {
        let mut text = String::new();
        let mut line =
            |line: String| writeln!(text, "{line}").expect("writing to a string cannot fail");
        if !self.held {
            line(match (&self.lifted_by, self.lifted_at, &self.lifted_reason) {
                (Some(by), Some(at), Some(reason)) => format!(
                    "{} is free: {by} lifted its last hold on {}: {}",
                    self.environment,
                    moment(at),
                    one_line(reason)
                ),
                _ => format!("{} is free: nothing is held.", self.environment),
            });
            return text;
        }
        line(match met {
            Some([]) => format!(
                "{} is held, and this deploy brings back nothing that was rolled back: go on. The hold stands.",
                self.environment
            ),
            Some(met) => {
                let versions: Vec<String> =
                    met.iter().map(|bad| format!("{}={}", bad.model, bad.identifier)).collect();
                format!(
                    "{} is held, and this deploy would bring back what was rolled back: {}",
                    self.environment,
                    versions.join(", ")
                )
            }
            None => format!("{} is held.", self.environment),
        });
        for held in &self.holds {
            line(format!(
                "  since {}, by the rollback of {} ({}): {}",
                moment(held.since),
                held.incident,
                held.target,
                one_line(&held.reason)
            ));
            if !held.bad.is_empty() {
                line(format!("  must not come back: {}", joined(&held.bad)));
            }
            if let Some(returned) = &held.returned {
                line(format!(
                    "  live again since {}, by the SQLMesh plan {}: {}",
                    moment(returned.at),
                    one_line(&returned.plan_id),
                    joined(&returned.versions)
                ));
            }
            line(format!(
                "  can lift it, with a reason: {} (level {} or higher); hold {}",
                held.can_lift.join(", "),
                held.needs_level,
                held.hold
            ));
        }
        text
    }
}

/// A sentence of our own without its marks.
fn plain(reason: &str) -> String {
    Words::marked(reason).to_plain(&People::default())
}

fn joined(versions: &[ModelVersion]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// What came from elsewhere on a terminal: no control characters, no line breaks.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
