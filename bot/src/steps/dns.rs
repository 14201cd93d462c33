//! Questions to a name server.

use std::time::Duration;

use domain::{
    plan::{Finding, Lookup, Outcome},
    run::ProbeAnswer,
};

use super::{End, Performed, Steps, Under, check, http::printed};

/// Between the tries of a probe that had no answer; a packet may be lost.
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// How often a probe asks.
const PROBE_TRIES: usize = 3;

impl Steps {
    /// Asks until the answer is as expected.
    pub(super) async fn lookup(&self, lookup: &Lookup, under: &Under<'_>) -> Performed {
        let say = |line: String| drop(under.say.send_replace(line.into()));
        let timeout = Duration::from_millis(under.timeout_ms);
        let end = tokio::select! {
            finding = dns::until_it_holds(lookup, timeout, say) => check::end(vec![finding]),
            () = under.cancel.cancelled() => End::CutShort,
        };
        Performed { output: printed(&end), end }
    }

    pub(super) async fn ask_name_server(&self, lookup: &Lookup) -> (ProbeAnswer, String) {
        let mut finding: Finding = dns::ask(lookup).await;
        for _ in 1..PROBE_TRIES {
            if finding.outcome != Outcome::Inconclusive {
                break;
            }
            tokio::time::sleep(PROBE_PAUSE).await;
            finding = dns::ask(lookup).await;
        }
        check::answer(&[finding])
    }
}
