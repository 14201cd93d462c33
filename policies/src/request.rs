//! What a person may ask for: a rollback of one type on one target, because of a trigger that people judge.
//!
//! Asking is open to everybody whom people.yaml names as an active human being; deciding is not its business.

use domain::{
    Timestamp,
    id::IncidentId,
    person::{Identity, Person},
    plan::RollbackType,
    request::Request,
    window::Window,
};

use crate::{
    load::Policies,
    suggest,
    target::{TargetRule, is_model_name},
    triage::{Match, Triage},
    trigger::{Kind, TriggerRule},
};

/// The most models that a person may name.
pub const MAX_MODELS: usize = 50;
/// The longest reason, in letters: it is the headline of the card.
pub const LONGEST_REASON: usize = 300;

/// A request as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// For which of the four.
    pub rollback_type: RollbackType,
    /// A target's id, or `SQLMesh`'s name of an environment that one target has.
    pub target: String,
    /// The models that shall go back; empty for all that the type takes.
    pub models: Vec<String>,
    /// The id of the trigger.
    pub trigger: String,
    /// What they say of it.
    pub reason: String,
    /// When it shall begin.
    pub when: When,
}

/// When a rollback shall begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// As soon as it is approved.
    AtOnce,
    /// In the target's next maintenance window.
    NextWindow,
    /// At this moment, which has to be in a window: with its offset, or as `YYYY-MM-DD HH:MM` there.
    At(String),
}

/// One part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Where it acts.
    Target,
    /// The models.
    Models,
    /// The trigger.
    Trigger,
    /// The reason.
    Reason,
    /// When it shall begin.
    When,
}

/// Why a request is not taken: wording for the person who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// What was typed makes no sense here: another word may.
    #[error("{why}")]
    Unclear {
        /// Which part of it.
        part: Part,
        /// Why not.
        why: String,
    },
    /// The rules say no, or the time is wrong.
    #[error("{0}")]
    Refused(String),
}

impl Declined {
    fn unclear(part: Part, why: impl Into<String>) -> Self {
        Self::Unclear { part, why: why.into() }
    }

    /// Another proposal on the same target waits, or is being carried out.
    pub fn already_open(target: &str, incident: &IncidentId) -> Self {
        Self::Refused(format!(
            "a proposal for `{target}` is open already, in incident {incident}: decide on that one first, or reject it. Nothing was proposed."
        ))
    }
}

