//! Who somebody is in the workspace goes before what the people file says of them.

use chrono::TimeDelta;

use crate::{story, world::World};

/// Slack tells of a change of somebody's account.
async fn changed(w: &World, user: &str) {
    let request = w.slack.user_changed(user);
    assert_eq!(w.send("/slack/events", &request).await, 200);
}

/// What the bot wanted to tell somebody last; Slack shows a closed account nothing.
fn last_told(w: &World) -> String {
    let told = w.slack.calls("chat.postEphemeral");
    told.last().expect("somebody was told something")["text"].as_str().expect("a text").to_owned()
}

story!(
    /// Guests, people of other workspaces, bots and closed accounts decide nothing, whatever people.yaml says.
    only_members_of_the_workspace_decide,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.make_guest("U0ANA");
        w.slack.make_single_channel_guest("U0BO");
        w.slack.make_bot("U0BEN");
        w.slack.deactivate("U0TESS");
        let table = [
            ("ana", "you are a guest in this workspace, and guests never decide"),
            ("bo", "you are a guest in this workspace, and guests never decide"),
            ("ben", "bots and workflows never decide"),
            ("tess", "your account is switched off"),
        ];
        for (person, why) in table {
            w.approve(person).await;
            assert!(last_told(w).contains(why), "{}", last_told(w));
            w.slack.take_ephemerals(&format!("U0{}", person.to_uppercase()));
        }
        // Known by another workspace's id, somebody is not who people.yaml means.
        w.slack.make_stranger("U0MIA", "T0OTHER");
        w.approve("mia").await;
        assert!(last_told(w).contains("I do not know you yet"), "{}", last_told(w));
        w.slack.take_ephemerals("U0MIA");
        w.errors.take();
        w.expect_card("0 of 1");
        assert_eq!(w.warehouse.calls("promote"), 0);
    }
);

story!(
    /// Whoever is deactivated loses their say at once; what they signed before stays signed.
    a_closed_account_decides_nothing_from_that_moment,
    async |w| {
        let details = serde_json::json!({"trigger": "data_corruption_detected"});
        w.alert_with("Duplicate rows in the marts", &details).await;
        w.read_on();
        w.click(&w.card(), "escalate", "ben").await;
        w.expect_whisper("ben", "The next level is asked now");
        w.read_on();
        // Slack was asked a moment ago, and is not asked again: the event alone tells.
        let asked = w.slack.calls("users.info").len();
        w.slack.deactivate("U0BEN");
        changed(w, "U0BEN").await;
        w.approve("ben").await;
        assert!(last_told(w).contains("your account is switched off"), "{}", last_told(w));
        assert_eq!(w.slack.calls("users.info").len(), asked);
        w.slack.take_ephemerals("U0BEN");
        w.errors.take();
        assert_eq!(w.warehouse.calls("promote"), 0);
    }
);

story!(
    /// Slack says nothing: what it said within a day counts; without that, nobody decides, and they are told what to do.
    without_an_answer_the_last_one_counts_for_a_day,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.fail_next("users.info", "internal_error");
        w.approve("ana").await;
        w.expect_whisper("ana", "Slack does not tell me right now whether your account is in order");
        w.expect_card("0 of 1");
        w.click(&w.card(), "escalate", "ana").await;
        w.expect_whisper("ana", "The next level is asked now");
        w.advance(TimeDelta::hours(23)).await;
        w.read_on();
        w.slack.take_scope("users:read");
        w.click(&w.card(), "escalate", "ana").await;
        assert_eq!(w.slack.take_ephemerals("U0ANA").len(), 1, "her answer of yesterday counts");
        w.advance(TimeDelta::hours(2)).await;
        w.read_on();
        w.approve("ana").await;
        w.expect_whisper("ana", "Slack does not tell me right now");
        w.expect_card("0 of 1");
    }
);

story!(
    /// Names and groups are nobody's authority: neither another name nor another group changes who may decide.
    a_new_name_or_group_changes_nothing,
    async |w| {
        w.slack.add_group("S0ONCALL", "oncall", &["U0ANA"]);
        w.alert().await;
        w.read_on();
        w.slack.rename("U0STRANGER", "Ana Ruiz");
        w.slack.rename("U0ANA", "Somebody Else");
        w.slack.add_group("S0ONCALL", "everybody", &["U0STRANGER"]);
        changed(w, "U0STRANGER").await;
        changed(w, "U0ANA").await;
        assert_eq!(w.send("/slack/events", &w.slack.group_changed("S0ONCALL")).await, 200);
        w.approve("stranger").await;
        w.expect_whisper("stranger", "I do not know you");
        w.expect_card("0 of 1");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed and kept");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// Guests see single channels, and the command would show them every incident.
    a_guest_reads_nothing_by_typing,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.make_guest("U0STRANGER");
        insta::assert_snapshot!(w.reads("stranger", "status").await, @"Countersign answers members of this workspace alone, and Slack says that you are a guest here or belong to another one. Nothing was done: ask a member, please.");
        w.slack.fail_next("users.info", "internal_error");
        assert!(w.reads("sam", "status").await.contains("Duplicate rows"), "a lost answer hides nothing from anybody");
    }
);

story!(
    /// Whoever is a guest from now on decides nothing, and can still say that somebody else signed in their name.
    whoever_may_decide_nothing_any_more_can_still_disown,
    async |w| {
        w.edit_policy("authority.yaml", "model_level:\n    approvals: [1]", "model_level:\n    approvals: [2, 1]").await;
        w.alert().await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.read_on();
        let letter = w.expect_letter("ana", "You signed an approval.");
        w.slack.make_guest("U0ANA");
        changed(w, "U0ANA").await;
        w.approve("ana").await;
        w.expect_whisper("ana", "guests never decide");
        w.press_in_letter(&letter, "not_me", "ana").await;
        w.expect_thread(&["<@U0ANA> says: that was not me."]);
        w.expect_card("0 of 2");
    }
);
