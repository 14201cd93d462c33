//! `oncall`: who is asked when.

use domain::{escalation::later, notice::duration, words::Words};
use slack::Answer;

use super::super::Reception;

/// So many open proposals are named.
const MOST: usize = 5;

impl Reception {
    pub(super) async fn oncall(&self) -> anyhow::Result<Answer> {
        let (policies, now) = (&self.engine.policies, self.engine.clock.now());
        let mut answer = Answer::saying(Words::plain(
            "If a rollback were proposed now, these people would be asked, until enough have signed:",
        ));
        for rung in policies.rungs() {
            let words = Words::new()
                .time(later(now, rung.after_ms))
                .text(format!(" · {}, {}: ", rung.level, rung.role));
            answer = answer.line(if rung.people.is_empty() {
                words.text("nobody, so the next ones are asked in their place")
            } else {
                words.people(&rung.people)
            });
        }
        let again = duration(policies.repeat_ms());
        answer = answer.line(Words::plain(format!("Then the last of them again every {again}.")));
        let mut is_first = true;
        for found in self.engine.store.open_proposals().await?.iter().take(MOST) {
            let proposal = &found.value;
            let Some(rung) = proposal.asked_now() else { continue };
            if std::mem::take(&mut is_first) {
                answer = answer.line(Words::new().strong("Asked now"));
            }
            let words = Words::new()
                .code(proposal.opening.incident.short())
                .text(": ")
                .people(&rung.people)
                .text(format!(" ({}, {})", rung.role, rung.level));
            let glance = self.glance(&proposal.opening.incident).await?;
            answer = answer.line(match glance.and_then(|glance| glance.card.next_ask) {
                Some(next) => words.text(format!("; {} at ", next.level)).time(next.at),
                None => words,
            });
        }
        Ok(answer)
    }
}
