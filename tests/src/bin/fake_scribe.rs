//! An outside system that takes note of every time it is asked: a file with a line for each.
//!
//! `append FILE LINE` adds a line, and adds another one when it is asked twice: nothing about it is idempotent.
//! `has FILE LINE` ends with 0 where the line is there, and with 1 where it is not.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    process::ExitCode,
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["append", file, line] => {
            let opened = OpenOptions::new().create(true).append(true).open(file);
            let mut file = opened.expect("opens the file");
            file.write_all(format!("{line}\n").as_bytes()).expect("writes the line");
            file.sync_all().expect("keeps the line");
            ExitCode::SUCCESS
        }
        ["has", file, line] => {
            let text = fs::read_to_string(file).unwrap_or_default();
            ExitCode::from(u8::from(!text.lines().any(|found| found == line)))
        }
        _ => ExitCode::from(2),
    }
}
