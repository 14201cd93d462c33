//! Lengths of time in words.

/// How long something took, as people say it: `under 1 s`, `35 s`, `15 min`, `3 min 20 s`, `1 h 5 min`. What is finer than
/// a second helps nobody.
pub fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => "under 1 s".to_owned(),
        _ => exact_duration(milliseconds / 1000 * 1000),
    }
}

/// A length that somebody has set, no less exact than they wrote it: `0 s`, `250 ms`, `1.5 s`, and from a minute on as above.
pub fn exact_duration(milliseconds: u64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    match seconds {
        0 if rest > 0 => format!("{rest} ms"),
        0..60 if rest > 0 => {
            format!("{} s", format!("{seconds}.{rest:03}").trim_end_matches('0'))
        }
        0..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
