//! People type `/countersign`: what they read, and that reading changes nothing.

use chrono::TimeDelta;

use crate::{
    story,
    world::{CHANNEL, World},
};

/// One alert, and the proposal that waits for Ana.
async fn waiting(w: &mut World) {
    w.alert().await;
    w.read_on();
}

story!(
    /// Nothing has happened yet, and each command says so kindly.
    on_a_quiet_night, async |w| {
    insta::assert_snapshot!(w.reads("ana", "").await, @"
    Nothing is open.
    You are Ana Ruiz, level 1. `/countersign help` shows what you can type.
    ");
    insta::assert_snapshot!(w.reads("ana", "list").await, @"Nothing is open. `/countersign list all` shows what was.");
    insta::assert_snapshot!(w.reads("ana", "list all").await, @"There is no incident yet. An alert brings the first, or somebody who proposes.");
    insta::assert_snapshot!(w.reads("ana", "show").await, @"No proposal is open, so it is not clear which incident you mean: `/countersign show INC` names one, and `/countersign list all` shows those there are. Nothing was done.");
    insta::assert_snapshot!(w.reads("ana", "hold").await, @"Nothing is held: every environment may be deployed to.");
    insta::assert_snapshot!(w.reads("ana", "hold lift prod").await, @"No hold stands on `prod`; `/countersign hold` shows those that do. Nothing was done.");
    insta::assert_snapshot!(w.reads("ana", "oncall").await, @"
    If a rollback were proposed now, these people would be asked, until enough have signed:
    <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> · level 1, on-call engineer (primary): <@U0ANA>
    <!date^1795403700^{date_short_pretty}, {time}|2026-11-23 03:15 UTC> · level 1, on-call engineer (secondary): <@U0BO>
    <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC> · level 2, senior engineer or tech lead: <@U0BEN> and <@U0TESS>
    <!date^1795405500^{date_short_pretty}, {time}|2026-11-23 03:45 UTC> · level 3, engineering manager: <@U0MIA>
    <!date^1795406400^{date_short_pretty}, {time}|2026-11-23 04:00 UTC> · level 4, CTO or VP engineering: <@U0CLEO> and <@U0VIC>
    Then the last of them again every 15 min.
    ");
    insta::assert_snapshot!(w.reads("ana", "drill run single_model").await, @"Drills are not there yet: Countersign can neither run one nor plan one. Nothing was done.");
    insta::assert_snapshot!(w.reads("ana", "approve").await, @"No proposal is open, so it is not clear which incident you mean: `/countersign approve INC` names one, and `/countersign list all` shows those there are. Nothing was done.");
    insta::assert_snapshot!(w.reads("ana", "show zzz").await, @"No incident and no proposal has an id that ends in `zzz`. `/countersign list all` shows those there are. Nothing was done.");
});

story!(
    /// What a tired person needs first, and more where they ask.
    help_is_short, async |w| {
    insta::assert_snapshot!(w.reads("ana", "help").await, @"
    What you may need now:
    `/countersign status` what is open, and what waits for you
    `/countersign show INC` one incident: what would be done, and how far it is
    `/countersign approve INC` shows you what you would sign, then asks
    `/countersign reject INC` asks for the reason
    `/countersign escalate INC` asks the next level now
    `/countersign propose` a rollback that no alert suggests
    `/countersign pause INC` lets nothing further begin; resume and cancel go alike
    `/countersign why INC` why you may or may not decide, and who could
    Also: `list`, `timeline`, `oncall`, `hold`, `drill`. More of each, for example: `/countersign help propose`
    INC is the id on the card, or the end of it. Leave it out where only one incident is open. Only you see the answers.
    ");
    insta::assert_snapshot!(w.reads("ana", "help propose").await, @r#"
    `/countersign propose` opens a form: which rollback, where, which models, what you see, and why. It says whom that needs before you send it. Nothing runs before people approve it.
    What you type behind it is filled in already:
    `/countersign propose type=2 target=prod models=marts.orders,marts.revenue`
    `/countersign propose type=4 target=prod trigger=data_quality_issues reason="all counts are doubled"`
    `/countersign propose type=1 target=prod when=window`
    Types: 1 blue-green, 2 model-level, 3 schema, 4 full environment.
    The targets and triggers are those of your policies; the form lists them.
    "#);
    insta::assert_snapshot!(w.reads("ana", "help hold").await, @"`/countersign hold [list] | hold lift ENV` shows what must not come back after a rollback, or lets it come again.");
});

story!(
    /// Whoever mistypes hears what may be meant, and how it is used.
    mistakes_are_answered_kindly, async |w| {
    insta::assert_snapshot!(w.reads("ana", "aprove x").await, @"
    There is no `/countersign aprove`. Did you mean `/countersign approve`?
    `/countersign help` shows what there is. Nothing was done.
    ");
    insta::assert_snapshot!(w.reads("ana", "make *coffee* <!channel>").await, @"
    There is no `/countersign make`.
    `/countersign help` shows what there is. Nothing was done.
    ");
    insta::assert_snapshot!(w.reads("ana", "list al").await, @"
    Did you mean `all`?
    `/countersign list [open|all] [PAGE]` lists incidents, newest first.
    Nothing was done.
    ");
    let wrong = w.slack.command_named("/signoff", "U0ANA", CHANNEL, "approve");
    let told = w.types_this(&wrong).await.expect("it is answered");
    insta::assert_snapshot!(told.shown(), @"
    You typed `/signoff`, and this Countersign listens to `/countersign`. Nothing was done: type that one instead.
    For the operator: the app’s slash command and `slack.command` in countersign.yaml must have the same name.
    ");
    w.slack.take_ephemerals("U0ANA");
    w.slack.make_stranger("U0STRANGER", "T0ELSEWHERE");
    insta::assert_snapshot!(w.reads("stranger", "status").await, @"Countersign answers people of its own workspace alone. Nothing was done: ask somebody there.");
});

story!(
    /// One incident is open: it is the one that is meant.
    one_incident_is_read_from_every_side, async |w| {
    waiting(w).await;
    w.advance(TimeDelta::minutes(20)).await;
    w.read_on();
    insta::assert_snapshot!(w.reads("ana", "status").await, @"
    One decision waits for you.
    *Waits for you*
    🟠 *Waiting for a decision* · `[incident]` · `warehouse` · 20 min · Duplicate rows in the marts · if nobody decides: level 2 at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC> · <[link]|thread>
    You are Ana Ruiz, level 1. `/countersign help` shows what you can type.
    ");
    insta::assert_snapshot!(w.reads("sam", "status").await, @"
    Nothing waits for you now.
    *Waits for others*
    🟠 *Waiting for a decision* · `[incident]` · `warehouse` · 20 min · Duplicate rows in the marts · if nobody decides: level 2 at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC> · <[link]|thread>
    You are Sam Weber, and watch. `/countersign help` shows what you can type.
    ");
    insta::assert_snapshot!(w.reads("stranger", "status").await, @"
    Nothing waits for you.
    *Waits for others*
    🟠 *Waiting for a decision* · `[incident]` · `warehouse` · 20 min · Duplicate rows in the marts · if nobody decides: level 2 at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC> · <[link]|thread>
    people.yaml does not name you (`slack:T0FAKE:U0STRANGER`), so you can watch and decide nothing. `/countersign help` shows what you can type.
    ");
    insta::assert_snapshot!(w.reads("ana", "list").await, @"
    One incident is open.
    🟠 *Waiting for a decision* · `[incident]` · `warehouse` · 20 min · Duplicate rows in the marts · <[link]|thread>
    ");
    insta::assert_snapshot!(w.reads("ana", "show").await, @"
    🟠 *Waiting for a decision* · `[incident]` · Duplicate rows in the marts
    *Service* Data warehouse
    *Since* <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC>
    *Proposal* model-level rollback (type 2)
    *Where* `prod` of `warehouse`
    *Models* `marts.customer_segmentation`, `marts.order_analytics`
    *Rebuilt besides* `marts.segment_summary`
    *Why* It is `data_corruption_detected` (data is corrupt): the headline contains “duplicate∗ rows”.
    *Target recovery* within 15 min
    *Asked now* <@U0BO> (on-call engineer (secondary), level 1)
    *Approvals* 0 of 1
    *Needs* A model-level rollback needs one approval of level 1.
    *Plan* `[plan]`
    ⏳ If nobody decides: level 2 at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC>
    ✅ 3 checks passed
    Everything that was said · <[link]|thread>
    What started it · <[link]|open the alert>
    By typing: `/countersign approve [incident]`, `/countersign reject [incident]`, `/countersign escalate [incident]`
    ");
    insta::assert_snapshot!(w.reads("ana", "timeline").await, @"
    What happened in incident `[incident]`, 5 entries:
    <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> Alert from *Data warehouse*: Duplicate rows in the marts
    <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> PagerDuty: the alert's details were read
    <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> Proposed: model-level rollback (type 2) of `marts.customer_segmentation`, `marts.order_analytics`. It is `data_corruption_detected` (data is corrupt): the headline contains “duplicate∗ rows”.
    <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> Asking <@U0ANA> to decide: on-call engineer (primary), level 1. Without a decision, the escalation goes on at <!date^1795403700^{date_short_pretty}, {time}|2026-11-23 03:15 UTC>.
    <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> Countersign: the card is posted; the clock counts from here
    <!date^1795404000^{date_short_pretty}, {time}|2026-11-23 03:20 UTC> Asking <@U0BO> to decide: on-call engineer (secondary), level 1. Without a decision, the escalation goes on at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC>.
    ");
    insta::assert_snapshot!(w.reads("ana", "why").await, @"<@U0ANA> may approve this, holding level 1. Rule `level_reaches`: Whoever holds the level of the lowest approval that is still missing, or a higher one, may decide. It has 0 of 1 approvals. A model-level rollback needs one approval of level 1. What is missing needs level 1 or higher. Could approve: <@U0ANA>, <@U0BEN>, <@U0BO>, <@U0CLEO>, <@U0MIA>, <@U0TESS> and <@U0VIC>. Could not: <@U0SAM>. Asked next, if nobody decides before <!date^1795404600^{time}|03:30 UTC>: <@U0BEN> and <@U0TESS> (senior engineer or tech lead, level 2).");
    insta::assert_snapshot!(w.reads("ana", "oncall").await, @"
    If a rollback were proposed now, these people would be asked, until enough have signed:
    <!date^1795404000^{date_short_pretty}, {time}|2026-11-23 03:20 UTC> · level 1, on-call engineer (primary): <@U0ANA>
    <!date^1795404900^{date_short_pretty}, {time}|2026-11-23 03:35 UTC> · level 1, on-call engineer (secondary): <@U0BO>
    <!date^1795405800^{date_short_pretty}, {time}|2026-11-23 03:50 UTC> · level 2, senior engineer or tech lead: <@U0BEN> and <@U0TESS>
    <!date^1795406700^{date_short_pretty}, {time}|2026-11-23 04:05 UTC> · level 3, engineering manager: <@U0MIA>
    <!date^1795407600^{date_short_pretty}, {time}|2026-11-23 04:20 UTC> · level 4, CTO or VP engineering: <@U0CLEO> and <@U0VIC>
    Then the last of them again every 15 min.
    *Asked now*
    `[incident]`: <@U0BO> (on-call engineer (secondary), level 1); level 2 at <!date^1795404600^{date_short_pretty}, {time}|2026-11-23 03:30 UTC>
    ");
    let by_end = format!("show {}", w.incident().await.short());
    assert_eq!(w.reads("ana", &by_end).await, w.reads("ana", "show").await);
    assert_eq!(w.reads("ana", "why @ben").await, w.reads("bo", "why <@U0BEN|ben>").await);
    assert!(w.reads("sam", "why @bn").await.contains("did you mean `@ben`?"));
    assert!(w.reads("stranger", "why").await.contains("user: U0STRANGER }"));
});

story!(
    /// A rollback is over: what it holds is listed, and is lifted by the same modal as on the card.
    a_hold_is_lifted_by_typing, async |w| {
    waiting(w).await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.read_on();
    insta::assert_snapshot!(w.reads("ana", "hold list").await, @"
    One hold stands. CI is told not to bring back what was rolled back:
    🔒 `prod` of `warehouse` · `[hold]` · since <!date^1795402800^{date_short_pretty}, {time}|2026-11-23 03:00 UTC> · incident `[incident]` · must not come back: `marts.customer_segmentation=24`, `marts.order_analytics=22` · can lift it: <@U0ANA>, <@U0BO>, <@U0BEN>, <@U0TESS>, <@U0MIA>, <@U0CLEO> and <@U0VIC> (level 1 or higher)
    `/countersign hold lift ENV` lets it come again; it asks for the reason.
    ");
    insta::assert_snapshot!(w.reads("ana", "status").await, @"
    Nothing is open.
    🔒 One hold stands: `/countersign hold`
    You are Ana Ruiz, level 1. `/countersign help` shows what you can type.
    ");
    assert!(w.reads("ana", "hold lift staging").await.contains("No hold stands on `staging`"));
    assert!(w.reads("ana", "hold lfit").await.contains("`hold lift`"));
    assert_eq!(w.types("ana", "hold lift prod").await, None);
    w.sends("ana", &[("reason", "the fix is merged")]).await;
    w.expect_whisper("ana", "the hold of `prod` is lifted");
    w.expect_thread(&["<@U0ANA> lifted the hold of `prod`: the fix is merged"]);
    assert!(w.reads("ana", "hold").await.contains("Nothing is held"));
});

story!(
    /// Many incidents go over pages; a button turns them, after a restart too.
    lists_have_pages, async |w| {
    for number in 1..=23 {
        w.another_alert(number).await;
    }
    w.read_on();
    let first = w.types("ana", "list all").await.expect("a list");
    assert!(first.shown().starts_with("There are 23 incidents.") && first.shown().contains("Disk 23 "));
    let labels = |shown: &fakes::slack::Ephemeral| -> Vec<String> {
        shown.buttons().into_iter().map(|button| button.text).collect()
    };
    assert_eq!(labels(&first), ["Older"]);
    w.restart().await;
    for (button, page, has, buttons) in [
        ("Older", "Page 2 of 3", "Disk 13 ", vec!["Newer", "Older"]),
        ("Older", "Page 3 of 3", "Disk 3 ", vec!["Newer"]),
        ("Newer", "Page 2 of 3", "Disk 4 ", vec!["Newer", "Older"]),
    ] {
        let now = w.slack.ephemerals("U0ANA").pop().expect("a page");
        let request = w.slack.click_ephemeral(&now, button, "U0ANA");
        w.interacts(&request).await;
        let [now] = &w.slack.ephemerals("U0ANA")[..] else { panic!("the page is replaced") };
        assert!(now.shown().contains(page) && now.shown().contains(has), "{}", now.shown());
        assert_eq!(labels(now), buttons);
    }
    w.slack.take_ephemerals("U0ANA");
    assert!(w.reads("ana", "list 9").await.contains("There is no page 9: the last one is 3."));
    // They count as open for a week.
    assert!(w.reads("ana", "list").await.starts_with("23 incidents are open."));
    w.advance(TimeDelta::days(8)).await;
    assert!(w.reads("ana", "list").await.starts_with("Nothing is open."));
});

story!(
    /// A long story is read page by page, the newest first.
    a_timeline_has_pages, async |w| {
    waiting(w).await;
    w.approve("ana").await;
    w.expect_whisper("ana", "is signed");
    w.read_on();
    let newest = w.types("sam", "timeline").await;
    assert_eq!(newest.map(|_| ()), Some(()), "the newest incident is not open any more");
    w.slack.take_ephemerals("U0SAM");
    let of = format!("timeline {}", w.incident().await.short());
    let told = w.types("sam", &of).await.expect("a timeline");
    assert!(told.shown().contains("of 2, oldest first"), "{}", told.shown());
    let request = w.slack.click_ephemeral(&told, "Older", "U0SAM");
    w.interacts(&request).await;
    let [older] = &w.slack.take_ephemerals("U0SAM")[..] else { panic!("the page is replaced") };
    assert!(older.shown().contains("Alert from") && older.shown().contains("Page 1 of 2"), "{}", older.shown());
});

story!(
    /// Slack gives no addresses, and the list stands without them.
    links_are_done_without, async |w| {
    // The first letter asks too, and goes without one.
    w.slack.fail_next("chat.getPermalink", "internal_error");
    waiting(w).await;
    w.slack.fail_next("chat.getPermalink", "internal_error");
    assert!(!w.reads("ana", "list").await.contains("thread>"));
    assert!(w.reads("ana", "list").await.contains("<[link]|thread>"));
});
