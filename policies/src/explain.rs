//! The policies in words: why somebody may or may not decide, and what the rules add up to.

use std::fmt::Write as _;

use domain::{
    Timestamp, escalation,
    level::Level,
    notice::exact_duration,
    person::{Person, PersonId},
    plan::Workflow,
    proposal::{Proposal, Stage},
    words::Words,
};

use crate::{
    authority::Raise,
    cedar::{Act, Verdict, lowest_need},
    load::Policies,
    trigger::Kind,
};

impl Policies {
    /// Why `person` may or may not approve `proposal` at `now`: which rule says so, who could, and what comes next.
    pub fn why(&self, person: &PersonId, proposal: &Proposal, now: Timestamp) -> Words {
        let words = match self.people().get(person) {
            None => Words::plain("people.yaml does not name ")
                .code(person.as_str())
                .text(", so nothing they do changes anything. "),
            Some(known) => self.standing(known, proposal, now),
        };
        self.who_could(words, proposal, now)
    }

    fn standing(&self, person: &Person, proposal: &Proposal, now: Timestamp) -> Words {
        let words = Words::new().person(&person.id);
        if proposal.disowned.contains(&person.id) {
            return words.text(" says that somebody else has signed here in their name, so nothing more is taken from them on this proposal. ");
        }
        if !proposal.has_lapsed()
            && proposal.approvals.iter().any(|approval| approval.person == person.id)
        {
            return words.text(" has signed already, and one person counts once. ");
        }
        match self.may(person, Act::Approve, proposal, now) {
            Verdict::Allowed { level, rules } => {
                self.cite(words.text(format!(" may approve this, holding {level}. ")), &rules)
            }
            Verdict::LevelTooLow { level, rules } => {
                let lowest = lowest_need(proposal).unwrap_or(Level::LOWEST);
                let text = format!(
                    " may not approve this: they hold {level}, and what is missing needs {lowest}. "
                );
                self.cite(words.text(text), &rules)
            }
            Verdict::Denied { reason, rules } => {
                let words = words.text(format!(" may not approve this. {reason} "));
                if rules.is_empty() {
                    words
                } else {
                    words
                        .text("Said by ")
                        .codes(rules.iter().map(String::as_str))
                        .text(" in authority.cedar. ")
                }
            }
        }
    }

    /// Adds what each rule says, with its id.
    pub(crate) fn cite(&self, words: Words, rules: &[String]) -> Words {
        rules.iter().fold(words, |words, rule| {
            let reason = self.rule_reason(rule).unwrap_or_default();
            words.text("Rule ").code(rule).text(format!(": {reason} "))
        })
    }

    fn who_could(&self, words: Words, proposal: &Proposal, now: Timestamp) -> Words {
        let requirement = proposal.requirement();
        let tally = proposal.tally();
        let reasons = requirement.reasons.join(" ");
        let words =
            words.text(format!("It has {} of {} approvals. {reasons} ", tally.given, tally.needed));
        let Stage::Open { position } = &proposal.stage else {
            return words.words(waiting(proposal));
        };
        let Some(lowest) = lowest_need(proposal) else {
            return words.text("Nobody can approve it.");
        };
        let (could, could_not): (Vec<PersonId>, Vec<PersonId>) = self
            .people()
            .iter()
            .map(|person| person.id.clone())
            .partition(|id| self.could(id, proposal, now));
        let next = escalation::next(requirement, proposal.asked_from, position);
        let again = if next.position.repeats > 0 { "Asked again" } else { "Asked next" };
        words
            .text(format!("What is missing needs {lowest} or higher. Could approve: "))
            .people(&could)
            .text(". Could not: ")
            .people(&could_not)
            .text(format!(". {again}, if nobody decides before "))
            .time(next.position.asked_at)
            .text(": ")
            .people(&next.rung.people)
            .text(format!(" ({}, {}).", next.rung.role, next.rung.level))
    }

    fn could(&self, id: &PersonId, proposal: &Proposal, now: Timestamp) -> bool {
        let has_signed = proposal.approvals.iter().any(|approval| approval.person == *id);
        !has_signed
            && proposal.may_sign(id).is_ok()
            && self.people().get(id).is_some_and(|person| {
                matches!(self.may(person, Act::Approve, proposal, now), Verdict::Allowed { .. })
            })
    }

