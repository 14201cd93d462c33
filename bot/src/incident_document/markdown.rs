//! The document as Markdown. What came from outside (a headline, a reason, a program's answer) stays letters.

use std::fmt::{self, Write as _};

use domain::{
    Timestamp,
    notice::duration,
    plan::{Finding, Outcome, Workflow},
};

use super::{IncidentDocument, ProposalPart, Said, Work};

impl fmt::Display for IncidentDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "# {}\n", letters(&self.title))?;
        writeln!(formatter, "Incident `{}`\n", self.incident)?;
        writeln!(formatter, "## What went wrong\n")?;
        writeln!(formatter, "Told by {} at {}.\n", letters(&self.told_by), moment(self.opened_at))?;
        for sentence in &self.not_proposed {
            writeln!(formatter, "{}\n", letters(sentence))?;
        }
        for part in &self.proposals {
            proposal(formatter, part)?;
        }
        if !self.said.is_empty() {
            writeln!(formatter, "## What people said\n")?;
            said(formatter, &self.said, "")?;
            writeln!(formatter)?;
        }
        writeln!(formatter, "## What stays held\n")?;
        if self.holds.is_empty() {
            writeln!(formatter, "Nothing.\n")?;
        }
        for hold in &self.holds {
            writeln!(formatter, "{}\n", letters(hold))?;
        }
        writeln!(formatter, "## Lessons\n\n*For people to write.*\n")?;
        writeln!(formatter, "- Process:\n- Tools:\n- Training:\n- Documents:")
    }
}

fn proposal(to: &mut impl fmt::Write, part: &ProposalPart) -> fmt::Result {
    writeln!(to, "## Proposed at {}: {}\n", moment(part.opened_at), letters(&part.rollback))?;
    writeln!(to, "{}\n", letters(&part.because))?;
    fact(to, "Where", &letters(&part.target))?;
    fact(to, "Models that go back", &codes(&part.models))?;
    fact(to, "Models that leave", &codes(&part.without))?;
    fact(to, "Plan", &format!("`{}`", part.plan))?;
    if let Some((opens, closes)) = part.window {
        let window = format!("{} to {}", moment(opens), moment(closes));
        fact(to, "Maintenance window", &window)?;
    }
    fact(to, "Needed", &letters(&part.needs.join(" ")))?;
    writeln!(to, "\n### Who decided\n")?;
    said(to, &part.decisions, "Nobody.")?;
    writeln!(to, "\n### Checks before\n")?;
    if part.checks_before.is_empty() {
        writeln!(to, "None.")?;
    }
    findings(to, &part.checks_before)?;
    if let Some(work) = &part.work {
        done(to, work)?;
    }
    writeln!(to, "\n### Outcome\n")?;
    said(to, part.outcome.as_slice(), "It is not over yet.")?;
    let since = match part.workflow {
        Workflow::Emergency => "from the proposal",
        Workflow::Planned => "from when it was due to begin",
    };
    let target = duration(part.recovery_target_ms);
    let recovery = part.recovery_ms.map_or_else(
        || format!("not reached; the target was {target}"),
        |recovery_ms| format!("{} {since}; the target was {target}", duration(recovery_ms)),
    );
    fact(to, "Recovery", &recovery)?;
    fact(to, "Loss of data", &letters(&part.data_loss))?;
    writeln!(to)
}

fn done(to: &mut impl fmt::Write, work: &Work) -> fmt::Result {
    writeln!(to, "\n### Steps\n\nBegun at {}.\n", moment(work.began_at))?;
    writeln!(to, "| | step | took | result |\n|---|---|---|---|")?;
    for (place, step) in (1..).zip(&work.steps) {
        let (name, result) = (letters(&step.name), letters(&step.result));
        writeln!(to, "| {place} | {name} | {} | {result} |", step.took())?;
    }
    writeln!(to, "\n### Checks on the way and after\n")?;
    let checks = work.steps.iter().filter(|step| !step.findings.is_empty());
    let mut is_empty = true;
    for step in checks {
        is_empty = false;
        writeln!(to, "{}:\n", letters(&step.name))?;
        findings(to, &step.findings)?;
        writeln!(to)?;
    }
    if is_empty {
        writeln!(to, "None.\n")?;
    }
    writeln!(to, "### Difficulties\n")?;
    said(to, &work.difficulties, "None.")
}

/// What is not a pass by itself, and the passes together: a rollback has dozens of them.
fn findings(to: &mut impl fmt::Write, findings: &[Finding]) -> fmt::Result {
    for Finding { check, subject, outcome, detail } in findings {
        let outcome = match outcome {
            Outcome::Pass => continue,
            Outcome::Fail => "Fail",
            Outcome::Inconclusive => "Inconclusive",
        };
        let (check, subject) = (letters(check), letters(subject));
        writeln!(to, "- {outcome}: {check} of {subject}. {}", letters(detail))?;
    }
    let passed = findings.iter().filter(|finding| finding.outcome == Outcome::Pass);
    let mut names: Vec<&str> = Vec::new();
    for finding in passed.clone() {
        if !names.contains(&finding.check.as_str()) {
            names.push(&finding.check);
        }
    }
    match passed.count() {
        0 => Ok(()),
        count => writeln!(to, "- Pass: {count} ({})", letters(&names.join(", "))),
    }
}

fn said(to: &mut impl fmt::Write, lines: &[Said], none: &str) -> fmt::Result {
    if lines.is_empty() {
        return writeln!(to, "{none}");
    }
    for Said { at, text } in lines {
        writeln!(to, "- {}: {}", moment(*at), letters(text))?;
    }
    Ok(())
}

fn fact(to: &mut impl fmt::Write, label: &str, value: &str) -> fmt::Result {
    if value.is_empty() { Ok(()) } else { writeln!(to, "- {label}: {value}") }
}

fn codes(names: &[String]) -> String {
    let quoted: Vec<String> =
        names.iter().map(|name| format!("`{}`", name.replace('`', ""))).collect();
    quoted.join(", ")
}

/// A moment with its day: the document is read long afterwards.
pub(super) fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Text that is no markup, in one line.
fn letters(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\\' | '*' | '[' | ']' | '<' | '>' | '|' | '`' | '#' | '~' => {
                write!(escaped, "\\{letter}").expect("writing to a string cannot fail");
            }
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}
