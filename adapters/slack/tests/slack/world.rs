//! A fake workspace and the adapter that speaks to it.

use chrono::DateTime;
use domain::{
    Timestamp,
    level::Level,
    person::{ChatName, Identity, People, Person, PersonId},
};
use fakes::slack::{BOT_TOKEN, FakeSlack, Message, SIGNING_SECRET, TEAM};
use secrecy::SecretString;
use slack::{Pace, Slack, SlackConfig};

pub(crate) const CHANNEL: &str = "C0INCIDENTS";
/// 2026-11-23 05:46:20 UTC.
pub(crate) const NOW: i64 = 1_795_412_780;

pub(crate) struct World {
    pub(crate) fake: FakeSlack,
    pub(crate) slack: Slack,
    pub(crate) people: People,
}

impl World {
    pub(crate) async fn start() -> Self {
        let fake = FakeSlack::start(|| at(0)).await;
        fake.add_channel(CHANNEL, "#data-incidents");
        for user in ["U0ANA", "U0BEN"] {
            fake.add_user(user);
        }
        let slack = adapter(config(&fake.api_url()));
        Self { fake, slack, people: people() }
    }

    /// The only message that the channel shows.
    #[track_caller]
    pub(crate) fn only_message(&self) -> Message {
        let mut messages = self.fake.messages(CHANNEL);
        assert_eq!(messages.len(), 1, "{messages:#?}");
        messages.remove(0)
    }
}

pub(crate) fn config(api_url: &str) -> SlackConfig {
    SlackConfig {
        api_url: api_url.to_owned(),
        bot_token: SecretString::from(BOT_TOKEN),
        signing_secrets: vec![SecretString::from(SIGNING_SECRET)],
        app_token: None,
        team: Some(TEAM.to_owned()),
        channel: CHANNEL.to_owned(),
    }
}

pub(crate) fn adapter(config: SlackConfig) -> Slack {
    // Another test of this process may have been first.
    let _already = rustls::crypto::ring::default_provider().install_default();
    Slack::new(config).expect("a good configuration").with_pace(Pace::UNBOUND)
}

/// The fake's time and `seconds` after it.
pub(crate) fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(NOW + seconds, 0).expect("a moment")
}

pub(crate) fn ana() -> PersonId {
    PersonId::new("ana")
}

pub(crate) fn ben() -> PersonId {
    PersonId::new("ben")
}

pub(crate) fn identity(user: &str) -> Identity {
    Identity { chat: ChatName::Slack, team: TEAM.to_owned(), user: user.to_owned() }
}

fn people() -> People {
    let person = |id: PersonId, name: &str, level, identities| Person {
        id,
        name: name.to_owned(),
        level: Some(Level::try_from(level).expect("a level")),
        identities,
    };
    People::new([
        person(ana(), "Ana", 1, vec![identity("U0ANA")]),
        person(ben(), "Ben", 2, vec![identity("U0BEN")]),
        person(PersonId::new("cleo"), "Cleo <@U0EVE>", 3, vec![]),
    ])
}