impl Policies {
    /// What a person asks for, checked. Names nobody by what they typed: `identity` is as whom a chat knows them.
    pub fn request(
        &self,
        identity: &Identity,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Request, Declined> {
        let person = self.asking(identity)?;
        let trigger = self.manual(&wanted.trigger)?;
        let target = self.meant(&wanted.target)?;
        let rollback_type = wanted.rollback_type;
        offers(target, rollback_type)?;
        let models = models(wanted)?;
        Ok(Request {
            by: person.id.clone(),
            rollback_type,
            target: target.id.clone(),
            models,
            trigger: trigger.id.clone(),
            reason: reason(&wanted.reason)?,
            window: window(target, &wanted.when, now)?,
        })
    }

    /// What a request leads to by the rules of now; they may have changed since somebody asked.
    pub fn requested(&self, request: &Request) -> Triage {
        let found = self
            .manual(&request.trigger)
            .and_then(|trigger| Ok((trigger, self.meant(&request.target)?)))
            .and_then(|found| offers(found.1, request.rollback_type).map(|()| found));
        let (trigger, target) = match found {
            Ok(found) => found,
            Err(declined) => return Triage::Nothing { why: declined.to_string() },
        };
        let takes_all = takes_all(request.rollback_type);
        let models = if request.models.is_empty() && !takes_all {
            target.default_models.clone()
        } else {
            request.models.clone()
        };
        Triage::Propose(Match {
            trigger: trigger.id.clone(),
            because: format!("It is `{}` ({}): {}", trigger.id, trigger.when, request.sentence()),
            target: target.id.clone(),
            rollback_type: request.rollback_type,
            suggested: vec![request.rollback_type],
            alert_names_models: !request.models.is_empty(),
            models,
            rules: vec![
                format!("triggers.yaml: {}", trigger.id),
                format!("targets.yaml: {}", target.id),
            ],
        })
    }

    /// What else might help where the type that was asked for does not: the trigger's suggestions first.
    pub fn instead_of(&self, request: &Request) -> Vec<RollbackType> {
        let suggested = self.trigger(&request.trigger).map(|trigger| trigger.suggests.clone());
        let offered = self.target(&request.target).map(|target| target.rollbacks.clone());
        let offered = offered.unwrap_or_default();
        let mut others: Vec<RollbackType> = Vec::new();
        for other in suggested.unwrap_or_default().into_iter().chain(offered.iter().copied()) {
            if other != request.rollback_type
                && offered.contains(&other)
                && !others.contains(&other)
            {
                others.push(other);
            }
        }
        others
    }

    /// Who asks; refused where nobody knows them, or where they cannot judge a manual trigger.
    pub fn asking(&self, identity: &Identity) -> Result<&Person, Declined> {
        let Some(person) = self.people().known_as(identity) else {
            let Identity { chat, team, user } = identity;
            let team = if team.is_empty() { String::new() } else { format!(" team: {team},") };
            let identity = format!("{{ chat: {},{team} user: {user} }}", chat.as_str());
            return Err(Declined::Refused(format!(
                "nobody in people.yaml has the identity `{identity}`, so it is not known who asks. Ask the operator to add it. Nothing was proposed."
            )));
        };
        if self.book.inactive.contains(&person.id) {
            return Err(Declined::Refused(format!(
                "{} is marked as not active in people.yaml, so others have to propose it. Nothing was proposed.",
                person.name
            )));
        }
        if self.book.bots.contains(&person.id) {
            return Err(Declined::Refused(format!(
                "{} is a program, and a manual trigger is for people to judge. Nothing was proposed.",
                person.name
            )));
        }
        Ok(person)
    }

    /// The trigger with this id, which people judge.
    pub fn manual(&self, id: &str) -> Result<&TriggerRule, Declined> {
        let manual = || -> Vec<&str> {
            let all = self.triggers().iter().filter(|trigger| trigger.kind == Kind::Manual);
            all.map(|trigger| trigger.id.as_str()).collect()
        };
        match self.trigger(id) {
            Some(trigger) if trigger.kind == Kind::Manual => Ok(trigger),
            Some(trigger) => Err(Declined::Refused(format!(
                "`{id}` ({}) is recognised in alerts, without a person. People judge these: {}. Nothing was proposed.",
                trigger.when,
                suggest::list(&manual())
            ))),
            None => Err(Declined::unclear(
                Part::Trigger,
                format!("there is no trigger `{id}`; {}", suggest::advice(id, &manual())),
            )),
        }
    }

    /// The target that somebody means by its id, or by `SQLMesh`'s name of an environment that one target has.
    pub fn meant(&self, name: &str) -> Result<&TargetRule, Declined> {
        if let Some(target) = self.target(name) {
            return Ok(target);
        }
        let ids: Vec<&str> = self.targets().iter().map(|target| target.id.as_str()).collect();
        let named: Vec<&TargetRule> =
            self.targets().iter().filter(|target| target.environment == name).collect();
        match &named[..] {
            [target] => Ok(target),
            [] => Err(Declined::unclear(
                Part::Target,
                format!(
                    "no target of targets.yaml has the id or the environment `{name}`; {}",
                    suggest::advice(name, &ids)
                ),
            )),
            several => {
                let ids: Vec<&str> = several.iter().map(|target| target.id.as_str()).collect();
                Err(Declined::unclear(
                    Part::Target,
                    format!(
                        "{} targets have an environment `{name}`; name one by its id: {}",
                        several.len(),
                        suggest::list(&ids)
                    ),
                ))
            }
        }
    }
}

fn offers(target: &TargetRule, rollback_type: RollbackType) -> Result<(), Declined> {
    if target.rollbacks.contains(&rollback_type) {
        return Ok(());
    }
    let offered: Vec<String> =
        target.rollbacks.iter().map(|offered| format!("a {offered}")).collect();
    Err(Declined::Refused(format!(
        "targets.yaml does not offer a {rollback_type} for `{}`, only {}. Nothing was proposed.",
        target.id,
        offered.join(" or ")
    )))
}

fn window(target: &TargetRule, when: &When, now: Timestamp) -> Result<Option<Window>, Declined> {
    let rule = match (when, &target.window) {
        (When::AtOnce, _) => return Ok(None),
        (When::NextWindow | When::At(_), Some(rule)) => rule,
        (When::NextWindow | When::At(_), None) => {
            return Err(Declined::Refused(format!(
                "targets.yaml gives `{}` no maintenance window, so nothing can be planned there. Nothing was proposed.",
                target.id
            )));
        }
    };
    let next = rule.next(now);
    let opening = next.as_ref().map(|next| {
        let local =
            |at: Timestamp| at.with_timezone(&rule.time_zone).format("%Y-%m-%d %H:%M").to_string();
        format!(
            "the next one is from {} to {} ({})",
            local(next.opens),
            local(next.closes),
            rule.time_zone
        )
    });
    let opening = opening.unwrap_or_else(|| "there is none within a week".to_owned());
    let When::At(text) = when else {
        return next.map(Some).ok_or_else(|| {
            Declined::Refused(format!("`{}` has no maintenance window: {opening}.", target.id))
        });
    };
    let Some(chosen) = rule.moment(text) else {
        let why = format!(
            "`{text}` is no moment: write it as `2026-11-29 02:00` ({}) or with its offset, `2026-11-29T02:00:00+01:00`",
            rule.time_zone
        );
        return Err(Declined::unclear(Part::When, why));
    };
    if chosen < now {
        return Err(Declined::unclear(Part::When, format!("`{text}` is past; {opening}")));
    }
    rule.at(chosen).map(Some).ok_or_else(|| {
        Declined::Refused(format!(
            "`{text}` is in no maintenance window of `{}`; {opening}. Nothing was proposed.",
            target.id
        ))
    })
}

/// Whether a rollback of this type takes more than single models.
pub fn takes_all(rollback_type: RollbackType) -> bool {
    match rollback_type {
        RollbackType::BlueGreen | RollbackType::FullEnvironment => true,
        RollbackType::ModelLevel | RollbackType::Schema => false,
    }
}

fn models(wanted: &Wanted) -> Result<Vec<String>, Declined> {
    let mut models: Vec<String> = Vec::new();
    for name in wanted.models.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if !is_model_name(name) {
            let shown: String =
                name.chars().filter(|letter| !letter.is_control()).take(40).collect();
            let why = format!(
                "no model is called `{shown}`; write it as in its MODEL block, such as `marts.daily_revenue`"
            );
            return Err(Declined::unclear(Part::Models, why));
        }
        if !models.iter().any(|known| known == name) {
            models.push(name.to_owned());
        }
    }
    if models.len() > MAX_MODELS {
        let count = models.len();
        let why = format!(
            "{count} models are more than the {MAX_MODELS} that can be named; leave them out to take all that changed"
        );
        return Err(Declined::unclear(Part::Models, why));
    }
    if takes_all(wanted.rollback_type) && !models.is_empty() {
        return Err(Declined::Refused(format!(
            "a {} takes all of it back, not single models: leave the models out, or propose a {}. Nothing was proposed.",
            wanted.rollback_type,
            RollbackType::ModelLevel
        )));
    }
    Ok(models)
}

fn reason(text: &str) -> Result<String, Declined> {
    let line = |letter: char| if letter.is_control() { ' ' } else { letter };
    let reason: String = text.chars().map(line).collect();
    let reason = reason.trim();
    match reason.chars().count() {
        0 => Err(Declined::unclear(Part::Reason, "say why, so that the others can read it")),
        1..=LONGEST_REASON => Ok(reason.to_owned()),
        long => Err(Declined::unclear(
            Part::Reason,
            format!(
                "the reason has {long} letters, and the card's headline holds {LONGEST_REASON}: say the rest in the thread"
            ),
        )),
    }
}
