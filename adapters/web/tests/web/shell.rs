//! The page around the card: it works under the strict policy, without a script, and for every reader.

use domain::words::Words;
use insta::assert_snapshot;
use web::{CONTENT_SECURITY_POLICY, IndexView, Pages, Viewer, asset};

use crate::{
    reading::{attribute, reading},
    scene::Scene,
};

fn pages() -> Pages {
    Pages::new("https://countersign.example.com").unwrap()
}

fn index(scenes: &[Scene], viewer: Viewer<'_>) -> String {
    let people = crate::scene::people();
    let view = IndexView {
        rows: scenes.iter().map(|scene| &scene.card).collect(),
        people: &people,
        viewer,
        csrf: "a-token",
        now: crate::scene::night(2, 53),
        speed: 1,
    };
    pages().index(&view).unwrap()
}

fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let tag_on = html.split('<').filter(|tag| tag.split([' ', '>']).next() == Some(name));
    tag_on.map(|tag| tag.split('>').next().unwrap()).collect()
}

fn every_page() -> Vec<String> {
    let scenes = [
        Scene::triggered(),
        Scene::open(),
        Scene::partly_approved(),
        Scene::running(),
        Scene::rolled_back(),
        Scene::stuck(),
        Scene::unanswered(),
    ];
    let mut every: Vec<_> =
        scenes.iter().map(|scene| pages().incident(&scene.view()).unwrap()).collect();
    every.push(index(&scenes, scenes[0].persona("sam")));
    every.push(index(&[], Viewer::ReadOnly));
    every.push(pages().message("Not found", &Words::new(), &scenes[0].people).unwrap());
    every
}

#[test]
fn nothing_on_a_page_needs_more_than_the_policy_allows() {
    assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    for html in every_page() {
        for script in tags(&html, "script") {
            assert!(attribute(script, "src").is_some_and(|src| src.starts_with("/assets/")));
        }
        assert_eq!(tags(&html, "style"), Vec::<&str>::new());
        let all = html.split('<').filter_map(|tag| tag.split('>').next());
        for tag in all {
            let is_inline = tag.contains(" style=") || tag.contains(" on");
            assert!(!is_inline, "<{tag}> would be blocked");
        }
    }
}

#[test]
fn every_form_is_a_post_with_the_token() {
    let mut forms = 0;
    for html in every_page() {
        for form in html.split("<form ").skip(1) {
            forms += 1;
            let form = form.split("</form>").next().unwrap();
            assert!(form.starts_with("method=\"post\" action=\"/"), "{form}");
            assert!(form.contains("name=\"token\" value=\"a-token\""), "{form}");
            assert!(form.contains("<button type=\"submit\""), "{form}");
        }
    }
    assert!(forms > 10, "only {forms} forms were looked at");
}

#[test]
fn every_page_has_landmarks_and_one_heading_of_the_first_rank() {
    for html in every_page() {
        for (name, count) in [("main", 1), ("header", 1), ("footer", 1), ("nav", 1), ("h1", 1)] {
            let found = tags(&html, name).len();
            // A card has a header of its own.
            assert!(found == count || (name == "header" && found == 2), "{found} <{name}>: {html}");
        }
        let mut ids: Vec<_> = html.split(" id=\"").skip(1).map(|id| id.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id is there twice");
    }
}

#[test]
fn every_asset_that_a_page_names_is_there() {
    for html in every_page() {
        for named in html.split("/assets/").skip(1) {
            let name = named.split('?').next().unwrap();
            assert!(asset(name).is_some_and(|(_, bytes)| !bytes.is_empty()), "{name} is missing");
        }
    }
    assert!(asset("../lib.rs").is_none());
}

#[test]
fn list() {
    let html = index(&[Scene::running(), Scene::open()], Viewer::ReadOnly);
    assert_snapshot!(reading(&html), @r#"
    Incidents – Countersign
    Skip to the content Countersign Incidents
    # Incidents
    - Rolling back
    ## orders_daily: row count dropped by 41 %
    4sn02q since 03:00:12 UTC 1 of 4 steps
    - Waiting for a decision
    ## orders_daily: row count dropped by 41 %
    4sn02q since 03:00:12 UTC level 2 in 12:27
    Times are UTC. Nothing runs without a signature.
    "#);
}

#[test]
fn empty_list() {
    assert_snapshot!(reading(&index(&[], Viewer::ReadOnly)), @r#"
    Incidents – Countersign
    Skip to the content Countersign Incidents
    # Incidents
    ## All quiet
    No incident has come in yet. To connect PagerDuty, open Integrations → Generic Webhooks (v3) and add a webhook with this address:
    https://countersign.example.com/webhooks/pagerduty
    Its signing secret goes into pagerduty.webhook_secrets of countersign.yaml. An incident appears here as soon as one is triggered.
    Times are UTC. Nothing runs without a signature.
    "#);
}

#[test]
fn persona_bar() {
    let scene = Scene::open();
    let everyone = scene.people.iter().collect();
    let bar = |viewer| reading(index(&[], viewer).split("</aside>").next().unwrap());
    assert_snapshot!(bar(scene.persona("sam")), @r#"
    Incidents – Countersign
    Skip to the content Countersign Incidents Demo. Everybody here is invented. You act as Sam Lindqvist, who watches.
    → post /persona
    {token=a-token} {back=/}
    [Ana Ruiz level 1]
    [Ben Okafor level 2]
    [Cléo Martin level 3]
    [Dana Whitfield level 4]
    [Sam Lindqvist watches]
    "#);
    assert_snapshot!(bar(Viewer::ChoosePersona { everyone }), @r#"
    Incidents – Countersign
    Skip to the content Countersign Incidents Demo. Everybody here is invented. Choose as whom you act:
    → post /persona
    {token=a-token} {back=/}
    [Ana Ruiz level 1]
    [Ben Okafor level 2]
    [Cléo Martin level 3]
    [Dana Whitfield level 4]
    [Sam Lindqvist watches]
    "#);
}
