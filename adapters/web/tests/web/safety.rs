//! No text from outside can act: not as markup, not as an attribute, not as a link, not as an event of the stream.

use domain::{
    card::Link,
    notice::{Tone, Volume},
    plan::{Finding, Outcome},
    words::Words,
};
use web::{IncidentView, IndexView, Line, Pages};

use crate::scene::{Scene, night, person};

const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "</p></article><form action=//evil.example><button>Approve",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "{{ card.title }}{% include 'card.html' %}",
    "<!--",
    "&lt;b&gt; stays as it was typed",
    "evil\u{202e}gpj.exe \u{2067}\u{0}",
];

fn pages() -> Pages {
    Pages::new("https://countersign.example.com").unwrap()
}

/// The open scene with `text` wherever somebody outside has a say.
fn scene_saying(text: &str) -> Scene {
    let mut scene = Scene::running();
    let finding = Finding {
        check: text.into(),
        subject: text.into(),
        outcome: Outcome::Fail,
        detail: text.into(),
    };
    let words = Words::plain(text).strong(text).code(text).person(&person(text));
    scene.card.title = text.into();
    scene.card.alert_url = Some(format!("https://example.com/{text}"));
    scene.card.links = vec![Link { label: text.into(), url: format!("https://x/{text}") }];
    scene.card.live = Some(text.into());
    scene.card.findings = vec![finding.clone(), Finding { outcome: Outcome::Pass, ..finding }];
    for step in &mut scene.card.steps {
        step.name = text.into();
    }
    for fact in &mut scene.card.facts {
        fact.value = words.clone();
    }
    scene.lines = vec![Line {
        at: scene.now,
        seq: 0,
        tone: Tone::Neutral,
        volume: Volume::Thread,
        who: text.into(),
        words,
    }];
    scene
}

/// The tags of some HTML, without the text between them and without their attributes' values.
fn skeleton(html: &str) -> Vec<String> {
    let tag_on = html.split('<').skip(1);
    let without_values = |tag: &str| tag.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    tag_on.map(|tag| without_values(tag.split('>').next().unwrap())).collect()
}

#[test]
fn hostile_text_changes_no_tag() {
    let harmless = scene_saying("harmless");
    let answer = Words::plain("harmless");
    let expected = pages()
        .incident(&IncidentView { answer: Some(&answer), ..harmless.view() })
        .map(|html| skeleton(&html))
        .unwrap();
    for text in HOSTILE {
        let (scene, answer) = (scene_saying(text), Words::plain(text));
        let html = pages().incident(&IncidentView { answer: Some(&answer), ..scene.view() });
        assert_eq!(skeleton(&html.unwrap()), expected, "{text} became markup");
    }
}

#[test]
fn hostile_text_changes_no_tag_of_the_list() {
    let page = |text| {
        let scene = scene_saying(text);
        let view = IndexView {
            rows: vec![&scene.card],
            people: &scene.people,
            viewer: scene.persona("ana"),
            csrf: text,
            now: scene.now,
            speed: 1,
        };
        skeleton(&pages().index(&view).unwrap())
    };
    for text in HOSTILE {
        assert_eq!(page(text), page("harmless"), "{text} became markup");
    }
}

#[test]
fn text_in_another_direction_is_shown_and_kept_to_itself() {
    let html = pages().fragment(&scene_saying("شحنة\u{202e}abc").view()).unwrap();
    assert!(html.contains("<bdi>شحنة\u{202e}abc</bdi></h1>"), "the title is not isolated: {html}");
}

#[test]
fn only_web_addresses_become_links() {
    for (url, is_linked) in [
        ("https://example.pagerduty.com/incidents/Q1", true),
        ("http://127.0.0.1:9000/incidents/Q1", true),
        ("javascript:alert(1)", false),
        (" javascript:alert(1)//https://", false),
        ("data:text/html,<script>alert(1)</script>", false),
        ("//evil.example", false),
    ] {
        let mut scene = Scene::open();
        scene.card.alert_url = Some(url.to_owned());
        scene.card.links = vec![Link { label: "Runbook".to_owned(), url: url.to_owned() }];
        let html = pages().fragment(&scene.view()).unwrap();
        let links = if is_linked { 2 } else { 0 };
        assert_eq!(html.matches("target=\"_blank\"").count(), links, "{url}");
    }
}

#[test]
fn the_fragment_changes_with_the_state_alone() {
    let scene = Scene::open();
    let later = IncidentView { now: night(9, 9), ..scene.view() };
    assert_eq!(pages().fragment(&scene.view()).unwrap(), pages().fragment(&later).unwrap());
    assert_ne!(pages().incident(&scene.view()).unwrap(), pages().incident(&later).unwrap());
}

#[test]
fn the_fragment_cannot_end_its_event_early() {
    let html = pages().fragment(&scene_saying("one\revent: thread\r\rdata: two\r\n").view());
    assert!(!html.unwrap().contains('\r'), "a carriage return ends a line of the stream");
}
