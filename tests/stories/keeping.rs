//! A way back that the janitor would take is kept, because a person has signed for it, and let go when it is over.

use chrono::TimeDelta;
use domain::port::Clock as _;

use crate::{
    crash::killed_at_work,
    story,
    world::{CUSTOMERS, ORDERS, World, behind_its_back},
};

const OLD: [(&str, &str); 2] = [(CUSTOMERS, "12"), (ORDERS, "11")];

/// An alert, and a way back that is open for three more hours.
async fn closing(w: &mut World) {
    w.warehouse.janitor_comes(w.clock.now() + TimeDelta::hours(3));
    w.alert().await;
    w.read_on();
}

async fn keep(w: &World, person: &str) {
    w.click(&w.card(), "keep", person).await;
}

fn kept(w: &World) -> Vec<Vec<String>> {
    w.warehouse.pins().into_values().collect()
}

/// What the card says of the way back.
fn way_back(w: &World) -> Vec<String> {
    let text = w.card().text();
    let lines = text.lines().collect::<Vec<_>>();
    let is_label = |line: &str| line == "*Possible until*" || line == "*Way back*";
    let pairs = lines.windows(2).filter(|pair| is_label(pair[0]));
    pairs.map(|pair| pair.join(" ")).collect()
}

story!(
    /// Kept before the janitor comes, the rollback still leads back after it; then the versions are let go.
    a_way_back_is_kept_and_let_go, async |w| {
    closing(w).await;
    w.expect_buttons(&["Approve", "Reject", "Ask the next level now", "Keep the way back"]);
    keep(w, "sam").await;
    w.expect_whisper("sam", "People without a level watch and are told, but do not decide.");
    assert!(kept(w).is_empty() && w.warehouse.calls("pin") == 0);
    w.advance(TimeDelta::minutes(125)).await;
    let told = w.thread_so_far();
    assert!(told.contains("Decide before, or press “Keep the way back”"), "{told}");
    w.read_on();
    let old = w.card();
    keep(w, "ana").await;
    w.expect_whisper("ana", "your wish to keep the way back of plan");
    let told: Vec<_> = w.unread().iter().map(fakes::slack::Message::shown).collect();
    let incident = w.incident().await;
    let told = told.join("\n").replace(incident.as_str(), "inc_1");
    insta::assert_snapshot!(told, @"
    <@U0ANA> wants to keep the way back: SQLMesh is told to hold what this rollback goes back to.
    🟢 The way back is kept, for <@U0ANA>: the environment `countersign_inc_1_1` in SQLMesh's state holds it until this is closed, and the janitor leaves it alone. Nobody has to hurry because of it.
    ");
    w.read_on();
    insta::assert_snapshot!(way_back(w).join("\n"), @"*Way back* kept by <@U0ANA> until this is closed");
    w.expect_buttons(&["Approve", "Reject", "Ask the next level now"]);
    let name = format!("countersign_{incident}_1");
    let versions = OLD.map(|(model, version)| format!("{model}={version}")).to_vec();
    assert_eq!(w.warehouse.pins(), [(name, versions)].into());
    w.click(&old, "keep", "ben").await;
    w.expect_whisper("ben", "The way back is kept already: <@U0ANA> asked for it at");
    assert_eq!(w.warehouse.calls("pin"), 1);

    w.restart().await;
    w.advance(TimeDelta::minutes(120)).await;
    w.warehouse.janitor_takes(&OLD);
    let told = w.unread().iter().map(fakes::slack::Message::shown).collect::<String>();
    assert!(!told.contains("possible until"), "nobody is hurried: {told}");
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS), w.warehouse.version(CUSTOMERS)), ("11".into(), "12".into()));
    let told = w.thread_so_far();
    assert!(told.contains("The way back is no longer kept"), "{told}");
    assert!(kept(w).is_empty());
    assert_eq!(way_back(w), ["*Way back* no longer kept"]);
    w.click(&old, "keep", "ben").await;
    w.expect_whisper("ben", "You are a little late: the rollback is done");
    w.read_on();
});

story!(
    /// Without it, the janitor takes the way back; whoever asks too late is told, and the proposal is looked at anew.
    the_janitor_was_faster, async |w| {
    closing(w).await;
    w.warehouse.janitor_takes(&OLD);
    keep(w, "ana").await;
    w.expect_whisper("ana", "your wish to keep the way back");
    let told = w.thread_so_far();
    assert!(told.contains("because SQLMesh's janitor was faster: `marts.customer_segmentation=12`, `marts.order_analytics=11` are gone."), "{told}");
    assert!(told.contains("marts.order_analytics=11 is no longer in SQLMesh's state: the janitor has removed it"), "{told}");
    assert!(told.contains("No rollback is proposed"), "{told}");
    assert!(kept(w).is_empty());
    w.read_on();
});

