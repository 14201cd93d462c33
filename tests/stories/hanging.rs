//! A Slack that takes calls and does not answer, and a database that somebody else holds: people are answered in time, and
//! nothing is lost or done twice.

use chrono::TimeDelta;
use fakes::slack::{Ephemeral, Message};

use crate::{
    listening::until,
    outages::{alerts, expect_all_of_the_record, threads, until_all_is_said},
    story,
    world::{CHANNEL, World},
};

const POST: &str = "chat.postMessage";
const OPEN: &str = "views.open";
const LOOK_UP: &str = "users.info";

/// What somebody was told in private since this was asked last.
fn told(w: &World, user: &str) -> Vec<String> {
    w.slack.take_ephemerals(user).iter().map(Ephemeral::shown).collect()
}

/// Slack has said lately that ana is a member.
async fn ana_is_known(w: &mut World) {
    w.click(&w.card(), "escalate", "ana").await;
    w.expect_whisper("ana", "The next level is asked now");
    w.read_on();
}

story!(
    /// Slack is too slow for a form: whoever pressed hears of it, and the next press opens it. Whoever was a member within a
    /// day is not looked up before a form opens, but when they send it.
    a_form_that_does_not_open_in_time_is_said,
    async |w| {
        w.alert().await;
        w.read_on();
        ana_is_known(w).await;
        w.advance(TimeDelta::minutes(2)).await;
        let asked = w.slack.calls(LOOK_UP).len();
        let card = w.card();
        for _ in 0..3 {
            w.slack.hang_next(OPEN);
        }
        let details = w.slack.click(card.message(), "details", "U0SAM");
        let command = w.slack.command("U0ANA", CHANNEL, "reject");
        let ((), status, (_, answer)) = tokio::join!(
            w.press(&card, "reject", "ana"),
            w.send("/slack/interactions", &details),
            w.ask("/slack/commands", &command),
        );
        assert_eq!(status, 200);
        let typed = w.slack.told(&command, &answer).expect("the command is answered");
        insta::allow_duplicates! {
            insta::assert_snapshot!(typed.shown(), @"🟠 The dialog did not open: Slack was too slow, or refused. Nothing was done; type it again.");
        }
        w.slack.take_ephemerals("U0ANA");
        w.drain().await;
        assert!(!w.is_asked("ana") && !w.is_asked("sam"));
        let pressed = told(w, "U0ANA");
        insta::allow_duplicates! {
            insta::assert_snapshot!(pressed.join("\n"), @"What you pressed at <!date^1795402920^{time}|03:02 UTC> did not open: Slack was too slow, or refused. Nothing was done: press it again, please.");
        }
        assert_eq!(told(w, "U0SAM"), pressed, "details are said the same way");
        // The command asks whether she may read; the form itself asks for nobody.
        assert_eq!(w.slack.calls(LOOK_UP).len(), asked + 1);
        w.advance(TimeDelta::minutes(2)).await;
        w.press(&w.card(), "reject", "ana").await;
        assert!(w.is_asked("ana"), "the next press opens it");
        assert_eq!(w.slack.calls(LOOK_UP).len(), asked + 1);
        w.fill_in("ana", &[("reason", "a known effect")]).await;
        assert_eq!(w.slack.calls(LOOK_UP).len(), asked + 2, "what she sends is judged anew");
        w.drain().await;
        w.expect_whisper("ana", "your rejection of plan");
        w.read_on();
    }
);

story!(
    /// The database is held by somebody else: no form opens too late, and whoever pressed hears why.
    a_slow_database_opens_no_form_too_late,
    async |w| {
        w.alert().await;
        w.read_on();
        let card = w.card();
        let command = w.slack.command("U0BO", CHANNEL, "reject");
        let tx = w.keep_the_incident_busy().await;
        let ((), (status, answer)) =
            tokio::join!(w.press(&card, "reject", "ana"), w.ask("/slack/commands", &command));
        assert_eq!(status, 200);
        let typed = w.slack.told(&command, &answer).expect("the command is answered").shown();
        let pressed = told(w, "U0ANA").join("\n");
        insta::allow_duplicates! {
            insta::assert_snapshot!(pressed, @"🟠 The database is slow right now, and there was no answer in time. Nothing was changed: try again, or look at the card.");
        }
        assert_eq!(typed, pressed);
        drop(tx);
        w.drain().await;
        assert!(!w.is_asked("ana") && !w.is_asked("bo"));
        w.slack.take_ephemerals("U0BO");
        w.reject("ana", "a known effect").await;
        w.expect_whisper("ana", "your rejection of plan");
        w.read_on();
    }
);

