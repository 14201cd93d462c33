//! What an alert suggests: which trigger it is, which target it concerns, which rollback and of which models.
//!
//! The alert is somebody else's text: it can choose among what the policies offer and nothing more. A model name is
//! taken from it only when it looks like one.

use domain::{alert::Alert, plan::RollbackType};

use crate::{
    load::Policies,
    target::{TargetRule, is_model_name},
    trigger::{Kind, TriggerRule},
};

/// The most models that an alert may name.
const MAX_MODELS: usize = 50;

/// What an alert suggests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Triage {
    /// A rollback should be proposed, if it is possible.
    Propose(Match),
    /// No rollback is proposed.
    Nothing {
        /// Why not, a sentence or two.
        why: String,
    },
}

/// The proposal that an alert suggests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The id of the trigger.
    pub trigger: String,
    /// What matched and why, a sentence or two.
    pub because: String,
    /// The id of the target.
    pub target: String,
    /// Which rollback: the first of `suggested`.
    pub rollback_type: RollbackType,
    /// All that the trigger suggests and the target offers, best first.
    pub suggested: Vec<RollbackType>,
    /// Whether the alert itself names the models.
    pub alert_names_models: bool,
    /// The models that go back; empty for all that changed.
    pub models: Vec<String>,
    /// The rules that led here, as `file: id`.
    pub rules: Vec<String>,
}

impl Policies {
    /// What an alert suggests.
    pub fn triage(&self, alert: &Alert) -> Triage {
        let nothing = |why: String| Triage::Nothing { why };
        let Some(target) = self
            .targets()
            .iter()
            .find(|target| target.serves(&alert.service_id, &alert.service_name))
        else {
            return nothing(format!(
                "no target in targets.yaml lists the PagerDuty service “{}” ({}).",
                alert.service_name, alert.service_id
            ));
        };
        let (trigger, how) = match self.recognise(alert) {
            Ok(found) => found,
            Err(why) => return nothing(why),
        };
        let suggested: Vec<RollbackType> = offered(trigger, target).collect();
        let Some(rollback_type) = suggested.first().copied() else {
            return nothing(format!(
                "the alert is `{}`, which suggests {}, but the target `{}` offers none of them.",
                trigger.id,
                names(&trigger.suggests),
                target.id
            ));
        };
        let (models, ignored) = models(alert, target);
        let mut because = format!("It is `{}` ({}): {how}.", trigger.id, trigger.when);
        if !ignored.is_empty() {
            let names = ignored.join(", ");
            because = format!("{because} Ignored, because no model is called so: {names}.");
        }
        let rules =
            vec![format!("triggers.yaml: {}", trigger.id), format!("targets.yaml: {}", target.id)];
        let (trigger, target) = (trigger.id.clone(), target.id.clone());
        let alert_names_models = named(alert).is_some() && !models.is_empty();
        Triage::Propose(Match {
            trigger,
            because,
            target,
            rollback_type,
            suggested,
            alert_names_models,
            models,
            rules,
        })
    }

    /// The rollback that `trigger` suggests for `target`; `None` where the target offers none of them.
    pub fn suggested(&self, trigger: &TriggerRule, target: &TargetRule) -> Option<RollbackType> {
        offered(trigger, target).next()
    }

    fn recognise(&self, alert: &Alert) -> Result<(&TriggerRule, String), String> {
        if let Some(named) = alert.details.get("trigger")
            && let Some(trigger) = self.trigger(named.trim())
        {
            return automatic(trigger, "the alert names it".to_owned());
        }
        let found = |kind| {
            self.triggers()
                .iter()
                .filter(move |trigger| trigger.kind == kind)
                .find_map(|trigger| Some((trigger, trigger.matches(alert)?)))
        };
        let found = found(Kind::Automatic).or_else(|| found(Kind::Manual));
        let (trigger, how) = found.ok_or_else(|| {
            "no trigger in triggers.yaml matches the alert's headline or details. If one is needed, propose it by hand.".to_owned()
        })?;
        automatic(trigger, how)
    }
}

fn automatic(trigger: &TriggerRule, how: String) -> Result<(&TriggerRule, String), String> {
    match trigger.kind {
        Kind::Automatic => Ok((trigger, how)),
        Kind::Manual => Err(format!(
            "it looks like `{}` ({how}), which a person has to judge: no rollback is proposed without one.",
            trigger.id
        )),
    }
}

fn offered(trigger: &TriggerRule, target: &TargetRule) -> impl Iterator<Item = RollbackType> {
    trigger.suggests.iter().copied().filter(|suggested| target.rollbacks.contains(suggested))
}

/// The models that the alert names, as it wrote them.
fn named(alert: &Alert) -> Option<&String> {
    ["models", "model"].into_iter().find_map(|key| alert.details.get(key))
}

/// The models that the alert names, else the target's; and names that are none.
fn models(alert: &Alert, target: &TargetRule) -> (Vec<String>, Vec<String>) {
    let Some(named) = named(alert) else { return (target.default_models.clone(), Vec::new()) };
    let mut models: Vec<String> = Vec::new();
    let mut ignored = Vec::new();
    for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()).take(MAX_MODELS) {
        if !is_model_name(name) {
            ignored.push(format!("“{}”", shown(name)));
        } else if !models.iter().any(|known| known == name) {
            models.push(name.to_owned());
        }
    }
    (models, ignored)
}

/// Somebody else's text, short and without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

fn names(types: &[RollbackType]) -> String {
    types.iter().map(|suggested| format!("a {suggested}")).collect::<Vec<_>>().join(" or ")
}
