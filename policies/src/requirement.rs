//! Whom a proposal needs: the type's approvals, raised by whatever applies, and the ladder of people to ask.

use domain::{
    level::Level,
    person::Person,
    requirement::{Pace, Requirement, Rung},
};

use crate::{
    authority::{Ask, Raise},
    load::Policies,
};

impl Policies {
    /// What a proposal asks of people, to be frozen into it. People whom nobody can reach are left out of the ladder.
    /// Where the policies say nothing of the type, no approvals are listed, which means that nobody can approve.
    pub fn requirement(&self, ask: &Ask<'_>, reachable: &dyn Fn(&Person) -> bool) -> Requirement {
        self.requirement_and_rules(ask, reachable).0
    }

    /// The requirement, and the ids of the rules that raised it.
    pub fn requirement_and_rules(
        &self,
        ask: &Ask<'_>,
        reachable: &dyn Fn(&Person) -> bool,
    ) -> (Requirement, Vec<String>) {
        let mut reasons = Vec::new();
        let mut approvals = Vec::new();
        let mut rules = Vec::new();
        match self.authority.bases.iter().find(|base| base.rollback_type == ask.rollback_type) {
            Some(base) => {
                reasons.push(base.reason.clone());
                approvals.clone_from(&base.approvals);
            }
            None => reasons.push(format!(
                "authority.yaml says nothing of a {}, so nobody can approve it.",
                ask.rollback_type
            )),
        }
        let category = self.trigger(ask.trigger).map(|trigger| trigger.category);
        // Invariant: raising an empty list leaves it empty; no rule can turn "nobody" into somebody.
        if !approvals.is_empty() {
            for rule in &self.authority.raises {
                let Some(detail) = rule.when.hold(ask, category) else { continue };
                self.raise(&mut approvals, rule.raise);
                reasons.push(rule.reason.replace("{detail}", &detail));
                rules.push(rule.id.clone());
            }
        }
        approvals.sort_unstable_by(|left, right| right.cmp(left));
        let requirement = Requirement {
            approvals,
            reasons,
            ladder: self.ladder(reachable),
            repeat_ms: self.matrix.repeat_ms,
            urgent: None,
            valid_ms: self.authority.valid_ms,
            policy_digest: self.digest().clone(),
        };
        let requirement = match ask.opens_in_ms {
            Some(opens_in_ms) => self.planned(requirement, opens_in_ms),
            None => requirement,
        };
        (requirement, rules)
    }

    /// The requirement with a planned proposal's times. Whoever has to decide is asked by half of the time that is left
    /// until the window opens, whatever the file says, but not sooner than in an emergency: a milder clock must not let
    /// the window go by in silence.
    fn planned(&self, mut requirement: Requirement, opens_in_ms: u64) -> Requirement {
        let after_ms = requirement.ladder.iter().map(|rung| rung.after_ms).collect();
        let urgent = Pace { after_ms, repeat_ms: requirement.repeat_ms };
        let highest = requirement.highest_need();
        let decides = |rung: &Rung| !rung.people.is_empty() && Some(rung.level) >= highest;
        let decisive = requirement.ladder.iter().position(decides);
        let times = self.matrix.planned.after_ms.iter();
        for (place, (rung, planned_ms)) in requirement.ladder.iter_mut().zip(times).enumerate() {
            let is_needed = decisive.is_some_and(|decisive| place <= decisive);
            let latest_ms = if is_needed { rung.after_ms.max(opens_in_ms / 2) } else { u64::MAX };
            rung.after_ms = latest_ms.min(*planned_ms);
        }
        Requirement {
            repeat_ms: self.matrix.planned.repeat_ms,
            urgent: Some(urgent),
            ..requirement
        }
    }

    fn raise(&self, approvals: &mut Vec<Level>, raise: Raise) {
        let Some(highest) = approvals.iter_mut().max() else { return };
        match raise {
            Raise::To(level) => *highest = (*highest).max(level),
            Raise::By(levels) => {
                let above = self
                    .matrix
                    .levels
                    .iter()
                    .map(|rule| rule.level)
                    .filter(|level| level > highest);
                *highest = above.take(usize::from(levels)).last().unwrap_or(*highest);
            }
            Raise::Besides(level) => {
                if *highest < level {
                    approvals.push(level);
                }
            }
        }
    }

    fn ladder(&self, reachable: &dyn Fn(&Person) -> bool) -> Vec<Rung> {
        let is_reachable = |id: &_| self.people().get(id).is_some_and(reachable);
        let rung = |rung: &Rung| Rung {
            people: rung.people.iter().filter(|id| is_reachable(id)).cloned().collect(),
            ..rung.clone()
        };
        self.matrix.ladder.iter().map(rung).collect()
    }
}
