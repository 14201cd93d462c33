//! What the form offers, and what is chosen in it.

use domain::{
    digest::Digest,
    notice::duration,
    plan::{RollbackType, Workflow},
    words::Words,
};
use policies::{Category, Declined, Kind, LONGEST_REASON, MAX_MODELS, TargetRule};
use slack::{Answer, Choice, Chosen, Kept, ProposeForm};

use super::{super::Reception, refused};
use crate::reception::commands::{Filled, Part};

/// All types, as people count them.
const TYPES: [RollbackType; 4] = [
    RollbackType::BlueGreen,
    RollbackType::ModelLevel,
    RollbackType::Schema,
    RollbackType::FullEnvironment,
];
/// Slack shows so many options.
const MOST_TARGETS: usize = 100;

impl Reception {
    /// The form as it is to be shown, with what its choices ask of people.
    pub(super) async fn form(
        &self,
        chosen: Chosen,
        kept: Kept,
        refusal: Option<Words>,
    ) -> anyhow::Result<ProposeForm> {
        let policies = &self.engine.policies;
        let target = chosen.target.as_deref().and_then(|id| policies.target(id));
        let takes_all = chosen.rollback_type.is_some_and(policies::takes_all);
        let chosen = Chosen {
            models: if takes_all { vec![] } else { chosen.models },
            is_planned: chosen.is_planned && target.is_some_and(|target| target.window.is_some()),
            ..chosen
        };
        let preview = self.preview(&chosen).await?;
        Ok(ProposeForm {
            types: TYPES.map(|one| self.type_choice(one)).into(),
            targets: self.target_choices(target),
            triggers: self.trigger_choices(),
            most_models: (chosen.rollback_type.is_some() && !takes_all).then_some(MAX_MODELS),
            longest_reason: LONGEST_REASON,
            window: target.and_then(|target| self.window(target)),
            refusal,
            preview,
            kept: Kept { previewed: choices(&chosen), ..kept },
            chosen,
        })
    }

    /// What was typed behind the command, as choices; a word that names nothing is said so.
    pub(super) fn chosen(&self, filled: &Filled) -> Result<Chosen, Answer> {
        let policies = &self.engine.policies;
        let mut chosen = Chosen::default();
        for (part, value) in filled {
            match part {
                Part::Type => chosen.rollback_type = Some(rollback_type(value)?),
                Part::Target => {
                    let target = policies.meant(value).map_err(|declined| refused(&declined))?;
                    chosen.target = Some(target.id.clone());
                }
                Part::Trigger => {
                    let trigger = policies.manual(value).map_err(|declined| refused(&declined))?;
                    chosen.trigger = Some(trigger.id.clone());
                }
                Part::Models => {
                    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
                    chosen.models = names.map(str::to_owned).collect();
                }
                Part::Reason => chosen.reason.clone_from(value),
                Part::When => chosen.is_planned = is_planned(value)?,
            }
        }
        if let (None, [target]) = (&chosen.target, policies.targets()) {
            chosen.target = Some(target.id.clone());
        }
        Ok(chosen)
    }

    fn type_choice(&self, rollback_type: RollbackType) -> Choice {
        let what = match rollback_type {
            RollbackType::BlueGreen => "All of it, back to the state before",
            RollbackType::ModelLevel => "Some models, back to their version before",
            RollbackType::Schema => "A changed schema, with its data",
            RollbackType::FullEnvironment => "Data and state, from a rollback point",
        };
        let runbook = self.engine.policies.runbook_for(rollback_type, Workflow::Emergency);
        let within = runbook.map(|runbook| duration(runbook.recovery_target_ms()));
        let within = within.map(|within| format!("; within {within}")).unwrap_or_default();
        Choice {
            value: rollback_type.number().to_string(),
            text: format!("{}. {}", rollback_type.number(), rollback_type.name()),
            description: format!("{what}{within}"),
        }
    }

    /// The targets; the one that is chosen is always among them.
    fn target_choices(&self, chosen: Option<&TargetRule>) -> Vec<Choice> {
        let choice = |target: &TargetRule| Choice {
            value: target.id.clone(),
            text: format!("{} of {}", target.environment, target.id),
            description: String::new(),
        };
        let all = self.engine.policies.targets();
        let is_left_out = |chosen: &&TargetRule| {
            !all.iter().take(MOST_TARGETS).any(|target| target.id == chosen.id)
        };
        let first = chosen.filter(is_left_out);
        first.into_iter().chain(all).take(MOST_TARGETS).map(choice).collect()
    }

    fn trigger_choices(&self) -> Vec<(&'static str, Vec<Choice>)> {
        let of = |category: Category| {
            let all = self.engine.policies.triggers().iter();
            let manual = all.filter(move |trigger| {
                trigger.kind == Kind::Manual && trigger.category == category
            });
            let choices = manual.map(|trigger| Choice {
                value: trigger.id.clone(),
                text: super::sentence(&trigger.when).trim_end_matches('.').to_owned(),
                description: String::new(),
            });
            choices.collect()
        };
        vec![
            ("Business", of(Category::Business)),
            ("Technical", of(Category::Technical)),
            ("Performance", of(Category::Performance)),
            ("Critical", of(Category::Critical)),
        ]
    }

    fn window(&self, target: &TargetRule) -> Option<String> {
        let rule = target.window.as_ref()?;
        let next = rule.next(self.engine.clock.now())?;
        let local = |at: domain::Timestamp| at.with_timezone(&rule.time_zone);
        let (opens, closes) = (local(next.opens), local(next.closes));
        Some(format!(
            "{} to {} ({})",
            opens.format("%a %H:%M"),
            closes.format("%a %H:%M"),
            rule.time_zone
        ))
    }
}

/// The choices of which the form says what they need, as a digest.
pub(super) fn choices(chosen: &Chosen) -> String {
    let Chosen { rollback_type, target, models, trigger, is_planned, reason: _ } = chosen;
    let text = format!("{rollback_type:?} {target:?} {models:?} {trigger:?} {is_planned}");
    Digest::of(text).short().to_owned()
}

fn rollback_type(text: &str) -> Result<RollbackType, Answer> {
    let bare = text.to_ascii_lowercase().replace(['_', ' '], "-");
    let is_meant = |one: &RollbackType| {
        one.number().to_string() == bare || one.name().replace(' ', "-") == bare
    };
    TYPES.into_iter().find(is_meant).ok_or_else(|| {
        let why = format!(
            "`{text}` is no type of rollback: 1 is blue-green, 2 model-level, 3 schema, 4 full environment. Nothing was proposed."
        );
        Answer::saying(Words::marked(&why))
    })
}

fn is_planned(text: &str) -> Result<bool, Answer> {
    match text.to_ascii_lowercase().as_str() {
        "now" => Ok(false),
        "window" => Ok(true),
        _ => {
            let why = format!(
                "`{text}` is neither `now` nor `window`, the next maintenance window. Nothing was proposed."
            );
            Err(refused(&Declined::Refused(why)))
        }
    }
}
