//! Every notice as the thread shows it: who hears it, its mark, its words.
//!
//! The samples are records as the journal keeps them, so they prove too that such records still load.

use std::collections::BTreeSet;

use domain::{
    notice::{Guidance, Keeping, Notice, Schedule},
    port::{Chat, Reply},
    proposal::Outcome,
    remark::Remark,
};
use serde_json::{Value, json};

use crate::{
    samples::{key, open_card},
    world::{CHANNEL, World},
};

/// What happened to an incident and its proposal.
const OPENING: &str = r#"[
{"notice":"incident_opened","title":"orders_daily: row count dropped 40 %","service":"orders pipeline"},
{"notice":"requested","by":"ana","rollback_type":"model_level","target":"warehouse","models":["marts.revenue"],"trigger":"data_quality_issues","reason":"revenue is doubled"},
{"notice":"incident_acknowledged"},
{"notice":"incident_resolved"},
{"notice":"not_proposed","why":"the trigger `wrong_numbers` needs a person."},
{"notice":"proposed","rollback_type":"model_level","models":["marts.orders_daily","marts.revenue"],"because":"Trigger `data_corruption` (data is corrupt): the title matches.","changes":[],"without":["marts.new"]},
{"notice":"proposed","rollback_type":"model_level","models":[],"because":"Asked for.","changes":["marts.revenue was deployed anew"]},
{"notice":"asked","level":1,"role":"on-call engineer","people":["ana"],"repeats":0,"needs":null,"next":"2026-11-23T06:16:20Z"},
{"notice":"asked","level":4,"role":"CTO","people":["ana","ben"],"repeats":2,"needs":null,"next":"2026-11-23T06:16:20Z"},
{"notice":"asked","level":1,"role":"on-call engineer","people":["ana"],"repeats":0,"needs":2,"next":"2026-11-23T06:16:20Z"},
{"notice":"level_skipped","level":3,"role":"engineering manager"},
{"notice":"way_back_closes","until":"2026-11-23T07:00:00Z"},
{"notice":"escalated_by","by":"ana"},
{"notice":"approved_by","by":"ana","level":1,"given":1,"needed":2},
{"notice":"planned","schedule":"proposed","opens":"2026-11-28T22:00:00Z","closes":"2026-11-29T02:00:00Z"},
{"notice":"planned","schedule":"begins","opens":"2026-11-28T22:00:00Z","closes":"2026-11-29T02:00:00Z"},
{"notice":"planned","schedule":"nears","opens":"2026-11-28T22:00:00Z","closes":"2026-11-29T02:00:00Z","missing":0},
{"notice":"planned","schedule":"nears","opens":"2026-11-28T22:00:00Z","closes":"2026-11-29T02:00:00Z","missing":1},
{"notice":"planned","schedule":"documented","incident":"inc_00000000000000000000000001"}
]"#;

