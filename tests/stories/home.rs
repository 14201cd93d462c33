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
        You are <@U0ANA> and hold level 1, as does <@U0BO>. A new proposal comes to you at once, as on-call engineer (primary). Without a decision, <@U0BO> is asked in your place after 15 min.
        Waiting for a decision
        Nothing waits for a decision. All is quiet here.
        Incidents that are not over
        None. May it stay like this.
        Last drills
        None was held: I cannot hold one yet. Once I can, you see here how long each took.
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
        You are <@U0ANA> and hold level 1, as does <@U0BO>. A new proposal comes to you at once, as on-call engineer (primary). Without a decision, <@U0BO> is asked in your place after 15 min.
        Waiting for a decision
        *Duplicate rows in the marts*
        model-level rollback (type 2) of `marts.customer_segmentation`, `marts.order_analytics` in `prod` of `warehouse`
        0 of 1 approvals; level 1 is asked at <!date^1795403700^{time}|03:15 UTC>
        Incidents that are not over
        🟠 *Duplicate rows in the marts* · Waiting for a decision · since <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> · <https://fake.slack.com/archives/C0INCIDENTS/p1795402800000001|open the thread>
        Last drills
        None was held: I cannot hold one yet. Once I can, you see here how long each took.
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

story!(
    /// What goes on is shown to members alone, and their page is emptied when they are none any more.
    only_members_see_what_goes_on,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.make_guest("U0ANA");
        w.slack.make_single_channel_guest("U0STRANGER");
        w.slack.make_bot("U0BEN");
        w.slack.deactivate("U0TESS");
        w.slack.make_stranger("U0MIA", "T0OTHER");
        for (user, why) in [
            ("U0ANA", "You are a guest in this workspace"),
            ("U0STRANGER", "You are a guest in this workspace"),
            ("U0BEN", "to members of this workspace alone, and not to bots or workflows"),
            ("U0TESS", "Your account in this workspace is switched off"),
            ("U0MIA", "You belong to another workspace"),
        ] {
            let page = open(w, user).await;
            assert!(page.shown().contains(why), "{}", page.shown());
            assert!(!page.shown().contains("Duplicate rows"), "{}", page.shown());
            assert_eq!(buttons(&page), [""; 0]);
        }
        insta::assert_snapshot!(w.slack.home("U0ANA").expect("a home page").shown(), @"
        Countersign
        You are a guest in this workspace, and what goes on is shown here to its members alone. You can follow an incident in a channel that you share with them; for anything else, ask a member.
        *How this works* An alert comes in, I propose a rollback, and people sign it with a button: here, on the card in the channel, or in the message that I send them. Nothing runs before enough of them have signed; without an answer I ask the next level. Every decision is signed and kept, and the thread tells each step.
        As of <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>. Open this page again to see it anew.
        ");
        // Both were members when they opened it; people.yaml names one of them.
        for user in ["U0SAM", "U0NOBODY"] {
            w.slack.add_user(user);
            assert!(open(w, user).await.shown().contains("Duplicate rows"));
            w.slack.make_guest(user);
            assert_eq!(w.send("/slack/events", &w.slack.user_changed(user)).await, 200);
            w.drain().await;
            let page = w.slack.home(user).expect("a home page").shown();
            assert!(page.contains("You are a guest") && !page.contains("Duplicate rows"), "{page}");
        }
    }
);

story!(
    /// While Slack does not say who somebody is, they are told that; the page comes by itself once it does. What it said
    /// within a day counts meanwhile.
    a_page_waits_for_slack_to_say_who_reads_it,
    async |w| {
        w.alert().await;
        w.read_on();
        w.slack.take_scope("users:read");
        let page = open(w, "U0BO").await;
        insta::assert_snapshot!(page.shown(), @"
        Countersign
        Slack does not tell me right now whether you are a member of this workspace, and what goes on is shown to its members alone. I ask again for a while, and this page changes by itself; or open it again in a minute. Until then, look into the channel in which I post incidents.
        *How this works* An alert comes in, I propose a rollback, and people sign it with a button: here, on the card in the channel, or in the message that I send them. Nothing runs before enough of them have signed; without an answer I ask the next level. Every decision is signed and kept, and the thread tells each step.
        As of <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>. Open this page again to see it anew.
        ");
        assert_eq!(buttons(&page), [""; 0]);
        w.slack.give_scope("users:read");
        w.advance(TimeDelta::minutes(5)).await;
        let page = w.slack.home("U0BO").expect("a home page");
        assert_eq!(buttons(&page), ["Approve", "Reject", "Details"], "{}", page.shown());
        w.slack.take_scope("users:read");
        w.advance(TimeDelta::hours(2)).await;
        assert!(open(w, "U0BO").await.shown().contains("Duplicate rows"));
        w.advance(TimeDelta::hours(23)).await;
        let page = open(w, "U0BO").await.shown();
        assert!(page.contains("Slack does not tell me") && !page.contains("Duplicate rows"), "{page}");
        w.read_on();
    }
);
