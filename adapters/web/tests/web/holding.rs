//! The card of a rollback whose environment is held.

use domain::{
    hold::{Event, Hold, Opening},
    id::HoldId,
    level::Level,
    release::ModelVersion,
};
use insta::assert_snapshot;
use web::Pages;

use crate::{
    reading::reading,
    scene::{Scene, night, person},
};

fn bad() -> Vec<ModelVersion> {
    ["shop.orders_daily=22", "shop.revenue=24"].map(|text| ModelVersion::read(text).unwrap()).into()
}

fn held(scene: &Scene) -> Hold {
    let proposal = scene.proposal.as_ref().unwrap();
    let opening = Opening {
        incident: scene.incident.id.clone(),
        proposal: proposal.id.clone(),
        plan: proposal.opening.plan.clone(),
        run: scene.run.as_ref().unwrap().id.clone(),
        target: proposal.opening.target.clone(),
        bad: bad(),
        reason: proposal.opening.because.clone(),
        needs: Level::LOWEST,
        who: vec![person("ana"), person("ben")],
        remind_ms: 86_400_000,
    };
    let id: HoldId = "hld_01k7gqd400e9jvd5m8wzc4x7m2".parse().unwrap();
    Hold::place(id, opening, night(8, 8)).0
}

/// The head of the card with this hold, and what can be pressed.
#[track_caller]
fn read(hold: &Hold) -> String {
    let mut scene = Scene::rolled_back();
    scene.card = scene.card.clone().with_hold(Some(hold));
    let pages = Pages::new("https://countersign.example.com").unwrap();
    let whole = reading(&pages.fragment(&scene.view_as("ben")).unwrap());
    let card = whole.split("\n## Thread").next().unwrap();
    let head = card.split("\nApprovals:").next().unwrap();
    let buttons = card.rsplit_once(" of 02:10 UTC\n").unwrap().1;
    format!("{head}\n…\n{buttons}")
}

#[test]
fn it_stands() {
    assert_snapshot!(read(&held(&Scene::rolled_back())), @r"
    Rolled back
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Outcome: Rolled back: every step is done and every check passed, 7 min 48 s after the proposal, within the 15 min meant for it.
    Closed: 03:08:08 UTC
    Hold: A deploy must not bring back shop.orders_daily=22, shop.revenue=24
    …
    [Lift the hold]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=lift_hold} After this, what was rolled back may come again: Ben Okafor signs that, and CI is let through.
    Why? The others read this in the thread.
    {reason: ____}
    [Lift the hold]
    ");
}

#[test]
fn what_was_rolled_back_is_back() {
    let seen = Event::ReleaseSeen { plan_id: "4f2a".to_owned(), bad: bad()[..1].to_vec() };
    let hold = held(&Scene::rolled_back()).step(&seen, night(30, 0)).unwrap().0;
    assert_snapshot!(read(&hold).split("\n…").next().unwrap(), @r"
    What was rolled back is back
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Outcome: Rolled back: every step is done and every check passed, 7 min 48 s after the proposal, within the 15 min meant for it.
    Closed: 03:08:08 UTC
    Hold: shop.orders_daily=22 is live again, by the SQLMesh plan 4f2a
    ");
}
