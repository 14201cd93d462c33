//! Writes a page for every stage of an incident into a folder, to be looked at in a browser:
//! `cargo run -p web --example preview -- target/web-preview`.
#![expect(clippy::unwrap_used, reason = "a preview that cannot be written should say where")]

use std::{env, fs, path::Path};

use domain::words::Words;
use web::{IncidentView, IndexView, Pages, Viewer, asset};

#[path = "../tests/web/scene.rs"]
mod scene;

use scene::Scene;

fn main() {
    let folder = env::args().nth(1).expect("the first argument names the folder to write to");
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets")).unwrap();
    for name in ["style.css", "live.js", "favicon.svg"] {
        fs::write(folder.join("assets").join(name), asset(name).unwrap().1).unwrap();
    }
    let pages = Pages::new("https://countersign.example.com").unwrap();
    let write = |name: &str, html: String| {
        // A file has no root: the links to the assets start at the page instead.
        fs::write(folder.join(name), html.replace("\"/assets/", "\"assets/")).unwrap();
    };

    let scenes = vec![
        ("triggered", Scene::triggered()),
        ("open", Scene::open()),
        ("partly-approved", Scene::partly_approved()),
        ("running", Scene::running()),
        ("rolled-back", Scene::rolled_back()),
        ("paused", Scene::paused()),
        ("asking", Scene::asking()),
        ("stuck", Scene::stuck()),
        ("signed-off", Scene::signed_off()),
        ("unanswered", Scene::unanswered()),
        ("could-be-kept", Scene::could_be_kept()),
        ("kept", Scene::kept()),
    ];
    for (name, scene) in &scenes {
        write(&format!("{name}.html"), pages.incident(&scene.view()).unwrap());
    }
    let partly = &scenes[2].1;
    let refused = scene::refused();
    let view = IncidentView { answer: Some(&refused), ..partly.view() };
    write("refused.html", pages.incident(&view).unwrap());
    let view = IncidentView { viewer: Viewer::ReadOnly, speed: 1, ..partly.view() };
    write("read-only.html", pages.incident(&view).unwrap());
    let approving = pages.incident(&partly.view_as("ben")).unwrap();
    let opened = approving.replace("id=\"decide-approve\"", "open id=\"decide-approve\"");
    write("approving.html", opened);
    let opened = approving.replace("id=\"decide-reject\"", "open id=\"decide-reject\"");
    write("rejecting.html", opened);
    for (name, scene, button) in [
        ("pausing", Scene::running(), "pause"),
        ("cancelling", Scene::running(), "cancel"),
        ("confirming", Scene::asking(), "confirm"),
        ("skipping", Scene::stuck(), "skip"),
        ("keeping", Scene::could_be_kept(), "keep"),
    ] {
        let page = pages.incident(&scene.view_as("ben")).unwrap();
        let id = format!("id=\"decide-{button}\"");
        write(&format!("{name}.html"), page.replace(&id, &format!("open {id}")));
    }

    let index = IndexView {
        rows: scenes.iter().rev().map(|(_, scene)| &scene.card).collect(),
        people: &partly.people,
        viewer: partly.persona("ana"),
        csrf: "a-token",
        now: partly.now,
        speed: 60,
    };
    write("index.html", pages.index(&index).unwrap());
    let everyone = partly.people.iter().collect();
    let viewer = Viewer::ChoosePersona { everyone };
    write("empty.html", pages.index(&IndexView { rows: vec![], viewer, ..index }).unwrap());
    let words = Words::plain("There is no incident ").code("inc_x").text(" here.");
    write("message.html", pages.message("Not found", &words, &partly.people).unwrap());
}
