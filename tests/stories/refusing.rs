//! Slack refuses something: nothing is lost, the operator learns what to mend, and then it goes on by itself.

use std::time::Duration;

use chrono::TimeDelta;
use fakes::slack::Message;
use tokio_util::sync::CancellationToken;

use crate::{listening::until, story, world::CHANNEL};

const POST: &str = "chat.postMessage";

story!(
    /// The token is revoked in the middle of an incident: it is said once, everything waits, and then it is said in order.
    a_revoked_token_loses_nothing,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.revoke_token();
        w.advance(TimeDelta::minutes(31)).await;
        w.advance(TimeDelta::minutes(31)).await;
        let logged = w.errors.take();
        assert_eq!(logged.len(), 1, "once, not for every message: {logged:#?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(logged[0], @"slack refuses: chat.update: token_revoked. Reinstall the app and set slack.bot_token to the new bot token; everything waits, and is said once that is mended");
        }
        let warnings = w.warnings().await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(warnings, @"warning: slack refuses everything for 31 min, what is to be said waits: slack refuses: chat.update: token_revoked. Reinstall the app and set slack.bot_token to the new bot token");
        }
        let (_, metrics) = w.get("/metrics").await;
        assert!(metrics.contains("countersign_chat_refuses{chat=\"slack\"} 1"), "{metrics}");
        assert!(metrics.contains("countersign_parked_jobs 0"), "nothing is given up: {metrics}");
        w.slack.restore_token();
        w.advance(TimeDelta::minutes(5)).await;
        w.expect_thread(&["Asking <@U0BO>", "Asking <@U0BEN>", "Asking <@U0MIA>", "Asking <@U0CLEO>"]);
        w.expect_card("level 4");
        assert_eq!(w.warnings().await, "");
    }
);

story!(
    /// A chat that refuses everything makes no bot deaf: whoever asks whether it is ready hears yes, and what is wrong.
    a_bot_whose_chat_refuses_everything_is_ready,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.revoke_token();
        w.advance(TimeDelta::minutes(16)).await;
        w.expect_error("token_revoked");
        let shutdown = CancellationToken::new();
        let asking = async {
            until("all workers turn", async || w.get("/readyz").await.0 == 200).await;
            let (status, text) = w.get("/readyz").await;
            shutdown.cancel();
            (status, text)
        };
        let ((), (status, text)) = tokio::join!(w.bot.turn(&shutdown, Duration::from_secs(5)), asking);
        assert_eq!(status, 200, "{text}");
        let lines: Vec<_> = text.lines().collect();
        let is_warning = |line: &&str| line.starts_with("warning: slack refuses everything");
        assert!(lines[0] == "ready" && lines[1..].iter().all(is_warning), "{text}");
        assert_eq!(lines.len(), 2, "{text}");
        w.slack.restore_token();
        w.advance(TimeDelta::minutes(5)).await;
        w.read_on();
    }
);

story!(
    /// Letters to one person are refused, first for one reason and then for another: the thread says once that they cannot
    /// be reached, and whoever operates it sees what waits.
    a_letter_that_is_refused_is_seen,
    async |w| {
        w.slack.keep_failing("conversations.open", "user_not_found");
        w.alert().await;
        w.expect_error("the letter to");
        let waiting = w.warnings().await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(waiting, @"warning: 1 wait: slack refuses: conversations.open: user_not_found. The person is not in the channel: invite them, or mend their id in people.yaml");
        }
        let metrics = w.get("/metrics").await.1;
        assert!(metrics.contains("countersign_pending_letters 1"), "{metrics}");
        let parked = w.bot.engine.store.parked().await.expect("what waits");
        let parked: Vec<_> = parked.iter().map(|parked| (parked.what, parked.many)).collect();
        assert_eq!(parked, [(store::ParkedKind::Letters, 1)]);
        w.expect_thread(&["Alert from", "Proposed", "Asking <@U0ANA>", "<@U0ANA> has no address"]);
        w.slack.keep_failing("conversations.open", "messages_tab_disabled");
        w.advance(TimeDelta::minutes(1)).await;
        w.expect_error("messages_tab_disabled");
        w.expect_thread(&[]);
        w.slack.stop_failing("conversations.open");
        w.advance(TimeDelta::minutes(2)).await;
        w.expect_letter("ana", "Duplicate rows");
        assert_eq!(w.warnings().await, "");
        let metrics = w.get("/metrics").await.1;
        assert!(metrics.contains("countersign_pending_letters 0"), "{metrics}");
    }
);

