//! Why somebody may or may not steer a run that is under way, in words.

use domain::{
    Timestamp,
    level::Level,
    person::PersonId,
    proposal::{Proposal, Stage},
    words::Words,
};

use crate::{
    cedar::{Act, Verdict},
    load::Policies,
};

impl Policies {
    /// Which acts on the run of `proposal` somebody may do at `now`, and which rules say so; `named` is the level that
    /// the question names which the run waits for. Nothing while no run is under way.
    pub fn why_steering(
        &self,
        person: &PersonId,
        proposal: &Proposal,
        named: Option<Level>,
        now: Timestamp,
    ) -> Option<Words> {
        if !matches!(proposal.stage, Stage::Running { .. } | Stage::Stuck { .. }) {
            return None;
        }
        let known = self.people().get(person)?;
        let acts = [
            ("pause the run", Act::Pause),
            ("let it go on", Act::Resume),
            ("cancel it", Act::Cancel),
            ("try a stuck step again", Act::Retry),
            ("skip a stuck step", Act::Skip),
            ("answer a question between two steps", Act::Confirm { named }),
        ];
        let mut answers: Vec<(Verdict, Option<Level>, Vec<&str>)> = Vec::new();
        for (what, act) in acts {
            let (verdict, needed) = (self.may(known, act, proposal, now), act.needed(proposal));
            match answers.iter_mut().find(|(same, level, _)| (same, *level) == (&verdict, needed)) {
                Some((.., acts)) => acts.push(what),
                None => answers.push((verdict, needed, vec![what])),
            }
        }
        Some(answers.into_iter().fold(Words::new(), |words, (verdict, needed, acts)| {
            let (words, what) = (words.person(person), any_of(&acts));
            match verdict {
                Verdict::Allowed { level, rules } => {
                    self.cite(words.text(format!(" may {what}, holding {level}. ")), &rules)
                }
                Verdict::LevelTooLow { level, rules } => {
                    let needed = needed.unwrap_or(Level::LOWEST);
                    let text =
                        format!(" may not {what}: they hold {level}, and it needs {needed}. ");
                    self.cite(words.text(text), &rules)
                }
                Verdict::Denied { reason, .. } => words.text(format!(" may not {what}. {reason} ")),
            }
        }))
    }
}

/// `a, b or c`.
fn any_of(acts: &[&str]) -> String {
    match acts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}
