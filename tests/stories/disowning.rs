//! Somebody says that it was not they who signed.

use chrono::TimeDelta;
use countersign::engine::{Decide, Wish};
use domain::{
    person::{ChatName, Identity},
    place::Place,
};
use fakes::slack::Message;

use crate::{
    restoring::proposal,
    story,
    world::{ORDERS, World},
};

const ONE: &str = "model_level:\n    approvals: [1]";
const TWO: &str = "model_level:\n    approvals: [2, 1]";

/// Whoever has that account says so, before their letter has come.
async fn disown_at_once(w: &World, user: &str) {
    let team = fakes::slack::TEAM.to_owned();
    let identity = Identity { chat: ChatName::Slack, team, user: user.to_owned() };
    let shown = proposal(w).await;
    let (proposal, plan) = (shown.id, shown.opening.plan);
    let decide = Decide { identity, proposal, plan, wish: Wish::Disown, place: Place::Private };
    w.bot.engine.decide(&decide).await.expect("it is taken");
}

/// The newest letter with a receipt.
fn receipt_of(w: &World, user: &str) -> Message {
    let mut letters = w.slack.letters(user).into_iter().rev();
    letters.find(|letter| letter.shown().contains("You signed an approval.")).expect("a receipt")
}

story!(
    /// The letter comes with the receipt; what was signed is taken back, and others decide.
    an_approval_is_taken_back_while_others_decide, async |w| {
    w.edit_policy("authority.yaml", ONE, TWO).await;
    w.alert().await;
    w.read_on();
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("1 of 2: <@U0ANA>");
    w.read_on();
    let letter = w.expect_letter("ana", "You signed an approval.");
    for said in ["model-level rollback (type 2) in `prod`", "of the incident's journal", "If it was not you"] {
        assert!(letter.shown().contains(said), "{}", letter.shown());
    }
    for other in ["bo", "stranger"] {
        w.press_in_letter(&letter, "not_me", other).await;
        w.expect_letter(other, "Nothing was signed here from this account");
    }
    w.expect_card("1 of 2: <@U0ANA>");
    w.press_in_letter(&letter, "not_me", "ana").await;
    w.expect_letter("ana", "Thank you for saying so.");
    w.expect_thread(&["<@U0ANA> says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. Nothing has begun: 0 of 2 approvals count now, and others decide. <@U0BO>, <@U0BEN> and <@U0TESS>: please look at this"]);
    w.expect_card("0 of 2");
    w.expect_card("what was signed in this name was not theirs");
    w.press_in_letter(&letter, "not_me", "ana").await;
    w.expect_letter("ana", "That is known already");
    w.approve("ana").await;
    w.expect_whisper("ana", "You said that somebody else signed here in your name");
    w.approve("bo").await;
    w.expect_whisper("bo", "is signed");
    w.approve("ben").await;
    w.expect_whisper("ben", "is signed");
    w.expect_card("Rolled back");
    w.read_on();
});

story!(
    /// The step under way ends, nothing further begins, and only a fresh approval lets it go on.
    a_run_is_paused_until_others_approve_it, async |w| {
    w.alert().await;
    w.read_on();
    w.warehouse.fault("promote", &["wait"]);
    w.approve_and_meanwhile("ana", async |w| {
        disown_at_once(w, "U0ANA").await;
        w.warehouse.go_on();
    })
    .await;
    w.expect_whisper("ana", "is signed");
    w.expect_thread(&[
        "approved", "The rollback starts", "Step 1 of 4", "Step 2 of 4",
        "The rollback is paused: *Point the models back* comes to its end, and nothing further begins (0 of 1 approvals count now). <@U0BO>, <@U0BEN> and <@U0TESS>: please look at it now. Approve the same plan again if it is right, or cancel it",
        "Step 3 of 4: *Point the models back* – done",
    ]);
    w.expect_card("Paused");
    w.restart().await;
    w.advance(TimeDelta::minutes(1)).await;
    assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("verify")), (1, 0));
    w.approve("ana").await;
    w.expect_whisper("ana", "nothing more is taken from this account");
    w.approve("bo").await;
    w.expect_whisper("bo", "is signed");
    w.expect_thread(&["<@U0BO> approved at level 1: 1 of 1", "The approvals are good again"]);
    assert_eq!(w.warehouse.calls("verify"), 0, "going on is an act of its own");
    w.click(&w.card(), "resume", "ben").await;
    w.expect_whisper("ben", "The rollback goes on");
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.calls("promote")), ("11", 1));
    w.read_on();
});

