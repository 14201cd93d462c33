//! The card of a way back that somebody keeps, or could.

use insta::assert_snapshot;
use web::Pages;

use crate::{reading::reading, scene::Scene};

/// What the card says of the way back, and what can be pressed for it.
#[track_caller]
fn read(scene: &Scene) -> String {
    let pages = Pages::new("https://countersign.example.com").unwrap();
    let whole = reading(&pages.fragment(&scene.view_as("ben")).unwrap());
    let facts = whole
        .lines()
        .filter(|line| line.starts_with("Possible until") || line.starts_with("Way back"));
    let button = whole.split("\n[Keep the way back]\n").nth(1).unwrap_or_default();
    format!("{}\n…\n{}", facts.collect::<Vec<_>>().join("\n"), button.split("\n[").next().unwrap())
}

#[test]
fn it_can_be_kept() {
    assert_snapshot!(read(&Scene::could_be_kept()), @r"
    Possible until: 15:00:00 UTC
    …
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=keep} SQLMesh is told to hold what this rollback goes back to until this is closed, so that its janitor does not take it. Nobody reads anything else because of it. You sign that as Ben Okafor.
    {reason=}
    ");
}

#[test]
fn it_is_kept() {
    assert_snapshot!(read(&Scene::kept()), @r"
    Way back: kept by Ana Ruiz until this is closed
    …
    ");
}