/// What happened to a run.
const RUN: &str = r#"[
{"notice":"run_started","steps":["Record a rollback point","Point the models back","Check the data"]},
{"notice":"step_done","step":0,"of":3,"name":"Record a rollback point","took_ms":4200,"note":"Kept as pt_1.","findings":[]},
{"notice":"step_done","step":2,"of":3,"name":"Check the data","took_ms":65000,"note":"","findings":[{"check":"row count","subject":"marts.revenue","outcome":"inconclusive","detail":"nobody answered"}]},
{"notice":"step_failed","step":1,"of":3,"name":"Point the models back","why":"the warehouse said no","findings":[{"check":"row count","subject":"marts.revenue","outcome":"fail","detail":"12 rows are missing"}]},
{"notice":"step_interrupted","step":1,"of":3,"name":"Point the models back"},
{"notice":"probed","name":"Point the models back","answer":"not_done","detail":"Version 4 is there."},
{"notice":"step_undone","name":"Point the models back"},
{"notice":"stuck","name":"Point the models back","reason":"the probe could not tell"},
{"notice":"steered","guidance":"paused","by":"ana","under_way":"Point the models back"},
{"notice":"steered","guidance":"paused","by":"ana","under_way":null},
{"notice":"steered","guidance":"resumed","by":"ana","paused_ms":65000},
{"notice":"steered","guidance":"cancelled","by":"ana","reason":"wrong models","under_way":"Point the models back"},
{"notice":"steered","guidance":"step_ended","step":1,"of":3,"name":"Point the models back"},
{"notice":"steered","guidance":"retried","by":"ana","name":"Point the models back","how":"look","reason":"the network is back"},
{"notice":"steered","guidance":"skipped","by":"ana","name":"Check the data","as_what":"done","reason":"known since last year"},
{"notice":"steered","guidance":"asks","name":"Swap","question":"Swap the restored warehouse in?","level":2,"people":["ben"],"next":"2026-11-23T06:16:20Z"},
{"notice":"steered","guidance":"wanted","question":null,"level":2,"role":"tech lead","people":["ben"],"waited_ms":0,"next":"2026-11-23T06:16:20Z"},
{"notice":"steered","guidance":"wanted","question":null,"level":2,"role":"tech lead","people":["ben"],"waited_ms":900000,"paused":"ana","next":"2026-11-23T06:16:20Z"},
{"notice":"disowned","by":"ana","people":["ana","ben"],"consequence":{"makes":"taken_back"},"given":0,"needed":1},
{"notice":"disowned","by":"ana","people":["ana","ben"],"consequence":{"makes":"paused","under_way":"Point the models back"},"given":0,"needed":1},
{"notice":"disowned","by":"ana","people":["ana","ben"],"consequence":{"makes":"paused","under_way":null},"given":0,"needed":1},
{"notice":"disowned","by":"ana","people":["ana","ben"],"consequence":{"makes":"waits"},"given":0,"needed":1},
{"notice":"disowned","by":"ana","people":["ana","ben"],"consequence":{"makes":"goes_back"},"given":0,"needed":1},
{"notice":"disowned","by":"ana","people":["ana","ben"],"consequence":{"makes":"over"},"given":0,"needed":1},
{"notice":"steered","guidance":"renewed"},
{"notice":"steered","guidance":"confirmed","by":"ben","level":2,"question":"Swap the restored warehouse in?"}
]"#;

/// How a proposal ended, and what came after.
const END: &str = r#"[
{"notice":"closed","outcome":{"outcome":"rolled_back","recovery_ms":312000,"target_ms":900000}},
{"notice":"closed","outcome":{"outcome":"rolled_back","recovery_ms":1212000,"target_ms":900000,"signed_off":[{"step":2,"name":"Check the data","by":"ana","reason":"known since last year"}]}},
{"notice":"closed","outcome":{"outcome":"undone","reason":"the warehouse said no"}},
{"notice":"closed","outcome":{"outcome":"cancelled","by":"ana","reason":"wrong models"}},
{"notice":"closed","outcome":{"outcome":"rejected","by":"ben","reason":"the numbers are right"}},
{"notice":"closed","outcome":{"outcome":"given_up","by":"ben","reason":"it is mended by hand"}},
{"notice":"closed","outcome":{"outcome":"voided","changes":["marts.revenue was deployed anew"]}},
{"notice":"closed","outcome":{"outcome":"withdrawn"}},
{"notice":"hold_placed","environment":"prod","bad":[{"model":"marts.revenue","identifier":"4711"}],"needs":1},
{"notice":"hold_stands","environment":"prod","since":"2026-11-22T05:46:20Z","returned":[],"needs":1},
{"notice":"bad_versions_back","environment":"prod","plan_id":"spring","versions":[{"model":"marts.revenue","identifier":"4711"}],"needs":1},
{"notice":"bad_versions_gone","environment":"prod","plan_id":"summer"},
{"notice":"hold_lifted","environment":"prod","by":"ben","reason":"the fix is merged"},
{"notice":"keeping","keeping":"asked","by":"ana"},
{"notice":"keeping","keeping":"kept","by":"ana","name":"countersign_keep_1","in_place":["marts.seed"]},
{"notice":"keeping","keeping":"gone","missing":[{"model":"marts.revenue","identifier":"4711"}]},
{"notice":"keeping","keeping":"not_kept","why":"the state database does not answer"},
{"notice":"keeping","keeping":"unclear","name":"countersign_keep_1","why":"SQLMesh did not answer"},
{"notice":"keeping","keeping":"moved_on","by":"ana"},
{"notice":"keeping","keeping":"released","name":"countersign_keep_1"},
{"notice":"keeping","keeping":"not_released","name":"countersign_keep_1","why":"the state database does not answer"}
]"#;

