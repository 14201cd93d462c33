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
    insta::assert_json_snapshot!(in_order(&calls[0]), @r##"
    {
      "attachments": [
        {
          "blocks": [
            {
              "text": {
                "text": "*Model-level rollback (type 2)* in `prod` of `warehouse`\n*Models*  `marts.orders_daily`, `marts.revenue`\n*Why*  Trigger data_corruption: the alert says ∗row_count∗ dropped by 40 %.",
                "type": "mrkdwn",
                "verbatim": true
              },
              "type": "section"
            },
            {
              "fields": [
                {
                  "text": "*Asked now*\n<@U0ANA> (on-call engineer, level 1)",
                  "type": "mrkdwn",
                  "verbatim": true
                },
                {
                  "text": "*If nobody decides*\nlevel 2 at <!date^1795414580^{time}|06:16 UTC>",
                  "type": "mrkdwn",
                  "verbatim": true
                },
                {
                  "text": "*Approvals*\n0 of 2",
                  "type": "mrkdwn",
                  "verbatim": true
                },
                {
                  "text": "*Possible until*\n<!date^1796017580^{date_short_pretty}, {time}|2026-11-30 05:46 UTC>",
                  "type": "mrkdwn",
                  "verbatim": true
                }
              ],
              "type": "section"
            },
            {
              "text": {
                "text": "*Checks*\n❌ fail: no_deploy_running `marts.orders_daily` – a deploy started at 05:40\n❔ cannot be told: backup_is_fresh `marts.orders_daily` – the backup server did not answer",
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
                  "action_id": "details",
                  "text": {
                    "emoji": false,
                    "text": "Details",
                    "type": "plain_text"
                  },
                  "type": "button",
                  "value": "prp_00000000000000000000000002 sha256:aab8f06fecd1c041e9a3d5a86114f9e522b546918db8503a045fe4a423b3642a"
                },
                {
                  "action_id": "more",
                  "options": [
                    {
                      "text": {
                        "emoji": false,
                        "text": "Ask the next level now",
                        "type": "plain_text"
                      },
                      "value": "escalate prp_00000000000000000000000002 sha256:aab8f06fecd1c041e9a3d5a86114f9e522b546918db8503a045fe4a423b3642a"
                    }
                  ],
                  "type": "overflow"
                }
              ],
              "type": "actions"
            },
            {
              "elements": [
                {
                  "text": "*Service*  orders pipeline  ·  *Since*  <!date^1795412780^{date_short_pretty}, {time}|2026-11-23 05:46 UTC>  ·  *Rebuilt besides*  `marts.board_report`\n*Target recovery*  within 15 min  ·  *Needs*  A downstream consumer is business-critical.  ·  *Plan*  `aab8f06f`",
                  "type": "mrkdwn",
                  "verbatim": true
                }
              ],
              "type": "context"
            },
            {
              "elements": [
                {
                  "text": "✅ pass: old version `marts.orders_daily` – version 3 is there",
                  "type": "mrkdwn",
                  "verbatim": true
                }
              ],
              "type": "context"
            },
            {
              "block_id": "links",
              "elements": [
                {
                  "action_id": "link_0",
                  "text": {
                    "emoji": false,
                    "text": "Open the alert",
                    "type": "plain_text"
                  },
                  "type": "button",
                  "url": "https://example.pagerduty.com/incidents/Q1?a=1&b=2|x"
                }
              ],
              "type": "actions"
            }
          ],
          "color": "#ecb22e",
          "fallback": "🟠 Waiting for a decision: orders_daily: row count dropped 40 % (incident 000001)"
        }
      ],
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
            "text": "🟠 *Waiting for a decision* · incident `000001`",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
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
    "##);
}
