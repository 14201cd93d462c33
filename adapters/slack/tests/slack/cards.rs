//! What the card looks like in each state, as Slack gets it.

use domain::{
    card::{Card, Link, Reading, Watched},
    plan::Outcome as Answer,
    port::Chat,
    proposal::{Outcome, Stage},
    run,
};
use serde_json::Value;

use crate::{
    samples::{by_ana, incident, key, open, proposal, rolled_back_card, run, run_id},
    world::{World, at, ben},
};

/// Posts the card and gives back its blocks in short: one line a text.
pub(crate) async fn posted(card: &Card) -> String {
    let world = World::start().await;
    world.slack.post(card, &world.people, &key(9)).await.expect("Slack takes the card");
    let message = world.only_message();
    let mut lines = vec![format!("text: {}", message.text)];
    lines.extend(message.blocks.iter().flat_map(drawn));
    for attachment in &message.attachments {
        lines.push(format!("=== {}", attachment["color"].as_str().unwrap_or_default()));
        lines.extend(attachment["blocks"].as_array().into_iter().flatten().flat_map(drawn));
    }
    lines.join("\n")
}

/// A block in short.
pub(crate) fn drawn(block: &Value) -> Vec<String> {
    let mut lines = vec![format!("[{}]", block["type"].as_str().unwrap_or_default())];
    let listed = ["fields", "elements"].map(|list| block[list].as_array());
    let listed = listed.into_iter().flatten().flatten();
    let parts = std::iter::once(&block["text"]).chain(listed).filter(|part| !part.is_null());
    lines.extend(parts.map(short));
    lines
}

pub(crate) fn short(part: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    match part["type"].as_str() {
        Some("button") if part["url"].is_string() => {
            format!("({}) -> {}", word(&part["text"]["text"]), word(&part["url"]))
        }
        Some("button") => format!(
            "({}) {} {} confirm: {}",
            word(&part["text"]["text"]),
            word(&part["action_id"]),
            word(&part["style"]),
            word(&part["confirm"]["text"]["text"]),
        ),
        Some("overflow") => {
            let options = part["options"].as_array().into_iter().flatten();
            let labels: Vec<_> = options.map(|option| word(&option["text"]["text"])).collect();
            format!("(…) {}: {}", word(&part["action_id"]), labels.join(" | "))
        }
        _ => part["text"].as_str().unwrap_or_default().to_owned(),
    }
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
    🟠 *Waiting for a decision* · incident `000001`
    === #ecb22e
    [section]
    *Model-level rollback (type 2)* in `prod` of `warehouse`
    *Models*  `marts.orders_daily`, `marts.revenue`
    *Why*  Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Asked now*
    <@U0ANA> (on-call engineer, level 1)
    *If nobody decides*
    level 2 at <!date^1795414580^{time}|06:16 UTC>
    *Approvals*
    1 of 2: <@U0ANA>
    *Possible until*
    <!date^1796017580^{date_short_pretty}, {time}|2026-11-30 05:46 UTC>
    [section]
    *Checks*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    [actions]
    (Approve) approve primary confirm: You sign plan aab8f06f. Proposal: model-level rollback (type 2). Where: prod of warehouse. Models: marts.orders_daily, marts.revenue.
    (Reject) reject danger confirm: -
    (Details) details - confirm: -
    (…) more: Ask the next level now
    [context]
    *Service*  orders pipeline  ·  *Since*  <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>  ·  *Rebuilt besides*  `marts.board_report`
    *Target recovery*  within 15 min  ·  *Needs*  A downstream consumer is business-critical.  ·  *Plan*  `aab8f06f`
    [context]
    ✅ pass: old version `marts.orders_daily` – version 3 is there
    [actions]
    (Open the alert) -> https://example.pagerduty.com/incidents/Q1?a=1&b=2|x
    ");
}