story!(
    /// Slack says nothing of somebody before a form: nobody types a reason in vain, and the answer is in time.
    whoever_is_not_known_in_time_is_not_asked,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.hang_next(LOOK_UP);
        w.click(&w.card(), "reject", "ana").await;
        assert!(!w.is_asked("ana"));
        w.expect_whisper("ana", "Slack does not tell me right now whether your account is in order");
        w.reject("ana", "a known effect").await;
        w.expect_whisper("ana", "your rejection of plan");
        w.read_on();
    }
);

story!(
    /// Slack hangs while incidents come in: they are taken, decisions too, and what was under way is looked for and said once.
    a_slack_that_never_answers_loses_nothing,
    async |w| {
        alerts(w, 0..2).await;
        w.drain().await;
        let first = w.slack.messages(CHANNEL).into_iter().find(|card| card.thread_ts.is_none());
        let first: Message = first.expect("a card");
        let known = w.slack.choose(&first, "Ask the next level now", "U0ANA");
        assert_eq!(w.send("/slack/interactions", &known).await, 200);
        w.drain().await;
        assert_eq!(told(w, "U0ANA").len(), 1);

        w.slack.hang(true);
        alerts(w, 2..5).await;
        let meanwhile = async {
            until("the worker waits for Slack", async || w.slack.hung(POST) > 0).await;
            alerts(w, 5..6).await;
            for button in ["reject", "approve"] {
                let click = w.slack.click(&first, button, "U0ANA");
                assert_eq!(w.send("/slack/interactions", &click).await, 200, "{button}");
            }
            assert_eq!(w.slack.hung(OPEN), 1, "no form opens");
            w.slack.hang(false);
        };
        tokio::join!(w.drain(), meanwhile);
        until_all_is_said(w).await;
        let threads = threads(w, 6);
        expect_all_of_the_record(w, &threads).await;
        let said = told(w, "U0ANA").join("\n");
        assert!(said.contains("your approval of plan") && said.contains("did not open"), "{said}");
        assert_eq!(w.warehouse.calls("promote"), 1);
        w.read_on();
    }
);

story!(
    /// The database is slow, the answer late, and the same comes once more: it is decided once.
    what_is_repeated_before_it_is_answered_is_decided_once,
    async |w| {
        w.alert().await;
        w.read_on();
        let incident = w.incident().await;
        let tx = w.keep_the_incident_busy().await;
        let click = w.slack.click(w.card().message(), "approve", "U0ANA");
        let again = w.slack.retried(&click, 1);
        let release = async {
            until("the click is under way", async || !w.slack.calls(LOOK_UP).is_empty()).await;
            drop(tx);
        };
        let path = "/slack/interactions";
        let answers = tokio::join!(w.send(path, &click), w.send(path, &again), release);
        assert_eq!((answers.0, answers.1), (200, 200));
        w.drain().await;
        let proposals = w.bot.engine.store.proposals_of(&incident).await.expect("proposals");
        assert_eq!(proposals[0].value.approvals.len(), 1);
        let journal = w.bot.engine.store.journal(&incident).await.expect("a journal");
        let approved = journal.iter().filter(|entry| entry.body.contains("\"approved\""));
        assert_eq!(approved.count(), 1);
        let said = told(w, "U0ANA");
        assert!(said.len() == 2 && said.iter().any(|said| said.contains("is signed")), "{said:?}");
        assert_eq!(w.warehouse.calls("promote"), 1);
        w.expect_card("Rolled back");
        w.read_on();
    }
);
