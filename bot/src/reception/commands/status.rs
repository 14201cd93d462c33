//! `status`: what waits for whoever asks, what waits for others, what runs.

use domain::{
    card::Button,
    person::{Identity, Person},
    proposal::{Proposal, Stage},
    words::Words,
};
use policies::{Act, Verdict};
use slack::{Answer, AnswerLine};

use super::super::Reception;
use crate::report::Glance;

/// So many incidents stand under each heading.
const MOST: usize = 6;

impl Reception {
    pub(super) async fn status(&self, identity: &Identity) -> anyhow::Result<Answer> {
        let person = self.engine.policies.people().known_as(identity);
        let (mut mine, mut others, mut running, mut bare) = (vec![], vec![], vec![], vec![]);
        for glance in self.open().await? {
            let is_mine = person.is_some_and(|person| self.waits_for(person, &glance));
            match (&glance.proposal, waits(&glance)) {
                (None, _) => bare.push(glance),
                (Some(_), true) if is_mine => mine.push(glance),
                (Some(_), true) => others.push(glance),
                (Some(_), false) => running.push(glance),
            }
        }
        let open = mine.len() + others.len() + running.len() + bare.len();
        let words = match (open, mine.len()) {
            (0, _) => Words::plain("Nothing is open."),
            (_, 0) if person.is_none() => Words::plain("Nothing waits for you."),
            (_, 0) => Words::plain("Nothing waits for you now."),
            (_, 1) => Words::plain("One decision waits for you."),
            (_, many) => Words::plain(format!("{many} decisions wait for you.")),
        };
        let mut answer = Answer::saying(words);
        self.list(&mut answer, "Waits for you", &mine).await?;
        self.list(&mut answer, "Waits for others", &others).await?;
        self.list(&mut answer, "Approved, or under way", &running).await?;
        self.list(&mut answer, "Without a proposal", &bare).await?;
        let held = self.standing_holds().await?.len();
        if held > 0 {
            let holds = if held == 1 {
                "One hold stands".to_owned()
            } else {
                format!("{held} holds stand")
            };
            answer = answer.line(Words::plain(format!("🔒 {holds}: ")).code(self.typed("hold")));
        }
        Ok(answer.with_hint(self.standing(person, identity)))
    }

    async fn list(
        &self,
        answer: &mut Answer,
        heading: &str,
        glances: &[Glance],
    ) -> anyhow::Result<()> {
        if glances.is_empty() {
            return Ok(());
        }
        answer.lines.push(AnswerLine { words: Words::new().strong(heading), link: None });
        let shown = &glances[..glances.len().min(MOST)];
        for (mut line, glance) in self.lines(shown).await?.into_iter().zip(shown) {
            if let Some(next) = &glance.card.next_ask {
                let text = format!(" · if nobody decides: {} at ", next.level);
                line.words = line.words.text(text).time(next.at);
            }
            answer.lines.push(line);
        }
        let rest = glances.len() - shown.len();
        if rest > 0 {
            let words = Words::plain(format!("… and {rest} more: ")).code(self.typed("list"));
            answer.lines.push(AnswerLine { words, link: None });
        }
        Ok(())
    }

    /// As whom the policies know whoever asks.
    fn standing(&self, person: Option<&Person>, identity: &Identity) -> Words {
        let help = |words: Words| words.code(self.typed("help")).text(" shows what you can type.");
        match person {
            Some(Person { name, level: Some(level), .. }) => {
                help(Words::plain(format!("You are {name}, {level}. ")))
            }
            Some(Person { name, level: None, .. }) => {
                help(Words::plain(format!("You are {name}, and watch. ")))
            }
            None => help(
                Words::plain("people.yaml does not name you (")
                    .code(identity.to_string())
                    .text("), so you can watch and decide nothing. "),
            ),
        }
    }

    /// Whether this person can now do something that it waits for.
    fn waits_for(&self, person: &Person, glance: &Glance) -> bool {
        let Some(proposal) = &glance.proposal else { return false };
        let run = glance.run.as_ref();
        let named = run.and_then(|run| run.question()).and_then(|question| question.level);
        let now = self.engine.clock.now();
        glance.card.buttons.iter().any(|button| {
            let act = match button {
                Button::Approve => return self.approval_helps(person, proposal),
                Button::Confirm => Act::Confirm { named },
                Button::Retry | Button::RetryBlind => Act::Retry,
                Button::Skip => Act::Skip,
                Button::Resume => Act::Resume,
                Button::Reject
                | Button::Escalate
                | Button::Pause
                | Button::Cancel
                | Button::GiveUp
                | Button::LiftHold
                | Button::Keep => return false,
            };
            let verdict = self.engine.policies.may(person, act, proposal, now);
            matches!(verdict, Verdict::Allowed { .. })
        })
    }

    /// Whether this person's approval would be taken and fill a need.
    pub(super) fn approval_helps(&self, person: &Person, proposal: &Proposal) -> bool {
        let now = self.engine.clock.now();
        let is_lapsed = proposal.waits.as_ref().is_some_and(|waiting| waiting.lapsed);
        let approvals = if is_lapsed { &[][..] } else { &proposal.approvals[..] };
        match self.engine.policies.may(person, Act::Approve, proposal, now) {
            Verdict::Allowed { level, .. } => {
                proposal.requirement().is_helped_by(approvals, &person.id, level, now)
            }
            Verdict::LevelTooLow { .. } | Verdict::Denied { .. } => false,
        }
    }
}

/// Whether something waits for people rather than for the bot.
fn waits(glance: &Glance) -> bool {
    let is_stage = glance
        .proposal
        .as_ref()
        .is_some_and(|proposal| matches!(proposal.stage, Stage::Open { .. } | Stage::Stuck { .. }));
    let waits_in_run = glance
        .run
        .as_ref()
        .is_some_and(|run| run.question().is_some() || run.steering.paused.is_some());
    is_stage || waits_in_run
}
