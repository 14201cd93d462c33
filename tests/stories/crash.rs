//! Death in the middle of a step: another process is killed with SIGKILL, and a later life finds out what it did.

use std::{fs, process::Child, time::Duration};

use chrono::TimeDelta;
use domain::id::RunId;

use crate::{
    story,
    world::{CUSTOMERS, ORDERS, World},
};

/// Between two looks at another process.
const LOOK: Duration = Duration::from_millis(20);
/// After so many looks (a minute) it will not happen any more.
const LOOKS: u32 = 3000;

/// Approves, lets an executor of its own begin, and kills it when the warehouse hangs.
async fn killed_while_promoting(w: &mut World) {
    w.clock.follow_the_system();
    w.alert().await;
    w.read_on();
    approved_for_another(w).await;
    killed_at_work(w).await;
    w.slack.take_ephemerals("U0ANA");
}

/// Approves what is proposed, lets an executor of its own begin, and kills it as soon as `is_time`.
pub(crate) async fn killed_when(w: &mut World, is_time: impl Fn() -> bool) {
    approved_for_another(w).await;
    killed_once(w, is_time).await;
    w.slack.take_ephemerals("U0ANA");
}

/// Approves without working off what follows.
async fn approved_for_another(w: &World) {
    let request = w.slack.click(&w.slack.messages(crate::world::CHANNEL)[0], "approve", "U0ANA");
    assert_eq!(w.send("/slack/interactions", &request).await, 200);
}

/// An executor of its own does what is due, and is killed when the warehouse hangs; then a later life goes on.
pub(crate) async fn killed_at_work(w: &mut World) {
    let warehouse = w.warehouse.clone();
    killed_once(w, || warehouse.is_hanging()).await;
}

async fn killed_once(w: &mut World, is_time: impl Fn() -> bool) {
    let mut executor = w.start_executor();
    until(is_time, &mut executor).await;
    executor.kill().expect("SIGKILL");
    executor.wait().expect("it is dead");
    w.clock.follow_the_system();
    // The dead executor's lease has to run out first.
    w.advance(TimeDelta::seconds(31)).await;
}

async fn until(is_time: impl Fn() -> bool, executor: &mut Child) {
    for _ in 0..LOOKS {
        if is_time() {
            return;
        }
        assert!(executor.try_wait().expect("a child").is_none(), "the executor ended by itself");
        tokio::time::sleep(LOOK).await;
    }
    panic!("what the executor waits for never hung");
}

/// How many processes carry a run's mark.
fn marked(run: &RunId) -> usize {
    let mark = format!("COUNTERSIGN_RUN={run}");
    let carries = |entry: &fs::DirEntry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    fs::read_dir("/proc").expect("the process table").flatten().filter(carries).count()
}

story!(
    /// The interpreters that wait for the next calls end with their executor; the one at work is ended by the next life,
    /// and when the run is over none is left.
    nobody_waits_for_a_dead_executor,
    async |w| {
        w.warehouse.fault("promote", &["hang"]);
        w.clock.follow_the_system();
        w.alert().await;
        w.read_on();
        approved_for_another(w).await;
        let mut executor = w.start_executor();
        let warehouse = w.warehouse.clone();
        until(|| warehouse.is_hanging(), &mut executor).await;
        let run = w.bot.engine.store.runs_on("warehouse", 1).await.expect("runs").remove(0).value.id;
        // One is at work, and one waits for the check that comes after it.
        until(|| marked(&run) == 2, &mut executor).await;
        executor.kill().expect("SIGKILL");
        executor.wait().expect("it is dead");
        let mut looks = 0;
        while marked(&run) > 1 {
            assert!(looks < LOOKS, "an interpreter waits for a dead executor");
            looks += 1;
            tokio::time::sleep(LOOK).await;
        }
        w.clock.follow_the_system();
        w.advance(TimeDelta::seconds(31)).await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("Rolled back");
        assert_eq!(w.warehouse.calls("promote"), 2);
        assert_eq!(marked(&run), 0);
        w.read_on();
    }
);

story!(
    /// It had done everything, but nobody heard of it: the probe says so, and it is not done again.
    a_step_that_was_done_is_not_done_again,
    async |w| {
        w.warehouse.fault("promote", &["late"]);
        killed_while_promoting(w).await;
        w.expect_card("Rolled back");
        w.expect_thread(&["approved", "The rollback starts", "Step 1 of 4", "Step 2 of 4", "the executor was interrupted", "it is done", "Step 3 of 4", "Step 4 of 4", "Rolled back", "is held"]);
        assert_eq!(w.warehouse.calls("promote"), 1);
        assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.version(CUSTOMERS).as_str()), ("11", "12"));
    }
);

story!(
    /// It had done nothing yet: the orphan is ended, the probe says so, and the step is done.
    a_step_that_was_not_done_is_done,
    async |w| {
        w.warehouse.fault("promote", &["hang"]);
        killed_while_promoting(w).await;
        w.expect_card("Rolled back");
        w.expect_thread(&["approved", "The rollback starts", "Step 1 of 4", "Step 2 of 4", "the executor was interrupted", "it is not done", "Step 3 of 4", "Step 4 of 4", "Rolled back", "is held"]);
        assert_eq!(w.warehouse.calls("promote"), 2);
    }
);

story!(
    /// It died in a check, which changes nothing and is simply done again.
    a_check_that_was_interrupted_is_repeated,
    async |w| {
        w.warehouse.fault("verify", &["hang"]);
        killed_while_promoting(w).await;
        w.expect_card("Rolled back");
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("verify")), (1, 2));
        w.read_on();
    }
);
