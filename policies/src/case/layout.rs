//! How a case is written.

use std::collections::BTreeMap;

use domain::alert::Alert;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    duration::DurationText, load::Policies, place::At, problem::Examined, runbook::TypeLayout,
    triage::Match,
};

/// One case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    /// What the case shows, a sentence.
    pub(super) name: String,
    /// The alert that comes in.
    pub(super) alert: Option<AlertLayout>,
    /// What a person proposes, instead of an alert.
    pub(super) proposal: Option<ProposalLayout>,
    /// What is known besides.
    #[serde(default)]
    pub(super) facts: FactsLayout,
    /// What the policies must make of it; what is left out is not compared.
    pub(super) expect: ExpectLayout,
}

/// An alert as it is written by hand.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertLayout {
    /// The headline.
    pub(super) title: String,
    /// The service's name.
    pub(super) service: String,
    /// The alert's details.
    #[serde(default)]
    pub(super) details: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposalLayout {
    /// The id of the trigger.
    pub(super) trigger: At<String>,
    /// The id of the target.
    pub(super) target: At<String>,
    /// Which rollback.
    pub(super) rollback_type: TypeLayout,
    /// The models that go back.
    #[serde(default)]
    pub(super) models: Vec<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FactsLayout {
    /// Models that are rebuilt besides.
    #[serde(default)]
    pub(super) downstream: Vec<String>,
    /// How many rollbacks the target has seen lately.
    #[serde(default)]
    pub(super) rollbacks_lately: u32,
    /// How much data could be lost; unknown when left out.
    pub(super) data_loss: Option<At<DurationText>>,
    /// Whether security is touched.
    #[serde(default)]
    pub(super) security: bool,
    /// How long until the maintenance window opens that it is planned for; not planned when left out.
    pub(super) opens_in: Option<At<DurationText>>,
    /// People whom nobody can reach.
    #[serde(default)]
    pub(super) unreachable: Vec<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectLayout {
    /// No rollback is proposed, and the reason contains this text.
    pub(super) nothing: Option<String>,
    /// The id of the trigger.
    pub(super) trigger: Option<String>,
    /// The id of the target.
    pub(super) target: Option<String>,
    /// Which rollback.
    pub(super) rollback_type: Option<TypeLayout>,
    /// The name of the runbook that carries it out.
    pub(super) runbook: Option<String>,
    /// The models that go back; empty for all that changed.
    pub(super) models: Option<Vec<String>>,
    /// The levels of the approvals, highest first.
    pub(super) approvals: Option<Vec<u8>>,
    /// The ids of the rules of authority.yaml that raised them.
    pub(super) raised_by: Option<Vec<String>>,
    /// Who is asked when, as `HH:MM level N: person, person`.
    pub(super) timeline: Option<Vec<String>>,
}

impl AlertLayout {
    pub(crate) fn alert(&self) -> Alert {
        Alert {
            external_id: "case".to_owned(),
            title: self.title.clone(),
            service_id: self.service.clone(),
            service_name: self.service.clone(),
            url: None,
            urgency: None,
            details: self.details.clone(),
        }
    }
}

impl ProposalLayout {
    pub(super) fn found(&self, policies: &Policies, file: &mut Examined<'_>) -> Option<Match> {
        let triggers: Vec<&str> =
            policies.triggers().iter().map(|trigger| trigger.id.as_str()).collect();
        let targets: Vec<&str> =
            policies.targets().iter().map(|target| target.id.as_str()).collect();
        let (trigger, target) = (&self.trigger.value, &self.target.value);
        if policies.trigger(trigger).is_none() {
            file.unknown(self.trigger.place, "trigger", trigger, &triggers);
        }
        if policies.target(target).is_none() {
            file.unknown(self.target.place, "target", target, &targets);
        }
        file.problems.is_empty().then(|| Match {
            trigger: trigger.clone(),
            because: String::new(),
            target: target.clone(),
            rollback_type: self.rollback_type.into(),
            suggested: vec![self.rollback_type.into()],
            alert_names_models: false,
            models: self.models.clone(),
            rules: Vec::new(),
        })
    }
}
