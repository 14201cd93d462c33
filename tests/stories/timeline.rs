//! A reaction puts what somebody said in the thread into the incident's timeline.

use countersign::incident_document::IncidentDocument;
use domain::journal::Entry;
use fakes::slack::Message;

use crate::{
    story,
    world::{CHANNEL, World},
};

async fn react(w: &World, user: &str, message: &Message, emoji: &str) {
    let request = w.slack.reacts(user, message, emoji);
    assert_eq!(w.send("/slack/events", &request).await, 200);
    // Slack tells of it once more where it has heard no answer.
    let again = w.slack.retried(&request, 1);
    assert_eq!(w.send("/slack/events", &again).await, 200);
    w.drain().await;
}

fn root(w: &World) -> Message {
    w.slack
        .messages(CHANNEL)
        .into_iter()
        .find(|message| message.thread_ts.is_none())
        .expect("a card")
}

story!(
    /// It is kept once, as letters, with who wrote it and who marked it; taking the reaction away takes nothing away.
    a_reaction_keeps_what_somebody_said,
    async |w| {
        w.alert().await;
        w.read_on();
        let ts = root(w).ts;
        let said = w.slack.say_in_thread(CHANNEL, &ts, "U0BEN", "The loader ran *twice* &lt;see&gt; <!channel> <https://a.example|log>\u{0}");
        let bot = w.slack.replies(CHANNEL, &ts).into_iter().find(|reply| reply.user == fakes::slack::BOT_USER).expect("the bot spoke");
        react(w, "U0ANA", &said, "eyes").await;
        react(w, "U0ANA", &bot, "pushpin").await;
        w.read_by_people(&[&said]);
        w.expect_thread(&[]);
        react(w, "U0ANA", &said, "pushpin").await;
        react(w, "U0STRANGER", &said, "pushpin::skin-tone-3").await;
        let told = w.unread();
        assert_eq!(told.len(), 1, "{told:#?}");
        insta::assert_snapshot!(told[0].shown(), @"📌 <@U0ANA> added to the timeline what <@U0BEN> wrote at <!date^1795402800^{time}|03:00 UTC>: “The loader ran ∗twice∗ &lt;see&gt; @channel log (https://a.example)”");
        w.read_on();
        let request = w.slack.takes_reaction_away("U0ANA", &said, "pushpin");
        assert_eq!(w.send("/slack/events", &request).await, 200);
        w.drain().await;
        w.expect_thread(&[]);

        let id = w.incident().await;
        let journal = w.bot.engine.store.journal(&id).await.expect("reads the journal");
        let entries: Vec<Entry> = journal.iter().map(|entry| serde_json::from_str(&entry.body).expect("an entry")).collect();
        let document = IncidentDocument::draw(&entries, w.bot.engine.policies.people()).expect("adds up");
        assert!(document.to_string().contains("Ben Okafor wrote at"), "{document}");
        let (status, page) = w.get(&format!("/incidents/{id}")).await;
        assert_eq!(status, 200);
        assert!(page.contains("The loader ran *twice* &lt;see&gt; @channel log"), "{page}");
    }
);

story!(
    /// What stands in no incident's thread is nobody's timeline.
    a_reaction_elsewhere_changes_nothing,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.add_channel("C0OTHER", "#other");
        let message = w.slack.say("C0OTHER", "U0BEN", "lunch?");
        react(w, "U0ANA", &message, "pushpin").await;
        let reply = w.slack.say_in_thread("C0OTHER", &message.ts, "U0BO", "yes");
        react(w, "U0ANA", &reply, "pushpin").await;
        w.expect_thread(&[]);
    }
);
