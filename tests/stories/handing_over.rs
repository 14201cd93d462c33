//! Whoever is asked gets a letter with what they need to know, and it is true until the end.

use chrono::TimeDelta;
use fakes::slack::Message;

use crate::{
    story,
    world::{CHANNEL, ORDERS, World},
};

/// The newest letter of somebody.
#[track_caller]
fn letter(w: &World, user: &str) -> Message {
    let mut letters = w.slack.letters(user);
    letters.retain(|letter| letter.thread_ts.is_none());
    assert_eq!(letters.len(), 1, "{user} has one letter");
    letters.remove(0)
}

/// The one that handed the incident over to somebody who has had an answer since.
#[track_caller]
fn first_letter(w: &World, user: &str) -> Message {
    w.slack.letters(user).into_iter().next().expect("a letter")
}

/// What the letter asks of its reader: its first line and its last one.
fn needed(letter: &Message) -> String {
    let shown = letter.shown();
    let lines: Vec<&str> = shown.lines().collect();
    [lines[0], lines[lines.len() - 1]].join("\n")
}

fn buttons(letter: &Message) -> Vec<String> {
    letter.buttons().into_iter().chain(letter.links()).map(|button| button.text).collect()
}

story!(
    /// A manager who is brought in at night reads five lines, presses a button, and every copy says who decided.
    a_letter_hands_the_incident_over_and_stays_true,
    async |w| {
        w.alert().await;
        for _ in 0..3 {
            w.advance(TimeDelta::minutes(15)).await;
        }
        w.read_on();
        let mia = letter(w, "U0MIA");
        insta::assert_snapshot!(mia.shown(), @"
        🟠 You are asked to decide on “*Duplicate rows in the marts*”: Waiting for a decision.
        *What happened* Alert from *Data warehouse*. It is `data_corruption_detected` (data is corrupt): the headline contains “duplicate∗ rows”.
        *Since* <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>
        *What was tried* Nothing was changed yet: the rollback waits.
        *Who was asked* <@U0ANA> at <!date^1795402800^{time}|03:00 UTC>; <@U0BO> at <!date^1795403700^{time}|03:15 UTC>; <@U0BEN> and <@U0TESS> at <!date^1795404600^{time}|03:30 UTC>; <@U0MIA> at <!date^1795405500^{time}|03:45 UTC>. Nobody has signed.
        *Needed of you* Approve or reject the model-level rollback (type 2) of `marts.customer_segmentation`, `marts.order_analytics` in `prod` of `warehouse`. 0 of 1 approvals are there. Please decide by <!date^1795406400^{time}|04:00 UTC>, when level 4 is asked.
        ");
        assert_eq!(buttons(&mia), ["Approve", "Reject", "Details", "Open the thread"]);
        assert_eq!(w.slack.letters("U0CLEO"), [], "nobody hears of it before their turn");
        let edits = w.slack.calls("chat.update").len();

        let request = w.slack.click(&mia, "approve", "U0MIA");
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        w.drain().await;
        w.read_on();
        w.expect_card("Rolled back");
        assert_eq!(w.slack.take_ephemerals("U0MIA").len(), 0, "the answer is where she pressed");
        w.expect_letter("mia", "You signed an approval.");
        for user in ["U0ANA", "U0BO", "U0BEN", "U0TESS"] {
            let letter = letter(w, user);
            assert!(letter.shown().contains("Signed by <@U0MIA>"), "{}", letter.shown());
            assert_eq!(buttons(&letter), ["Open the thread"]);
        }
        insta::assert_snapshot!(letter(w, "U0ANA").shown(), @"
        🟢 Nothing more is needed of you for “*Duplicate rows in the marts*”: Rolled back.
        *What happened* Alert from *Data warehouse*. It is `data_corruption_detected` (data is corrupt): the headline contains “duplicate∗ rows”.
        *Since* <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>
        *What was tried* 4 of 4 steps are done.
        *Who was asked* <@U0ANA> at <!date^1795402800^{time}|03:00 UTC>; <@U0BO> at <!date^1795403700^{time}|03:15 UTC>; <@U0BEN> and <@U0TESS> at <!date^1795404600^{time}|03:30 UTC>; <@U0MIA> at <!date^1795405500^{time}|03:45 UTC>. Signed by <@U0MIA>.
        *How it ended* <!date^1795405500^{date_short_pretty}, {time}|2026-11-23 03:45 UTC>: Rolled back: every step is done and every check passed, 45 min after the proposal, 30 min more than the 15 min meant for it.
        ");
        let letters = w.slack.calls("chat.update").len() - edits;
        assert!(letters < 40, "a step of the run edits no letter: {letters} edits");
    }
);

story!(
    /// Whoever cannot decide it by themselves reads who can, and is offered what serves them.
    a_letter_offers_nothing_that_would_be_refused,
    async |w| {
        let details = serde_json::json!({"models": ORDERS, "trigger": "security_breach_identified"});
        w.alert_with("Revenue processing affected by duplicate rows", &details).await;
        w.read_on();
        let ana = letter(w, "U0ANA");
        insta::assert_snapshot!(ana.shown(), @"
        🟠 You are asked to see that somebody decides on “*Revenue processing affected by duplicate rows*”: Waiting for a decision.
        *What happened* Alert from *Data warehouse*. It is `security_breach_identified` (a security breach was identified): the alert names it. A full environment rollback (type 4) is not possible: there is no rollback point of the whole environment from before the alert that can be relied on.
        *Since* <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>
        *What was tried* Nothing was changed yet: the rollback waits.
        *Who was asked* <@U0ANA> at <!date^1795402800^{time}|03:00 UTC>. Nobody has signed.
        *Needed of you* See that somebody decides on the model-level rollback (type 2) of `marts.order_analytics` in `prod` of `warehouse`. Your own approval would not count. What is missing needs level 4, and you hold level 1. <@U0CLEO> and <@U0VIC> can sign; they are asked from <!date^1795406400^{time}|04:00 UTC> on, or sooner if you press “Ask the next level now”. 0 of 1 approvals are there.
        ");
        assert_eq!(buttons(&ana), ["Ask the next level now", "Details", "Open the thread"]);
        let request = w.slack.click(&ana, "escalate", "U0ANA");
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        w.drain().await;
        w.expect_thread(&["<@U0ANA> asks for the next level now.", "Telling <@U0BO>"]);
        let answer = w.expect_letter("ana", "The next level is asked now.");
        assert_eq!(buttons(&answer), ["Open the thread"], "the answer leads to the thread");
        w.reject("cleo", "nothing is wrong with the data").await;
        w.slack.take_ephemerals("U0CLEO");
        w.read_on();
        let ana = first_letter(w, "U0ANA");
        assert!(ana.shown().contains("nothing is wrong with the data"), "{}", ana.shown());
        assert_eq!(buttons(&ana), ["Open the thread"]);
    }
);

story!(
    /// What is missing changes with each signature, and so does what each letter offers.
    a_letter_follows_what_is_still_missing,
    async |w| {
        let one = "model_level:\n    approvals: [1]";
        w.edit_policy("authority.yaml", one, "model_level:\n    approvals: [2, 1]").await;
        w.alert().await;
        w.advance(TimeDelta::minutes(15)).await;
        w.read_on();
        assert_eq!(buttons(&letter(w, "U0ANA")), ["Approve", "Reject", "Details", "Open the thread"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.read_on();
        let (ana, bo) = (first_letter(w, "U0ANA"), letter(w, "U0BO"));
        for letter in [&ana, &bo] {
            assert_eq!(buttons(letter), ["Ask the next level now", "Details", "Open the thread"]);
        }
        insta::assert_snapshot!(needed(&ana), @"
        Nothing more is needed of you for “*Duplicate rows in the marts*”: Waiting for a decision.
        *Needed of you* Nothing more. You signed at <!date^1795403700^{time}|03:15 UTC>; it still needs level 2. <@U0BEN>, <@U0TESS>, <@U0MIA>, <@U0CLEO> and <@U0VIC> can sign; they are asked from <!date^1795404600^{time}|03:30 UTC> on, or sooner if you press “Ask the next level now”. 1 of 2 approvals are there.
        ");
        insta::assert_snapshot!(needed(&bo), @"
        🟠 You are asked to see that somebody decides on “*Duplicate rows in the marts*”: Waiting for a decision.
        *Needed of you* See that somebody decides on the model-level rollback (type 2) of `marts.customer_segmentation`, `marts.order_analytics` in `prod` of `warehouse`. Your own approval would not count. What is missing needs level 2, and you hold level 1. <@U0BEN>, <@U0TESS>, <@U0MIA>, <@U0CLEO> and <@U0VIC> can sign; they are asked from <!date^1795404600^{time}|03:30 UTC> on, or sooner if you press “Ask the next level now”. 1 of 2 approvals are there.
        ");
        let opened = w.slack.opens_home("U0BO");
        assert_eq!(w.send("/slack/events", &opened).await, 200);
        w.drain().await;
        let home = w.slack.home("U0BO").expect("a home page");
        let offered: Vec<String> = home.buttons().into_iter().map(|button| button.text).collect();
        assert_eq!(offered, ["Ask the next level now", "Details"], "{}", home.shown());
        w.approve("ben").await;
        w.expect_whisper("ben", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// An edit wakes nobody: whoever is asked again hears it, once for each time.
    whoever_is_asked_again_hears_it,
    async |w| {
        w.alert().await;
        w.advance(TimeDelta::minutes(61)).await;
        let before = w.slack.letters("U0CLEO").len();
        assert_eq!(before, 1);
        w.slack.lose_reply_of_next("chat.postMessage");
        w.advance(TimeDelta::minutes(15)).await;
        w.advance(TimeDelta::minutes(2)).await;
        w.read_on();
        let letters = w.slack.letters("U0CLEO");
        assert_eq!(letters.len(), 2, "{letters:#?}");
        assert!(letters[1].shown().contains("You are asked again"), "{}", letters[1].shown());
        assert_eq!(letters[1].thread_ts.as_deref(), Some(letters[0].ts.as_str()));
    }
);

story!(
    /// Slack took the letter, and its answer was lost: it is found, not written again.
    a_lost_answer_is_no_second_letter,
    async |w| {
        w.slack.down(true);
        w.alert().await;
        w.slack.down(false);
        // The card and the thread's three sentences come first.
        for _ in 0..4 {
            w.slack.lose_reply_of_next("chat.postMessage");
            w.advance(TimeDelta::minutes(3)).await;
        }
        w.advance(TimeDelta::minutes(3)).await;
        w.read_on();
        letter(w, "U0ANA");
    }
);

story!(
    /// Whoever is asked and is not in the channel is brought in; where that is forbidden, the thread says how.
    whoever_is_not_in_the_channel_is_brought_in,
    async |w| {
        w.slack.leave(CHANNEL, "U0ANA");
        w.alert().await;
        w.expect_thread(&["Alert from", "Proposed", "Asking", "<@U0ANA> was not in this channel and is now."]);
        w.slack.take_scope("channels:write.invites");
        w.slack.leave(CHANNEL, "U0BO");
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["Asking <@U0BO>", "<@U0BO> is asked to decide but is not in this channel, and I may not invite them. Please type `/invite`"]);
        letter(w, "U0BO");
    }
);

story!(
    /// Whom nobody can write to is named in the thread, and the escalation goes on.
    whoever_cannot_be_reached_is_named,
    async |w| {
        w.edit_policy("people.yaml", "      - { chat: slack, team: T0FAKE, user: U0BO }\n", "").await;
        w.slack.refuses_letters("U0ANA");
        w.alert().await;
        w.expect_error("slack refuses");
        w.expect_thread(&["Alert from", "Proposed", "Asking", "<@U0ANA> has no address in Slack that works"]);
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["Nobody can be reached for level 1, on-call engineer (secondary)", "Asking <@U0BEN> and <@U0TESS>"]);
        letter(w, "U0BEN");
    }
);

story!(
    /// A letter that somebody deleted is written anew while there is something to decide.
    a_deleted_letter_is_written_anew,
    async |w| {
        w.alert().await;
        let first = letter(w, "U0ANA");
        w.slack.delete(&first.channel, &first.ts);
        w.advance(TimeDelta::minutes(15)).await;
        w.read_on();
        let anew = letter(w, "U0ANA");
        assert_ne!(anew.ts, first.ts);
        assert!(anew.shown().contains("<@U0BO> at"), "{}", anew.shown());
    }
);