story!(
    /// Slack refuses an answer where somebody is, and loses its word on the letter that stands for it: it is looked for, and
    /// neither written nor shown again.
    a_letter_in_place_of_an_answer_is_looked_for,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.fail_next("chat.postEphemeral", "user_not_found");
        w.slack.lose_reply_of_next(POST);
        w.approve("stranger").await;
        w.advance(TimeDelta::minutes(1)).await;
        w.advance(TimeDelta::minutes(1)).await;
        let letters: Vec<_> = w.slack.letters("U0STRANGER").iter().map(Message::shown).collect();
        assert!(letters.len() == 1 && letters[0].contains("I do not know you"), "{letters:?}");
        assert_eq!(w.slack.take_ephemerals("U0STRANGER"), []);
        w.expect_card("0 of 1");
    }
);

story!(
    /// Slack takes one message not as it is written: a few words stand for it, the others follow, and it is kept.
    a_message_that_is_refused_alone_holds_nobody_up,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.fail_next(POST, "msg_too_long");
        w.advance(TimeDelta::minutes(31)).await;
        w.expect_thread(&[
            "Something happened that this chat does not take as it is written. The full text is entry",
            "Asking <@U0BEN>",
        ]);
        w.expect_error("a message of inc_");
        let counts = w.bot.engine.store.counts(domain::Timestamp::MAX_UTC).await.expect("counts");
        assert_eq!(counts.parked_jobs, 1, "its text is kept");
        w.restart().await;
        w.advance(TimeDelta::seconds(1)).await;
        w.expect_thread(&[]);
    }
);

story!(
    /// Slack refuses the card's blocks: it is shown without details, and people can decide.
    a_card_that_is_refused_is_shown_briefly,
    async |w| {
        w.slack.fail_next(POST, "invalid_blocks");
        w.alert().await;
        w.expect_error("is shown without its details");
        w.expect_buttons(&["Approve", "Reject", "Ask the next level now"]);
        assert!(!w.card().text().contains("0 of 1"), "{}", w.card().text());
        w.read_on();
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// Somebody deletes the card: it is posted anew, the thread goes on there, and it can be decided on.
    a_deleted_card_is_posted_anew,
    async |w| {
        w.alert().await;
        w.read_on();
        let old = w.slack.messages(CHANNEL)[0].clone();
        w.slack.delete(CHANNEL, &old.ts);
        w.advance(TimeDelta::minutes(15)).await;
        let card = w.card();
        assert!(card.text().contains("Waiting for a decision"), "{}", card.text());
        let anew = w.slack.messages(CHANNEL).into_iter().find(|message| message.thread_ts.is_none());
        let anew = anew.expect("a card");
        assert_ne!(anew.ts, old.ts);
        let told: Vec<_> = w.slack.replies(CHANNEL, &anew.ts).iter().map(Message::shown).collect();
        assert!(told.len() == 1 && told[0].contains("Asking <@U0BO>"), "{told:?}");
        w.read_on();
        w.approve("bo").await;
        w.expect_whisper("bo", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// Somebody is not in the channel any more: their answer comes as a letter.
    an_answer_that_cannot_be_shown_in_the_channel_is_written,
    async |w| {
        w.alert().await;
        w.read_on();
        let card = w.card();
        w.slack.leave(CHANNEL, "U0STRANGER");
        w.click(&card, "approve", "stranger").await;
        let letters: Vec<_> = w.slack.letters("U0STRANGER").iter().map(Message::shown).collect();
        assert!(letters.len() == 1 && letters[0].contains("I do not know you"), "{letters:?}");
        w.expect_card("0 of 1");
    }
);
