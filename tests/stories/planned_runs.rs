//! What a planned rollback does besides that of an emergency: a backup, a question, checks that take back, mild times,
//! and a document.

use chrono::TimeDelta;
use countersign::{incident_document::IncidentDocument, report};
use domain::{plan::RollbackType, port::Clock as _};
use policies::{Wanted, When};

use crate::{
    planning::{planned, with_a_window},
    proposing::{propose, wanted},
    story,
    world::{EXTRA, ORDERS, World},
};

/// Proposed for the first night, approved by these people, and the window is open.
async fn begun(w: &mut World, wanted: &Wanted, people: &[&str]) {
    with_a_window(w).await;
    propose(w, "ana", wanted).await;
    for person in people {
        w.approve(person).await;
        w.expect_whisper(person, "is signed");
    }
    w.read_on();
    w.advance(TimeDelta::hours(21)).await;
}

fn of_type(rollback_type: RollbackType, models: &[&str]) -> Wanted {
    Wanted { when: When::NextWindow, ..wanted(rollback_type, models) }
}

/// Everybody is ready, says somebody.
async fn ready(w: &mut World, person: &str) {
    w.expect_card("Waiting for an answer");
    w.click(&w.card(), "confirm", person).await;
    w.expect_whisper(person, "the rollback goes on");
}

/// The kinds of the points that this incident has made.
fn points_made(w: &World) -> Vec<String> {
    let made = std::fs::read_dir(&w.config.points).expect("the folder of the points");
    let kind = |entry: std::io::Result<std::fs::DirEntry>| {
        let folder = entry.expect("an entry");
        let is_ours = folder.file_name().to_string_lossy().contains("_2026");
        let manifest = std::fs::read(folder.path().join("manifest.json")).expect("a point");
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("a manifest");
        is_ours.then(|| manifest["kind"].as_str().expect("a kind").to_owned())
    };
    made.filter_map(kind).collect()
}

/// The incident's document without what differs from run to run.
async fn document(w: &World) -> String {
    let incident = w.incident().await;
    let entries = report::timeline(&w.bot.engine.store, &incident).await.expect("its journal");
    let people = w.bot.engine.policies.people();
    let document = IncidentDocument::draw(&entries, people).expect("the journal adds up");
    let id = incident.to_string();
    let plan = &document.proposals[0].plan;
    document
        .to_string()
        .replace(plan, "[plan]")
        .replace(&id, "[id]")
        .replace(&id[id.len() - 6..], "[end]")
}

fn is_the_document(document: &str) {
    insta::assert_snapshot!(document, @"
    # Order numbers look wrong since lunch

    Incident `[id]`

    ## What went wrong

    Told by Ana Ruiz at 2026-11-23 03:00:00 UTC.

    ## Proposed at 2026-11-23 03:00:00 UTC: model-level rollback (type 2)

    It is unexpected_behaviour (something behaves unexpectedly): Order numbers look wrong since lunch.

    - Where: prod (warehouse)
    - Models that go back: `marts.order_analytics`
    - Plan: `[plan]`
    - Maintenance window: 2026-11-24 00:00:00 UTC to 2026-11-24 03:00:00 UTC
    - Needed: A model-level rollback needs one approval of level 1.

    ### Who decided

    - 2026-11-23 03:00:00 UTC: Ana Ruiz approved at level 1: 1 of 1 approval.
    - 2026-11-24 00:02:00 UTC: Ana Ruiz confirmed at level 1: The backup is made. Are jobs stopped and readers told, so that the models can go back? The rollback goes on.

    ### Checks before

    - Pass: 2 (target_version_exists, target_free)

    ### Steps

    Begun at 2026-11-24 00:00:00 UTC.

    | | step | took | result |
    |---|---|---|---|
    | 1 | Check that it is still possible | under 1 s | done. It is still possible. |
    | 2 | Back up the tables of the models | under 1 s | done |
    | 3 | Verify the backup | under 1 s | done. The check passes. |
    | 4 | Ask whether everybody is ready | 2 min | answered with yes by Ana Ruiz |
    | 5 | Check the target again | under 1 s | done. It is still possible. |
    | 6 | Point the models back | under 1 s | done |
    | 7 | Check the switch | under 1 s | done. The check passes. |
    | 8 | Check the data | under 1 s | done. The check passes. |

    ### Checks on the way and after

    Verify the backup:

    - Pass: 1 (copy_readable)

    Check the switch:

    - Pass: 1 (duplicates)

    Check the data:

    - Pass: 1 (duplicates)

    ### Difficulties

    None.

    ### Outcome

    - 2026-11-24 00:02:00 UTC: Rolled back: every step is done and every check passed, 2 min after it was due to begin, within the 30 min meant for it.
    - Recovery: 2 min from when it was due to begin; the target was 30 min
    - Loss of data: None: the versions that were left stay in tables of their own.

    ## What stays held

    prod is held since 2026-11-24 00:02:00 UTC. What must not come back: marts.order_analytics=22.

    ## Lessons

    *For people to write.*

    - Process:
    - Tools:
    - Training:
    - Documents:
    ");
}

story!(
    /// Backup and its check, then the question, and only then the change; a document at the end.
    a_planned_run_backs_up_asks_and_is_told,
    async |w| {
        begun(w, &planned(When::NextWindow), &["ana"]).await;
        w.expect_thread(&["The rollback starts", "Step 1 of 8", "Step 2 of 8", "Step 3 of 8", "The rollback waits at *Ask whether everybody is ready*"]);
        assert_eq!((w.warehouse.calls("save"), w.warehouse.calls("verify-point"), w.warehouse.calls("promote")), (1, 1, 0));
        assert_eq!(points_made(w), ["tables"]);
        w.advance(TimeDelta::minutes(2)).await;
        ready(w, "ana").await;
        w.expect_card("Rolled back");
        assert_eq!(w.warehouse.version(ORDERS), "11");
        w.expect_thread(&["confirmed at level 1", "Step 5 of 8", "Step 6 of 8", "Step 7 of 8", "Step 8 of 8", "2 min after it was due to begin, within the 30 min meant for it", "All of this as one document, with room for what is to be learnt: `countersign report incident inc_", "`prod` is held"]);
        is_the_document(&document(w).await);
    }
);

story!(
    /// Nobody is ready: nothing was changed, and it is called off.
    whoever_is_not_ready_calls_it_off,
    async |w| {
        begun(w, &planned(When::NextWindow), &["ana"]).await;
        w.press_and_say_why("cancel", "ana", "The nightly load is late").await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("Cancelled, taken back");
        assert_eq!(w.warehouse.calls("promote"), 0);
        let told = w.thread_so_far();
        assert!(told.contains("countersign report incident"), "{told}");
        w.read_on();
    }
);

story!(
    /// A house without a planned runbook of the type: that of an emergency in the window, without a question.
    without_a_planned_runbook_the_other_one_is_taken,
    async |w| {
        std::fs::remove_file(w.config.policies.join("runbooks/model_level_planned.yaml")).expect("removes it");
        begun(w, &planned(When::NextWindow), &["ana"]).await;
        w.expect_card("Rolled back");
        assert_eq!(points_made(w), ["versions"]);
        let told = w.thread_so_far();
        assert!(told.contains("Step 4 of 4") && told.contains("countersign report incident"), "{told}");
        w.read_on();
    }
);

story!(
    /// The old version turns out to be wrong: what people lived with is there again, and nobody was woken for it.
    what_a_check_finds_wrong_is_taken_back,
    async |w| {
        w.warehouse.spoil(ORDERS);
        begun(w, &planned(When::NextWindow), &["ana"]).await;
        ready(w, "ana").await;
        w.expect_card("Failed, taken back");
        assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.calls("promote")), ("22", 2));
        w.read_on();
    }
);

