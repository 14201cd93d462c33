//! A person proposes: no alert, the same card, the same way to a decision.

use domain::{
    id::IncidentId,
    person::{ChatName, Identity},
    plan::RollbackType,
};
use policies::{Declined, Wanted, When};

use crate::{
    story,
    world::{CUSTOMERS, EXTRA, ORDERS, World},
};

pub(crate) fn wanted(rollback_type: RollbackType, models: &[&str]) -> Wanted {
    Wanted {
        rollback_type,
        target: "prod".to_owned(),
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        trigger: "unexpected_behaviour".to_owned(),
        reason: "Order numbers look wrong since lunch".to_owned(),
        when: When::AtOnce,
    }
}

/// Somebody whom Slack knows asks, and nothing of what follows is done yet.
async fn ask(w: &World, person: &str, wanted: &Wanted) -> Result<IncidentId, Declined> {
    let (team, user) = (fakes::slack::TEAM.to_owned(), format!("U0{}", person.to_uppercase()));
    let identity = Identity { chat: ChatName::Slack, team, user };
    w.bot.engine.request(&identity, wanted).await.expect("the database takes it")
}

pub(crate) async fn propose(w: &World, person: &str, wanted: &Wanted) {
    ask(w, person, wanted).await.expect("it is taken");
    w.drain().await;
}

story!(
    /// Only the model that was asked for goes back, and the card says who proposed it.
    a_person_proposes_what_no_alert_suggests,
    async |w| {
        propose(w, "ana", &wanted(RollbackType::ModelLevel, &[ORDERS])).await;
        w.expect_thread(&[
            "<@U0ANA> proposed a model-level rollback (type 2) of `marts.order_analytics` in `warehouse` (`unexpected_behaviour`): Order numbers look wrong since lunch. Whether it is possible is found out now",
            "Proposed: model-level rollback (type 2) of `marts.order_analytics`. It is `unexpected_behaviour` (something behaves unexpectedly): Order numbers look wrong since lunch.",
            "Asking <@U0ANA>",
        ]);
        w.expect_card("*Proposed by*\n<@U0ANA>");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        assert_eq!((w.warehouse.version(ORDERS).as_str(), w.warehouse.version(CUSTOMERS).as_str()), ("11", "24"));
        let (_, listed) = w.get("/api/incidents").await;
        assert!(listed.contains("Order numbers look wrong since lunch"), "{listed}");
        w.read_on();
    }
);

story!(
    /// Where two are needed, whoever proposed is not one of them.
    the_proposer_does_not_count_where_two_are_needed,
    async |w| {
        w.edit_policy("authority.yaml", "  model_level:\n    approvals: [1]", "  model_level:\n    approvals: [1, 1]").await;
        propose(w, "ana", &wanted(RollbackType::ModelLevel, &[])).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "whoever proposed does not count as one of them");
        w.approve("bo").await;
        w.expect_whisper("bo", "is signed");
        w.expect_card("1 of 2");
        w.approve("ben").await;
        w.expect_whisper("ben", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
    }
);

story!(
    /// The type that was asked for does not help: nothing else is proposed in its place, but the thread says what would.
    another_type_is_named_and_not_proposed,
    async |w| {
        w.warehouse.switch_badly();
        propose(w, "ana", &wanted(RollbackType::ModelLevel, &[EXTRA])).await;
        w.expect_thread(&["<@U0ANA> proposed", "No rollback is proposed: A model-level rollback (type 2) is not possible: marts.revenue_by_method has no version that can be swapped for another: the last release of prod added or removed it. A blue-green rollback (type 1) would be possible: propose that one, if it helps."]);
        w.expect_card("Asked for");
        assert!(w.bot.engine.store.open_proposals().await.expect("proposals").is_empty());
    }
);

story!(
    /// A model that would stay as it is: the others do not go back without it.
    all_models_go_back_or_none,
    async |w| {
        propose(w, "ana", &wanted(RollbackType::ModelLevel, &[ORDERS, "marts.daily_revenue"])).await;
        w.expect_thread(&["<@U0ANA> proposed", "marts.daily_revenue would stay as it is, because the last release of prod did not change it from one version to another."]);
        assert!(w.bot.engine.store.open_proposals().await.expect("proposals").is_empty());
    }
);

story!(
    /// One target, one decision: a second request is told where the first one waits.
    an_open_proposal_comes_first,
    async |w| {
        w.alert().await;
        w.read_on();
        let waiting = w.incident().await;
        let declined = ask(w, "bo", &wanted(RollbackType::BlueGreen, &[])).await.expect_err("one is open");
        assert_eq!(declined, Declined::already_open("warehouse", &waiting));
        w.incident().await;
    }
);

story!(
    /// Two people ask before anybody has looked: one proposal comes of it, and the other thread says so.
    two_requests_at_once_make_one_proposal,
    async |w| {
        for person in ["ana", "bo"] {
            ask(w, person, &wanted(RollbackType::ModelLevel, &[])).await.expect("it is taken");
        }
        w.drain().await;
        assert_eq!(w.bot.engine.store.open_proposals().await.expect("proposals").len(), 1);
        let shown = w.thread_so_far();
        assert!(shown.contains("a proposal for `warehouse` is open already"), "{shown}");
        w.read_on();
    }
);

story!(
    /// The target is deployed between approval and start: void, looked at again, and asked of the same people, by the
    /// same person.
    what_changed_meanwhile_is_asked_again,
    async |w| {
        w.edit_policy("authority.yaml", "  model_level:\n    approvals: [1]", "  model_level:\n    approvals: [1, 1]").await;
        propose(w, "ana", &wanted(RollbackType::ModelLevel, &[ORDERS])).await;
        w.approve("bo").await;
        w.expect_whisper("bo", "is signed");
        w.warehouse.deploy("another-release");
        w.approve("ben").await;
        w.expect_whisper("ben", "is signed");
        w.expect_card("Waiting for a decision");
        w.expect_card("*Proposed by*\n<@U0ANA>");
        w.approve("ana").await;
        w.expect_whisper("ana", "whoever proposed does not count as one of them");
        w.read_on();
    }
);