story!(
    /// A rejected proposal keeps its way back for a day: somebody may think again.
    after_a_no_it_is_kept_for_a_day, async |w| {
    closing(w).await;
    keep(w, "bo").await;
    w.expect_whisper("bo", "is signed");
    w.reject("ana", "the numbers are right").await;
    w.expect_whisper("ana", "is signed");
    w.read_on();
    assert!(way_back(w)[0].starts_with("*Way back* kept by <@U0BO> until "), "{:?}", way_back(w));
    w.restart().await;
    w.advance(TimeDelta::minutes(24 * 60 - 1)).await;
    assert_eq!(kept(w).len(), 1);
    w.advance(TimeDelta::minutes(1)).await;
    assert!(kept(w).is_empty());
    w.expect_thread(&["The way back is no longer kept"]);
});

story!(
    /// The target was deployed again: the new proposal goes back to the same, and what is kept is kept for it.
    it_moves_on_to_the_proposal_that_comes_in_its_place, async |w| {
    closing(w).await;
    keep(w, "bo").await;
    w.expect_whisper("bo", "is signed");
    w.read_on();
    w.warehouse.deploy("somebody-else");
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    let told = w.thread_so_far();
    assert!(told.contains("The way back of this proposal is the one that is kept already, for <@U0BO>."), "{told}");
    w.read_on();
    assert_eq!(way_back(w), ["*Way back* kept by <@U0BO> until this is closed"]);
    w.expect_buttons(&["Approve", "Reject", "Ask the next level now"]);
    w.advance(TimeDelta::hours(25)).await;
    assert_eq!(kept(w).len(), 1, "nobody has decided yet");
    w.read_on();
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.calls("pin"), w.warehouse.calls("unpin")), (1, 1));
    w.read_on();
});

/// Presses the button for another executor, which is killed when the warehouse hangs.
async fn killed_while_keeping(w: &mut World, fault: &str) {
    w.warehouse.fault("pin", &[fault]);
    w.clock.follow_the_system();
    closing(w).await;
    w.press(&w.card(), "keep", "ana").await;
    killed_at_work(w).await;
    w.slack.take_ephemerals("U0ANA");
    // Between two tries.
    w.advance(TimeDelta::seconds(2)).await;
    w.expect_thread(&["wants to keep the way back", "The way back is kept, for <@U0ANA>"]);
    assert_eq!(kept(w).len(), 1);
}

story!(
    /// The executor was killed after it had kept the way back, and before it could say so: it is not done again.
    killed_after_it_was_kept, async |w| {
    killed_while_keeping(w, "late").await;
    assert_eq!((w.warehouse.calls("pin"), w.warehouse.calls("probe-pin")), (1, 1));
});

story!(
    /// The executor was killed before it had done anything: the target says so, and it is done.
    killed_before_it_was_kept, async |w| {
    killed_while_keeping(w, "hang").await;
    assert_eq!((w.warehouse.calls("pin"), w.warehouse.calls("probe-pin")), (2, 1));
});

story!(
    /// A failure is tried again; one that stays is told, and the button is there again.
    what_fails_for_good_is_told_and_can_be_asked_again, async |w| {
    w.warehouse.fault("pin", &["busy", "fail", "fail", "fail", "fail"]);
    closing(w).await;
    keep(w, "ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_thread(&["wants to keep the way back"]);
    w.advance(TimeDelta::minutes(1)).await;
    w.advance(TimeDelta::minutes(1)).await;
    w.advance(TimeDelta::minutes(1)).await;
    w.advance(TimeDelta::minutes(1)).await;
    w.expect_thread(&["The way back could not be kept: the warehouse said no. What limits it still does; to try once more, press “Keep the way back” again."]);
    w.expect_buttons(&["Approve", "Reject", "Ask the next level now", "Keep the way back"]);
    keep(w, "ana").await;
    w.expect_whisper("ana", "is signed");
    assert_eq!(kept(w).len(), 1);
    w.read_on();
});

story!(
    /// Somebody reaches into the database: what nobody signed is not carried out.
    nothing_is_kept_without_a_good_receipt, async |w| {
    closing(w).await;
    w.press(&w.card(), "keep", "ana").await;
    let change = "update journal set receipt = replace(receipt, '\"sig\":\"', '\"sig\":\"A') where receipt is not null";
    behind_its_back(&w.database_url, change).await;
    w.drain().await;
    w.expect_error("is not carried out");
    assert!(kept(w).is_empty() && w.warehouse.calls("pin") == 0);
    w.expect_thread(&["wants to keep the way back", "The way back could not be kept: receipt 1 does not verify"]);
    let undo = "update journal set receipt = replace(receipt, '\"sig\":\"A', '\"sig\":\"') where receipt is not null";
    behind_its_back(&w.database_url, undo).await;
    w.slack.take_ephemerals("U0ANA");
});
