//! Nothing but time, counted down where people look.

use std::time::{Duration, Instant};

use domain::{
    notice::{duration, exact_duration},
    plan::Pause,
};

use super::{End, Performed, Steps, Under, did};

impl Steps {
    /// Waits for what is left of the time since the step was first intended. A shutdown ends it at once: whoever goes
    /// on waits for the rest.
    pub(super) async fn wait(&self, pause: Pause, under: &Under<'_>) -> Performed {
        let whole = Duration::from_millis(pause.duration_ms);
        let since = under.run.step_since.map(|since| self.live.clock.now() - since);
        let passed = since.and_then(|passed| passed.to_std().ok()).unwrap_or_default();
        let end = tokio::select! {
            () = count_down(whole.saturating_sub(passed), |line: String| drop(under.say.send_replace(line.into()))) => {
                did(&format!("{} have passed.", exact_duration(pause.duration_ms)), vec![])
            }
            () = under.cancel.cancelled() => End::CutShort,
            () = self.closing.cancelled() => End::CutShort,
        };
        Performed { end, output: String::new() }
    }
}

async fn count_down(left: Duration, mut say: impl FnMut(String)) {
    let end = Instant::now() + left;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        say(format!("{} to wait", words(left)));
        tokio::time::sleep(left.min(beat(left))).await;
    }
}

/// How often the rest is told: a card bears few edits, and the last seconds are the ones that are watched.
fn beat(left: Duration) -> Duration {
    Duration::from_secs(match left.as_secs() {
        0..=10 => 1,
        11..=120 => 5,
        _ => 15,
    })
}

/// A rest is rounded up: what is told never ends before it does.
fn words(rest: Duration) -> String {
    match rest.as_millis() {
        milliseconds @ 0..1000 => duration(u64::try_from(milliseconds).unwrap_or_default()),
        milliseconds => {
            duration(u64::try_from(milliseconds.div_ceil(1000) * 1000).unwrap_or(u64::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_told_in_words() {
        for (milliseconds, expected) in [
            (250, "under 1 s"),
            (1000, "1 s"),
            (59_500, "1 min"),
            (150_000, "2 min 30 s"),
            (600_000, "10 min"),
        ] {
            assert_eq!(words(Duration::from_millis(milliseconds)), expected);
        }
    }
}
