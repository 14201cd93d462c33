//! While a rollback runs, people read how long it still takes: what earlier ones on this target took tells.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    story,
    world::{CUSTOMERS, ORDERS, World},
};

/// Between two looks at the page.
const LOOK: Duration = Duration::from_millis(20);
/// After so many looks (a minute) it will not say so any more.
const LOOKS: u32 = 3000;

/// Waits until the page of the newest run's incident says this of the step under way.
async fn until_page_says(w: &World, text: &str) {
    let runs = w.bot.engine.store.runs_on("warehouse", 1).await.expect("the runs");
    let path = format!("/incidents/{}", runs[0].value.incident);
    let line = format!("Now: </span>{text}</p>");
    let mut page = String::new();
    for _ in 0..LOOKS {
        page = w.get(&path).await.1;
        if page.contains(&line) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("the page never says `{line}`:\n{page}");
}

story!(
    /// The first rollback here takes two minutes and nobody could know. The second is told to take as long; when it takes
    /// longer, that is said too.
    earlier_rollbacks_tell_how_long_it_takes,
    async |w| {
        w.warehouse.fault("promote", &["wait"]);
        w.alert().await;
        w.approve_and_meanwhile("ana", async |w| {
            w.clock.advance(TimeDelta::minutes(2));
            let run = w.bot.engine.store.runs_on("warehouse", 1).await.expect("runs").remove(0);
            let live = w.bot.engine.store.live(&run.value.id).await.expect("the live line");
            assert_eq!(live, None, "nothing is known");
            w.warehouse.go_on();
        })
        .await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        w.pagerduty_says("incident.resolved").await;
        w.deploy("next-release", &[(ORDERS, "31"), (CUSTOMERS, "32")]);
        w.advance(TimeDelta::minutes(6)).await;
        w.pagerduty_says("incident.reopened").await;
        w.read_on();

        w.warehouse.fault("promote", &["wait"]);
        w.press(&w.newest_card(), "approve", "ana").await;
        w.meanwhile(async |w| {
            until_page_says(w, "about 2 min left").await;
            w.clock.advance(TimeDelta::minutes(5));
            until_page_says(w, "longer than usual: 5 min instead of 2 min").await;
            w.warehouse.go_on();
        })
        .await;
        w.expect_whisper("ana", "is signed");
        let card = w.newest_card().text();
        assert!(card.contains("Rolled back") && !card.contains("usual:"), "{card}");
        w.read_on();
    }
);
