//! Cuts a stream of bytes into redacted lines, whatever the borders of the pieces it arrives in.
//! Memory stays bounded: of a long line the beginning is kept and the rest counted. A carriage return
//! ends a line too, so that each stand of a progress bar is a line.

use crate::redactor::Redactor;

/// The part of a line that has arrived.
pub(crate) struct LineSplitter {
    line: Vec<u8>,
    line_cap: usize,
    unkept_bytes: u64,
    /// The last byte was a carriage return that ended a line: a line feed belongs to it.
    after_return: bool,
}

impl LineSplitter {
    /// Keeps at most `line_cap` bytes of a line.
    pub(crate) fn new(line_cap: usize) -> Self {
        Self { line: Vec::new(), line_cap, unkept_bytes: 0, after_return: false }
    }

    /// Takes the next bytes and hands out the lines that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], redactor: &Redactor, mut emit: impl FnMut(&str)) {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.append(&rest[..at], redactor);
            let is_return = rest[at] == b'\r';
            rest = &rest[at + 1..];
            if is_return && self.line.is_empty() {
                continue;
            }
            if !is_return && std::mem::take(&mut self.after_return) {
                continue;
            }
            self.after_return = is_return;
            self.hand_out(&redactor.redact(&self.line, self.line_cap), &mut emit);
        }
        self.append(rest, redactor);
    }

    /// Hands out what is left when no more bytes will come.
    pub(crate) fn finish(&mut self, redactor: &Redactor, mut emit: impl FnMut(&str)) {
        if !self.line.is_empty() {
            let shown = redactor.redact_unfinished(&self.line, self.line_cap);
            self.hand_out(&shown, &mut emit);
        }
    }

    fn append(&mut self, bytes: &[u8], redactor: &Redactor) {
        if bytes.is_empty() {
            return;
        }
        self.after_return = false;
        // What lies behind the cap is needed only to recognise a secret that crosses it.
        let room = (self.line_cap + redactor.lookahead()).saturating_sub(self.line.len());
        let (kept, unkept) = bytes.split_at(bytes.len().min(room));
        self.line.extend_from_slice(kept);
        self.unkept_bytes += unkept.len() as u64;
    }

    fn hand_out(&mut self, shown: &[u8], emit: &mut impl FnMut(&str)) {
        let left_out = self.line.len().saturating_sub(self.line_cap) as u64 + self.unkept_bytes;
        let mut text = String::from_utf8_lossy(shown).into_owned();
        if left_out > 0 {
            text.push_str(&note(left_out));
        }
        emit(&text);
        self.line.clear();
        self.unkept_bytes = 0;
    }
}

fn note(left_out: u64) -> String {
    format!(" [{left_out} more bytes in this line]")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `text` when it arrives in pieces of `size` bytes.
    fn split(text: &[u8], size: usize, line_cap: usize, secrets: &[String]) -> Vec<String> {
        let redactor = Redactor::new(secrets);
        let mut splitter = LineSplitter::new(line_cap);
        let mut lines = Vec::new();
        for piece in text.chunks(size) {
            splitter.feed(piece, &redactor, |line| lines.push(line.to_owned()));
        }
        splitter.finish(&redactor, |line| lines.push(line.to_owned()));
        lines
    }

    #[track_caller]
    fn check(text: &[u8], line_cap: usize, secrets: &[&str], expected: &[&str]) {
        let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
        for size in 1..=text.len().max(1) {
            assert_eq!(split(text, size, line_cap, &secrets), expected, "pieces of {size}");
        }
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces() {
        check(b"", 99, &[], &[]);
        check(b"one\ntwo\n", 99, &[], &["one", "two"]);
        check(b"one\n\ntwo", 99, &[], &["one", "", "two"]);
        check(b"one\r\n\r\ntwo\r\n", 99, &[], &["one", "", "two"]);
        check(b"10 %\r20 %\r30 %\ndone\n", 99, &[], &["10 %", "20 %", "30 %", "done"]);
        check(b"a\xffb\n", 99, &[], &["a\u{fffd}b"]);
        check("\u{e9}t\u{e9}\n".as_bytes(), 99, &[], &["\u{e9}t\u{e9}"]);
    }

    #[test]
    fn secrets_are_hidden_across_pieces_and_at_the_cap() {
        check(b"token=hunter2 ok\nhunter2\n", 99, &["hunter2"], &["token=*** ok", "***"]);
        check(b"abhunter2cd\n", 4, &["hunter2"], &["ab*** [7 more bytes in this line]"]);
        check(b"abhunter2", 9, &["hunter2"], &["ab***"]);
        check(b"abhunte", 9, &["hunter2"], &["ab***"]);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        check(b"0123456789\nabc\n", 4, &[], &["0123 [6 more bytes in this line]", "abc"]);
    }

    #[test]
    fn memory_stays_bounded() {
        let mut splitter = LineSplitter::new(100);
        let redactor = Redactor::new(&["0123456789".into()]);
        for _ in 0..1000 {
            splitter.feed(&[b'x'; 4096], &redactor, |_| panic!("no line has ended"));
        }
        assert!(splitter.line.capacity() < 1000, "{}", splitter.line.capacity());
    }
}
