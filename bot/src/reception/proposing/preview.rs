//! What the choices of the form ask of people, as far as it is known without asking the target.

use chrono::TimeDelta;
use domain::{
    escalation::later,
    level::Level,
    notice::duration,
    person::Person,
    plan::{RollbackType, Workflow},
    proposal::Proposal,
    requirement::Requirement,
    words::Words,
};
use policies::{Ask, TargetRule, timeline};
use slack::{AnswerLine, Chosen};

use super::{super::Reception, models::Models};

/// So many turns of the clock are shown.
const TURNS: usize = 3;
/// So many models are named.
const NAMED: usize = 8;

impl Reception {
    pub(super) async fn preview(&self, chosen: &Chosen) -> anyhow::Result<Vec<AnswerLine>> {
        let mut lines = Vec::new();
        let mut add = |words| lines.push(AnswerLine { words, link: None });
        let policies = &self.engine.policies;
        let target = chosen.target.as_deref().and_then(|id| policies.target(id));
        let (Some(rollback_type), Some(target), Some(trigger)) =
            (chosen.rollback_type, target, chosen.trigger.as_deref())
        else {
            add(Words::plain(
                "Choose the type, where, and what you see; then this says who has to approve it.",
            ));
            return Ok(lines);
        };
        add(Words::plain(format!("A {rollback_type} in "))
            .code(&target.environment)
            .text(" of ")
            .code(&target.id)
            .text(if chosen.is_planned { ", in the next maintenance window:" } else { ":" }));
        if !target.rollbacks.contains(&rollback_type) {
            add(Words::plain("🔴 targets.yaml does not offer this type there."));
            return Ok(lines);
        }
        let store = &self.engine.store;
        let models = Models::of(store, target).await?;
        for words in self.blockers(target, &models).await? {
            add(words);
        }
        let now = self.engine.clock.now();
        let lately = i64::try_from(policies.lately_ms()).unwrap_or(i64::MAX);
        let since = now - TimeDelta::try_milliseconds(lately).unwrap_or(TimeDelta::zero());
        let touched = touched(chosen, target, &models);
        let window = target.window.as_ref().filter(|_| chosen.is_planned);
        let opens = window.and_then(|window| window.next(now)).map(|window| window.opens);
        let ask = Ask {
            rollback_type,
            target,
            models: &touched,
            downstream: &[],
            trigger,
            findings: &[],
            rollbacks_lately: store.rollbacks_since(&target.id, since).await?,
            data_loss_ms: Some(0),
            security: false,
            opens_in_ms: opens
                .map(|opens| u64::try_from((opens - now).num_milliseconds()).unwrap_or_default()),
        };
        // The same people as the assessment asks: those whom a chat of ours reaches.
        let is_reachable = |person: &Person| {
            let mut identities = person.identities.iter();
            self.engine.chats.is_empty()
                || identities.any(|identity| self.engine.chats.contains(&identity.chat))
        };
        let requirement = policies.requirement(&ask, &is_reachable);
        let with_loss = policies.requirement(&Ask { data_loss_ms: None, ..ask }, &is_reachable);
        for words in self.needs(&requirement, &with_loss) {
            add(words);
        }
        add(self.recovery(rollback_type, chosen.is_planned));
        if chosen.models.is_empty() && !policies::takes_all(rollback_type) {
            add(changed(target, &models));
        }
        add(Words::plain(
            "Whether it is still possible is found out right after you send it. What the checks find, and models that are rebuilt besides, may ask for more; the card says so.",
        ));
        Ok(lines)
    }

    fn needs(&self, requirement: &Requirement, with_loss: &Requirement) -> Vec<Words> {
        let mut lines = Vec::new();
        if requirement.approvals.is_empty() {
            lines.push(Words::plain("🔴 Nobody can approve it by your policies."));
        } else {
            let words = Words::new().strong("Needs").text(" ").text(levels(&requirement.approvals));
            lines.push(words.text(format!(". {}", requirement.reasons.join(" "))));
        }
        if with_loss.approvals != requirement.approvals {
            let levels = levels(&with_loss.approvals);
            lines.push(Words::plain(format!(
                "Where data would be lost, or nobody can tell: {levels}."
            )));
        }
        if !requirement.proposer_counts() {
            lines.push(Words::plain("You propose it, so you are not one of them."));
        }
        let now = self.engine.clock.now();
        for (place, turn) in timeline(requirement, now).iter().take(TURNS).enumerate() {
            let words = if place == 0 {
                Words::new().strong("Asked first").text(" ")
            } else {
                Words::plain("then at ").time(later(now, turn.after_ms)).text(" ")
            };
            lines
                .push(words.people(&turn.people).text(format!(" ({}, {})", turn.role, turn.level)));
        }
        lines
    }

