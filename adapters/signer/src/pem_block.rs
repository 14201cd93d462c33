//! One PEM block (RFC 7468) in, one out. Private keys pass through here, so every buffer is wiped
//! and no error repeats what was read. Text before the block is allowed, as in every PEM reader; a
//! second block is not.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{KeyError, error::cut};

const LINE_CHARS: usize = 64;

/// The PEM text of `der` under `label`, lines ending in `\n`.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    // The capacity is exact enough that the text never moves and leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(2 * (base64.len() + label.len() + 32)));
    for part in ["-----BEGIN ", label, "-----\n"] {
        text.push_str(part);
    }
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(LINE_CHARS));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    for part in ["-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

/// The bytes of the only PEM block of `text`, which must be labelled `label`.
pub(crate) fn decode(label: &'static str, text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut lines = text.lines().map(str::trim_end);
    let found = lines.by_ref().find_map(begin_label);
    match found {
        None => return Err(KeyError::NoPemBlock { expected: label }),
        Some(found) if found != label => {
            return Err(KeyError::OtherPemBlock { expected: label, found: cut(found) });
        }
        Some(_) => {}
    }

    let end = format!("-----END {label}-----");
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    let mut is_complete = false;
    for line in lines.by_ref() {
        if line == end {
            is_complete = true;
            break;
        }
        base64.push_str(line);
    }
    if lines.any(|line| begin_label(line).is_some()) {
        return Err(KeyError::SeveralPemBlocks { expected: label });
    }
    match STANDARD.decode(base64.as_bytes()) {
        Ok(der) if is_complete => Ok(Zeroizing::new(der)),
        _ => Err(KeyError::DamagedPemBlock { label }),
    }
}

fn begin_label(line: &str) -> Option<&str> {
    line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_survives_the_round_trip() {
        for length in [0, 1, 47, 48, 49, 200] {
            let der: Vec<u8> = (0..length).collect();
            let text = encode("THING", &der);
            assert!(text.lines().all(|line| line.len() <= LINE_CHARS), "{}", *text);
            assert_eq!(*decode("THING", &text).unwrap(), der);
            let windows = format!("made by hand\r\n{}", text.replace('\n', "\r\n"));
            assert_eq!(*decode("THING", &windows).unwrap(), der);
        }
    }

    #[test]
    fn anything_but_one_whole_block_is_refused() {
        let block = encode("THING", b"payload");
        let refused = |text: &str| decode("THING", text).unwrap_err();
        assert!(matches!(refused(""), KeyError::NoPemBlock { .. }));
        assert!(matches!(refused(&encode("OTHER", b"x")), KeyError::OtherPemBlock { .. }));
        assert!(matches!(refused(&block.repeat(2)), KeyError::SeveralPemBlocks { .. }));
        for damaged in [block.replace("-----END THING-----", ""), block.replace('=', "")] {
            assert!(matches!(refused(&damaged), KeyError::DamagedPemBlock { .. }), "{damaged}");
        }
    }
}
