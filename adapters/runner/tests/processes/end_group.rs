//! Groups left over from an earlier life: the right one is ended, any other is let be.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use runner::{GroupEnd, ProcessIdentity, end_group, group_is_alive};

use crate::children::{is_alive, kill};

const GRACE: Duration = Duration::from_millis(200);

/// A group that nobody watches, as after a crash, with the first line that it printed.
struct Orphan {
    leader: Child,
    identity: ProcessIdentity,
    line: String,
}

impl Orphan {
    fn start(script: &str) -> Self {
        let mut leader = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let identity = ProcessIdentity::of_leader(leader.id()).unwrap();
        let mut line = String::new();
        BufReader::new(leader.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { leader, identity, line: line.trim().to_owned() }
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        let _ = self.leader.kill();
        let _ = self.leader.wait();
    }
}

#[tokio::test]
async fn a_group_is_ended_by_its_stored_identity() {
    let orphan = Orphan::start("trap '' TERM; sleep 1000 & echo $!; wait; wait");
    let stored = orphan.identity.to_string();
    assert!(group_is_alive(orphan.identity.pgid));

    let identity: ProcessIdentity = stored.parse().unwrap();
    assert_eq!(end_group(&identity, GRACE).await.unwrap(), GroupEnd::Ended);
    // The leader is dead and not awaited yet: that does not count as life.
    assert!(!group_is_alive(identity.pgid));
    assert!(!is_alive(orphan.line.parse().unwrap()));
    assert_eq!(end_group(&identity, GRACE).await.unwrap(), GroupEnd::AlreadyGone);
}

#[tokio::test]
async fn members_that_outlived_their_leader_are_ended() {
    let mut orphan = Orphan::start("sleep 1000 & echo $!");
    orphan.leader.wait().unwrap();
    assert!(group_is_alive(orphan.identity.pgid));

    let other_session = ProcessIdentity { session: 1, ..orphan.identity.clone() };
    assert_eq!(end_group(&other_session, GRACE).await.unwrap(), GroupEnd::AlreadyGone);
    let younger = ProcessIdentity { start_ticks: u64::MAX, ..orphan.identity.clone() };
    assert_eq!(end_group(&younger, GRACE).await.unwrap(), GroupEnd::AlreadyGone);
    assert!(is_alive(orphan.line.parse().unwrap()));

    assert_eq!(end_group(&orphan.identity, GRACE).await.unwrap(), GroupEnd::Ended);
    assert!(!is_alive(orphan.line.parse().unwrap()));
}

#[tokio::test]
async fn a_number_that_was_given_to_somebody_else_is_let_be() {
    let mut orphan = Orphan::start("echo ready; exec sleep 1000");
    let earlier =
        ProcessIdentity { start_ticks: orphan.identity.start_ticks - 1, ..orphan.identity.clone() };
    assert_eq!(end_group(&earlier, GRACE).await.unwrap(), GroupEnd::AlreadyGone);
    let elsewhere = ProcessIdentity { boot_id: "another".into(), ..orphan.identity.clone() };
    assert_eq!(end_group(&elsewhere, GRACE).await.unwrap(), GroupEnd::OtherBoot);
    assert!(orphan.leader.try_wait().unwrap().is_none(), "it was killed");
    assert!(is_alive(orphan.identity.pgid));
}

#[tokio::test]
async fn numbers_that_mean_everybody_do_nothing() {
    let orphan = Orphan::start("echo ready; exec sleep 1000");
    for pgid in [0, 1, u32::MAX] {
        let identity = ProcessIdentity { pgid, start_ticks: 0, ..orphan.identity.clone() };
        assert_eq!(end_group(&identity, GRACE).await.unwrap(), GroupEnd::AlreadyGone);
        assert!(!group_is_alive(pgid));
    }
    assert!(is_alive(orphan.identity.pgid));
}

#[test]
fn only_a_leader_names_a_group() {
    let orphan = Orphan::start("sleep 1000 & echo $!; wait");
    let member = orphan.line.parse().unwrap();
    assert!(ProcessIdentity::of_leader(member).is_err());
    kill(member);
}
