//! The demo's copy of the shipped policies: minutes pass as seconds, and the target is the demo's project.
//!
//! The copies are edited as text, so that their comments stay. Only values are touched, and whatever is not found is
//! an error: a policy that is not what it seems would be worse than no demo.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::project::Project;
use crate::{
    copies::{copy, edit},
    repository,
};

/// The keys of `escalation.yaml` that hold times.
const TIMES: [&str; 4] = ["after", "after_planned", "repeat", "repeat_planned"];
/// The units of time, in milliseconds, longest name first where one begins with another.
const UNITS: [(&str, u64); 5] =
    [("min", 60_000), ("ms", 1), ("s", 1_000), ("h", 3_600_000), ("d", 86_400_000)];

/// What must hold in the demo's shop after every rollback.
const CHECKS: &str = "\
# yaml-language-server: $schema=../schemas/checks.schema.json
#
# Written for a demo. The shipped file has examples of other checks.

checks:
  - name: no customer is there twice
    area: data
    sql: select count(*) - count(distinct customer_id) from marts.customer_segmentation
    expect: { value: 0 }
    timeout: 2 min
";

/// Writes the copy to `policies/rules` in the demo's folder.
pub(super) fn install(folder: &Path, speed: u32, project: &Project) -> Result<()> {
    let rules = folder.join("policies/rules");
    copy(&repository::root().join("policies/rules"), &rules)?;
    edit(&rules.join("escalation.yaml"), |text| faster(text, speed))?;
    let gateway = project.databases().gateway();
    edit(&rules.join("targets.yaml"), |text| {
        here(text, (&project.deployed(), gateway), project.python())
    })?;
    let checks = rules.join("checks.yaml");
    fs::write(&checks, CHECKS).with_context(|| format!("write {}", checks.display()))
}

/// Divides every time of the escalation by `speed`.
fn faster(text: &str, speed: u32) -> Result<String> {
    let mut changed = String::new();
    let mut count = 0;
    for line in text.split_inclusive('\n') {
        let (code, comment) = line.split_at(comment_start(line));
        let mut code = code.to_owned();
        for key in TIMES {
            if let Some(divided) = divide(&code, key, speed) {
                code = divided;
                count += 1;
            }
        }
        changed.push_str(&code);
        changed.push_str(comment);
    }
    ensure!(count > 0, "no time was found in it");
    Ok(format!("# Copied for a demo: the times below are divided by {speed}.\n{changed}"))
}

/// Where the comment of a line begins; its end where there is none.
fn comment_start(line: &str) -> usize {
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if before.is_whitespace() => return at,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
        before = letter;
    }
    line.len()
}

/// The line with the time of `key` divided; `None` where the line has no such time.
fn divide(line: &str, key: &str, speed: u32) -> Option<String> {
    let (before, after) = line.split_once(&format!("{key}:"))?;
    let stands_alone =
        before.chars().last().is_none_or(|letter| letter.is_whitespace() || "{,-".contains(letter));
    let value = after.trim_start_matches([' ', '"', '\'']);
    let number_end = value.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, rest) = value.split_at(number_end);
    let unit_text = rest.trim_start_matches(' ');
    let (unit, milliseconds) = UNITS.into_iter().find(|(unit, _)| unit_text.starts_with(unit))?;
    let end = &unit_text[unit.len()..];
    let is_whole = end.chars().next().is_none_or(|letter| !letter.is_alphanumeric());
    let length: u64 = number.parse().ok()?;
    if !stands_alone || !is_whole {
        return None;
    }
    let gap = &after[..after.len() - value.len()];
    let divided = shown(length.checked_mul(milliseconds)?, u64::from(speed));
    Some(format!("{before}{key}:{gap}{divided}{end}"))
}

/// A time divided, never to nothing.
fn shown(milliseconds: u64, speed: u64) -> String {
    let divided = if milliseconds == 0 { 0 } else { (milliseconds / speed).max(1) };
    if divided.is_multiple_of(1_000) {
        format!("{} s", divided / 1_000)
    } else {
        format!("{divided} ms")
    }
}

/// Lets the target be the demo's project, at a gateway of it, with its Python. Nobody's business depends on the demo's
/// numbers, so the on-call engineer may decide alone.
fn here(text: &str, (project, gateway): (&Path, &str), python: &Path) -> Result<String> {
    let quoted = |path: &Path| {
        serde_json::to_string(path.to_str().context("the folder's name is not UTF-8")?)
            .map_err(anyhow::Error::from)
    };
    let (project, python) = (quoted(project)?, quoted(python)?);
    let mut changed = String::new();
    let mut count = 0;
    let gateway = format!("gateway: {gateway}\n");
    for line in text.split_inclusive('\n') {
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim_start().starts_with("project:") {
            count += 1;
            let lines = [indent, "project: ", &project, "\n", indent, "python: ", &python, "\n"];
            changed.extend(lines);
            changed.extend([indent, &gateway]);
        } else if !["python:", "gateway:"].iter().any(|key| line.trim_start().starts_with(key)) {
            changed.push_str(&line.replace("critical: true", "critical: false"));
        }
    }
    ensure!(count == 1, "it should have one target, and has {count}");
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_divided_and_comments_stay() {
        let text = "\
# Asked after: 30 min.
ladder:
  - level: 1
    after: 0 min
  - { level: 2, after: \"15 min\", role: 'the # after: 15 min' } # after: 15 min
  - level: 3
    after: 1h    # an hour
    hereafter: 30 min
repeat: 90 s
";
        insta::assert_snapshot!(faster(text, 60).unwrap(), @r#"
        # Copied for a demo: the times below are divided by 60.
        # Asked after: 30 min.
        ladder:
          - level: 1
            after: 0 s
          - { level: 2, after: "15 s", role: 'the # after: 15 min' } # after: 15 min
          - level: 3
            after: 60 s    # an hour
            hereafter: 30 min
        repeat: 1500 ms
        "#);
    }

    #[test]
    fn a_file_without_times_is_not_taken_for_adapted() {
        assert!(faster("levels: []\n", 60).is_err());
    }

    #[test]
    fn nothing_is_divided_to_nothing() {
        assert_eq!(faster("repeat: 1 ms", 3600).unwrap().lines().last(), Some("repeat: 1 ms"));
    }

    #[test]
    fn the_shipped_files_can_be_adapted() {
        let rules = repository::root().join("policies/rules");
        let read = |name: &str| fs::read_to_string(rules.join(name)).unwrap();
        let escalation = faster(&read("escalation.yaml"), 60).unwrap();
        assert!(escalation.contains("    after: 30 s\n"), "{escalation}");
        assert!(escalation.contains("\nrepeat: 15 s\n"), "{escalation}");
        let project = (Path::new("/a \"b\""), "postgres");
        let targets = here(&read("targets.yaml"), project, Path::new("/p")).unwrap();
        let written = "    project: \"/a \\\"b\\\"\"\n    python: \"/p\"\n    gateway: postgres\n";
        assert!(targets.contains(written), "{targets}");
        assert!(!targets.contains("gateway: local"), "{targets}");
        assert!(targets.contains(super::super::alert::SERVICE), "{targets}");
    }
}