#[tokio::test]
async fn running() {
    let proposal = proposal(Stage::Running { run: run_id() }, by_ana());
    let run = run(run::Stage::Doing { step: 1, attempt: 1 });
    let live = Some("3 of 8 models, <!channel> · about 2 min left");
    let card = Card::of(&incident("orders_daily: row count"), Some(&proposal), Some(&run), live);
    let value = |value: &str| Reading::Value { value: value.to_owned(), outcome: Answer::Pass };
    let watched = |title: &str, now| {
        let (unit, began) = (Some("<%>".to_owned()), Some("3.1".to_owned()));
        Watched { title: title.to_owned(), unit, began, now }
    };
    let card = card.with_watched(vec![
        watched("System: error rate", value("0.4")),
        watched("Business: revenue", Reading::Unknown),
    ]);
    insta::assert_snapshot!(posted(&card).await, @"
    text: 🔵 Rolling back: orders_daily: row count (incident 000001)
    [header]
    orders_daily: row count
    [section]
    🔵 *Rolling back* · incident `000001`
    === #1d9bd1
    [section]
    *▰▱▱  1 of 3 steps*
    ✅ 1. Record a rollback point – 4 s
    ▶️ 2. Point the models back – under way since <!date^1795412900^{time}|05:48 UTC>
          3 of 8 models, &lt;!channel&gt; · about 2 min left
    ▫️ 3. Check the data
    *Watched*
    🟢 System: error rate 0.4 &lt;%&gt; · was 3.1 &lt;%&gt; · good
    ❔ Business: revenue cannot be told · was 3.1 &lt;%&gt;
    [section]
    *Approvals*
    1 of 2: <@U0ANA> at <!date^1795412840^{time}|05:47 UTC>
    [actions]
    (Pause) pause - confirm: -
    (Cancel the rollback) cancel danger confirm: -
    (Details) details - confirm: -
    [section]
    *Model-level rollback (type 2)* in `prod` of `warehouse`
    *Models*  `marts.orders_daily`, `marts.revenue`
    *Why*  Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Checks before*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    [context]
    *Service*  orders pipeline  ·  *Since*  <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>  ·  *Rebuilt besides*  `marts.board_report`
    *Target recovery*  within 15 min  ·  *Needs*  A downstream consumer is business-critical.  ·  *Possible until*  <!date^1796017580^{date_short_pretty}, {time}|2026-11-30 05:46 UTC>
    *Plan*  `aab8f06f`
    [context]
    ✅ pass: old version `marts.orders_daily` – version 3 is there
    [actions]
    (Open the alert) -> https://example.pagerduty.com/incidents/Q1?a=1&b=2|x
    ");
}

#[tokio::test]
async fn rolled_back() {
    insta::assert_snapshot!(posted(&rolled_back_card()).await, @"
    text: 🟢 Rolled back: orders_daily: row count dropped 40 % (incident 000001)
    [header]
    orders_daily: row count dropped 40 %
    [section]
    🟢 *Rolled back* · incident `000001`
    === #2eb67d
    [section]
    *Outcome*  Rolled back: every step is done and every check passed, 5 min 12 s after the proposal, within the 15 min meant for it.
    *Closed*  <!date^1795413092^{date_short_pretty}, {time}|2026-11-23 05:51 UTC>
    [section]
    *▰▰▰  3 of 3 steps*
    ✅ 1. Record a rollback point – 4 s
    ✅ 2. Point the models back – 4 s
    ✅ 3. Check the data – 4 s
    [section]
    *Approvals*
    1 of 2: <@U0ANA> at <!date^1795412840^{time}|05:47 UTC>
    [actions]
    (Details) details - confirm: -
    [section]
    *Model-level rollback (type 2)* in `prod` of `warehouse`
    *Models*  `marts.orders_daily`, `marts.revenue`
    *Why*  Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Checks before*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    [context]
    *Service*  orders pipeline  ·  *Since*  <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>  ·  *Rebuilt besides*  `marts.board_report`
    *Target recovery*  within 15 min  ·  *Needs*  A downstream consumer is business-critical.  ·  *Possible until*  <!date^1796017580^{date_short_pretty}, {time}|2026-11-30 05:46 UTC>
    *Plan*  `aab8f06f`
    [context]
    ✅ pass: old version `marts.orders_daily` – version 3 is there
    [actions]
    (Open the alert) -> https://example.pagerduty.com/incidents/Q1?a=1&b=2|x
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
    insta::assert_snapshot!(posted(&card).await, @"
    text: 🔴 Stuck: needs a person: orders_daily: row count (incident 000001)
    [header]
    orders_daily: row count
    [section]
    🔴 *Stuck: needs a person* · incident `000001`
    === #e01e5a
    [section]
    *Stuck at*  *Point the models back*: the probe could not tell
    [section]
    *▰▱▱  1 of 3 steps*
    ✅ 1. Record a rollback point – 4 s
    🛑 2. Point the models back – stuck
    ▫️ 3. Check the data
    [section]
    *Approvals*
    1 of 2: <@U0ANA> at <!date^1795412840^{time}|05:47 UTC>
    [actions]
    (Try again) retry - confirm: -
    (Skip the step) skip - confirm: -
    (Details) details - confirm: -
    (…) more: End the rollback
    [section]
    *Model-level rollback (type 2)* in `prod` of `warehouse`
    *Models*  `marts.orders_daily`, `marts.revenue`
    *Why*  Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Checks before*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    [context]
    *Service*  orders pipeline  ·  *Since*  <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>  ·  *Rebuilt besides*  `marts.board_report`
    *Target recovery*  within 15 min  ·  *Needs*  A downstream consumer is business-critical.  ·  *Possible until*  <!date^1796017580^{date_short_pretty}, {time}|2026-11-30 05:46 UTC>
    *Plan*  `aab8f06f`
    [context]
    ✅ pass: old version `marts.orders_daily` – version 3 is there
    [actions]
    (Open the alert) -> https://example.pagerduty.com/incidents/Q1?a=1&b=2|x
    ");
}

#[tokio::test]
async fn rejected() {
    let outcome = Outcome::Rejected { by: ben(), reason: "the numbers are *right*".to_owned() };
    let proposal = proposal(Stage::Closed { outcome, at: at(312) }, by_ana());
    let card = Card::of(&incident("orders_daily: row count"), Some(&proposal), None, None);
    insta::assert_snapshot!(posted(&card).await, @"
    text: ⚪ Rejected: orders_daily: row count (incident 000001)
    [header]
    orders_daily: row count
    [section]
    ⚪ *Rejected* · incident `000001`
    === #1d9bd1
    [section]
    *Outcome*  <@U0BEN> rejected the rollback: the numbers are ∗right∗
    *Closed*  <!date^1795413092^{date_short_pretty}, {time}|2026-11-23 05:51 UTC>
    [section]
    *Approvals*
    1 of 2: <@U0ANA> at <!date^1795412840^{time}|05:47 UTC>
    [actions]
    (Details) details - confirm: -
    [section]
    *Model-level rollback (type 2)* in `prod` of `warehouse`
    *Models*  `marts.orders_daily`, `marts.revenue`
    *Why*  Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.
    [section]
    *Checks before*
    ❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40
    ❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer
    [context]
    *Service*  orders pipeline  ·  *Since*  <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>  ·  *Rebuilt besides*  `marts.board_report`
    *Target recovery*  within 15 min  ·  *Needs*  A downstream consumer is business-critical.  ·  *Possible until*  <!date^1796017580^{date_short_pretty}, {time}|2026-11-30 05:46 UTC>
    *Plan*  `aab8f06f`
    [context]
    ✅ pass: old version `marts.orders_daily` – version 3 is there
    [actions]
    (Open the alert) -> https://example.pagerduty.com/incidents/Q1?a=1&b=2|x
    ");
}

#[tokio::test]
async fn a_long_run() {
    let proposal = proposal(Stage::Running { run: run_id() }, by_ana());
    let mut run = run(run::Stage::Doing { step: 8, attempt: 1 });
    run.steps = (1..=20)
        .map(|number| run::StepRule { name: format!("Step {number}"), ..run.steps[0].clone() })
        .collect();
    run.done = vec![run.done[0].clone(); 8];
    let card = Card::of(&incident("orders"), Some(&proposal), Some(&run), Some("3 of 8"));
    let shown = posted(&card).await;
    let from = shown.find('▰').expect("a bar");
    let to = shown[from..].find("\n[").expect("another block");
    insta::assert_snapshot!(&shown[from..from + to], @"
    ▰▰▰▰▱▱▱▱▱▱▱▱  8 of 20 steps*
    ✅ 1–7. done – 29 s
    ✅ 8. Step 8 – 4 s
    ▶️ 9. Step 9 – under way since <!date^1795412900^{time}|05:48 UTC>
          3 of 8
    ▫️ 10. Step 10
    ▫️ … and 10 more
    ");
}

#[tokio::test]
async fn many_models_and_pages() {
    let mut proposal = proposal(open(), vec![]);
    proposal.opening.models = (1..=40).map(|number| format!("marts.model_{number}")).collect();
    let link = |label: &str, url: &str| Link { label: label.to_owned(), url: url.to_owned() };
    let card = Card::of(&incident("orders"), Some(&proposal), None, None).with_links(vec![
        link("Runbook", "https://wiki.example.com/a?b=1&c=<d>|e"),
        link("Script", "javascript:alert(1)"),
        link("\u{200B} ", "https://wiki.example.com"),
    ]);
    let shown = posted(&card).await;
    let is_of_it = |line: &&str| line.starts_with("*Models*") || line.contains("->");
    let lines: Vec<&str> = shown.lines().filter(is_of_it).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    *Models*  `marts.model_1`, `marts.model_2`, `marts.model_3`, `marts.model_4`, `marts.model_5`, `marts.model_6`, `marts.model_7`, `marts.model_8`, `marts.model_9`, `marts.model_10`, `marts.model_11`, `marts.model_12`, `marts.model_13`, `marts.model_14`, `marts.model_15`, `marts.model_16` and 24 more
    (Open the alert) -> https://example.pagerduty.com/incidents/Q1?a=1&b=2|x
    (Runbook) -> https://wiki.example.com/a?b=1&c=%3Cd%3E|e
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
    🟠 *Triggered* · incident `000001`
    === #ecb22e
    [context]
    *Service*  orders pipeline  ·  *Since*  <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>
    [actions]
    (Open the alert) -> https://example.pagerduty.com/incidents/Q1?a=1&b=2|x
    ");
}