    /// All rules in words, a line each: the matrix, what each rollback requires, and what raises it.
    pub fn describe(&self) -> String {
        let mut text = format!("policies {}\n\nWho is asked when\n", self.digest().short());
        let mut line =
            |line: String| writeln!(text, "{line}").expect("writing to a string cannot fail");
        for (rung, planned_ms) in self.matrix.ladder.iter().zip(&self.matrix.planned.after_ms) {
            let people: Vec<&str> = rung.people.iter().map(|id| self.people().name(id)).collect();
            line(format!(
                "  {:>12}  {}, {}: {} (planned: {})",
                exact_duration(rung.after_ms),
                rung.level,
                rung.role,
                people.join(", "),
                exact_duration(*planned_ms),
            ));
        }
        line(format!(
            "  then the last of them again every {} (planned: {})",
            exact_duration(self.matrix.repeat_ms),
            exact_duration(self.matrix.planned.repeat_ms),
        ));
        line("\nWhat a rollback requires".to_owned());
        for base in &self.authority.bases {
            line(format!("  {}: {}. {}", base.rollback_type, levels(&base.approvals), base.reason));
        }
        for rule in &self.authority.raises {
            let raise = match rule.raise {
                Raise::To(level) => format!("at least {level}"),
                Raise::By(levels) => format!("{levels} level(s) higher"),
                Raise::Besides(level) => format!("besides one of {level}"),
            };
            line(format!("  {}: {raise}. {}", rule.id, rule.reason.replace("{detail}", "…")));
        }
        line(format!("  approvals are good for {}", exact_duration(self.authority.valid_ms)));
        line("\nWhat a rollback does".to_owned());
        for runbook in self.runbooks() {
            let (of, name) = (runbook.rollback_type, &runbook.name);
            let planned = if runbook.workflow.is_emergency() { "" } else { ", planned" };
            line(format!("  {of}{planned}: {name}"));
            for step in &runbook.steps {
                let only = step.only_with.as_ref().map(|name| format!(", only with `{name}`"));
                line(format!("    {}{}", step.name, only.unwrap_or_default()));
            }
            let carried_out_by = self.runbook_for(of, Workflow::Planned);
            if carried_out_by.is_some_and(|other| other.workflow.is_emergency()) {
                line("    The same where it is planned.".to_owned());
            }
        }
        line("\nWhat starts a proposal".to_owned());
        for trigger in self.triggers() {
            let kind = if trigger.kind == Kind::Automatic { "automatic" } else { "manual" };
            line(format!("  {} ({kind}): {}", trigger.id, trigger.when));
        }
        text
    }

    /// Alerting rules for Prometheus, as YAML: one for each automatic trigger that says how it is measured.
    pub fn prometheus_rules(&self) -> String {
        let mut text = "groups:\n  - name: countersign\n    rules:\n".to_owned();
        for trigger in self.triggers() {
            let Some((expression, lasting_ms)) = &trigger.prometheus else { continue };
            let quoted =
                |text: &str| serde_json::to_string(text).expect("a string can be written as JSON");
            write!(
                text,
                "      - alert: {}\n        expr: {}\n        for: {}s\n        labels:\n          trigger: {}\n        annotations:\n          summary: {}\n",
                trigger.id,
                quoted(expression),
                lasting_ms / 1000,
                trigger.id,
                quoted(&trigger.when),
            )
            .expect("writing to a string cannot fail");
        }
        text
    }
}

fn levels(approvals: &[Level]) -> String {
    let levels: Vec<String> = approvals.iter().map(ToString::to_string).collect();
    format!(
        "{} of {}",
        if levels.len() == 1 { "one approval" } else { "approvals" },
        levels.join(" and ")
    )
}

/// What a proposal that is decided waits for.
fn waiting(proposal: &Proposal) -> Words {
    let words = Words::plain("It no longer waits for a decision.");
    let Some(waiting) = &proposal.waits else { return words };
    let words = if waiting.lapsed {
        words.text(" But approvals have run out or were disowned, and whoever may approve can do so again.")
    } else {
        words.text(" Its run waits for a person.")
    };
    let Some(rung) = proposal.asked_now() else { return words };
    words
        .text(" Asked now: ")
        .people(&rung.people)
        .text(format!(" ({}, {}).", rung.role, rung.level))
}
