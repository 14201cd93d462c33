//! A person proposes by the form: what it says beforehand, and what becomes of it.

use crate::{
    planning::with_a_window,
    story,
    world::{CHANNEL, CUSTOMERS, ORDERS, World},
};

const FILLED: [(&str, &str); 3] = [
    ("trigger", "unexpected_behaviour"),
    ("reason", "Order numbers look wrong since lunch"),
    ("type", "2"),
];

/// The form with all choices made.
async fn filled(w: &World, person: &str) {
    assert_eq!(w.types(person, "propose").await, None);
    w.chooses(person, "type", "2").await;
    w.chooses(person, "trigger", "unexpected_behaviour").await;
}

story!(
    /// From an empty form to an open proposal: each choice says what it asks of people, and the bot starts anew in between.
    a_form_becomes_a_proposal,
    async |w| {
        w.deploy("good", &[(ORDERS, "11"), (CUSTOMERS, "12")]);
        w.advance(chrono::TimeDelta::minutes(6)).await;
        w.deploy("bad", &[(ORDERS, "22"), (CUSTOMERS, "24")]);
        w.advance(chrono::TimeDelta::minutes(6)).await;
        assert_eq!(w.types("ana", "propose").await, None);
        insta::assert_snapshot!(w.modal("ana").await, @"
        Propose a rollback
        Nothing runs before people approve it.
        Type
        Where
        What you see
        Why
        *What this needs*
        Choose the type, where, and what you see; then this says who has to approve it.
        ");
        w.chooses("ana", "type", "2").await;
        w.chooses("ana", "trigger", "unexpected_behaviour").await;
        insta::assert_snapshot!(w.modal("ana").await, @"
        Propose a rollback
        Nothing runs before people approve it.
        Type
        Where
        Models
        What you see
        Why
        *What this needs*
        A model-level rollback (type 2) in `prod` of `warehouse`:
        *Needs* 1 approval: one of level 1 or higher. A model-level rollback needs one approval of level 1.
        *Asked first* <@U0ANA> (on-call engineer (primary), level 1)
        then at <!date^1795404420^{date_short_pretty}, {time}|2026-11-23 03:27 UTC> <@U0BO> (on-call engineer (secondary), level 1)
        then at <!date^1795405320^{date_short_pretty}, {time}|2026-11-23 03:42 UTC> <@U0BEN> and <@U0TESS> (senior engineer or tech lead, level 2)
        *Target recovery* within 15 min
        *Models* that the last release changed, as seen at <!date^1795403520^{date_short_pretty}, {time}|2026-11-23 03:12 UTC>: `marts.customer_segmentation`, `marts.order_analytics`
        Whether it is still possible is found out right after you send it. What the checks find, and models that are rebuilt besides, may ask for more; the card says so.
        ");
        let request = w.slack.suggest("U0ANA", "models", "order");
        let offered = w.slack.offered(&w.interacts(&request).await);
        assert_eq!(offered, [(ORDERS.to_owned(), ORDERS.to_owned())]);
        w.chooses("ana", "models", ORDERS).await;
        w.restart().await;
        w.sends("ana", &[("reason", "Order numbers look wrong since lunch")]).await;
        assert!(w.has_no_modal("ana"));
        let [said] = &w.slack.responses("U0ANA")[..] else { panic!("one answer") };
        assert!(said.shown().contains("it goes on in the incident’s thread"), "{}", said.shown());
        w.slack.take_ephemerals("U0ANA");
        w.expect_thread(&[
            "<@U0ANA> proposed a model-level rollback (type 2) of `marts.order_analytics` in `warehouse` (`unexpected_behaviour`): Order numbers look wrong since lunch.",
            "Proposed: model-level rollback (type 2) of `marts.order_analytics`.",
            "Asking <@U0ANA>",
        ]);
        w.expect_card("Waiting for a decision");
        let letter = w.slack.letters("U0ANA").pop().expect("a letter").shown();
        let happened = letter.lines().find(|line| line.contains("What happened"));
        insta::assert_snapshot!(happened.expect("a line"), @"*What happened* <@U0ANA> asked for a rollback. It is `unexpected_behaviour` (something behaves unexpectedly): Order numbers look wrong since lunch. It goes back to the release of 2026-11-23 03:00 UTC (SQLMesh plan `good`).");
        w.incident().await;
    }
);

story!(
    /// What was typed behind the command stands in the form already; a word that names nothing is said so.
    what_was_typed_is_filled_in,
    async |w| {
        let text = format!("propose type=2 target=prod models={ORDERS} trigger=unexpected_behaviour reason=“Orders are wrong”");
        assert_eq!(w.types("bo", &text).await, None);
        assert!(w.modal("bo").await.contains("Asked first"));
        w.sends("bo", &[]).await;
        w.slack.take_ephemerals("U0BO");
        w.expect_card("Orders are wrong");
        w.read_on();
        insta::assert_snapshot!(w.reads("bo", "propose type=7").await, @"`7` is no type of rollback: 1 is blue-green, 2 model-level, 3 schema, 4 full environment. Nothing was proposed.");
        insta::assert_snapshot!(w.reads("bo", "propose target=porduction").await, @"
        No target of targets.yaml has the id or the environment `porduction`; use one of `warehouse`
        Nothing was proposed.
        ");
        insta::assert_snapshot!(w.reads("bo", "propose trigger=data_corruption").await, @"
        There is no trigger `data_corruption`; use one of `revenue_processing_affected`, `customer_experience_degraded`, `compliance_violation_risk`, `stakeholder_escalation`, `sla_breach_imminent`, `unexpected_behaviour`, `integration_failures`, `performance_regression`, `data_quality_issues`, `monitoring_system_failure`
        Nothing was proposed.
        ");
        insta::assert_snapshot!(w.reads("bo", "propose when=tomorrow").await, @"`tomorrow` is neither `now` nor `window`, the next maintenance window. Nothing was proposed.");
        insta::assert_snapshot!(w.reads("bo", "propose colour=red").await, @r#"
        `colour` is no part of a proposal; those are `type`, `target`, `models`, `trigger`, `reason`, `when`.
        `/countersign propose [type=N] [target=ENV] [models=A,B] [trigger=ID] [reason="…"] [when=now|window]` opens the form to propose a rollback with.
        Nothing was done.
        "#);
        insta::assert_snapshot!(w.reads("stranger", "propose").await, @"Nobody in people.yaml has the identity `{ chat: slack, team: T0FAKE, user: U0STRANGER }`, so it is not known who asks. Ask the operator to add it. Nothing was proposed.");
    }
);

story!(
    /// More people are asked where the business is touched, and where data is lost; the form says so before it is sent.
    the_form_says_whom_it_needs,
    async |w| {
        assert_eq!(w.types("ana", "propose type=4 trigger=revenue_processing_affected").await, None);
        insta::assert_snapshot!(w.modal("ana").await, @"
        Propose a rollback
        Nothing runs before people approve it.
        Type
        Where
        What you see
        Why
        *What this needs*
        A full environment rollback (type 4) in `prod` of `warehouse`:
        🟠 No release of it was seen yet, so nobody knows here what it goes back to.
        *Needs* 2 approvals: one of level 3 and one of level 2. A full environment rollback needs one person of level 3 and one of level 2. Revenue, customers or compliance are touched, so level 3 decides.
        Where data would be lost, or nobody can tell: 3 approvals: one of level 4, one of level 3 and one of level 2.
        You propose it, so you are not one of them.
        *Asked first* <@U0ANA> (on-call engineer (primary), level 1)
        then at <!date^1795403700^{date_short_pretty}, {time}|2026-11-23 03:15 UTC> <@U0BO> (on-call engineer (secondary), level 1)
        then at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC> <@U0BEN> and <@U0TESS> (senior engineer or tech lead, level 2)
        *Target recovery* within 1 h
        Whether it is still possible is found out right after you send it. What the checks find, and models that are rebuilt besides, may ask for more; the card says so.
        ");
        w.chooses("ana", "type", "3").await;
        insta::assert_snapshot!(w.modal("ana").await, @"
        Propose a rollback
        Nothing runs before people approve it.
        Type
        Where
        Models
        What you see
        Why
        *What this needs*
        A schema rollback (type 3) in `prod` of `warehouse`:
        *Needs* 2 approvals: one of level 3 and one of level 2. A schema rollback needs two people of level 2. Revenue, customers or compliance are touched, so level 3 decides.
        You propose it, so you are not one of them.
        *Asked first* <@U0ANA> (on-call engineer (primary), level 1)
        then at <!date^1795403700^{date_short_pretty}, {time}|2026-11-23 03:15 UTC> <@U0BO> (on-call engineer (secondary), level 1)
        then at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC> <@U0BEN> and <@U0TESS> (senior engineer or tech lead, level 2)
        *Target recovery* within 30 min
        *Models* that the last release changed; which is found out then
        Whether it is still possible is found out right after you send it. What the checks find, and models that are rebuilt besides, may ask for more; the card says so.
        ");
    }
);

story!(
    /// Whoever sends what they were not shown reads it first.
    what_was_not_shown_is_shown_before_it_is_taken,
    async |w| {
        assert_eq!(w.types("ana", "propose").await, None);
        w.sends("ana", &FILLED).await;
        assert!(w.modal("ana").await.contains("Read it below, then send it again"), "{}", w.modal("ana").await);
        assert!(w.bot.engine.store.incidents(1, None).await.expect("incidents").is_empty());
        w.sends("ana", &FILLED).await;
        assert!(w.has_no_modal("ana"));
        w.slack.take_ephemerals("U0ANA");
        w.read_on();
    }
);

story!(
    /// A mistake is said at its input, a refusal above the form, and both keep what was filled in.
    refusals_keep_the_form_open,
    async |w| {
        filled(w, "ana").await;
        w.sends("ana", &[("reason", "  ")]).await;
        let errors = w.errors_at("ana");
        assert_eq!(errors.get("reason").map(String::as_str), Some("Say why, so that the others can read it."));
        w.alert().await;
        w.read_on();
        w.sends("ana", &[("reason", "Orders are wrong")]).await;
        let shown = w.modal("ana").await;
        assert!(shown.contains("🔴 A proposal for `warehouse` is open already, in incident [incident]"), "{shown}");
        assert!(w.slack.responses("U0ANA").is_empty());
        w.incident().await;
        // The form knows it from then on.
        assert_eq!(w.types("bo", "propose type=2 trigger=unexpected_behaviour").await, None);
        assert!(w.modal("bo").await.contains("This one will not be taken"));
    }
);

story!(
    /// The answer to a sent form was lost: sent again, it is the same request.
    a_form_that_is_sent_twice_is_one_request,
    async |w| {
        filled(w, "ana").await;
        let request = w.slack.submit_view("U0ANA", &[("reason", "Orders are wrong")]);
        for _ in 0..2 {
            assert_eq!(w.interacts(&request).await, serde_json::Value::Null);
        }
        w.drain().await;
        w.incident().await;
        w.slack.take_ephemerals("U0ANA");
        w.read_on();
    }
);

story!(
    /// A rollback that can wait is planned by the form.
    the_form_plans_for_a_window,
    async |w| {
        with_a_window(w).await;
        assert_eq!(w.types("ana", "propose type=2 trigger=unexpected_behaviour when=window").await, None);
        insta::assert_snapshot!(w.modal("ana").await, @"
        Propose a rollback
        Nothing runs before people approve it.
        Type
        Where
        Models
        What you see
        Why
        When
        *What this needs*
        A model-level rollback (type 2) in `prod` of `warehouse`, in the next maintenance window:
        🟠 No release of it was seen yet, so nobody knows here what it goes back to.
        *Needs* 1 approval: one of level 1 or higher. A model-level rollback needs one approval of level 1.
        *Asked first* <@U0ANA> (on-call engineer (primary), level 1)
        then at <!date^1795417200^{date_short_pretty}, {time}|2026-11-23 07:00 UTC> <@U0BO> (on-call engineer (secondary), level 1)
        then at <!date^1795431600^{date_short_pretty}, {time}|2026-11-23 11:00 UTC> <@U0BEN> and <@U0TESS> (senior engineer or tech lead, level 2)
        *Target recovery* within 30 min
        *Models* that the last release changed; which is found out then
        Whether it is still possible is found out right after you send it. What the checks find, and models that are rebuilt besides, may ask for more; the card says so.
        ");
        w.sends("ana", &[("reason", "Orders are wrong")]).await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("*Begins*");
        w.read_on();
    }
);

story!(
    /// A dialog that Slack does not open is said so, and nothing has happened.
    a_form_that_does_not_open_is_said_so,
    async |w| {
        w.slack.fail_next("views.open", "internal_error");
        assert!(w.reads("ana", "propose").await.contains("The dialog did not open"));
        let command = w.slack.command("U0ANA", CHANNEL, "approve");
        assert!(w.types_this(&command).await.expect("an answer").shown().contains("No proposal is open"));
        w.slack.take_ephemerals("U0ANA");
    }
);
