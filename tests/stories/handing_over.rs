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
        *Since* <!date^1795402800^{time_secs}|03:00:00 UTC>
        *What was tried* Nothing was changed yet: the rollback waits.
        *Who was asked* <@U0ANA> at <!date^1795402800^{time_secs}|03:00:00 UTC>; <@U0BO> at <!date^1795403700^{time_secs}|03:15:00 UTC>; <@U0BEN> and <@U0TESS> at <!date^1795404600^{time_secs}|03:30:00 UTC>; <@U0MIA> at <!date^1795405500^{time_secs}|03:45:00 UTC>. Nobody has signed.
        *Needed of you* Approve or reject the model-level rollback (type 2) of `marts.customer_segmentation`, `marts.order_analytics` in `prod` of `warehouse`. 0 of 1 approvals are there. Please decide until <!date^1795406400^{time_secs}|04:00:00 UTC>, when level 4 is asked.
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
        *Since* <!date^1795402800^{time_secs}|03:00:00 UTC>
        *What was tried* 4 of 4 steps are done.
        *Who was asked* <@U0ANA> at <!date^1795402800^{time_secs}|03:00:00 UTC>; <@U0BO> at <!date^1795403700^{time_secs}|03:15:00 UTC>; <@U0BEN> and <@U0TESS> at <!date^1795404600^{time_secs}|03:30:00 UTC>; <@U0MIA> at <!date^1795405500^{time_secs}|03:45:00 UTC>. Signed by <@U0MIA>.
        *How it ended* <!date^1795405500^{time_secs}|03:45:00 UTC>: Rolled back: every step is done and every check passed, 45 min after the proposal, 30 min more than the 15 min meant for it.
        ");
        let letters = w.slack.calls("chat.update").len() - edits;
        assert!(letters < 40, "a step of the run edits no letter: {letters} edits");
    }
);

story!(
    /// Whoever cannot decide it by themselves reads what they can do.
    a_letter_says_what_its_reader_may_not_do,
    async |w| {
        let details = serde_json::json!({"models": ORDERS, "trigger": "security_breach_identified"});
        w.alert_with("Revenue processing affected by duplicate rows", &details).await;
        w.read_on();
        let ana = letter(w, "U0ANA").shown();
        assert!(ana.contains("It needs level 4, which you do not hold"), "{ana}");
        w.reject("cleo", "nothing is wrong with the data").await;
        w.slack.take_ephemerals("U0CLEO");
        w.read_on();
        let ana = letter(w, "U0ANA");
        assert!(ana.shown().contains("nothing is wrong with the data"), "{}", ana.shown());
        assert_eq!(buttons(&ana), ["Open the thread"]);
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
