//! Commands that do what a card's buttons do. None of them acts blindly: what cannot be done now is said, an approval
//! shows what would be signed, and whatever needs a reason asks for it.

use domain::{
    card::{Button, Card, Fact},
    id::IncidentId,
    person::{ChatName, Person},
    place::Place,
    proposal::Proposal,
    words::Words,
};
use slack::{Answer, AnswerLine, AskWhy, Command};

use super::{
    super::{
        Ack, Budget, Reception,
        clicks::{On, Pressed},
    },
    incident::verb,
    subject::Meant,
    typed::Act,
    who::unknown,
};
use crate::{reasons, view};

/// What of the card is read before it is signed; the rest is in the thread.
const SIGNED: [&str; 12] = [
    "Proposed by",
    "Proposal",
    "Where",
    "Models",
    "Taken away",
    "Rebuilt besides",
    "Why",
    "What changed",
    "Target recovery",
    "Approvals",
    "Needs",
    "Begins",
];

impl Reception {
    pub(super) async fn act(
        &self,
        command: &Command,
        act: Act,
        of: Option<&str>,
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        let meant = match self.meant(act.verb().name(), of).await? {
            Ok(meant) => meant,
            Err(answer) => return Ok(self.say(&answer)),
        };
        let Some(proposal) = self.proposal_of(&meant).await? else {
            let words = Words::plain("Incident ")
                .code(meant.incident.short())
                .text(" has no proposal, so there is nothing to decide. Nothing was done.");
            return Ok(self.say(&Answer::saying(words)));
        };
        let Some(person) = self.engine.policies.people().known_as(&command.identity) else {
            return Ok(self.say(&unknown(&command.identity)));
        };
        let Some(card) = view::card(&self.engine.store, &meant.incident).await? else {
            return Ok(Ack::Taken);
        };
        let is_shown = card.proposal.as_ref() == Some(&proposal.id);
        let Some(button) = button(act, &card).filter(|_| is_shown) else {
            return Ok(self.say(&self.not_now(act, &meant, (&card, &proposal))));
        };
        let place = self.answered_at(command, &meant.incident).await?;
        if button == Button::Approve {
            let shown = (&card, &proposal);
            return self.show_and_ask((command, &place), shown, person, budget).await;
        }
        let (identity, trigger_id) = (command.identity.clone(), command.trigger_id.clone());
        let on = On { identity, proposal: proposal.id, plan: proposal.opening.plan, place };
        let pressed = Pressed { button, stop: card.stop, trigger_id };
        let came = self.pressed(on, pressed, budget).await?;
        Ok(self.with_what_came(came))
    }

    /// Beside the card where the command was typed there; anywhere else the bot may not be able to speak.
    pub(super) async fn answered_at(
        &self,
        command: &Command,
        incident: &IncidentId,
    ) -> anyhow::Result<Place> {
        let thread = self.engine.store.thread(incident, ChatName::Slack).await?;
        let channel = command.channel.clone();
        let is_beside = thread.is_some_and(|thread| thread.channel == channel);
        Ok(if is_beside { Place::Channel { channel } } else { Place::Private })
    }

    /// Shows what would be signed; whoever could not sign it hears why, and is not asked.
    async fn show_and_ask(
        &self,
        (command, place): (&Command, &Place),
        (card, proposal): (&Card, &Proposal),
        person: &Person,
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        if !self.approval_helps(person, proposal) {
            let (store, policies) = (&self.engine.store, &self.engine.policies);
            let now = self.engine.clock.now();
            let words = reasons::why(store, policies, (&person.id, proposal), now).await?;
            return Ok(self.say(&Answer::saying(words.text(" Nothing was done."))));
        }
        let people = self.engine.policies.people();
        let summary = summary(card, proposal);
        let (button, stop) = (Button::Approve, card.stop);
        let (id, plan) = (&proposal.id, &proposal.opening.plan);
        let ask = AskWhy { button, proposal: id, plan, stop, place };
        let asked = (ask, proposal.name_to_type());
        let opening = self.slack.open_approval(&command.trigger_id, asked, &summary, people);
        let is_open = self.opened(opening, budget).await;
        Ok(self.with_dialog(is_open))
    }

    /// Why it cannot be done, and what can.
    fn not_now(&self, act: Act, meant: &Meant, (card, proposal): (&Card, &Proposal)) -> Answer {
        let id = meant.incident.short();
        if card.proposal.as_ref() != Some(&proposal.id) {
            let words = Words::plain("Another proposal has come in its place: read ")
                .code(self.typed(&format!("show {id}")))
                .text(" first, then decide on that one. Nothing was done.");
            return Answer::saying(words);
        }
        let words = Words::plain("Incident ").code(id).text(" is “").text(card.state.word).text(
            format!("”, so there is nothing to {} now. Nothing was done.", act.verb().name()),
        );
        let verbs: Vec<&str> = card.buttons.iter().filter_map(|button| verb(*button)).collect();
        let commands: Vec<String> =
            verbs.iter().map(|verb| self.typed(&format!("{verb} {id}"))).collect();
        let answer = Answer::saying(words);
        let is_elsewhere = card.buttons.iter().any(|button| verb(*button).is_none());
        let answer = if is_elsewhere {
            answer.line(Words::plain("More can be pressed on its card."))
        } else {
            answer
        };
        if commands.is_empty() {
            return answer;
        }
        answer.with_hint(
            Words::plain("What can be done: ").codes(commands.iter().map(String::as_str)),
        )
    }
}

/// The button that somebody means, where the card has it.
fn button(act: Act, card: &Card) -> Option<Button> {
    let buttons: &[Button] = match act {
        Act::Approve => &[Button::Approve],
        // What is stuck is ended as it stands.
        Act::Reject => &[Button::Reject, Button::GiveUp],
        Act::Escalate => &[Button::Escalate],
        Act::Pause => &[Button::Pause],
        Act::Resume => &[Button::Resume],
        Act::Cancel => &[Button::Cancel],
    };
    buttons.iter().copied().find(|button| card.buttons.contains(button))
}

/// What would be signed: what, where, of which type, why, what it needs, and the plan’s digest.
fn summary(card: &Card, proposal: &Proposal) -> Answer {
    let words = Words::plain("You are about to approve plan ")
        .code(proposal.opening.plan.short())
        .text(". What you sign is exactly this plan: where anything changes before it starts, you are asked again.");
    let mut answer = Answer::saying(words);
    let mut add = |words| answer.lines.push(AnswerLine { words, link: None });
    add(Words::new()
        .strong("Incident")
        .text(" ")
        .code(card.incident.short())
        .text(format!(" {}", card.title)));
    for Fact { label, value } in card.facts.iter().filter(|fact| SIGNED.contains(&fact.label)) {
        add(Words::new().strong(*label).text(" ").words(value.clone()));
    }
    if let Some(until) = proposal.opening.possible_until {
        add(Words::new().strong("Possible until").text(" ").time(until));
    }
    let concerns = card.concerns();
    if concerns > 0 {
        let checks = if concerns == 1 { "check is" } else { "checks are" };
        add(Words::plain(format!(
            "❔ {concerns} of {} {checks} not passed: read them on the card first",
            card.findings.len()
        )));
    }
    add(Words::new().strong("Plan").text(" ").code(proposal.opening.plan.as_str()));
    answer
}
