//! Numbered stages with a tick and a duration each: a spinner on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal, stdout},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::paint::Paint;

/// Counts the stages of one command.
#[derive(Debug)]
pub(crate) struct Stages {
    number: usize,
    started: Instant,
}

/// One stage under way. Dropped before [`Stage::done`], it shows as failed.
#[derive(Debug)]
pub(crate) struct Stage {
    title: String,
    started: Instant,
    spinner: Option<ProgressBar>,
    is_done: bool,
}

impl Stages {
    /// Begins to count.
    pub(crate) fn new() -> Self {
        Self { number: 0, started: Instant::now() }
    }

    /// The next stage, whose programs write to the terminal themselves.
    pub(crate) fn heading(&mut self, title: &str) -> Stage {
        self.number += 1;
        println!("\n{}", Paint::new().strong(&format!("{}. {title}", self.number)));
        Stage { title: title.to_owned(), started: Instant::now(), spinner: None, is_done: false }
    }

    /// The next stage, which works in silence and shows its latest word.
    pub(crate) fn begin(&mut self, title: &str) -> Stage {
        self.number += 1;
        let title = format!("{}. {title}", self.number);
        let spinner = stdout().is_terminal().then(|| spinner(&title));
        if spinner.is_none() {
            println!("{title} ...");
        }
        Stage { title, started: Instant::now(), spinner, is_done: false }
    }

    /// The time since the first stage began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Stage {
    /// Shows what goes on just now, where that can be overwritten.
    pub(crate) fn says(&self, line: &str) {
        if let Some(spinner) = &self.spinner {
            let line = line.trim().replace(|letter: char| letter.is_control(), " ");
            spinner.set_message(line);
        }
    }

    /// Writes a line that stays.
    pub(crate) fn note(&self, line: &str) {
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| println!("   {line}")),
            None => println!("   {line}"),
        }
    }

    /// The stage went well; returns how long it took.
    pub(crate) fn done(mut self, note: &str) -> Duration {
        self.is_done = true;
        let took = self.started.elapsed();
        self.end(&Paint::new().good("✓"), note);
        took
    }

    fn end(&self, mark: &str, note: &str) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        let note = if note.is_empty() { String::new() } else { format!(": {note}") };
        let took = Paint::new().faint(&format!("({})", duration(self.started.elapsed())));
        println!("{mark} {}{note} {took}", self.title);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.is_done {
            self.end(&Paint::new().bad("✗"), "");
        }
    }
}

/// A duration as people say it.
pub(crate) fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    if seconds >= 60 {
        format!("{} min {} s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", length.as_secs_f64())
    }
}

fn spinner(title: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix} {wide_msg:.dim}")
        .expect("the template is well-formed");
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())
        .with_style(style)
        .with_prefix(title.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short_to_read() {
        let table = [(0, "0.0 s"), (1_240, "1.2 s"), (59_000, "59.0 s"), (61_000, "1 min 1 s")];
        for (milliseconds, expected) in table {
            assert_eq!(duration(Duration::from_millis(milliseconds)), expected);
        }
    }
}
