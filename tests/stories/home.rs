//! The app's home page: what waits for its reader, and what is going on.

use chrono::TimeDelta;
use fakes::slack::View;

use crate::{story, world::World};

async fn open(w: &World, user: &str) -> View {
    assert_eq!(w.send("/slack/events", &w.slack.opens_home(user)).await, 200);
    w.drain().await;
    w.slack.home(user).expect("a home page")
}

fn buttons(view: &View) -> Vec<String> {
    view.buttons().into_iter().map(|button| button.text).collect()
}

story!(
    /// Nobody waits for anything: the page says so kindly, to those whom nobody knows as well.
    a_quiet_home,
    async |w| {
        insta::assert_snapshot!(open(w, "U0ANA").await.shown(), @"
        Countersign
        You are <@U0ANA> and hold level 1, as does <@U0BO>.
        Waiting for a decision
        Nothing waits for a decision. All is quiet here.
        Incidents that are not over
        None. May it stay like this.
        *How this works* An alert comes in, I propose a rollback, and people sign it with a button: here, on the card in the channel, or in the message that I send them. Nothing runs before enough of them have signed; without an answer I ask the next level. Every decision is signed and kept, and the thread tells each step.
        As of <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>. Open this page again to see it anew.
        ");
        let stranger = open(w, "U0STRANGER").await.shown();
        assert!(stranger.contains("{ chat: slack, team: T0FAKE, user: U0STRANGER }"), "{stranger}");
        let sam = open(w, "U0SAM").await.shown();
        assert!(sam.contains("You hold no level"), "{sam}");
    }
);

story!(
    /// What waits is decided there; the page is anew afterwards, and the answer comes in private.
    deciding_at_home,
    async |w| {
        w.alert().await;
        w.read_on();
        let sam = open(w, "U0SAM").await;
        assert_eq!(buttons(&sam), [""; 0], "who may not decide has nothing to press");
        w.advance(TimeDelta::minutes(1)).await;
        let ana = open(w, "U0ANA").await;
        insta::assert_snapshot!(ana.shown(), @"
        Countersign
        You are <@U0ANA> and hold level 1, as does <@U0BO>.
        Waiting for a decision
        *Duplicate rows in the marts*
        model-level rollback (type 2) of `marts.customer_segmentation`, `marts.order_analytics` in `prod` of `warehouse`
        0 of 1 approvals; level 1 is asked at <!date^1795403700^{time}|03:15 UTC>
        Incidents that are not over
        🟠 *Duplicate rows in the marts* · Waiting for a decision · since <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> · <https://fake.slack.com/archives/C0INCIDENTS/p1795402800000001|open the thread>
        *How this works* An alert comes in, I propose a rollback, and people sign it with a button: here, on the card in the channel, or in the message that I send them. Nothing runs before enough of them have signed; without an answer I ask the next level. Every decision is signed and kept, and the thread tells each step.
        As of <!date^1795402860^{date_short_pretty}, {time}|2026-11-23 03:01 UTC>. Open this page again to see it anew.
        ");
        assert_eq!(buttons(&ana), ["Approve", "Reject", "Details"]);
        let request = w.slack.home_click("U0ANA", "approve", 0);
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        w.drain().await;
        w.expect_card("Rolled back");
        w.read_on();
        assert_eq!(w.slack.take_ephemerals("U0ANA"), []);
        w.expect_letter("ana", "You signed an approval.");
        let home = w.slack.home("U0ANA").expect("a home page").shown();
        assert!(home.contains("Nothing waits for a decision"), "{home}");
        let published = w.slack.calls("views.publish").len();
        w.pagerduty_says("incident.resolved").await;
        w.read_on();
        assert_eq!(w.slack.calls("views.publish").len(), published, "nobody asked for it");
    }
);

story!(
    /// An app without a home page costs nothing but a line for the operator.
    an_app_without_a_home,
    async |w| {
        w.slack.has_no_homes();
        assert_eq!(w.send("/slack/events", &w.slack.opens_home("U0ANA")).await, 200);
        w.drain().await;
        w.expect_error("views.publish");
        assert_eq!(w.slack.home("U0ANA"), None);
    }
);
