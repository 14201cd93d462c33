//! The form to propose with: what it shows, what comes back from it, and what is said at its inputs.

use domain::{place::Place, plan::RollbackType, words::Words};
use slack::{Answer, AnswerLine, Choice, Chosen, Field, Interaction, Kept, ProposeForm, models_of};

use crate::{
    clicks::read,
    samples::{plan, proposal_id},
    world::{CHANNEL, World, at, identity},
};

fn choice(value: &str, text: &str, description: &str) -> Choice {
    let [value, text, description] = [value, text, description].map(str::to_owned);
    Choice { value, text, description }
}

fn form() -> ProposeForm {
    let words = Words::new().strong("Needs").text(" 1 approval: one of level 1 or higher.");
    ProposeForm {
        chosen: Chosen {
            rollback_type: Some(RollbackType::ModelLevel),
            target: Some("warehouse".to_owned()),
            models: vec!["marts.orders".to_owned()],
            trigger: None,
            reason: "rows are <!here> missing".to_owned(),
            is_planned: false,
        },
        types: vec![
            choice("1", "1. blue-green", "All of it, back to the state before; within 5 min"),
            choice("2", "2. model-level", "Some models, back to their version before"),
        ],
        targets: vec![choice("warehouse", "prod of warehouse", "")],
        triggers: vec![
            ("Business", vec![choice("revenue_affected", "Revenue is affected", "")]),
            ("Technical", vec![]),
        ],
        most_models: Some(50),
        longest_reason: 300,
        window: Some("Tue 01:00 to Tue 04:00 (Europe/Berlin)".to_owned()),
        refusal: None,
        preview: vec![AnswerLine { words, link: None }],
        kept: Kept {
            response_url: "https://hooks.slack.com/commands/1".to_owned(),
            previewed: "abcd1234".to_owned(),
        },
    }
}

/// A form that stands open.
async fn opened(form: &ProposeForm) -> World {
    let world = World::start().await;
    let request = world.fake.command("U0ANA", CHANNEL, "propose");
    let text = String::from_utf8(request.body).expect("text");
    let trigger = text.split("trigger_id=").nth(1).expect("a trigger").split('&').next();
    let trigger = trigger.expect("its value");
    world.slack.open_propose(trigger, form, &world.people).await.expect("it opens");
    world
}

fn shown(world: &World) -> String {
    let [view] = &world.fake.views("U0ANA")[..] else { panic!("one modal") };
    view.shown()
}

