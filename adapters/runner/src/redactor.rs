//! Takes secrets out of a line, before anybody sees or stores it. Works on bytes, since output need
//! not be UTF-8. When in doubt it hides too much.

/// A shorter text would blank out half of every line and be guessed anyway.
const MIN_BYTES: usize = 4;

const MASK: &[u8] = b"***";

/// A text with secrets hidden, for what did not come out of a program.
pub fn redacted(text: &str, secrets: &[String]) -> String {
    let hidden = Redactor::new(secrets).redact(text.as_bytes(), text.len());
    String::from_utf8_lossy(&hidden).into_owned()
}

/// The texts to hide.
pub(crate) struct Redactor {
    needles: Vec<Vec<u8>>,
}

impl Redactor {
    /// Hides these texts; of a text with several lines each line, since lines come one by one.
    pub(crate) fn new(secrets: &[String]) -> Self {
        let lines = secrets.iter().flat_map(|secret| secret.split(['\n', '\r']));
        let needles = lines.filter(|line| line.len() >= MIN_BYTES).map(Into::into);
        Self { needles: needles.collect() }
    }

    /// How many bytes past a cut must be known, so that no secret which begins before it is missed.
    pub(crate) fn lookahead(&self) -> usize {
        self.needles.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The first `keep` bytes of a line, secrets hidden. A secret that begins before the cut is
    /// hidden whole.
    pub(crate) fn redact(&self, line: &[u8], keep: usize) -> Vec<u8> {
        mask(line, &self.matches(line), keep)
    }

    /// The same for a line whose end never came: it may stop in the middle of a secret.
    pub(crate) fn redact_unfinished(&self, line: &[u8], keep: usize) -> Vec<u8> {
        let mut hidden = self.matches(line);
        for needle in &self.needles {
            let longest = (MIN_BYTES..needle.len()).rev().find(|n| line.ends_with(&needle[..*n]));
            if let Some(length) = longest {
                hidden[line.len() - length..].fill(true);
            }
        }
        mask(line, &hidden, keep)
    }

    /// For each byte, whether it is part of a secret; overlapping secrets are all found.
    fn matches(&self, line: &[u8]) -> Vec<bool> {
        let mut hidden = vec![false; line.len()];
        for needle in &self.needles {
            for (start, window) in line.windows(needle.len()).enumerate() {
                if window == needle.as_slice() {
                    hidden[start..start + needle.len()].fill(true);
                }
            }
        }
        hidden
    }
}

fn mask(line: &[u8], hidden: &[bool], keep: usize) -> Vec<u8> {
    let mut masked = Vec::with_capacity(line.len().min(keep));
    let mut was_hidden = false;
    for (byte, is_hidden) in line.iter().zip(hidden).take(keep) {
        if !is_hidden {
            masked.push(*byte);
        } else if !was_hidden {
            masked.extend_from_slice(MASK);
        }
        was_hidden = *is_hidden;
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(secrets: &[&str], line: &str, expected: &str) {
        let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
        let masked = Redactor::new(&secrets).redact(line.as_bytes(), usize::MAX);
        assert_eq!(String::from_utf8(masked).unwrap(), expected);
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        check(&[], "plain", "plain");
        check(&["hunter2"], "", "");
        check(&["hunter2"], "hunter2", "***");
        check(&["hunter2"], "a hunter2, b hunter2!", "a ***, b ***!");
        check(&["hunter2"], "hunter", "hunter");
        check(&["abc"], "abc", "abc");
        check(&["abcd", "cdef"], "<abcdef>", "<***>");
        check(&["aaaa"], "aaaaaa", "***");
        check(&["pass", "password"], "password", "***");
        check(&["line one\r\nline two"], "has line two in it", "has *** in it");
    }

    #[test]
    fn a_cut_shows_no_part_of_a_secret() {
        let redactor = Redactor::new(&["hunter2".into()]);
        let line = b"key=hunter2;rest";
        for keep in 0..line.len() {
            let shown = String::from_utf8(redactor.redact(line, keep)).unwrap();
            assert!(!shown.contains('h') && shown.len() <= keep.max(7), "{keep}: {shown}");
        }
    }

    #[test]
    fn an_unfinished_line_shows_no_beginning_of_a_secret() {
        let redactor = Redactor::new(&["hunter2".into()]);
        assert_eq!(redactor.redact_unfinished(b"key=hunte", 99), b"key=***");
        assert_eq!(redactor.redact_unfinished(b"key=hunter2", 99), b"key=***");
        assert_eq!(redactor.redact_unfinished(b"key=hun", 99), b"key=hun");
    }
}
