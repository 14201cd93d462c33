//! The clock brings in people of rising authority, after a restart too.

use chrono::TimeDelta;

use crate::story;

story!(
    /// Nobody answers: every level is brought in on time, then the last one is asked again, and nothing runs.
    silence_goes_up_the_ladder,
    async |w| {
        w.alert().await;
        w.expect_thread(&["Alert from", "Proposed", "Asking <@U0ANA>"]);
        w.advance(TimeDelta::minutes(14)).await;
        w.expect_thread(&[]);
        w.advance(TimeDelta::minutes(1)).await;
        w.expect_thread(&["Asking <@U0BO>"]);
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["Asking <@U0BEN> and <@U0TESS>"]);
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["Asking <@U0MIA>"]);
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["Asking <@U0CLEO> and <@U0VIC>"]);
        w.expect_card("Waiting for a decision");
        w.advance(TimeDelta::minutes(15)).await;
        w.expect_thread(&["Asking <@U0CLEO> and <@U0VIC> again"]);
        w.expect_card("Unanswered");
        assert_eq!(w.warehouse.calls("promote"), 0);
    }
);

story!(
    /// The process sleeps through several levels: all of them are brought in at once when it wakes.
    a_restart_catches_up,
    async |w| {
        w.alert().await;
        w.read_on();
        w.clock.advance(TimeDelta::minutes(46));
        w.restart().await;
        w.drain().await;
        w.expect_thread(&["Asking <@U0BO>", "Asking <@U0BEN>", "Asking <@U0MIA>"]);
    }
);

story!(
    /// Lower levels stay able to act after the escalation has moved on.
    the_first_level_may_still_act,
    async |w| {
        w.alert().await;
        w.advance(TimeDelta::minutes(50)).await;
        w.read_on();
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(a_person_asks_for_the_next_level, async |w| {
    w.alert().await;
    w.read_on();
    // It stands in the card's menu, behind the three buttons.
    w.click(&w.card(), "escalate", "ana").await;
    w.expect_whisper("ana", "The next level is asked now");
    w.expect_thread(&["asks for the next level now", "Asking <@U0BO>"]);
    // Pressed once more at once, the button wakes nobody else.
    w.click(&w.card(), "escalate", "ben").await;
    w.expect_whisper("ben", "was asked a moment ago");
    w.expect_thread(&[]);
});

story!(
    /// Slack is down when the proposal opens: the clock runs all the same, and nothing is lost or doubled.
    the_clock_runs_while_slack_is_down,
    async |w| {
        w.slack.down(true);
        w.alert().await;
        w.advance(TimeDelta::minutes(31)).await;
        assert!(w.slack.messages(crate::world::CHANNEL).is_empty());
        w.slack.down(false);
        w.advance(TimeDelta::minutes(6)).await;
        w.expect_card("Waiting for a decision");
        w.expect_thread(&["Alert from", "Proposed", "Asking <@U0ANA>", "Asking <@U0BO>", "Asking <@U0BEN>"]);
    }
);

story!(
    /// Slack took a message, but its answer was lost: it is found, not sent again.
    a_lost_answer_is_no_second_message,
    async |w| {
        w.slack.lose_reply_of_next("chat.postMessage");
        w.alert().await;
        w.slack.lose_reply_of_next("chat.postMessage");
        w.advance(TimeDelta::minutes(2)).await;
        w.advance(TimeDelta::minutes(2)).await;
        w.expect_card("Waiting for a decision");
        w.expect_thread(&["Alert from", "Proposed", "Asking <@U0ANA>"]);
    }
);
