//! Keeps the beginning and the end of a long output: the beginning says what was tried, the end what
//! went wrong.

use std::collections::VecDeque;

/// An output of which at most so many bytes are kept.
pub(crate) struct CappedOutput {
    head: Vec<u8>,
    head_cap: usize,
    tail: VecDeque<u8>,
    tail_cap: usize,
    left_out_bytes: u64,
}

impl CappedOutput {
    /// Keeps at most `cap` bytes.
    pub(crate) fn new(cap: usize) -> Self {
        let head_cap = cap / 2;
        let tail_cap = cap - head_cap;
        Self { head: Vec::new(), head_cap, tail: VecDeque::new(), tail_cap, left_out_bytes: 0 }
    }

    /// Adds a line.
    pub(crate) fn push_line(&mut self, line: &str) {
        self.push(line.as_bytes());
        self.push(b"\n");
    }

    /// The text and how many bytes it leaves out.
    pub(crate) fn into_text(mut self) -> (String, u64) {
        let tail = self.tail.make_contiguous();
        if self.left_out_bytes == 0 {
            return (text(&[&self.head[..], tail].concat()), 0);
        }
        // Half a character on either side of the gap is left out with it.
        let head = self.head.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let begins = tail.iter().take_while(|byte| is_continuation(**byte)).count();
        let cut = (self.head.len() - head.len() + begins) as u64;
        let left_out_bytes = self.left_out_bytes + cut;
        let note = format!("\n[... {left_out_bytes} bytes left out ...]\n");
        (format!("{head}{note}{}", text(&tail[begins..])), left_out_bytes)
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = self.head_cap - self.head.len();
        let (head, rest) = bytes.split_at(bytes.len().min(room));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(self.tail_cap);
        self.tail.drain(..excess);
        self.left_out_bytes += excess as u64;
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cap: usize, lines: &[&str], expected: &str, left_out: u64) {
        let mut output = CappedOutput::new(cap);
        for line in lines {
            output.push_line(line);
        }
        assert_eq!(output.into_text(), (expected.to_owned(), left_out));
    }

    #[test]
    fn head_and_tail_are_kept() {
        check(8, &[], "", 0);
        check(8, &["abc", "def"], "abc\ndef\n", 0);
        check(8, &["abc", "def", "ghi"], "abc\n\n[... 4 bytes left out ...]\nghi\n", 4);
        check(0, &["abc"], "\n[... 4 bytes left out ...]\n", 4);
    }

    #[test]
    fn no_character_is_halved() {
        let line = "\u{20ac}\u{20ac}\u{20ac}\u{20ac}";
        for cap in 0..16 {
            let mut output = CappedOutput::new(cap);
            output.push_line(line);
            let (text, left_out) = output.into_text();
            assert!(!text.contains('\u{fffd}'), "{cap}: {text}");
            let kept = text.replace(&format!("\n[... {left_out} bytes left out ...]\n"), "");
            assert_eq!(kept.len() as u64 + left_out, line.len() as u64 + 1, "{cap}: {text}");
        }
    }
}
