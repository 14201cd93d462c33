//! The binary as the launcher that confines itself and becomes another program.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn confined(folder: &Path, limits: &[&str], program: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bot-under-test"));
    command.arg("confine-and-run").args(limits).arg("--write").arg(folder).arg("--").args(program);
    command.current_dir(folder).output().expect("the launcher starts")
}

#[test]
fn limits_hold_for_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = ["--cpu", "7", "--memory", "1073741824", "--files", "32"];
    let output = confined(folder.path(), &limits, &["cat", "/proc/self/limits"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line[name.len()..].split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("Max cpu time"), "7 9", "{shown}");
    assert_eq!(line("Max address space"), "1073741824 1073741824");
    assert_eq!(line("Max open files"), "32 32");
    assert_eq!(line("Max core file size"), "0 0");
    let output = confined(folder.path(), &[], &["grep", "NoNewPrivs", "/proc/self/status"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "NoNewPrivs:\t1\n");
}

#[test]
fn it_writes_where_it_may_and_reads_everywhere() {
    if !runner::can_confine_files() {
        eprintln!("this kernel has no Landlock: nothing is tested here");
        return;
    }
    let (own, outside) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let elsewhere = outside.path().join("copy");
    let to = |target: &str| confined(own.path(), &[], &["cp", "/etc/hostname", target]);
    assert!(to("copy").status.success());
    assert!(to("/dev/null").status.success());
    let refused = to(&elsewhere.display().to_string());
    assert!(!refused.status.success() && !elsewhere.exists());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Permission denied"));
    fs::write(&elsewhere, "kept").expect("writes a file");
    for change in [
        &["rm", &elsewhere.display().to_string()][..],
        &["truncate", "-s", "0", &elsewhere.display().to_string()],
        &["mv", &elsewhere.display().to_string(), "here"],
    ] {
        assert!(!confined(own.path(), &[], change).status.success(), "{change:?}");
    }
    assert_eq!(fs::read_to_string(&elsewhere).expect("it is still there"), "kept");
}

#[test]
fn what_cannot_be_started_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let output = confined(
        &missing.with_file_name(""),
        &["--write", &missing.display().to_string()],
        &["true"],
    );
    assert_eq!(output.status.code(), Some(126));
    let words =
        String::from_utf8_lossy(&output.stderr).replace(&missing.display().to_string(), "FOLDER");
    insta::assert_snapshot!(words, @"the program was not started: it may write to FOLDER, which cannot be opened: No such file or directory (os error 2)");
    let output = confined(folder.path(), &[], &["no-such-program"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"the program was not started: `no-such-program` cannot be run: No such file or directory (os error 2)");
}
