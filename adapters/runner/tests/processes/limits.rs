//! What is kept of an output, and what is hidden in it.

use runner::run;
use tokio_util::sync::CancellationToken;

use crate::children::{finish, sh};

#[tokio::test]
async fn long_output_keeps_its_beginning_and_its_end() {
    let mut command = sh("echo first; seq 100000; echo last");
    command.output_cap = 40;
    let finished = finish(&command).await;
    insta::assert_snapshot!(finished.output, @"
    first
    1
    2
    3
    4
    5
    6
    7

    [... 588866 bytes left out ...]
    8
    99999
    100000
    last
    ");
    assert_eq!(finished.left_out_bytes, 588_906 - 40);
}

#[tokio::test]
async fn a_huge_line_is_cut() {
    let mut longest = 0;
    let command = sh("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end");
    let cancel = CancellationToken::new();
    let on_line = |_, line: &str| longest = longest.max(line.len());
    let finished = run(&command, &cancel, |_| (), on_line).await.unwrap();
    assert_eq!(finished.last_stdout_line.as_deref(), Some("end"));
    assert!(finished.output.contains("x [4934464 more bytes in this line]\nend\n"));
    assert!(longest < 65536 + 100, "{longest}");
}

#[tokio::test]
async fn secrets_reach_nobody() {
    let mut command =
        sh("printf hun; printf 'ter2 and '; echo hunter2 >&2; echo tail; printf hunt");
    command.secrets = vec!["hunter2".into(), String::new(), "a".into()];
    let mut seen = String::new();
    let cancel = CancellationToken::new();
    let on_line = |_, line: &str| seen.push_str(line);
    let finished = run(&command, &cancel, |_| (), on_line).await.unwrap();
    for text in [&seen, &finished.output, finished.last_stdout_line.as_ref().unwrap()] {
        assert!(text.contains("***") && !text.contains("hun"), "{text}");
    }
    assert!(finished.output.contains("*** and tail\n"), "{}", finished.output);
}
