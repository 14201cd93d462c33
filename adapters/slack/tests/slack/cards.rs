//! What the card looks like in each state, as Slack gets it.

use domain::{
    card::{Card, Reading, Watched},
    plan::Outcome,
    port::Chat,
    proposal::Stage,
    run,
};
use serde_json::Value;

use crate::{
    samples::{by_ana, incident, key, open, proposal, rolled_back_card, run, run_id},
    world::World,
};

/// Posts the card and gives back its blocks in short: one line a text.
async fn posted(card: &Card) -> String {
    let world = World::start().await;
    world.slack.post(card, &world.people, &key(9)).await.expect("Slack takes the card");
    let message = world.only_message();
    let mut lines = vec![format!("text: {}", message.text)];
    for block in &message.blocks {
        lines.push(format!("[{}]", block["type"].as_str().unwrap_or_default()));
        let listed = ["fields", "elements"].map(|list| block[list].as_array());
        let listed = listed.into_iter().flatten().flatten();
        for part in std::iter::once(&block["text"]).chain(listed).filter(|part| !part.is_null()) {
            lines.push(short(part));
        }
    }
    lines.join("\n")
}

pub(crate) fn short(part: &Value) -> String {
    if part["type"] == "button" {
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let confirm = word(&part["confirm"]["text"]["text"]);
        return format!(
            "({}) {} {} confirm: {confirm}",
            word(&part["text"]["text"]),
            word(&part["action_id"]),
            word(&part["style"]),
        );
    }
    part["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn partly_approved() {
    let proposal = proposal(open(), by_ana());
    let card = Card::of(&incident("orders_daily: row count"), Some(&proposal), None, None);
    insta::assert_snapshot!(posted(&card).await, @"
    text: 🟠 Waiting for a decision: orders_daily: row count (incident 000001)
    [header]
    orders_daily: row count
    [section]
    🟠 *Waiting for a decision* · incident `000001` · <https://example.pagerduty.com/incidents/Q1?a=1&amp;b=2%7Cx|open the alert>
    [section]
    *Service*
    orders pipeline
    *Since*
    <!date^1795412780^{date_short_pretty}, {time_secs}|2026-11-23 05:46:20 UTC>
    *Proposal*
    model-level rollback (type 2)
    *Where*
    `prod` of `warehouse`
    *Models*
    `marts.orders_daily`, `marts.revenue`
    *Rebuilt besides*
    `marts.board_report`
    [section]
    *Why*
    Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Target recovery*
    within 15 min
    *Asked now*
    <@U0ANA> (on-call engineer, level 1)
    *Approvals*
    1 of 2: <@U0ANA>
    *Needs*
    A downstream consumer is business-critical.
    *Possible until*
    <!date^1796017580^{date_short_pretty}, {time_secs}|2026-11-30 05:46:20 UTC>
    *Plan*
    `aab8f06f`
    [context]
    ⏳ If nobody decides: *level 2* at <!date^1795414580^{time_secs}|06:16:20 UTC>
    [section]
    *Checks*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    ✅ pass: target_version_exists `marts.orders_daily` – version 3 is there
    [actions]
    (Approve) approve primary confirm: You sign plan aab8f06f. Proposal: model-level rollback (type 2). Where: prod of warehouse. Models: marts.orders_daily, marts.revenue.
    (Reject) reject danger confirm: -
    (Ask the next level now) escalate - confirm: -
    ");
}

#[tokio::test]
async fn running() {
    let proposal = proposal(Stage::Running { run: run_id() }, by_ana());
    let run = run(run::Stage::Doing { step: 1, attempt: 1 });
    let live = Some("3 of 8 models, <!channel> · about 2 min left");
    let card = Card::of(&incident("orders_daily: row count"), Some(&proposal), Some(&run), live);
    let value = |value: &str| Reading::Value { value: value.to_owned(), outcome: Outcome::Pass };
    let watched = |title: &str, now| {
        let (unit, began) = (Some("<%>".to_owned()), Some("3.1".to_owned()));
        Watched { title: title.to_owned(), unit, began, now }
    };
    let card = card.with_watched(vec![
        watched("System: error rate", value("0.4")),
        watched("Business: revenue", Reading::Unknown),
    ]);
    insta::assert_snapshot!(posted(&card).await, @r"
    text: 🔵 Rolling back: orders_daily: row count (incident 000001)
    [header]
    orders_daily: row count
    [section]
    🔵 *Rolling back* · incident `000001` · <https://example.pagerduty.com/incidents/Q1?a=1&amp;b=2%7Cx|open the alert>
    [section]
    *Service*
    orders pipeline
    *Since*
    <!date^1795412780^{date_short_pretty}, {time_secs}|2026-11-23 05:46:20 UTC>
    *Proposal*
    model-level rollback (type 2)
    *Where*
    `prod` of `warehouse`
    *Models*
    `marts.orders_daily`, `marts.revenue`
    *Rebuilt besides*
    `marts.board_report`
    [section]
    *Why*
    Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Target recovery*
    within 15 min
    *Approvals*
    1 of 2: <@U0ANA>
    *Needs*
    A downstream consumer is business-critical.
    *Possible until*
    <!date^1796017580^{date_short_pretty}, {time_secs}|2026-11-30 05:46:20 UTC>
    *Plan*
    `aab8f06f`
    [section]
    *Checks*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    ✅ pass: target_version_exists `marts.orders_daily` – version 3 is there
    [section]
    *Steps*
    ✅ 1. Record a rollback point – 4.2 s
    ▶️ 2. Point the models back – under way
    ▫️ 3. Check the data
    [context]
    ⚙️ 3 of 8 models, &lt;!channel&gt; · about 2 min left
    [section]
    *Watched*
    🟢 System: error rate 0.4 &lt;%&gt; · was 3.1 &lt;%&gt; · good
    ❔ Business: revenue cannot be told · was 3.1 &lt;%&gt;
    [actions]
    (Pause) pause - confirm: -
    (Cancel the rollback) cancel danger confirm: -
    ");
}

#[tokio::test]
async fn rolled_back() {
    insta::assert_snapshot!(posted(&rolled_back_card()).await, @r"
    text: 🟢 Rolled back: orders_daily: row count dropped 40 % (incident 000001)
    [header]
    orders_daily: row count dropped 40 %
    [section]
    🟢 *Rolled back* · incident `000001` · <https://example.pagerduty.com/incidents/Q1?a=1&amp;b=2%7Cx|open the alert>
    [section]
    *Service*
    orders pipeline
    *Since*
    <!date^1795412780^{date_short_pretty}, {time_secs}|2026-11-23 05:46:20 UTC>
    *Proposal*
    model-level rollback (type 2)
    *Where*
    `prod` of `warehouse`
    *Models*
    `marts.orders_daily`, `marts.revenue`
    *Rebuilt besides*
    `marts.board_report`
    [section]
    *Why*
    Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Target recovery*
    within 15 min
    *Approvals*
    1 of 2: <@U0ANA>
    *Needs*
    A downstream consumer is business-critical.
    *Possible until*
    <!date^1796017580^{date_short_pretty}, {time_secs}|2026-11-30 05:46:20 UTC>
    *Plan*
    `aab8f06f`
    [section]
    *Outcome*
    Rolled back: every step is done and every check passed, 5 min 12 s after the proposal, within the 15 min meant for it.
    [section]
    *Checks*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    ✅ pass: target_version_exists `marts.orders_daily` – version 3 is there
    [section]
    *Steps*
    ✅ 1. Record a rollback point – 4.2 s
    ✅ 2. Point the models back – 4.2 s
    ✅ 3. Check the data – 4.2 s
    ");
}

#[tokio::test]
async fn stuck() {
    let proposal = proposal(Stage::Stuck { run: run_id() }, by_ana());
    let run = run(run::Stage::Stuck {
        step: 1,
        reason: "the probe could not tell".to_owned(),
        halt: run::Halt::Within { attempt: 1 },
    });
    let card = Card::of(&incident("orders_daily: row count"), Some(&proposal), Some(&run), None);
    insta::assert_snapshot!(posted(&card).await, @r"
    text: 🔴 Stuck: needs a person: orders_daily: row count (incident 000001)
    [header]
    orders_daily: row count
    [section]
    🔴 *Stuck: needs a person* · incident `000001` · <https://example.pagerduty.com/incidents/Q1?a=1&amp;b=2%7Cx|open the alert>
    [section]
    *Service*
    orders pipeline
    *Since*
    <!date^1795412780^{date_short_pretty}, {time_secs}|2026-11-23 05:46:20 UTC>
    *Proposal*
    model-level rollback (type 2)
    *Where*
    `prod` of `warehouse`
    *Models*
    `marts.orders_daily`, `marts.revenue`
    *Rebuilt besides*
    `marts.board_report`
    [section]
    *Why*
    Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Target recovery*
    within 15 min
    *Approvals*
    1 of 2: <@U0ANA>
    *Needs*
    A downstream consumer is business-critical.
    *Possible until*
    <!date^1796017580^{date_short_pretty}, {time_secs}|2026-11-30 05:46:20 UTC>
    *Plan*
    `aab8f06f`
    *Stuck at*
    *Point the models back*: the probe could not tell
    [section]
    *Checks*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    ✅ pass: target_version_exists `marts.orders_daily` – version 3 is there
    [section]
    *Steps*
    ✅ 1. Record a rollback point – 4.2 s
    🛑 2. Point the models back – stuck
    ▫️ 3. Check the data
    [actions]
    (Try again) retry - confirm: -
    (Skip the step) skip - confirm: -
    (End the rollback) give_up danger confirm: -
    ");
}

#[tokio::test]
async fn without_a_proposal() {
    let card = Card::of(&incident(" <!here> "), None, None, None);
    insta::assert_snapshot!(posted(&card).await, @"
    text: 🟠 Triggered: &lt;!here&gt; (incident 000001)
    [header]
    <!here>
    [section]
    🟠 *Triggered* · incident `000001` · <https://example.pagerduty.com/incidents/Q1?a=1&amp;b=2%7Cx|open the alert>
    [section]
    *Service*
    orders pipeline
    *Since*
    <!date^1795412780^{date_short_pretty}, {time_secs}|2026-11-23 05:46:20 UTC>
    ");
}