story!(
    /// Nobody approves it again: it is cancelled, and taken back without an approval.
    a_run_that_was_disowned_is_taken_back, async |w| {
    w.alert().await;
    w.read_on();
    w.warehouse.fault("promote", &["wait"]);
    w.approve_and_meanwhile("ana", async |w| {
        disown_at_once(w, "U0ANA").await;
        w.warehouse.go_on();
    })
    .await;
    w.expect_whisper("ana", "is signed");
    w.press_and_say_why("cancel", "ben", "nobody knows who asked for this").await;
    w.expect_whisper("ben", "The rollback is cancelled");
    w.expect_card("Cancelled, taken back");
    assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.calls("verify")), ("22", 0));
    w.read_on();
});

story!(
    /// The rollback is over: nothing is left to be stopped, and everybody is told all the same.
    what_is_over_is_told, async |w| {
    w.alert().await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Rolled back");
    w.read_on();
    let letter = w.expect_letter("ana", "You signed an approval.");
    w.press_in_letter(&letter, "not_me", "ben").await;
    w.expect_letter("ben", "Nothing was signed here from this account");
    w.press_in_letter(&letter, "not_me", "ana").await;
    w.expect_thread(&["The rollback was over by then"]);
    w.expect_card("Rolled back");
    // What was rolled back is not let in again by whoever may have that account now.
    w.lift_hold("ana", "the fix is merged").await;
    w.expect_whisper("ana", "nothing more is taken from this account in this incident");
    w.press_in_letter(&letter, "not_me", "ana").await;
    w.expect_letter("ana", "That is known already");
    w.lift_hold("bo", "the fix is merged").await;
    w.expect_whisper("bo", "is lifted");
    w.expect_thread(&["<@U0BO> lifted the hold"]);
    let incident = w.incident().await;
    let (_, thread) = w.get(&format!("/incidents/{incident}")).await;
    assert!(thread.contains("that was not me"), "the page tells it");
});

story!(
    /// The run is stuck when its approval is taken back, and somebody settles the step: the executor meets that before the
    /// next one, and says whose it was and who can sign in its place.
    a_run_meets_what_was_disowned, async |w| {
    w.alert().await;
    w.warehouse.fault("promote", &["fail"]);
    w.warehouse.fault("probe", &["fail"]);
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.expect_card("Stuck: needs a person");
    w.read_on();
    let letter = w.expect_letter("ana", "You signed an approval.");
    w.press_in_letter(&letter, "not_me", "ana").await;
    w.expect_thread(&["The rollback waits for a person and stays as it is (0 of 1 approvals count now)"]);
    w.press_and_say_why("skip", "ben", "moved by hand").await;
    w.expect_whisper("ben", "signed it off");
    w.expect_thread(&[
        "<@U0BEN> signed off *Point the models back*",
        "The rollback stops before *Check the data*: what was signed in the name of <@U0ANA> was taken back, because it was not they who signed",
        "<@U0BO>, on-call engineer (secondary) (level 1): the approval of <@U0ANA> was taken back, and yours can stand in its place",
    ]);
    w.expect_card("an approval was taken back");
    w.expect_buttons(&["Approve", "Skip the step", "End the rollback"]);
    assert_eq!(w.warehouse.calls("verify"), 0);
    w.restart().await;
    w.approve("ana").await;
    w.expect_whisper("ana", "nothing more is taken from this account");
    w.approve("bo").await;
    w.expect_whisper("bo", "is signed");
    w.click(&w.card(), "retry", "bo").await;
    w.expect_whisper("bo", "is tried again");
    assert_eq!(w.warehouse.calls("promote"), 1);
    assert_ne!(w.warehouse.calls("verify"), 0, "it goes on behind the step that was settled");
    w.read_on();
});

