//! How commands end: by themselves, by us, or not at all.

use std::time::Duration;

use runner::{Command, Finished, Outcome, ProcessIdentity, RunError, Stream, group_is_alive, run};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::children::{finish, is_alive, kill, sh, wait_until};

/// Runs a script and cancels it when it prints `ready`; gives back the lines.
async fn cancel_when_ready(command: &Command) -> (Finished, Vec<String>) {
    let cancel = CancellationToken::new();
    let mut lines = Vec::new();
    let mut pgid = 0;
    let started = |identity: &ProcessIdentity| pgid = identity.pgid;
    let finished = run(command, &cancel, started, |_, line| {
        if line == "ready" {
            cancel.cancel();
        }
        lines.push(line.to_owned());
    });
    let finished = finished.await.unwrap();
    assert!(!group_is_alive(pgid), "the group outlived its command");
    (finished, lines)
}

#[tokio::test]
async fn both_streams_and_the_exit_code_come_back() {
    let mut lines = Vec::new();
    let command = sh("echo one; echo two >&2; echo; echo three; echo ' '; exit 3");
    let cancel = CancellationToken::new();
    let on_line = |stream, line: &str| lines.push((stream, line.to_owned()));
    let finished = run(&command, &cancel, |_| (), on_line).await.unwrap();

    assert_eq!(finished.outcome, Outcome::Exited(3));
    assert!(!finished.outcome.is_success());
    assert_eq!(finished.last_stdout_line.as_deref(), Some("three"));
    assert_eq!(finished.output.len(), "one\ntwo\n\nthree\n \n".len());
    let of =
        |wanted| lines.iter().filter(move |(stream, _)| *stream == wanted).map(|(_, line)| line);
    assert_eq!(of(Stream::Stdout).collect::<Vec<_>>(), ["one", "", "three", " "]);
    assert_eq!(of(Stream::Stderr).collect::<Vec<_>>(), ["two"]);
}

#[tokio::test]
async fn a_signal_of_somebody_else_is_told_from_a_time_out() {
    assert_eq!(finish(&sh("kill -9 $$")).await.outcome, Outcome::Signalled(9));
    assert_eq!(finish(&sh("true")).await.outcome, Outcome::Exited(0));
}

#[tokio::test]
async fn nothing_is_inherited_and_no_shell_looks_at_arguments() {
    let mut command = Command::new("/usr/bin/env", [""; 0], Duration::from_mins(1));
    command.env.insert("ONLY".into(), "this".into());
    assert_eq!(finish(&command).await.output, "ONLY=this\n");

    let argument = "$(id) `id`; id & 'x' \"y\" *\n--flag";
    let command = Command::new("/usr/bin/printf", ["%s", argument], Duration::from_mins(1));
    assert_eq!(finish(&command).await.output, format!("{argument}\n"));

    assert_eq!(finish(&sh("cat; echo end")).await.output, "end\n", "standard input is empty");
}

#[tokio::test]
async fn it_runs_in_the_folder_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = sh("pwd -P");
    command.current_dir = Some(folder.path().canonicalize().unwrap());
    let expected = format!("{}\n", command.current_dir.as_ref().unwrap().display());
    assert_eq!(finish(&command).await.output, expected);
}

#[tokio::test]
async fn a_time_out_ends_grandchildren_that_will_not_listen() {
    let mut command = sh("trap '' TERM; sleep 1000 & (sleep 1000 & wait) & wait; wait; wait");
    command.timeout = Duration::from_millis(300);
    command.grace = Duration::from_millis(50);
    assert_eq!(finish(&command).await.outcome, Outcome::TimedOut);
}

#[tokio::test]
async fn cancelling_ends_grandchildren() {
    let command = sh("sleep 1000 & echo $!; sleep 1000 & echo $!; echo ready; wait");
    let (finished, lines) = cancel_when_ready(&command).await;
    assert_eq!(finished.outcome, Outcome::Cancelled);
    for pid in &lines[..2] {
        assert!(!is_alive(pid.parse().unwrap()), "{pid} is alive");
    }
}