/// What is written down beside the machines.
const REMARKS: &str = r#"[
{"notice":"remark","remark":"noted","message":"17.2","author":{"identity":{"chat":"slack","team":"T0FAKE","user":"U0BEN"},"person":"ben"},"text":"it began at *two* <!channel>","said_at":"2026-11-23T05:40:00Z","by":{"identity":{"chat":"slack","team":"T0FAKE","user":"U0STRANGER"},"person":null}},
{"notice":"remark","remark":"unreachable","chat":"slack","people":["ana"]},
{"notice":"remark","remark":"unreachable","chat":"slack","people":["ana","ben"]},
{"notice":"remark","remark":"brought_in","person":"ana"},
{"notice":"remark","remark":"not_in_channel","person":"ana"},
{"notice":"remark","remark":"asks_to_be_known","identity":{"chat":"slack","team":"T0FAKE","user":"U0STRANGER"}}
]"#;

fn samples(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("JSON")
}

fn notice(sample: &Value) -> Notice {
    let read = serde_json::from_value(sample.clone());
    read.unwrap_or_else(|error| panic!("{error}: {sample}"))
}

/// The kind of a notice, and of what it carries where that has kinds too.
fn kind(sample: &Value) -> String {
    let within = ["guidance", "schedule", "keeping", "remark"].map(|tag| &sample[tag]);
    let within = within.into_iter().chain([&sample["outcome"]["outcome"]]);
    let names = std::iter::once(&sample["notice"]).chain(within).filter_map(Value::as_str);
    names.collect::<Vec<_>>().join("/")
}

