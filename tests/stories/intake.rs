//! What PagerDuty says, in whatever order and however often.

use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::story;

story!(
    /// A hundred deliveries of one webhook at once: one incident, one proposal, a hundred times 202.
    a_hundred_deliveries_are_one_incident,
    async |w| {
        let webhook = w.webhook("incident.triggered", "Duplicate rows in the marts");
        let answers = join_all((0..100).map(|_| w.send("/webhooks/pagerduty", &webhook))).await;
        assert!(answers.iter().all(|status| *status == 202), "{answers:?}");
        w.drain().await;
        let incident = w.incident().await;
        assert_eq!(w.bot.engine.store.proposals_of(&incident).await.expect("proposals").len(), 1);
        w.expect_card("Waiting for a decision");
        w.expect_thread(&["Alert from", "Proposed", "Asking"]);
    }
);

story!(
    /// Two different events about an incident that nobody knows yet, many times at once.
    two_first_events_race,
    async |w| {
        let first = w.webhook("incident.triggered", "Duplicate rows in the marts");
        let second = w.webhook("incident.acknowledged", "Duplicate rows in the marts");
        let both = (0..20).flat_map(|_| [&first, &second]);
        let answers = join_all(both.map(|webhook| w.send("/webhooks/pagerduty", webhook))).await;
        assert!(answers.iter().all(|status| *status == 202), "{answers:?}");
        w.drain().await;
        w.incident().await;
        w.read_on();
    }
);

story!(a_wrong_signature_leaves_nothing, async |w| {
    let mut webhook =
        w.pagerduty.sign("delivery", &serde_json::json!({"event": {"id": "01FORGED"}}));
    webhook.body.push(b' ');
    assert_eq!(w.send("/webhooks/pagerduty", &webhook).await, 401);
    assert!(w.bot.engine.store.incidents(10, None).await.expect("incidents").is_empty());
    let counts =
        w.bot.engine.store.counts(domain::port::Clock::now(&w.clock)).await.expect("counts");
    assert!(counts.seen_by_kind.is_empty(), "{counts:?}");
});

story!(three_hundred_kilobytes_are_refused_early, async |w| {
    let mut webhook = w.pagerduty.sign("delivery", &serde_json::json!({"event": {"id": "01HUGE"}}));
    webhook.body.resize(300 * 1024, b' ');
    assert_eq!(w.send("/webhooks/pagerduty", &webhook).await, 413);
});

story!(
    /// Types that nobody knows, and bodies that nobody can read, are kept and counted.
    an_unknown_event_is_kept,
    async |w| {
        let webhook = w.webhook("incident.sent_to_the_moon", "Duplicate rows in the marts");
        assert_eq!(w.send("/webhooks/pagerduty", &webhook).await, 202);
        let garbage = w.pagerduty.sign("delivery", &serde_json::json!(["not", "an", "event"]));
        assert_eq!(w.send("/webhooks/pagerduty", &garbage).await, 202);
        w.drain().await;
        let (_, metrics) = w.get("/metrics").await;
        assert!(metrics.contains("countersign_webhooks_total{result=\"kept\"} 1"), "{metrics}");
        w.read_on();
    }
);

story!(
    /// Deliveries out of order: the end comes first, and the beginning changes nothing any more.
    the_end_comes_before_the_beginning,
    async |w| {
        let beginning = w.webhook("incident.triggered", "Duplicate rows in the marts");
        w.clock.advance(TimeDelta::minutes(5));
        w.pagerduty_says("incident.resolved").await;
        assert_eq!(w.send("/webhooks/pagerduty", &beginning).await, 202);
        w.drain().await;
        w.incident().await;
        w.expect_card("Resolved");
        w.expect_thread(&["Alert from", "Resolved in PagerDuty"]);
    }
);

story!(
    /// An incident that is over stays over; one that PagerDuty reopens is a new one here.
    a_reopened_incident_is_a_new_one,
    async |w| {
        w.alert().await;
        w.read_on();
        w.pagerduty_says("incident.resolved").await;
        w.expect_thread(&["Resolved in PagerDuty", "Withdrawn"]);
        w.expect_buttons(&[]);
        w.advance(TimeDelta::minutes(5)).await;
        w.pagerduty_says("incident.reopened").await;
        let incidents = w.bot.engine.store.incidents(10, None).await.expect("incidents");
        assert_eq!(incidents.len(), 2);
        assert!(!incidents[0].value.is_resolved() && incidents[1].value.is_resolved());
        w.read_on();
    }
);

story!(a_test_ping_is_kept, async |w| {
    let ping = w.pagerduty.sign("delivery", &serde_json::json!({"event": {"id": "01PING", "event_type": "pagey.ping", "resource_type": "pagey", "occurred_at": "2026-11-23T03:00:00Z", "data": {"message": "Hello from your friend Pagey!", "type": "ping"}}}));
    assert_eq!(w.send("/webhooks/pagerduty", &ping).await, 202);
    assert!(w.bot.engine.store.incidents(10, None).await.expect("incidents").is_empty());
});

story!(
    /// The webhook never came: PagerDuty is asked at the start and every five minutes, and its open incident found.
    an_incident_that_nobody_told_of_is_found, async |w| {
    w.advance(TimeDelta::minutes(6)).await;
    let lost = w.webhook("incident.triggered", "Duplicate rows in the marts");
    w.advance(TimeDelta::minutes(4)).await;
    assert!(w.bot.engine.store.incidents(10, None).await.expect("incidents").is_empty());
    w.advance(TimeDelta::minutes(2)).await;
    w.expect_card("Waiting for a decision");
    w.expect_thread(&["Alert from", "Proposed", "Asking <@U0ANA>"]);
    // At last it comes after all.
    assert_eq!(w.send("/webhooks/pagerduty", &lost).await, 202);
    w.advance(TimeDelta::minutes(6)).await;
    w.incident().await;
    w.expect_thread(&[]);
});
