//! Programs that are started early: used once, gone when nobody wants them, and of no effect before their line.

use runner::{Given, Outcome, Waiting};
use tokio_util::sync::CancellationToken;

use crate::children::{is_alive, kill, sh, wait_until};

/// Says its own number at once, and its line when it has one. Without the line's end it says nothing.
const WAITER: &str =
    r#"echo $$ > pid; read -r line || exit 0; echo "got $line"; read -r more || echo "no more""#;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self) -> runner::Command {
        let mut command = sh(WAITER);
        command.current_dir = Some(self.0.path().to_owned());
        command
    }

    /// Starts one and waits until it is there.
    fn start(&self) -> (Waiting, u32) {
        let waiting = Waiting::start(&self.command()).unwrap();
        let file = self.0.path().join("pid");
        let pid = || std::fs::read_to_string(&file).ok()?.trim().parse().ok();
        wait_until("it says its number", || pid().is_some());
        (waiting, pid().unwrap())
    }
}

#[tokio::test]
async fn it_gets_one_line_and_the_end_of_its_input() {
    let place = Place::new();
    let (waiting, pid) = place.start();
    let given: Given = waiting.give("two words").await.unwrap().expect("it waits");
    let watched = given.watch(&place.command(), &CancellationToken::new(), |_, _| ()).await;
    let finished = watched.unwrap();
    assert_eq!(finished.outcome, Outcome::Exited(0));
    assert_eq!(finished.output, "got two words\nno more\n");
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn its_end_is_awaited() {
    let (waiting, pid) = Place::new().start();
    waiting.end().await.unwrap();
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn whoever_drops_it_kills_it() {
    let (waiting, pid) = Place::new().start();
    drop(waiting);
    wait_until("it is gone", || !is_alive(pid));
}

#[tokio::test]
async fn one_that_has_died_takes_nothing() {
    let (waiting, pid) = Place::new().start();
    kill(pid);
    wait_until("it is gone", || !is_alive(pid));
    assert!(waiting.give("a line").await.unwrap().is_none());
}

#[tokio::test]
async fn one_that_has_its_line_is_ended_like_any_command() {
    let command = sh("read -r line; echo $$ $line; sleep 600");
    let given = Waiting::start(&command).unwrap().give("ready").await.unwrap().expect("it waits");
    let cancel = CancellationToken::new();
    let mut pid = 0;
    let on_line = |_, line: &str| {
        pid = line.strip_suffix(" ready").unwrap().parse().unwrap();
        cancel.cancel();
    };
    let finished = given.watch(&command, &cancel, on_line).await.unwrap();
    assert_eq!(finished.outcome, Outcome::Cancelled);
    assert!(!is_alive(pid));
}
