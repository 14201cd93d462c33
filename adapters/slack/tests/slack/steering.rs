//! The card's buttons where people steer a run, and what they bring back.

use domain::{
    card::{Button, Card},
    place::Place,
    plan::Question,
    port::Chat,
    proposal::Stage,
    run::{self, Run, Stop},
    words::Words,
};
use fakes::slack::Message;
use slack::{AskWhy, Interaction};

use crate::{
    cards::short,
    clicks::read,
    samples::{by_ana, incident, key, plan, proposal, proposal_id, run, run_id},
    world::{World, ana, at, identity},
};

/// A run that stopped for a person, for the first time.
fn stopped(stage: run::Stage) -> Run {
    let mut run = run(stage);
    run.steering.stops = 1;
    run
}

fn stuck() -> Run {
    stopped(run::Stage::Stuck {
        step: 1,
        reason: "the probe could not tell".to_owned(),
        halt: run::Halt::Within { attempt: 1 },
    })
}

fn asking() -> Run {
    let mut asking = stopped(run::Stage::Asking { step: 1 });
    let text = "Swap the restored warehouse in?".to_owned();
    asking.steps[1].confirm = Some(Question { text, level: None });
    asking
}

fn card(run: &Run) -> Card {
    let of = |run: &Run| match run.stage {
        run::Stage::Stuck { .. } => Stage::Stuck { run: run_id() },
        _ => Stage::Running { run: run_id() },
    };
    Card::of(&incident("orders"), Some(&proposal(of(run), by_ana())), Some(run), None)
}

async fn posted(card: &Card) -> (World, Message) {
    let world = World::start().await;
    world.slack.post(card, &world.people, &key(9)).await.expect("Slack takes the card");
    let message = world.only_message();
    (world, message)
}

/// The card's facts of the run, and its buttons with the stop that they answer.
async fn shown(run: &Run) -> String {
    let card = card(run);
    let (world, message) = posted(&card).await;
    let facts = card.facts.iter().filter(|fact| {
        ["Stuck at", "Paused", "Question", "Can answer", "Cancelled", "Signed off"]
            .contains(&fact.label)
    });
    let facts = facts.map(|fact| format!("{}: {}", fact.label, fact.value.to_plain(&world.people)));
    let blocks = message.attachments[0]["blocks"].as_array().into_iter().flatten();
    let decide = blocks.filter(|block| block["block_id"] == "decide");
    let elements = decide.filter_map(|block| block["elements"].as_array()).flatten();
    let buttons = elements.map(|element| {
        let option = &element["options"][0]["value"];
        let value = element["value"].as_str().or_else(|| option.as_str()).unwrap_or_default();
        let stop = value.rsplit(' ').next().filter(|stop| stop.contains('.')).unwrap_or("-");
        format!("{} at {stop}", short(element))
    });
    facts.chain(buttons).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_can_be_pressed() {
    let mut run = run(run::Stage::Pending { next: 1, attempt: 1 });
    insta::assert_snapshot!(shown(&run).await, @"
    (Pause) pause - confirm: - at -
    (Cancel the rollback) cancel danger confirm: - at -
    (Details) details - confirm: - at -
    ");
    run.steering.paused = Some(run::Pause { by: ana(), since: at(130) });
    insta::assert_snapshot!(shown(&run).await, @"
    Paused: by Ana since 23 Nov 05:48:30 UTC
    (Resume) resume - confirm: - at -
    (Cancel the rollback) cancel danger confirm: - at -
    (Details) details - confirm: - at -
    ");
    insta::assert_snapshot!(shown(&asking()).await, @"
    Question: Swap the restored warehouse in?
    Can answer: Ben (level 2 or higher)
    (Confirm) confirm primary confirm: Swap the restored warehouse in? You sign a yes for plan aab8f06f, and the rollback goes on. at 1.1
    (Cancel the rollback) cancel danger confirm: - at 1.1
    (Details) details - confirm: - at 1.1
    ");
    insta::assert_snapshot!(shown(&stuck()).await, @"
    Stuck at: Point the models back: the probe could not tell
    (Try again) retry - confirm: - at 1.1
    (Skip the step) skip - confirm: - at 1.1
    (Details) details - confirm: - at 1.1
    (…) more: End the rollback at 1.1
    ");
}

#[tokio::test]
async fn a_click_says_which_stop_it_answers() {
    for (run, action_id, expected) in [
        (asking(), "confirm", Button::Confirm),
        (stuck(), "retry", Button::Retry),
        (stuck(), "skip", Button::Skip),
    ] {
        let (world, message) = posted(&card(&run)).await;
        let click = read(&world, &world.fake.click(&message, action_id, "U0ANA"));
        let Interaction::Click { button, stop, .. } = click else {
            panic!("{click:?} is no click")
        };
        assert_eq!((button, stop), (expected, Some(Stop { step: 1, count: 1 })));
    }
}

#[tokio::test]
async fn a_reason_comes_with_its_button_and_its_stop() {
    let (world, message) = posted(&card(&stuck())).await;
    let click = read(&world, &world.fake.click(&message, "skip", "U0ANA"));
    let Interaction::Click { button, stop, trigger_id, .. } = click else {
        panic!("{click:?} is no click")
    };
    let (proposal, plan) = (proposal_id(), plan());
    let place = &Place::Thread { channel: "C1".to_owned(), message: "1.5".to_owned() };
    let ask = AskWhy { button, proposal: &proposal, plan: &plan, stop, place };
    let words = Words::plain("You sign off a step.");
    world.slack.open_reason_modal(&trigger_id, ask, &words, &world.people).await.expect("a modal");
    let view = &world.fake.views("U0ANA")[0].view;
    let texts = ["title", "submit", "close"].map(|part| view[part]["text"].as_str().unwrap_or("-"));
    assert_eq!(texts, ["Skip the step", "Skip it", "Back"]);
    let request = world.fake.submit_view("U0ANA", &[("reason", "known since last year")]);
    let expected = Interaction::Submitted {
        identity: identity("U0ANA"),
        button: Button::Skip,
        proposal,
        plan,
        stop: Some(Stop { step: 1, count: 1 }),
        reason: "known since last year".to_owned(),
        typed: String::new(),
        place: place.clone(),
    };
    assert_eq!(read(&world, &request), expected);
}
