//! The record: what cannot be changed behind everybody's back.

use signer::KeyDirectory;

use crate::{story, world::behind_its_back};

story!(
    /// One byte of a receipt is changed in the database: the executor refuses, and the auditor is told which entry.
    a_changed_receipt_stops_the_run,
    async |w| {
        w.alert().await;
        w.read_on();
        // The click is taken while no worker turns; then somebody reaches into the database.
        let request = w.slack.click(&w.slack.messages(crate::world::CHANNEL)[0], "approve", "U0ANA");
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        let change = "update journal set receipt = replace(receipt, '\"sig\":\"', '\"sig\":\"A') where receipt is not null";
        behind_its_back(&w.database_url, change).await;
        w.drain().await;
        w.expect_error("is held");
        w.expect_card("Stuck");
        assert_eq!((w.warehouse.calls("promote"), w.warehouse.calls("check")), (0, 1), "only the proposal's own check ran");
        let keys = KeyDirectory::new(&w.config.keys).public_keys().expect("keys");
        let error = countersign::audit::verify(&w.export().await, &keys, None).expect_err("it was changed").to_string();
        assert!(error.starts_with("entry 4 of inc_"), "{error}");
        // Put it back, so that the rest of the record can be judged.
        let undo = "update journal set receipt = replace(receipt, '\"sig\":\"A', '\"sig\":\"') where receipt is not null";
        behind_its_back(&w.database_url, undo).await;
        w.slack.take_ephemerals("U0ANA");
        w.read_on();
    }
);

story!(
    /// The stored plan is changed after the approval: nobody approved that one.
    a_changed_plan_stops_the_run,
    async |w| {
        w.alert().await;
        w.read_on();
        let request = w.slack.click(&w.slack.messages(crate::world::CHANNEL)[0], "approve", "U0ANA");
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        behind_its_back(&w.database_url, "update plan set body = replace(body, '=11', '=99')").await;
        w.drain().await;
        w.expect_error("is held");
        assert_eq!(w.warehouse.calls("promote"), 0);
        behind_its_back(&w.database_url, "update plan set body = replace(body, '=99', '=11')").await;
        w.slack.take_ephemerals("U0ANA");
        w.read_on();
    }
);

story!(
    /// Every byte of the exported log matters, and so does its end.
    a_changed_log_does_not_verify,
    async |w| {
        w.alert().await;
        w.approve("ana").await;
        w.slack.take_ephemerals("U0ANA");
        w.read_on();
        let keys = KeyDirectory::new(&w.config.keys).public_keys().expect("keys");
        let log = w.export().await;
        let proved = countersign::audit::verify(&log, &keys, None).expect("it verifies");
        assert_eq!((proved.incidents, proved.receipts, proved.steps), (1, 1, 4));
    let policies = w.bot.engine.policies.digest();
    countersign::audit::verify(&log, &keys, Some(policies)).expect("decided under these policies");
    let others = domain::digest::Digest::of("other policies");
    assert!(countersign::audit::verify(&log, &keys, Some(&others)).is_err());
        let lines: Vec<_> = log.lines().collect();
        for cut in 1..lines.len() {
            let without: Vec<_> = lines.iter().enumerate().filter(|(place, _)| *place != cut).map(|(_, line)| *line).collect();
            assert!(countersign::audit::verify(&without.join("\n"), &keys, None).is_err(), "line {cut} can be left out");
        }
        let changed = log.replacen("\\\"level\\\":1", "\\\"level\\\":2", 1);
        assert!(countersign::audit::verify(&changed, &keys, None).is_err());
    }
);

story!(the_web_page_and_the_api_show_the_thread, async |w| {
    w.alert().await;
    w.read_on();
    let incident = w.incident().await;
    let (status, page) = w.get(&format!("/incidents/{incident}")).await;
    assert!(
        status == 200 && page.contains("Waiting for a decision") && !page.contains("<form"),
        "without personas the page is read-only"
    );
    let (status, json) = w.get(&format!("/api/incidents/{incident}")).await;
    assert!(status == 200 && json.contains("\"thread\""), "{json}");
    assert_eq!(w.get("/incidents/inc_nonsense").await.0, 404);
    assert_eq!(w.get("/healthz").await.0, 200);
    let (status, list) = w.get("/").await;
    assert!(status == 200 && list.contains("Duplicate rows in the marts"));
});

story!(
    /// Probing and taking back need the approvals too, though they may have run out meanwhile.
    taking_back_needs_the_approvals, async |w| {
    w.alert().await;
    w.read_on();
    let request = w.slack.click(&w.slack.messages(crate::world::CHANNEL)[0], "approve", "U0ANA");
    assert_eq!(w.send("/slack/interactions", &request).await, 200);
    let incident = w.incident().await;
    let engine = &w.bot.engine;
    let run = engine.store.runs_of(&incident).await.expect("runs").remove(0).value;
    w.clock.advance(chrono::TimeDelta::days(2));
    let outcome = engine.was_authorised(&run).await.expect("the database answers");
    assert!(outcome.is_ok(), "{outcome:?}");
    for (change, undo) in [
        (
            "update plan set body = body || ' '",
            "update plan set body = substr(body, 1, length(body) - 1)",
        ),
        (
            "update journal set receipt = replace(receipt, '\"sig\":\"', '\"sig\":\"A') where receipt is not null",
            "update journal set receipt = replace(receipt, '\"sig\":\"A', '\"sig\":\"') where receipt is not null",
        ),
        (
            "update journal set proposal = 'none' where receipt is not null",
            "update journal set proposal = (select id from proposal) where receipt is not null",
        ),
    ] {
        behind_its_back(&w.database_url, change).await;
        let outcome = w.bot.engine.was_authorised(&run).await.expect("the database answers");
        assert!(outcome.is_err(), "after {change}");
        behind_its_back(&w.database_url, undo).await;
    }
    // The approvals have run out: the executor does not begin, and people are asked anew.
    w.drain().await;
    assert_eq!(w.warehouse.calls("promote"), 0);
    let shown = w.thread_so_far();
    assert!(shown.contains("was good until"), "{shown}");
    w.slack.take_ephemerals("U0ANA");
    w.read_on();
});