#[tokio::test]
async fn the_form_says_what_it_asks_for() {
    let world = opened(&form()).await;
    insta::assert_snapshot!(shown(&world), @"
    Propose a rollback
    Nothing runs before people approve it.
    Type
    Where
    Models
    What you see
    Why
    When
    *What this needs*
    *Needs* 1 approval: one of level 1 or higher.
    ");
}

#[tokio::test]
async fn each_choice_comes_back_with_all_that_is_chosen() {
    let world = opened(&form()).await;
    let request = world.fake.in_view_choose("U0ANA", "trigger", "revenue_affected");
    let Interaction::Choosing { identity: who, view, hash, chosen, kept } = read(&world, &request)
    else {
        panic!("nothing was chosen")
    };
    assert_eq!(who, identity("U0ANA"));
    let expected = Chosen { trigger: Some("revenue_affected".to_owned()), ..form().chosen };
    assert_eq!((chosen, kept), (expected.clone(), form().kept));

    let next = ProposeForm {
        chosen: expected,
        refusal: Some(Words::plain("a proposal for ").code("warehouse").text(" is open")),
        ..form()
    };
    world.slack.update_propose(&view, &hash, &next, &world.people).await.expect("updated");
    assert!(shown(&world).contains("🔴 a proposal for `warehouse` is open"), "{}", shown(&world));
    let late = world.slack.update_propose(&view, &hash, &form(), &world.people).await;
    assert!(late.is_err(), "an older state does not cover a newer one");
}

#[tokio::test]
async fn what_is_sent_is_read_to_the_letter() {
    let world = opened(&form()).await;
    let inputs = [
        ("type", "2"),
        ("models", "marts.orders,marts.revenue"),
        ("trigger", "revenue_affected"),
        ("reason", "it is \"wrong\" & =%41+\0"),
        ("when", "window"),
    ];
    let request = world.fake.submit_view("U0ANA", &inputs);
    let Interaction::Proposed { chosen, kept, view, .. } = read(&world, &request) else {
        panic!("nothing was proposed")
    };
    let expected = Chosen {
        models: vec!["marts.orders".to_owned(), "marts.revenue".to_owned()],
        trigger: Some("revenue_affected".to_owned()),
        reason: "it is \"wrong\" & =%41+".to_owned(),
        is_planned: true,
        ..form().chosen
    };
    assert_eq!((chosen, kept), (expected, form().kept));
    assert!(!view.is_empty());
    for (field, name) in [
        (Field::Type, "type".to_owned()),
        (Field::Target, "target".to_owned()),
        (Field::Models, models_of("warehouse")),
        (Field::Trigger, "trigger".to_owned()),
        (Field::Reason, "reason".to_owned()),
        (Field::When, "when".to_owned()),
    ] {
        let answer = world.slack.wrong_at(field, Some("warehouse"), "Say why.");
        world.fake.answered("U0ANA", &answer);
        assert_eq!(
            world.fake.view_errors("U0ANA").get(&name).map(String::as_str),
            Some("Say why.")
        );
        let _again = world.fake.submit_view("U0ANA", &inputs);
    }
    let again = world.slack.shown_again(&form(), &world.people);
    world.fake.answered("U0ANA", &again);
    assert!(shown(&world).contains("What this needs"));
}

#[tokio::test]
async fn models_are_searched_for_by_what_is_typed() {
    let world = opened(&form()).await;
    let request = world.fake.suggest("U0ANA", "models", "Ord");
    let expected = Interaction::Suggest {
        identity: identity("U0ANA"),
        input: models_of("warehouse"),
        typed: "Ord".to_owned(),
    };
    assert_eq!(read(&world, &request), expected);
    let long = "m".repeat(151);
    let mut choices = vec![choice(&long, "too long to be sent", ""), choice("", "nothing", "")];
    choices.extend((0..150).map(|number| {
        choice(&format!("marts.m{number}"), &"x".repeat(90), &"changed ".repeat(20))
    }));
    let offered = world.fake.offered(&world.slack.options(&choices));
    assert_eq!(offered.len(), 100);
    assert_eq!(offered[0].1, "marts.m0");
    assert!(world.fake.offered(&world.slack.options(&[])).is_empty());
}

#[tokio::test]
async fn a_form_of_any_size_is_one_that_slack_takes() {
    let hostile = "<!channel> *_~`&\n\u{202E}\"".repeat(40);
    let many = |count: usize| -> Vec<Choice> {
        (0..count).map(|number| choice(&format!("v{number}"), &hostile, &hostile)).collect()
    };
    let mut big = form();
    big.targets = many(300);
    big.chosen.target = Some("v7".to_owned());
    big.triggers = vec![("Business", many(300)), ("Technical", many(1))];
    big.chosen.models = (0..80).map(|number| format!("marts.m{number}")).collect();
    big.chosen.reason.clone_from(&hostile);
    big.refusal = Some(Words::plain(&hostile));
    big.preview = vec![AnswerLine { words: Words::plain(&hostile), link: None }; 100];
    big.kept.response_url = "x".repeat(4000);
    let world = opened(&big).await;
    assert!(shown(&world).contains("more"));
    let none = ProposeForm { most_models: None, window: None, chosen: Chosen::default(), ..form() };
    opened(&none).await;
}

#[tokio::test]
async fn an_approval_that_was_typed_shows_what_is_signed() {
    let world = World::start().await;
    let request = world.fake.command("U0ANA", CHANNEL, "approve");
    let text = String::from_utf8(request.body).expect("text");
    let trigger = text.split("trigger_id=").nth(1).expect("a trigger").split('&').next();
    let (proposal, plan) = (proposal_id(), plan());
    let button = domain::card::Button::Approve;
    let ask = slack::AskWhy {
        button,
        proposal: &proposal,
        plan: &plan,
        stop: None,
        place: &Place::Private,
    };
    let summary = Answer::saying(Words::plain("You are about to approve plan ").code(plan.short()))
        .line(Words::new().strong("Where").text(" ").code("prod"))
        .line(Words::new().strong("Possible until").text(" ").time(at(0)));
    let opening = world.slack.open_approval(
        trigger.expect("its value"),
        (ask, None),
        &summary,
        &world.people,
    );
    opening.await.expect("it opens");
    insta::assert_snapshot!(shown(&world), @"
    Approve the rollback
    You are about to approve plan `aab8f06f`
    *Where* `prod`
    *Possible until* <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>
    Anything to add?
    ");
    let request = world.fake.submit_view("U0ANA", &[]);
    let expected = Interaction::Submitted {
        identity: identity("U0ANA"),
        button,
        proposal,
        plan,
        stop: None,
        reason: String::new(),
        typed: String::new(),
        place: Place::Private,
    };
    assert_eq!(read(&world, &request), expected);
}
