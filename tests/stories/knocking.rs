//! Somebody whom nobody knows presses a button: they learn what to do, and are remembered until they are known.

use chrono::TimeDelta;

use crate::{story, world::World};

/// The people file names the stranger from now on.
async fn add_the_stranger(w: &mut World) {
    let nia = "people:\n  - id: nia\n    name: Nia Obi\n    level: 1\n    identities:\n      - { chat: slack, team: T0FAKE, user: U0STRANGER }\n";
    w.edit_policy("people.yaml", "people:\n  - id: ana", &format!("{nia}\n  - id: ana")).await;
    w.drain().await;
}

story!(
    /// They ask to be added; once they are, they hear that it still waits, and decide by themselves.
    a_stranger_becomes_known,
    async |w| {
        w.alert().await;
        w.read_on();
        w.approve("stranger").await;
        let told = w.slack.take_ephemerals("U0STRANGER");
        insta::assert_snapshot!(told[0].shown(), @"I do not know you yet, so your click changed nothing. Ask the operator to add `{ chat: slack, team: T0FAKE, user: U0STRANGER }` to people.yaml. With the button below, the incident's thread hears of it. I remember for a day what you pressed, and write to you once you are known.");
        for _ in 0..2 {
            let request = w.slack.click_ephemeral(&told[0], "ask_to_be_known", "U0STRANGER");
            assert_eq!(w.send("/slack/interactions", &request).await, 200);
            w.drain().await;
        }
        let answers: Vec<_> = w.slack.take_ephemerals("U0STRANGER").iter().map(fakes::slack::Ephemeral::shown).collect();
        insta::assert_snapshot!(answers.join("\n"), @"
        The operators read it in the incident's thread now. Once they have added you, I write to you.
        The operators were told already, or it is more than a day ago: then press a button of the card again.
        ");
        // Once is enough, however often they press.
        w.expect_thread(&["asks to be added: `{ chat: slack, team: T0FAKE, user: U0STRANGER }`"]);
        w.advance(TimeDelta::minutes(5)).await;
        assert_eq!(w.slack.letters("U0STRANGER"), []);

        add_the_stranger(w).await;
        let letters = w.slack.letters("U0STRANGER");
        assert_eq!(letters.len(), 1);
        insta::assert_snapshot!(letters[0].shown(), @"
        You are known now as <@U0STRANGER>, level 1.
        At <!date^1795402800^{time}|03:00 UTC> you pressed *Approve* on “Duplicate rows in the marts”. Your click changed nothing then.
        It still waits: model-level rollback (type 2) of `marts.customer_segmentation`, `marts.order_analytics` in `prod` of `warehouse`.
        ");
        assert_eq!(w.warehouse.calls("promote"), 0, "nothing runs by itself");
        let request = w.slack.click(&letters[0], "approve", "U0STRANGER");
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        w.drain().await;
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// A day later nobody is written to about what they pressed, though it still waits; the old button says so.
    a_click_of_yesterday_is_not_brought_up_again,
    async |w| {
        w.alert().await;
        w.read_on();
        w.approve("stranger").await;
        let greeting = w.slack.take_ephemerals("U0STRANGER");
        w.advance(TimeDelta::hours(25)).await;
        w.read_on();
        let request = w.slack.click_ephemeral(&greeting[0], "ask_to_be_known", "U0STRANGER");
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        w.drain().await;
        w.expect_whisper("stranger", "or it is more than a day ago: then press a button of the card again");
        w.expect_thread(&[]);
        add_the_stranger(w).await;
        assert_eq!(w.slack.letters("U0STRANGER"), [], "nobody remembers it");
        w.expect_card("Waiting for a decision");
        w.approve("stranger").await;
        w.expect_whisper("stranger", "is signed");
        w.read_on();
    }
);

story!(
    /// What is over is not brought up again.
    an_old_click_is_forgotten,
    async |w| {
        w.alert().await;
        w.read_on();
        w.approve("stranger").await;
        w.slack.take_ephemerals("U0STRANGER");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.read_on();
        add_the_stranger(w).await;
        assert_eq!(w.slack.letters("U0STRANGER"), [], "it is over");
    }
);