    fn recovery(&self, rollback_type: RollbackType, is_planned: bool) -> Words {
        let workflow = if is_planned { Workflow::Planned } else { Workflow::Emergency };
        let words = Words::new().strong("Target recovery");
        match self.engine.policies.runbook_for(rollback_type, workflow) {
            Some(runbook) => {
                words.text(format!(" within {}", duration(runbook.recovery_target_ms())))
            }
            None => words.text(" is not known: there is no runbook"),
        }
    }

    /// What is in the way, or may be, as far as the database knows it.
    async fn blockers(&self, target: &TargetRule, models: &Models) -> anyhow::Result<Vec<Words>> {
        let store = &self.engine.store;
        let mut lines = Vec::new();
        if let Some(open) = store.open_proposal_on(&target.id).await? {
            let Proposal { opening, .. } = open.value;
            lines.push(
                Words::plain("🔴 A proposal for ")
                    .code(&target.id)
                    .text(" is open already, in incident ")
                    .code(opening.incident.short())
                    .text(": decide on that one first. This one will not be taken."),
            );
        }
        if store.runs_under_way_on(&target.id).await? > 0 {
            lines.push(Words::plain("🟠 A rollback is under way there now."));
        }
        if let Some(hold) = store.standing_holds(&target.id).await?.last() {
            lines.push(
                Words::plain("🔒 A hold stands there since ")
                    .time(hold.value.since)
                    .text(", from the rollback of incident ")
                    .code(hold.value.opening.incident.short())
                    .text(": what that one went back from is not gone back to."),
            );
        }
        let look = store.look(&target.id).await?;
        let problem = look.map(|look| look.problem).filter(|problem| !problem.is_empty());
        if let Some(problem) = problem {
            let problem: String = problem.chars().take(200).collect();
            lines.push(Words::plain(format!("🟠 The last look at it met a problem: {problem}")));
        }
        if models.newest.is_none() {
            lines.push(Words::plain(
                "🟠 No release of it was seen yet, so nobody knows here what it goes back to.",
            ));
        }
        Ok(lines)
    }
}

/// The models that count for what is needed: those that were named, else those that would go back.
fn touched(chosen: &Chosen, target: &TargetRule, models: &Models) -> Vec<String> {
    if !chosen.models.is_empty() {
        return chosen.models.clone();
    }
    let takes_all = chosen.rollback_type.is_some_and(policies::takes_all);
    if !takes_all && !target.default_models.is_empty() {
        return target.default_models.clone();
    }
    models.changed.iter().cloned().collect()
}

fn changed(target: &TargetRule, models: &Models) -> Words {
    if !target.default_models.is_empty() {
        let named = target.default_models.iter().map(String::as_str).take(NAMED);
        return Words::new().strong("Models").text(" as targets.yaml says: ").codes(named);
    }
    let words = Words::new().strong("Models");
    match &models.newest {
        Some(newest) if !models.changed.is_empty() => {
            let named = models.changed.iter().map(String::as_str).take(NAMED);
            let words =
                words.text(" that the last release changed, as seen at ").time(newest.seen_at);
            let words = words.text(": ").codes(named);
            let rest = models.changed.len().saturating_sub(NAMED);
            if rest > 0 { words.text(format!(" and {rest} more")) } else { words }
        }
        Some(_) | None => words.text(" that the last release changed; which is found out then"),
    }
}

/// `2 approvals: one of level 3 and one of level 2`.
fn levels(approvals: &[Level]) -> String {
    let each: Vec<String> = approvals.iter().map(|level| format!("one of {level}")).collect();
    let many = match &each[..] {
        [] => return "none".to_owned(),
        [one] => return format!("1 approval: {one} or higher"),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    };
    format!("{} approvals: {many}", each.len())
}
