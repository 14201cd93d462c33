//! The message of an open proposal's card, byte for byte as Slack gets it.

use domain::port::Chat;

use crate::{
    samples::{in_order, key, open_card},
    world::World,
};

#[expect(clippy::too_many_lines, reason = "one message is that long")]
#[tokio::test]
async fn open_as_json() {
    let world = World::start().await;
    world.slack.post(&open_card(), &world.people, &key(9)).await.expect("Slack takes the card");
    let calls = world.fake.calls("chat.postMessage");
    insta::assert_json_snapshot!(in_order(&calls[0]), @r#"
    {
      "blocks": [
        {
          "text": {
            "emoji": false,
            "text": "orders_daily: row count dropped 40 %",
            "type": "plain_text"
          },
          "type": "header"
        },
        {
          "text": {
            "text": "🟠 *Waiting for a decision* · incident `000001` · <https://example.pagerduty.com/incidents/Q1?a=1&amp;b=2%7Cx|open the alert>",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "fields": [
            {
              "text": "*Service*\norders pipeline",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Since*\n<!date^1795412780^{date_short_pretty}, {time_secs}|2026-11-23 05:46:20 UTC>",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Proposal*\nmodel-level rollback (type 2)",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Where*\n`prod` of `warehouse`",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Models*\n`marts.orders_daily`, `marts.revenue`",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Rebuilt besides*\n`marts.board_report`",
              "type": "mrkdwn",
              "verbatim": true
            }
          ],
          "type": "section"
        },
        {
          "text": {
            "text": "*Why*\nTrigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "fields": [
            {
              "text": "*Target recovery*\nwithin 15 min",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Asked now*\n<@U0ANA> (on-call engineer, level 1)",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Approvals*\n0 of 2",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Needs*\nA downstream consumer is business-critical.",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Possible until*\n<!date^1796017580^{date_short_pretty}, {time_secs}|2026-11-30 05:46:20 UTC>",
              "type": "mrkdwn",
              "verbatim": true
            },
            {
              "text": "*Plan*\n`aab8f06f`",
              "type": "mrkdwn",
              "verbatim": true
            }
          ],
          "type": "section"
        },
        {
          "elements": [
            {
              "text": "⏳ If nobody decides: *level 2* at <!date^1795414580^{time_secs}|06:16:20 UTC>",
              "type": "mrkdwn",
              "verbatim": true
            }
          ],
          "type": "context"
        },
        {
          "text": {
            "text": "*Checks*\n❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40\n❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer\n✅ pass: target_version_exists `marts.orders_daily` – version 3 is there",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "block_id": "decide",
          "elements": [
            {
              "action_id": "approve",
              "confirm": {
                "confirm": {
                  "emoji": false,
                  "text": "Approve",
                  "type": "plain_text"
                },
                "deny": {
                  "emoji": false,
                  "text": "Not now",
                  "type": "plain_text"
                },
                "style": "primary",
                "text": {
                  "emoji": false,
                  "text": "You sign plan aab8f06f. Proposal: model-level rollback (type 2). Where: prod of warehouse. Models: marts.orders_daily, marts.revenue.",
                  "type": "plain_text"
                },
                "title": {
                  "emoji": false,
                  "text": "Approve this rollback?",
                  "type": "plain_text"
                }
              },
              "style": "primary",
              "text": {
                "emoji": false,
                "text": "Approve",
                "type": "plain_text"
              },
              "type": "button",
              "value": "prp_00000000000000000000000002 sha256:aab8f06fecd1c041e9a3d5a86114f9e522b546918db8503a045fe4a423b3642a"
            },
            {
              "action_id": "reject",
              "style": "danger",
              "text": {
                "emoji": false,
                "text": "Reject",
                "type": "plain_text"
              },
              "type": "button",
              "value": "prp_00000000000000000000000002 sha256:aab8f06fecd1c041e9a3d5a86114f9e522b546918db8503a045fe4a423b3642a"
            },
            {
              "action_id": "escalate",
              "text": {
                "emoji": false,
                "text": "Ask the next level now",
                "type": "plain_text"
              },
              "type": "button",
              "value": "prp_00000000000000000000000002 sha256:aab8f06fecd1c041e9a3d5a86114f9e522b546918db8503a045fe4a423b3642a"
            }
          ],
          "type": "actions"
        }
      ],
      "channel": "C0INCIDENTS",
      "metadata": {
        "event_payload": {
          "key": "msg_00000000000000000000000009"
        },
        "event_type": "countersign"
      },
      "text": "🟠 Waiting for a decision: orders_daily: row count dropped 40 % (incident 000001)",
      "unfurl_links": false,
      "unfurl_media": false
    }
    "#);
}
