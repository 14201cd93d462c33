//! What would happen: an alert, the proposal that it leads to, whom that needs, and who is asked at which minute.

use std::fmt::Write as _;

use domain::{Timestamp, alert::Alert, escalation::later, plan::Workflow};

use crate::{
    authority::Ask,
    case::AlertLayout,
    escalation::timeline,
    load::Policies,
    problem::{Examined, Problems},
    triage::Triage,
    yaml,
};

/// Reads an alert that was written by hand: `title`, `service` and `details`, as in a case.
pub fn alert(file: &str, text: &str) -> Result<Alert, Problems> {
    let mut examined = Examined::new(file, text);
    let layout = yaml::read::<AlertLayout>(&mut examined);
    layout.map(|layout| layout.alert()).ok_or(Problems(examined.problems))
}

impl Policies {
    /// What would happen if `alert` came in at `at` and nobody answered, in words; times in the policies' own zone.
    /// Facts that only a look at the target gives (what is rebuilt besides, earlier rollbacks) are left out. With
    /// `opens`, what would happen if a person planned the same for a window that opens then.
    pub fn simulate(&self, alert: &Alert, at: Timestamp, opens: Option<Timestamp>) -> String {
        let found = match self.triage(alert) {
            Triage::Propose(found) => found,
            Triage::Nothing { why } => return format!("No rollback would be proposed: {why}\n"),
        };
        let Some(target) = self.target(&found.target) else { return String::new() };
        let ask = Ask {
            rollback_type: found.rollback_type,
            target,
            models: &found.models,
            downstream: &[],
            trigger: &found.trigger,
            findings: &[],
            rollbacks_lately: 0,
            data_loss_ms: None,
            security: false,
            opens_in_ms: opens
                .map(|opens| u64::try_from((opens - at).num_milliseconds()).unwrap_or_default()),
        };
        let requirement = self.requirement(&ask, &|_| true);
        let models = match &found.models[..] {
            [] => "all models that changed".to_owned(),
            models => models.join(", "),
        };
        let mut text =
            format!("{} of {models} in {}\n{}\n", found.rollback_type, target.id, found.because);
        let mut line =
            |line: String| writeln!(text, "{line}").expect("writing to a string cannot fail");
        requirement.reasons.iter().for_each(|reason| line(reason.clone()));
        let workflow = if opens.is_some() { Workflow::Planned } else { Workflow::Emergency };
        if let Some(runbook) = self.runbook_for(found.rollback_type, workflow) {
            line(format!("Carried out by the runbook {}.", runbook.name()));
        }
        line("\nIf nobody answers:".to_owned());
        // A planned one takes days.
        let format = if opens.is_some() { "%a %H:%M %Z" } else { "%H:%M %Z" };
        for turn in timeline(&requirement, at) {
            let moment = later(at, turn.after_ms).with_timezone(&self.time_zone());
            let people: Vec<&str> = turn.people.iter().map(|id| self.people().name(id)).collect();
            let again = if turn.again { ", again and again; nothing runs by itself" } else { "" };
            line(format!(
                "  {}  {} ({}, {}){again}",
                moment.format(format),
                people.join(", "),
                turn.role,
                turn.level
            ));
        }
        text
    }
}
