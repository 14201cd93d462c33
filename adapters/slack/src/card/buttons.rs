//! What can be pressed: the two buttons that matter most, the details, and a menu with the others.
//!
//! A menu has one question for all its lines, so a button that asks before it acts never goes there.

use domain::{
    card::{Button, Card},
    digest::Digest,
    id::ProposalId,
    person::People,
    run::Stop,
};
use serde_json::{Value, json};

use crate::{
    block::{self, CONFIRM_LIMIT, MENU_LIMIT},
    letters,
};

/// The menu's name on the wire; a second one is `more_2`.
pub(crate) const MENU: &str = "more";
/// The name on the wire of the button that shows all there is to know, on cards, letters and home pages.
pub(crate) const DETAILS: &str = "details";
/// How many buttons stand beside the details.
const VISIBLE: usize = 2;

/// What a button carries: enough to know what was decided on, and nothing that it would have to be trusted for.
pub(crate) fn button_value(proposal: &ProposalId, plan: &Digest, stop: Option<Stop>) -> String {
    match stop {
        Some(stop) => format!("{proposal} {plan} {stop}"),
        None => format!("{proposal} {plan}"),
    }
}

/// A button's name on the wire.
pub(crate) fn action_id(button: Button) -> &'static str {
    button.name()
}

/// The row of them; none without a proposal to decide on.
pub(super) fn buttons(card: &Card, people: &People) -> Option<Value> {
    let value = button_value(card.proposal.as_ref()?, card.plan.as_ref()?, card.stop);
    let (asking, acting): (Vec<Button>, Vec<Button>) =
        card.buttons.iter().partition(|button| asks_first(**button));
    let mut visible = asking;
    let open = VISIBLE.saturating_sub(visible.len()).min(acting.len());
    let (beside, hidden) = acting.split_at(open);
    visible.extend(beside);
    let row = visible.into_iter().map(|shown| button(shown, card, people, &value));
    let details = json!({
        "type": "button",
        "action_id": DETAILS,
        "text": block::plain("Details"),
        "value": value,
    });
    let menus = hidden.chunks(MENU_LIMIT).enumerate().map(|(place, buttons)| {
        let name = if place == 0 { MENU.to_owned() } else { format!("{MENU}_{}", place + 1) };
        let options: Vec<Value> = buttons
            .iter()
            .map(|button| block::option(button.label(), &format!("{} {value}", action_id(*button))))
            .collect();
        block::overflow(&name, &options)
    });
    let elements: Vec<Value> = row.chain([details]).chain(menus).collect();
    Some(block::actions("decide", &elements))
}

/// Whether Slack asks the person before it sends the click; those that ask why have a modal, which is question enough.
fn asks_first(button: Button) -> bool {
    match button {
        Button::Approve | Button::Confirm => true,
        Button::Reject
        | Button::GiveUp
        | Button::Cancel
        | Button::Escalate
        | Button::LiftHold
        | Button::Keep
        | Button::NotMe
        | Button::Pause
        | Button::Resume
        | Button::Retry
        | Button::RetryBlind
        | Button::Skip => false,
    }
}

fn button(button: Button, card: &Card, people: &People, value: &str) -> Value {
    let mut element = json!({
        "type": "button",
        "action_id": action_id(button),
        "text": block::plain(button.label()),
        "value": value,
    });
    match button {
        Button::Approve => {
            element["style"] = json!("primary");
            // Where a name has to be typed, a modal asks for it.
            if card.name_to_type.is_none() {
                element["confirm"] = confirm(card, people);
            }
        }
        Button::Confirm => {
            element["style"] = json!("primary");
            element["confirm"] = yes(card, people);
        }
        Button::Reject | Button::GiveUp | Button::Cancel => {
            element["style"] = json!("danger");
        }
        Button::Escalate
        | Button::LiftHold
        | Button::Keep
        | Button::NotMe
        | Button::Pause
        | Button::Resume
        | Button::Retry
        | Button::RetryBlind
        | Button::Skip => {}
    }
    element
}

/// The question before an approval. It names what will run, the digest first: a long list may be cut.
fn confirm(card: &Card, people: &People) -> Value {
    let plan = card.plan.as_ref().map_or("", Digest::short);
    let what = card
        .facts
        .iter()
        .filter(|fact| matches!(fact.label, "Proposal" | "Where" | "Models"))
        .map(|fact| format!("{}: {}", fact.label, fact.value.to_plain(people)))
        .collect::<Vec<_>>()
        .join(". ");
    signing(plan, &what)
}

/// The question before an approval of a plan; `what` says in a sentence without its full stop what runs then.
pub(crate) fn signing(plan: &str, what: &str) -> Value {
    let text = letters::line(&format!("You sign plan {plan}. {what}."), CONFIRM_LIMIT);
    json!({
        "title": block::plain("Approve this rollback?"),
        "text": block::plain(&text),
        "confirm": block::plain("Approve"),
        "deny": block::plain("Not now"),
        "style": "primary",
    })
}

/// The question before a confirmation: the one that the run waits for.
fn yes(card: &Card, people: &People) -> Value {
    let plan = card.plan.as_ref().map_or("", Digest::short);
    let question = card.facts.iter().find(|fact| fact.label == "Question");
    let question = question.map(|fact| fact.value.to_plain(people)).unwrap_or_default();
    let text = format!("{question} You sign a yes for plan {plan}, and the rollback goes on.");
    json!({
        "title": block::plain("Let it go on?"),
        "text": block::plain(&letters::line(&text, CONFIRM_LIMIT)),
        "confirm": block::plain("Confirm"),
        "deny": block::plain("Not now"),
        "style": "primary",
    })
}
