//! Leftovers of an earlier life are found by their mark and ended; others are left alone.

use std::{process::Stdio, time::Duration};

use runner::end_marked;
use tokio::{io::AsyncReadExt as _, process::Command};

#[tokio::test]
async fn only_marked_processes_are_ended() {
    let sleeper = |mark: &str| {
        let mut command = Command::new("sh");
        // A child of its own, in a group of its own: the mark is inherited.
        command.args(["-c", "echo up; setsid sleep 60 & wait"]).env("COUNTERSIGN_TEST_MARK", mark);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("sh is there")
    };
    let mark = format!("mine-{}", std::process::id());
    let mut mine = sleeper(&mark);
    let mut other = sleeper("other");
    // A child carries its environment from the moment that its program has begun.
    for child in [&mut mine, &mut other] {
        let mut first = [0; 1];
        let stdout = child.stdout.as_mut().expect("it is piped");
        stdout.read_exact(&mut first).await.expect("it says that it is up");
    }

    let ended =
        end_marked("COUNTERSIGN_TEST_MARK", &mark, Duration::from_secs(5)).await.expect("they end");
    assert!(ended >= 1, "the shell carries the mark");
    assert!(!mine.wait().await.expect("it has ended").success());
    assert!(other.try_wait().expect("a child").is_none(), "a process with another mark was ended");
    assert_eq!(
        end_marked("COUNTERSIGN_TEST_MARK", &mark, Duration::ZERO).await.expect("nothing is left"),
        0
    );

    end_marked("COUNTERSIGN_TEST_MARK", "other", Duration::from_secs(5)).await.expect("they end");
    other.wait().await.expect("it has ended");
}