story!(
    /// Hours instead of minutes while it waits for a decision, and minutes again once its run waits for an answer.
    a_planned_proposal_asks_mildly,
    async |w| {
        with_a_window(w).await;
        propose(w, "ana", &planned(When::At("2026-11-25 02:30".to_owned()))).await;
        w.read_on();
        w.advance(TimeDelta::minutes(239)).await;
        w.expect_thread(&[]);
        w.restart().await;
        w.advance(TimeDelta::minutes(1)).await;
        w.expect_thread(&["Asking <@U0BO>"]);
        w.advance(TimeDelta::hours(4)).await;
        w.expect_thread(&["Asking <@U0BEN> and <@U0TESS>"]);
        w.approve("ben").await;
        w.expect_whisper("ben", "is signed");
        w.read_on();
        w.advance(TimeDelta::minutes(46 * 60 + 30 - 480)).await;
        w.expect_card("Waiting for an answer");
        w.read_on();
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["<@U0BO>, on-call engineer (secondary) (level 1)"]);
        ready(w, "bo").await;
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// Type 1: the whole environment is backed up before the release goes back.
    a_planned_release_goes_back,
    async |w| {
        w.warehouse.switch_badly();
        begun(w, &of_type(RollbackType::BlueGreen, &[]), &["ana"]).await;
        assert_eq!((points_made(w), w.warehouse.calls("promote")), (vec!["full".to_owned()], 0));
        ready(w, "bo").await;
        w.expect_card("Rolled back");
        assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.live(EXTRA)), ("11", None));
        w.read_on();
    }
);

story!(
    /// Type 3: the tables that are changed are backed up, and the columns come back.
    a_planned_column_comes_back,
    async |w| {
        w.warehouse.change_in_place(ORDERS);
        let before = w.clock.now() - TimeDelta::hours(1);
        w.warehouse.keep_point(&w.config.points, "pt_before", "tables", before);
        begun(w, &of_type(RollbackType::Schema, &[ORDERS]), &["ben", "tess"]).await;
        assert_eq!((points_made(w), w.warehouse.empty()), (vec!["tables".to_owned()], vec![ORDERS.to_owned()]));
        ready(w, "ana").await;
        w.expect_card("Rolled back");
        assert!(w.warehouse.empty().is_empty());
        w.read_on();
    }
);

story!(
    /// Type 4: who writes stops first, the present environment is backed up, and the exchange is asked for by itself.
    a_planned_environment_is_exchanged,
    async |w| {
        let before = w.clock.now() - TimeDelta::hours(1);
        w.warehouse.keep_point(&w.config.points, "pt_good", "full", before);
        begun(w, &of_type(RollbackType::FullEnvironment, &[]), &["ben", "mia", "cleo"]).await;
        assert_eq!((w.warehouse.calls("save"), w.warehouse.beside().len()), (0, 0));
        // The window is 21 hours away when it is proposed, and what is written until then is lost too.
        let told = document(w).await;
        assert!(told.contains("(22 h when the window opens at 2026-11-24 00:00 UTC)"), "{told}");
        ready(w, "ana").await;
        assert_eq!((points_made(w), w.warehouse.beside().len()), (vec!["full".to_owned()], 1));
        w.expect_card("Swap the restored environment in?");
        ready(w, "tess").await;
        w.expect_card("Rolled back");
        assert_eq!(w.warehouse.version(ORDERS), "11");
        w.read_on();
    }
);
