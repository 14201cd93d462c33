//! What people read on the card, and where it leads them.

use chrono::TimeDelta;
use serde_json::json;

use crate::{story, world::ORDERS};

story!(
    /// A title that has no end and forty models: the card is posted, edited, and says how many there are.
    a_card_of_forty_models_is_posted_and_edited,
    async |w| {
        let models = w.warehouse.breaks_many(40);
        let title = format!("Duplicate rows {}", "\u{202E}<!channel> *データ* 👩‍👩‍👧 ".repeat(60));
        w.alert_with(&title, &json!({"models": models.join(",")})).await;
        w.expect_card("Waiting for a decision");
        let card = w.expect_card("`marts.wide_1`, ");
        assert!(card.text().contains(" more"), "{}", card.text());
        w.read_on();
        w.approve("ana").await;
        w.slack.take_ephemerals("U0ANA");
        w.read_on();
        w.expect_card("Rolled back");
        w.expect_card("4 of 4 steps");
    }
);

story!(
    /// Who looks at a closed card learns who closed it, when and why, and can press nothing that decides.
    a_closed_card_says_who_when_and_why,
    async |w| {
        w.alert().await;
        w.read_on();
        w.advance(TimeDelta::minutes(3)).await;
        w.reject("ana", "the numbers are right").await;
        w.slack.take_ephemerals("U0ANA");
        w.read_on();
        w.expect_buttons(&[]);
        w.expect_card("*Outcome*  <@U0ANA> rejected the rollback: the numbers are right");
        w.expect_card("*Closed*  <!date^");
    }
);

story!(
    /// The pages of a target stand on the card of its incidents. Slack tells of a press on them, which changes nothing.
    a_page_is_one_press_away,
    async |w| {
        let links = "gateway: local\n    links: { dashboard: http://127.0.0.1/d, runbook: http://127.0.0.1/r }";
        w.edit_policy("targets.yaml", "gateway: local", links).await;
        w.alert().await;
        w.read_on();
        let shown: Vec<_> = w.card().links();
        let labels: Vec<_> = shown.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["Open the alert", "Runbook", "Dashboard"]);
        assert_eq!(shown[1].1, "http://127.0.0.1/r");
        w.click(&w.card(), "link_1", "ben").await;
        w.expect_thread(&[]);
        w.expect_card("Waiting for a decision");
        let incident = w.incident().await;
        let (status, page) = w.get(&format!("/incidents/{incident}")).await;
        assert!(status == 200 && page.contains("<bdi>Runbook</bdi>"), "{page}");
        let (_, answer) = w.get(&format!("/api/incidents/{incident}")).await;
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        let pages = serde_json::json!([
            { "label": "Runbook", "url": "http://127.0.0.1/r" },
            { "label": "Dashboard", "url": "http://127.0.0.1/d" },
        ]);
        assert_eq!(answer["card"]["links"], pages);
        assert_eq!(w.warehouse.version(ORDERS), "22");
    }
);
