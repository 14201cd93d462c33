//! Interpreters that are started ahead: used once, by whom they were started for, and gone when nobody wants them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::plan::Target;
use serde_json::{Value, json};
use sqlmesh::{Behalf, Call, Sqlmesh};
use tokio_util::sync::CancellationToken;

/// Says whether it was started for its call or had waited for it, and writes down who waits.
const PYTHON: &str = r#"#!/bin/sh
case "$1" in
*/countersign_standby.py)
    echo $$ >> "$0.waiting"
    read -r line || exit 0
    printf '{"had_waited":true,"arguments":%s,"cache":"%s"}\n' "$line" "$SQLMESH__CACHE_DIR" ;;
*/countersign_sqlmesh.py) printf '{"had_waited":false}\n' ;;
esac
"#;

struct Place {
    folder: tempfile::TempDir,
    sqlmesh: Sqlmesh,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlmesh = Sqlmesh::install(folder.path(), BTreeMap::new(), vec![]).unwrap();
        Self { folder, sqlmesh }
    }

    fn python(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        if !path.exists() {
            fs::write(&path, PYTHON).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        path
    }
}

/// A call in every way but one like those that were foreseen.
struct Like {
    python: PathBuf,
    target: Target,
    variables: BTreeMap<String, String>,
    point: &'static str,
    cancel: CancellationToken,
    arguments: Vec<String>,
}

impl Like {
    fn foreseen(place: &Place) -> Self {
        Self {
            python: place.python("python"),
            target: Target {
                id: "warehouse".to_owned(),
                environment: "prod".to_owned(),
                gateway: "local".to_owned(),
                project: "/srv".to_owned(),
            },
            variables: [("MARK".to_owned(), "run_1".to_owned())].into(),
            point: "pt_1",
            cancel: CancellationToken::new(),
            arguments: ["check", "--to", "a=1"].map(str::to_owned).to_vec(),
        }
    }

    fn call(&self) -> Call<'_> {
        Call {
            python: self.python.to_str().unwrap(),
            target: &self.target,
            arguments: &self.arguments,
            variables: &self.variables,
            behalf: Behalf::Point(self.point),
            timeout: Duration::from_mins(10),
            cancel: &self.cancel,
        }
    }

    async fn ask(&self, place: &Place) -> Value {
        place.sqlmesh.call(self.call(), |_| {}).await.answer.unwrap().value
    }

    async fn had_waited(&self, place: &Place) -> bool {
        self.ask(place).await["had_waited"] == true
    }
}

/// Waits for something that the system does in its own time.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain until {what}");
}

/// Who has ever waited.
fn waiting(python: &Path) -> Vec<u32> {
    let list = fs::read_to_string(format!("{}.waiting", python.display())).unwrap_or_default();
    list.lines().map(|line| line.parse().unwrap()).collect()
}

fn is_alive(pid: u32) -> bool {
    let Ok(line) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !line.rsplit_once(") ").unwrap().1.starts_with(['Z', 'X'])
}

#[tokio::test]
async fn one_that_waits_serves_one_call() {
    let place = Place::new();
    let like = Like::foreseen(&place);
    let standby = place.sqlmesh.stand_by(&like.call());
    assert!(!like.had_waited(&place).await, "none was expected");
    standby.expect(1);
    let answer = like.ask(&place).await;
    assert_eq!(answer["had_waited"], true);
    let place_of = ["--project", "/srv", "--gateway", "local", "--environment", "prod"];
    let expected = [&["check"], &place_of[..], &["--to", "a=1"]].concat();
    assert_eq!(answer["arguments"], json!(expected));
    assert!(!Path::new(answer["cache"].as_str().unwrap()).exists(), "its cache is its own");
    assert!(!like.had_waited(&place).await, "one was expected");
    assert_eq!(waiting(&like.python).len(), 1);
    standby.end().await;
}

#[tokio::test]
async fn who_is_used_is_replaced_for_as_long_as_calls_are_to_come() {
    let place = Place::new();
    let like = Like::foreseen(&place);
    let standby = place.sqlmesh.stand_by(&like.call());
    standby.expect(4);
    until("two wait", || waiting(&like.python).len() == 2).await;
    for _ in 0..4 {
        assert!(like.had_waited(&place).await);
    }
    assert!(!like.had_waited(&place).await);
    assert_eq!(waiting(&like.python).len(), 4);
    standby.end().await;
}

#[tokio::test]
async fn whoever_it_was_not_started_for_does_not_get_it() {
    let place = Place::new();
    let like = Like::foreseen(&place);
    let standby = place.sqlmesh.stand_by(&like.call());
    standby.expect(1);
    let target = Target { project: "/other".to_owned(), ..like.target.clone() };
    for other in [
        Like { python: place.python("other"), ..Like::foreseen(&place) },
        Like { target, ..Like::foreseen(&place) },
        Like { variables: BTreeMap::new(), ..Like::foreseen(&place) },
        Like { point: "pt_2", ..Like::foreseen(&place) },
    ] {
        assert!(!other.had_waited(&place).await);
    }
    assert!(like.had_waited(&place).await);
    standby.end().await;
}

#[tokio::test]
async fn who_has_died_is_not_used() {
    let place = Place::new();
    let like = Like::foreseen(&place);
    let standby = place.sqlmesh.stand_by(&like.call());
    standby.expect(1);
    until("one waits", || waiting(&like.python).len() == 1).await;
    let pid = waiting(&like.python)[0];
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.unwrap().success());
    until("it is dead", || !is_alive(pid)).await;
    assert!(!like.had_waited(&place).await);
    standby.end().await;
}

#[tokio::test]
async fn none_is_left_when_nobody_wants_them_any_more() {
    let place = Place::new();
    let like = Like::foreseen(&place);
    for is_dropped in [false, true] {
        let before = waiting(&like.python).len();
        let standby = place.sqlmesh.stand_by(&like.call());
        standby.expect(5);
        until("two wait", || waiting(&like.python).len() == before + 2).await;
        if is_dropped {
            drop(standby);
            until("they are gone", || !waiting(&like.python).into_iter().any(is_alive)).await;
        } else {
            standby.end().await;
            assert!(!waiting(&like.python).into_iter().any(is_alive));
        }
        assert!(!like.had_waited(&place).await);
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_before_it_begins_uses_nobody() {
    let place = Place::new();
    let like = Like::foreseen(&place);
    let standby = place.sqlmesh.stand_by(&like.call());
    standby.expect(1);
    like.cancel.cancel();
    let called = place.sqlmesh.call(like.call(), |_| {}).await;
    insta::assert_snapshot!(called.answer.unwrap_err(), @"run SQLMesh's helper");
    assert!(Like::foreseen(&place).had_waited(&place).await);
    standby.end().await;
}