/// The kinds of a record, from what its reader says when it meets an unknown one.
fn kinds(refusal: &str) -> Vec<String> {
    let (_, known) = refusal.split_once("expected one of ").expect("it lists what it knows");
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn no_kind_is_without_a_sample() {
    let refused = |tag: &str| json!({tag: "unheard of"});
    let notices = serde_json::from_value::<Notice>(refused("notice")).unwrap_err().to_string();
    let guidance = serde_json::from_value::<Guidance>(refused("guidance")).unwrap_err();
    let schedule = serde_json::from_value::<Schedule>(refused("schedule")).unwrap_err();
    let keeping = serde_json::from_value::<Keeping>(refused("keeping")).unwrap_err();
    let outcome = serde_json::from_value::<Outcome>(refused("outcome")).unwrap_err();
    let remark = serde_json::from_value::<Remark>(refused("remark")).unwrap_err();
    let mut all = BTreeSet::new();
    for name in kinds(&notices) {
        let within = match name.as_str() {
            "steered" => kinds(&guidance.to_string()),
            "planned" => kinds(&schedule.to_string()),
            "keeping" => kinds(&keeping.to_string()),
            "closed" => kinds(&outcome.to_string()),
            "remark" => kinds(&remark.to_string()),
            _ => {
                all.insert(name);
                continue;
            }
        };
        all.extend(within.into_iter().map(|within| format!("{name}/{within}")));
    }
    let shown: Vec<Value> = [OPENING, RUN, END, REMARKS].into_iter().flat_map(samples).collect();
    let shown: BTreeSet<String> = shown.iter().map(kind).collect();
    assert_eq!(shown, all, "add a sample for each kind, and read how it is shown");
}

/// The samples as replies: `loud` ones are heard in the channel.
async fn replies(text: &str) -> String {
    let world = World::start().await;
    let thread = world.slack.post(&open_card(), &world.people, &key(1)).await.expect("a card");
    for (number, sample) in (10..).zip(samples(text)) {
        let notice = notice(&sample);
        let reply = Reply { words: notice.words(), volume: notice.volume(), tone: notice.tone() };
        let key = key(number);
        world.slack.reply(&thread, &reply, &world.people, &key).await.expect("a reply");
    }
    let replies = world.fake.replies(CHANNEL, &thread.message);
    let shown = replies.iter().map(|reply| {
        format!("{} {}", if reply.is_broadcast { "loud " } else { "quiet" }, reply.shown())
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_thread_until_people_have_decided() {
    insta::assert_snapshot!(replies(OPENING).await, @"
    quiet Alert from *orders pipeline*: orders_daily: row count dropped 40 %
    quiet <@U0ANA> proposed a model-level rollback (type 2) of `marts.revenue` in `warehouse` (`data_quality_issues`): revenue is doubled. Whether it is possible is found out now, and nothing runs before people approve it.
    quiet Acknowledged in PagerDuty.
    quiet 🟢 Resolved in PagerDuty.
    quiet No rollback is proposed: the trigger `wrong_numbers` needs a person.
    quiet Proposed: model-level rollback (type 2) of `marts.orders_daily`, `marts.revenue`. `marts.new` goes away, because the release added it. Trigger `data_corruption` (data is corrupt): the title matches.
    quiet Proposed: model-level rollback (type 2). Asked for. What changed since the last proposal: marts.revenue was deployed anew.
    loud  🟠 Asking <@U0ANA> to decide: on-call engineer, level 1. Without a decision, the escalation goes on at <!date^1795414580^{time}|06:16 UTC>.
    loud  🟠 Asking <@U0ANA> and <@U0BEN> again: CTO, level 4. There is still no decision, and nothing runs by itself. They are asked once more at <!date^1795414580^{time}|06:16 UTC>.
    loud  🟠 Telling <@U0ANA>: on-call engineer, level 1. The decision needs level 2. Unless somebody asks for the next level sooner, the escalation goes on at <!date^1795414580^{time}|06:16 UTC>.
    quiet 🟠 Nobody can be reached for level 3, engineering manager: the escalation passes over it.
    quiet 🟠 This rollback is possible until <!date^1795417200^{date_short_pretty}, {time}|2026-11-23 07:00 UTC>. After that, SQLMesh's janitor may remove the versions that it goes back to. Decide before, or press “Keep the way back”: then it stays until this is closed.
    quiet 🟠 <@U0ANA> asks for the next level now.
    quiet 🟢 <@U0ANA> approved at level 1: 1 of 2 approvals.
    quiet It is planned for the maintenance window between <!date^1795903200^{date_short_pretty}, {time}|2026-11-28 22:00 UTC> and <!date^1795917600^{date_short_pretty}, {time}|2026-11-29 02:00 UTC>. Approvals are good until it closes; without enough of them nothing runs, and the proposal is void then.
    loud  🟢 The rollback begins by itself at <!date^1795903200^{date_short_pretty}, {time}|2026-11-28 22:00 UTC>, when its maintenance window opens, and not after <!date^1795917600^{date_short_pretty}, {time}|2026-11-29 02:00 UTC>. Until then it can still be rejected.
    loud  🟠 The rollback begins at <!date^1795903200^{date_short_pretty}, {time}|2026-11-28 22:00 UTC>. It is approved; until then it can still be rejected.
    loud  🟠 The maintenance window of this rollback is between <!date^1795903200^{date_short_pretty}, {time}|2026-11-28 22:00 UTC> and <!date^1795917600^{date_short_pretty}, {time}|2026-11-29 02:00 UTC>, and 1 approval is still missing. Without it nothing runs.
    quiet All of this as one document, with room for what is to be learnt: `countersign report incident inc_00000000000000000000000001`.
    ");
}

#[tokio::test]
async fn the_thread_of_a_run() {
    insta::assert_snapshot!(replies(RUN).await, @"
    loud  The rollback starts: Record a rollback point → Point the models back → Check the data.
    quiet 🟢 Step 1 of 3: *Record a rollback point* – done in 4 s. Kept as pt_1.
    quiet 🟠 Step 3 of 3: *Check the data* – done in 1 min 5 s.
    • row count of `marts.revenue` cannot be told: nobody answered
    quiet 🔴 Step 2 of 3: *Point the models back* – failed: the warehouse said no
    • row count of `marts.revenue` failed: 12 rows are missing
    quiet 🟠 Step 2 of 3: *Point the models back* – the executor was interrupted; what became of the step is not known yet.
    quiet Asked the target about *Point the models back*: it is not done. Version 4 is there.
    quiet Taken back: *Point the models back*.
    loud  🔴 The rollback is stuck at *Point the models back*: the probe could not tell. A person has to look at it; nothing runs by itself.
    loud  🟠 <@U0ANA> paused the rollback. *Point the models back* comes to its end; nothing further begins before somebody presses Resume.
    loud  🟠 <@U0ANA> paused the rollback: nothing further begins before somebody presses Resume.
    quiet <@U0ANA> let the rollback go on, after a pause of 1 min 5 s.
    loud  🟠 <@U0ANA> cancelled the rollback: wrong models. *Point the models back* is ended, and what it did is found out first. What was done is taken back in reverse.
    quiet 🟠 Step 2 of 3: *Point the models back* – ended, because the rollback is cancelled; what it did is found out now.
    quiet <@U0ANA> tries *Point the models back* again: the target is asked first what the step has done. Why: the network is back.
    quiet 🟠 <@U0ANA> signed off *Check the data*, which counts as done or not needed: known since last year.
    loud  🟠 The rollback waits at *Swap*: *Swap the restored warehouse in?* <@U0BEN>, please answer (level 2 or higher can). Confirm lets it go on, Cancel takes back what was done. Nothing runs before that. Without an answer, the escalation goes on at <!date^1795414580^{time}|06:16 UTC>.
    quiet 🟠 <@U0BEN>, tech lead (level 2): please look at it, then try the step again, skip it, or end the rollback. Without an answer, the escalation goes on at <!date^1795414580^{time}|06:16 UTC>.
    loud  🟠 <@U0BEN>, tech lead (level 2): the rollback is still paused, by <@U0ANA> for 15 min now. Resume lets it go on, Cancel takes back what was done; nothing runs before that. Without an answer, the escalation goes on at <!date^1795414580^{time}|06:16 UTC>.
    loud  🔴 <@U0ANA> says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. Nothing has begun: 0 of 1 approvals count now, and others decide. <@U0ANA> and <@U0BEN>: please look at this, and at that account, now.
    loud  🔴 <@U0ANA> says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback is paused: *Point the models back* comes to its end, and nothing further begins (0 of 1 approvals count now). <@U0ANA> and <@U0BEN>: please look at it now. Approve the same plan again if it is right, or cancel it; and see to that account.
    loud  🔴 <@U0ANA> says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback is paused, and nothing further begins (0 of 1 approvals count now). <@U0ANA> and <@U0BEN>: please look at it now. Approve the same plan again if it is right, or cancel it; and see to that account.
    loud  🔴 <@U0ANA> says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback waits for a person and stays as it is (0 of 1 approvals count now). <@U0ANA> and <@U0BEN>: please look at it now. Approve the same plan again if it is right, or cancel it; and see to that account.
    loud  🔴 <@U0ANA> says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. What the rollback did is being taken back, and that goes on. <@U0ANA> and <@U0BEN>: please look at this, and at that account, now.
    loud  🔴 <@U0ANA> says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback was over by then: nothing is left to be stopped here, so please look at what was done, if anything was. <@U0ANA> and <@U0BEN>: please look at this, and at that account, now.
    quiet 🟢 The approvals are good again. Resume, or Try again where it is stuck, lets the rollback go on.
    quiet 🟢 <@U0BEN> confirmed at level 2: *Swap the restored warehouse in?* The rollback goes on.
    ");
}

#[tokio::test]
async fn the_thread_at_the_end() {
    insta::assert_snapshot!(replies(END).await, @"
    loud  🟢 Rolled back: every step is done and every check passed, 5 min 12 s after the proposal, within the 15 min meant for it.
    loud  🟢 Rolled back 20 min 12 s after the proposal, 5 min 12 s more than the 15 min meant for it, on the word of people: not every step and check passed by itself.
    • *Check the data* was signed off by <@U0ANA>: known since last year
    loud  🔴 The rollback failed, and every step that can be taken back was taken back. Why it failed: the warehouse said no
    loud  🟠 <@U0ANA> cancelled the rollback, and every step that can be taken back was taken back. Why it was cancelled: wrong models
    loud  <@U0BEN> rejected the rollback: the numbers are right
    loud  🔴 <@U0BEN> ended the stuck rollback, which leaves the target as it is now: it is mended by hand
    loud  🟠 This proposal is void, with its approvals: marts.revenue was deployed anew. The target is looked at again.
    loud  Withdrawn: the incident was resolved before enough people had decided.
    quiet `prod` is held: the next deploy must not bring back `marts.revenue=4711`. `countersign gate check` tells CI so. Whoever holds level 1 or higher can lift the hold, with a reason.
    quiet 🟠 `prod` is still held, since <!date^1795326380^{date_short_pretty}, {time}|2026-11-22 05:46 UTC>. Once a deploy without the fault is out, whoever holds level 1 or higher can lift the hold.
    loud  🔴 *What was rolled back is back*: the SQLMesh plan `spring` brought `marts.revenue=4711` into `prod` again, although it is held. Nothing runs by itself: roll back once more; or, if this is meant, somebody of level 1 or higher lifts the hold.
    quiet 🟢 `prod` no longer holds what was rolled back, since the SQLMesh plan `summer`. The hold stands.
    quiet <@U0BEN> lifted the hold of `prod`: the fix is merged
    quiet <@U0ANA> wants to keep the way back: SQLMesh is told to hold what this rollback goes back to.
    quiet 🟠 The way back is kept, for <@U0ANA>: the environment `countersign_keep_1` in SQLMesh's state holds it until this is closed, and the janitor leaves it alone. Nobody has to hurry because of it. But `marts.seed` changed in place: the definition is kept, and the old rows are in a rollback point or nowhere.
    loud  🔴 The way back could not be kept, because SQLMesh's janitor was faster: `marts.revenue=4711` is gone.
    quiet 🟠 The way back could not be kept: the state database does not answer. What limits it still does; to try once more, press “Keep the way back” again.
    quiet 🟠 Nobody can tell yet whether the way back is kept: SQLMesh did not answer. It is asked again by itself; to look yourself, see whether `sqlmesh environments` names `countersign_keep_1`.
    quiet The way back of this proposal is the one that is kept already, for <@U0ANA>.
    quiet The way back is no longer kept: the environment `countersign_keep_1` is gone from SQLMesh's state, and what nothing else holds is the janitor's again.
    quiet 🟠 The environment `countersign_keep_1` is not needed any more, and could not be taken out of SQLMesh's state: the state database does not answer. It does no harm but keeps old tables; the operator can take it away with `sqlmesh invalidate countersign_keep_1`.
    ");
}

#[tokio::test]
async fn the_thread_of_remarks() {
    insta::assert_snapshot!(replies(REMARKS).await, @"
    quiet 📌 somebody unknown (`slack:T0FAKE:U0STRANGER`) added to the timeline what <@U0BEN> wrote at <!date^1795412400^{time}|05:40 UTC>: “it began at ∗two∗ &lt;!channel&gt;”
    quiet 🟠 <@U0ANA> has no address in Slack that works: nobody could write to them here. Please reach them another way, and tell the operator to mend people.yaml.
    quiet 🟠 <@U0ANA> and <@U0BEN> have no address in Slack that works: nobody could write to them here. Please reach them another way, and tell the operator to mend people.yaml.
    quiet <@U0ANA> was not in this channel and is now.
    quiet 🟠 <@U0ANA> is asked to decide but is not in this channel, and I may not invite them. Please type `/invite` with their name. They got a private message meanwhile.
    quiet 🟠 Somebody whom people.yaml does not name wants to help and asks to be added: `{ chat: slack, team: T0FAKE, user: U0STRANGER }`. Whoever operates this: check who they are before you add them, then restart.
    ");
}