#[tokio::test]
async fn a_command_may_clean_up_within_its_grace() {
    let command = sh("trap 'echo tidied; exit 0' TERM; echo ready; while :; do :; done");
    let (finished, lines) = cancel_when_ready(&command).await;
    assert_eq!(finished.outcome, Outcome::Cancelled);
    assert_eq!(lines, ["ready", "tidied"]);
}

#[tokio::test]
async fn a_stopped_command_may_clean_up_too() {
    let command = sh("trap 'echo tidied; exit 0' TERM
         (until grep -q 'T (stopped)' /proc/$$/status; do :; done; echo ready) &
         kill -STOP $$; wait");
    assert_eq!(cancel_when_ready(&command).await.1, ["ready", "tidied"]);
}

#[tokio::test]
async fn a_command_that_never_stops_talking_is_ended() {
    let (finished, _) = cancel_when_ready(&sh("yes ready")).await;
    assert_eq!(finished.outcome, Outcome::Cancelled);
    assert!(finished.output.len() < 300 * 1024, "{}", finished.output.len());
}

#[tokio::test]
async fn dropping_the_future_kills_the_group() {
    let command = sh("trap '' TERM; sleep 1000 & echo $!; wait");
    let cancel = CancellationToken::new();
    let mut pgid = 0;
    let (announce, mut announced) = oneshot::channel();
    let mut announce = Some(announce);
    let started = |identity: &ProcessIdentity| pgid = identity.pgid;
    let running = run(&command, &cancel, started, |_, line| {
        announce.take().unwrap().send(line.parse::<u32>().unwrap()).unwrap();
    });
    let grandchild = tokio::select! {
        finished = running => panic!("ended by itself: {finished:?}"),
        process = &mut announced => process.unwrap(),
    };
    wait_until("the group is dead", || !group_is_alive(pgid) && !is_alive(grandchild));
}

#[tokio::test]
async fn a_background_process_that_holds_the_output_is_ended() {
    let mut command = sh("sleep 1000 & echo $!");
    command.drain = Duration::from_millis(50);
    let finished = finish(&command).await;
    assert_eq!(finished.outcome, Outcome::Exited(0));
    assert!(!is_alive(finished.last_stdout_line.unwrap().parse().unwrap()));
}

#[tokio::test]
async fn a_process_that_left_the_group_does_not_hang_the_caller() {
    let mut command = sh("setsid sleep 1000 & echo $!");
    command.drain = Duration::from_millis(50);
    let finished = finish(&command).await;
    assert_eq!(finished.outcome, Outcome::Exited(0));
    kill(finished.last_stdout_line.unwrap().parse().unwrap());
}

#[tokio::test]
async fn what_cannot_start_says_what_to_do() {
    let cancel = CancellationToken::new();
    let refuse = async |command: Command| {
        let result = run(&command, &cancel, |_| panic!("started"), |_, _| ()).await;
        let error = result.unwrap_err();
        assert!(!error.may_have_run() && !error.is_transient(), "{error:?}");
        error
    };
    let command = |program: &str| Command::new(program, [""; 0], Duration::from_mins(1));

    insta::assert_snapshot!(refuse(command("no-such-program")).await, @"cannot start `no-such-program`: not found; install it, or correct its name or the PATH of the step (a script also needs the interpreter of its first line)");
    let folder = Command { current_dir: Some("/no/such/folder".into()), ..sh("true") };
    insta::assert_snapshot!(refuse(folder).await, @"cannot start `sh` in /no/such/folder: that folder does not exist or is closed");
    insta::assert_snapshot!(refuse(command("/etc/passwd")).await, @"cannot start `/etc/passwd`");
    assert!(matches!(refuse(command("nul\0byte")).await, RunError::Spawn { .. }));
    cancel.cancel();
    assert!(matches!(refuse(sh("true")).await, RunError::CancelledBeforeStart { .. }));
}

#[tokio::test]
async fn the_future_may_move_between_threads() {
    fn movable<T: Send>(future: T) -> T {
        future
    }
    let (command, cancel) = (sh("echo ok"), CancellationToken::new());
    assert_eq!(movable(run(&command, &cancel, |_| (), |_, _| ())).await.unwrap().output, "ok\n");
}