story!(
    /// The plan that was signed is void, and another waits in its place: whoever has the account signs that one neither.
    a_letter_of_an_older_plan_still_counts, async |w| {
    w.alert().await;
    w.warehouse.deploy("another-deploy");
    w.approve("ana").await;
    w.slack.take_ephemerals("U0ANA");
    w.expect_card("Waiting for a decision");
    w.read_on();
    w.press_in_letter(&receipt_of(w, "U0ANA"), "not_me", "ana").await;
    w.expect_thread(&["nothing is left to be stopped here, so please look at what was done, if anything was"]);
    w.approve("ana").await;
    w.expect_whisper("ana", "nothing more is taken from this account in this incident");
    w.expect_card("0 of 1");
    assert_eq!(w.warehouse.calls("promote"), 0);
    w.approve("bo").await;
    w.expect_whisper("bo", "is signed");
    w.expect_card("Rolled back");
    w.read_on();
});

story!(
    /// Somebody signed both in the same name: one press takes back one of them, and says that there is another.
    each_plan_is_disowned_by_itself, async |w| {
    w.edit_policy("authority.yaml", ONE, TWO).await;
    w.alert().await;
    w.approve("ana").await;
    w.warehouse.deploy("another-deploy");
    w.approve("ben").await;
    w.slack.take_ephemerals("U0ANA");
    w.slack.take_ephemerals("U0BEN");
    w.read_on();
    let older = receipt_of(w, "U0ANA");
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    let newer = receipt_of(w, "U0ANA");
    assert_ne!(older.shown(), newer.shown(), "another plan");
    w.press_in_letter(&older, "not_me", "ana").await;
    w.expect_letter("ana", "This incident has a newer proposal that was approved in your name too");
    w.expect_card("1 of 2: <@U0ANA>");
    w.press_in_letter(&newer, "not_me", "ana").await;
    w.expect_letter("ana", "Please have your account secured now");
    w.expect_card("0 of 2");
    assert_eq!(w.warehouse.calls("promote"), 0);
    w.read_on();
});

story!(
    /// A step was signed off in a name that is disowned: whoever is below the level of a sign-off does not make it good.
    a_sign_off_needs_somebody_who_stands_by_it, async |w| {
    w.edit_policy("authority.yaml", ONE, TWO).await;
    w.alert().await;
    w.warehouse.fault("promote", &["fail"]);
    w.warehouse.fault("probe", &["fail"]);
    for person in ["ana", "ben"] {
        w.approve(person).await;
        w.expect_whisper(person, "is signed");
    }
    // The models were not moved, so the check behind the step fails.
    w.press_and_say_why("skip", "tess", "moved by hand").await;
    w.expect_whisper("tess", "signed it off");
    w.expect_card("Stuck: needs a person");
    let letter = w.expect_letter("tess", "You signed off a step of this rollback.");
    w.press_in_letter(&letter, "not_me", "tess").await;
    w.read_on();
    let checked = w.warehouse.calls("verify");
    w.click(&w.card(), "retry", "ana").await;
    w.expect_whisper("ana", "is tried again");
    w.expect_thread(&[
        "<@U0ANA> tries *Check the data* again",
        "step 3 was signed off in the name of tess, and it was not they who signed; somebody of level 2 or higher has to look at that step and press Try again",
        "please look at it",
    ]);
    assert_eq!(w.warehouse.calls("verify"), checked, "nothing began on it");
    w.click(&w.card(), "retry", "ben").await;
    w.expect_whisper("ben", "is tried again");
    assert!(w.warehouse.calls("verify") > checked);
    w.read_on();
});
