//! People type slash commands.

use super::{FakeSlack, TEAM};
use crate::SignedRequest;

impl FakeSlack {
    /// `user` types `/countersign` and a text in a channel, or in their conversation with the bot.
    pub fn command(&self, user: &str, channel: &str, text: &str) -> SignedRequest {
        self.command_named("/countersign", user, channel, text)
    }

    /// `user` types another command of the app.
    pub fn command_named(
        &self,
        command: &str,
        user: &str,
        channel: &str,
        text: &str,
    ) -> SignedRequest {
        let (person, channel_name, trigger_id, response_url) = {
            let mut state = self.lock();
            let name = state.find_channel(channel).map_or("directmessage".to_owned(), |channel| {
                channel.name.trim_start_matches('#').to_owned()
            });
            let trigger_id = state.issue_trigger(user);
            let response_url = state.issue_address(user, channel, None, None);
            (state.acting(user), name, trigger_id, response_url)
        };
        let domain = if person.team == TEAM { "fake" } else { "elsewhere" };
        self.sign_form(&[
            ("token", "outdated"),
            ("team_id", &person.team),
            ("team_domain", domain),
            ("channel_id", channel),
            ("channel_name", &channel_name),
            ("user_id", user),
            ("user_name", &person.name),
            ("command", command),
            ("text", text),
            ("api_app_id", super::APP),
            ("is_enterprise_install", "false"),
            ("response_url", &response_url),
            ("trigger_id", &trigger_id),
        ])
    }
}
