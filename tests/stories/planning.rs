//! A rollback that a person plans: proposed by day, approved, begun by itself when the maintenance window opens.

use chrono::TimeDelta;
use domain::{plan::RollbackType, port::Clock as _};
use policies::{Wanted, When};

use crate::{
    proposing::{propose, wanted},
    story,
    world::{ORDERS, World},
};

/// Nights from Tuesday on, 01:00 to 04:00 in Berlin, which is 00:00 to 03:00 UTC; the story begins on Monday at 03:00 UTC.
pub(crate) async fn with_a_window(w: &mut World) {
    let window = "    environment: prod\n    window:\n      time_zone: Europe/Berlin\n      days: [tue, wed]\n      from: \"01:00\"\n      to: \"04:00\"\n      notices: [24 h, 1 h, 10 min]\n";
    w.edit_policy("targets.yaml", "    environment: prod\n", window).await;
}

pub(crate) fn planned(when: When) -> Wanted {
    Wanted { when, ..wanted(RollbackType::ModelLevel, &[ORDERS]) }
}

const BEGINS: &str = "The rollback begins by itself at";
const NEARS: &str = "The rollback begins at";

story!(
    /// Notices before, nothing before the window, and a restart in between changes nothing.
    a_planned_rollback_begins_when_its_window_opens,
    async |w| {
        with_a_window(w).await;
        w.advance(TimeDelta::hours(9)).await;
        propose(w, "ana", &planned(When::NextWindow)).await;
        w.expect_thread(&["<@U0ANA> proposed", "Proposed: model-level rollback", "It is planned for the maintenance window between", "Asking <@U0ANA>"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&["approved at level 1", BEGINS]);
        w.expect_card("Approved");
        w.expect_buttons(&["Reject"]);
        w.advance(TimeDelta::hours(11)).await;
        w.expect_thread(&[NEARS]);
        w.restart().await;
        w.drain().await;
        w.advance(TimeDelta::minutes(49)).await;
        w.expect_thread(&[]);
        w.advance(TimeDelta::minutes(1)).await;
        w.expect_thread(&[NEARS]);
        w.advance(TimeDelta::minutes(9)).await;
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.restart().await;
        w.advance(TimeDelta::minutes(1)).await;
        w.expect_card("Waiting for an answer");
        w.click(&w.card(), "confirm", "ana").await;
        w.expect_whisper("ana", "the rollback goes on");
        w.expect_card("Rolled back");
        assert_eq!(w.warehouse.version(ORDERS), "11");
        w.read_on();
    }
);

story!(
    /// A process that slept through the notices gives one, not three; and a moment in the window is kept to.
    notices_that_were_slept_through_are_given_once,
    async |w| {
        with_a_window(w).await;
        propose(w, "ana", &planned(When::At("2026-11-25 02:30".to_owned()))).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.read_on();
        // 2026-11-25 02:30 in Berlin is 01:30 UTC, 46 hours and a half after the story's beginning.
        w.advance(TimeDelta::minutes(46 * 60 + 25)).await;
        w.expect_thread(&[NEARS]);
        w.advance(TimeDelta::minutes(4)).await;
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("save")), (0, 0));
        w.advance(TimeDelta::minutes(1)).await;
        w.expect_card("Waiting for an answer");
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("save")), (0, 1));
        w.read_on();
    }
);

story!(
    /// Nobody approves in time: void, said, and nothing is proposed again by itself.
    a_window_that_was_missed_is_void,
    async |w| {
        with_a_window(w).await;
        propose(w, "ana", &planned(When::NextWindow)).await;
        w.advance(TimeDelta::minutes(20 * 60 + 55)).await;
        w.read_on();
        w.advance(TimeDelta::hours(4)).await;
        w.expect_card("Void");
        let shown = w.thread_so_far();
        assert!(shown.contains("1 approval is still missing"), "{shown}");
        assert!(shown.contains("its maintenance window closed before the rollback began"), "{shown}");
        assert!(shown.contains("its maintenance window is over. Propose it anew for another one."), "{shown}");
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.read_on();
    }
);

story!(
    /// Everything was down while the window was open: what was approved for it is not done after it.
    what_slept_through_its_window_does_not_begin,
    async |w| {
        with_a_window(w).await;
        propose(w, "ana", &planned(When::NextWindow)).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.read_on();
        w.clock.advance(TimeDelta::hours(30));
        w.restart().await;
        w.drain().await;
        w.expect_card("Void");
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.read_on();
    }
);

story!(
    /// What is approved and waits can still be rejected, with a reason, by whoever could approve it.
    what_waits_for_its_window_can_be_rejected,
    async |w| {
        with_a_window(w).await;
        propose(w, "ana", &planned(When::NextWindow)).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.reject("bo", "The next release mends it").await;
        w.slack.take_ephemerals("U0BO");
        w.expect_card("Rejected");
        w.advance(TimeDelta::hours(30)).await;
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.read_on();
    }
);

story!(
    /// The executor alone was down: the run was handed over in the window, and is void when it closed before its first step.
    a_run_that_nobody_began_in_time_is_void,
    async |w| {
        with_a_window(w).await;
        propose(w, "ana", &planned(When::NextWindow)).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.clock.advance(TimeDelta::hours(21));
        let proposal = w.bot.engine.store.open_proposals().await.expect("proposals").remove(0).value;
        w.bot.engine.planned(&proposal).await.expect("the window is open");
        assert_eq!(w.bot.engine.store.runs_of(&w.incident().await).await.expect("runs").len(), 1);
        w.clock.advance(TimeDelta::hours(5));
        w.drain().await;
        w.expect_card("Void");
        assert_eq!(w.warehouse.calls("promote"), 0);
        w.read_on();
    }
);

story!(
    /// The way back may be gone before the window opens: nothing is proposed that could not be done then.
    a_way_back_has_to_last_until_the_window,
    async |w| {
        with_a_window(w).await;
        w.warehouse.janitor_comes(w.clock.now() + TimeDelta::hours(12));
        propose(w, "ana", &planned(When::NextWindow)).await;
        let shown = w.thread_so_far();
        assert!(shown.contains("before the maintenance window opens"), "{shown}");
        assert!(w.bot.engine.store.open_proposals().await.expect("proposals").is_empty());
        w.read_on();
    }
);
