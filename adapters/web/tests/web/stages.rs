//! The fragment at every stage, as it is read.

use domain::{
    card::{Reading, Watched},
    plan::Outcome,
};
use insta::assert_snapshot;
use web::{IncidentView, Pages, Viewer};

use crate::{
    reading::reading,
    scene::{Scene, refused},
};

/// The head of the thread and the thread, as the fragment says them.
#[track_caller]
fn read(view: &IncidentView<'_>) -> String {
    let pages = Pages::new("https://countersign.example.com").unwrap();
    reading(&pages.fragment(view).unwrap())
}

/// The part of the reading above the thread, without the facts of the plan: they stay as [`open`] shows them.
#[track_caller]
pub(crate) fn read_card(view: &IncidentView<'_>) -> String {
    let whole = read(view);
    let card = whole.split("\n## Thread").next().unwrap();
    let (head, from_proposal) = card.split_once("\nProposal: ").unwrap();
    let (_, from_plan) = from_proposal.split_once("\nPlan: ").unwrap();
    format!("{head}\nPlan: {from_plan}")
}

#[test]
fn the_whole_page_counts_down_without_a_script() {
    let pages = Pages::new("https://countersign.example.com").unwrap();
    let page = reading(&pages.incident(&Scene::open().view()).unwrap());
    let next = page.lines().find(|line| line.starts_with("Next")).unwrap();
    assert_snapshot!(next, @"Next: level 2 in 12:27 at 03:15:20 UTC");
}

#[test]
fn triggered() {
    assert_snapshot!(read(&Scene::triggered().view()), @r#"
    Triggered
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    ## Thread
    - PagerDuty 03:00:12 UTC
    Alert from Shop warehouse: orders_daily: row count dropped by 41 %
    "#);
}

#[test]
fn triggered_as_it_is_written() {
    let pages = Pages::new("https://countersign.example.com").unwrap();
    assert_snapshot!(pages.fragment(&Scene::triggered().view()).unwrap(), @r#"
    <article id="card" class="card tone-attention" aria-labelledby="card-title" tabindex="-1" data-title="🟠 Triggered · orders_daily: row count dropped by 41 % – Countersign">
    <header id="card-head" class="card-head" data-part>
    <p class="state"><svg class="icon icon-attention" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><circle cx="8" cy="8" r="6"/><path d="M8 4.7V8l2.2 1.5"/></svg>Triggered</p>
    <p class="where"><span title="inc_01k7gq2y00e9jvd5m8wz4sn02q">Incident <code>4sn02q</code></span>
    <a href="https:&#x2f;&#x2f;example.pagerduty.com&#x2f;incidents&#x2f;Q1ABC" rel="noopener noreferrer" target="_blank">Alert<span class="unseen"> in PagerDuty, in a new tab</span><span aria-hidden="true"> ↗</span></a>
    </p>
    <h1 id="card-title"><bdi>orders_daily: row count dropped by 41 %</bdi></h1>
    <p class="since">Shop warehouse, since <time datetime="2026-10-14T03:00:12.000Z" title="2026-10-14 03:00:12 UTC">03:00:12 UTC</time></p>
    </header>
    <dl id="card-first" class="first" data-part>
    </dl>
    <div class="card-body">
    <dl id="card-facts" class="facts" data-part>
    </dl>
    <div class="card-side">
    <section id="card-steps" data-part aria-labelledby="steps-title" hidden>
    </section>
    <section id="card-findings" data-part aria-labelledby="findings-title" hidden>
    </section>
    <div id="answer" class="answer" role="status" tabindex="-1" data-part data-key=" " hidden></div>
    <section id="decisions" class="decisions" aria-label="Decide" data-part data-key="   " hidden>
    </section></div>
    </div>
    </article><section class="thread" aria-labelledby="thread-title">
    <h2 id="thread-title">Thread</h2>
    <div role="log" aria-live="polite" aria-relevant="additions" aria-labelledby="thread-title">
    <ol id="thread">
    <li id="line-0-0" class="line tone-neutral">
    <span class="avatar" aria-hidden="true">P</span>
    <p class="said-by"><bdi class="who">PagerDuty</bdi> <time datetime="2026-10-14T03:00:12.000Z" title="2026-10-14 03:00:12 UTC">03:00:12 UTC</time></p>
    <p class="said">Alert from <strong>Shop warehouse</strong>: orders_daily: row count dropped by 41 %</p>
    </li>
    </ol>
    </div>
    </section>
    "#);
}

#[test]
fn open() {
    assert_snapshot!(read(&Scene::open().view()), @r#"
    Waiting for a decision
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Asked now: Ana Ruiz (on-call engineer, level 1)
    Approvals: 0 of 2
    Next: level 2 in … at 03:15:20 UTC
    Proposal: model-level rollback (type 2)
    Where: prod of warehouse
    Models: shop.orders_daily, shop.revenue
    Rebuilt besides: shop.finance_report
    Why: Trigger data_corruption: row count of shop.orders_daily fell by 41 %.
    Target recovery: within 15 min
    Needs: shop.finance_report is business-critical, so one approval has to be of level 2.
    Possible until: 15:00:00 UTC
    Plan: a27fa2ba
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    [Approve]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=approve} You sign plan a27fa2ba as Ana Ruiz, exactly as this card shows it.
    1 check is not a pass. Read it first.
    {reason=}
    [Sign and approve a27fa2ba]
    [Reject]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=reject}
    Why? The others read this in the thread.
    {reason: ____}
    [Reject plan a27fa2ba]
    [Ask the next level now]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=escalate} The people who would be asked next are asked at once, and the thread says that Ana Ruiz asked for them.
    {reason=}
    [Ask them now]
    ## Thread
    - PagerDuty 03:00:12 UTC
    Alert from Shop warehouse: orders_daily: row count dropped by 41 %
    - Countersign 03:00:20 UTC
    Proposed: model-level rollback (type 2) of shop.orders_daily, shop.revenue. Trigger data_corruption: row count of shop.orders_daily fell by 41 %.
    - Countersign 03:00:20 UTC told the channel
    Asking Ana Ruiz to decide: on-call engineer, level 1. Without a decision, the escalation goes on at 03:15:20 UTC.
    "#);
}

#[test]
fn partly_approved() {
    assert_snapshot!(read_card(&Scene::partly_approved().view_as("ben")), @r#"
    Waiting for a decision
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Asked now: Ben Okafor (tech lead, level 2)
    Approvals: 1 of 2: Ana Ruiz
    Next: level 3 in … at 03:45:20 UTC
    Plan: a27fa2ba
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    [Approve]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=approve} You sign plan a27fa2ba as Ben Okafor, exactly as this card shows it.
    1 check is not a pass. Read it first.
    {reason=}
    [Sign and approve a27fa2ba]
    [Reject]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=reject}
    Why? The others read this in the thread.
    {reason: ____}
    [Reject plan a27fa2ba]
    [Ask the next level now]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=escalate} The people who would be asked next are asked at once, and the thread says that Ben Okafor asked for them.
    {reason=}
    [Ask them now]
    "#);
}

#[test]
fn running_with_a_live_line() {
    assert_snapshot!(read_card(&Scene::running().view()), @r"
    Rolling back
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Approvals: 2 of 2: Ana Ruiz at 03:04:02 UTC, Ben Okafor at 03:06:10 UTC
    Plan: a27fa2ba
    ## Steps 1 of 4 done
    - Hold deploys done in under 1 s
    - Point the models back under way
    - Rebuild downstream waiting
    - Check the data waiting Now: virtual update: 1 of 2 views
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    [Pause]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=pause} A step under way comes to its end, and nothing further begins before somebody resumes. The thread says that Ana Ruiz paused it.
    {reason=}
    [Pause the rollback]
    [Cancel the rollback]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=cancel} This ends the rollback as Ana Ruiz: a step under way is ended, what it did is found out, and what was done is taken back in reverse.
    Why? The others read this in the thread.
    {reason: ____}
    [Cancel the rollback]
    ");
}

#[test]
fn running_with_watched_metrics() {
    let mut scene = Scene::running();
    let watched = |title: &str, now| Watched {
        title: title.to_owned(),
        unit: Some("%".to_owned()),
        began: Some("3.1".to_owned()),
        now,
    };
    let good = Reading::Value { value: "0.4".to_owned(), outcome: Outcome::Pass };
    scene.card.watched = vec![
        watched("System: error rate", good),
        watched("Data: rows of <today>", Reading::AtWork),
    ];
    let shown = read_card(&scene.view());
    let (_, beside) = shown.split_once("Check the data waiting").unwrap();
    let (beside, _) = beside.split_once("## Checks").unwrap();
    assert_snapshot!(beside.trim(), @r"
    Now: virtual update: 1 of 2 views
    ## Watched while it runs
    - System: error rate 0.4 % · was 3.1 % · good
    - Data: rows of <today> is not asked while a step works in the database · was 3.1 %
    ");
}

#[test]
fn rolled_back() {
    assert_snapshot!(read_card(&Scene::rolled_back().view()), @r"
    Rolled back
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Outcome: Rolled back: every step is done and every check passed, 7 min 48 s after the proposal, within the 15 min meant for it.
    Closed: 03:08:08 UTC
    Approvals: 2 of 2: Ana Ruiz at 03:04:02 UTC, Ben Okafor at 03:06:10 UTC
    Plan: a27fa2ba
    ## Steps 4 of 4 done
    - Hold deploys done in under 1 s
    - Point the models back done in 6 s
    - Rebuild downstream done in 1 min 11 s
    - Check the data done in 9 s
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    ");
}

#[test]
fn stuck() {
    assert_snapshot!(read_card(&Scene::stuck().view_as("cleo")), @r"
    Stuck: needs a person
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Stuck at: Point the models back: the target cannot tell whether the views were moved
    Approvals: 2 of 2: Ana Ruiz at 03:04:02 UTC, Ben Okafor at 03:06:10 UTC
    Plan: a27fa2ba
    ## Steps 1 of 4 done
    - Hold deploys done in under 1 s
    - Point the models back stuck
    - Rebuild downstream waiting
    - Check the data waiting
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    [Try again]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=retry} {stop=1.1} The target is asked first what the step has done, where it can be asked; then it is tried again. The thread says that Cléo Martin asked for it.
    {reason=}
    [Try again now]
    [Skip the step]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=skip} {stop=1.1} You sign as Cléo Martin that the step counts as settled: done, taken back, or not needed. The rollback goes on behind it, and the card says that you signed it off.
    Why? The others read this in the thread.
    {reason: ____}
    [Skip the step]
    [End the rollback]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=give_up} {stop=1.1} The rollback is stuck. This ends it as Cléo Martin and leaves everything as it stands now.
    Why? The others read this in the thread.
    {reason: ____}
    [End the rollback]
    ");
}

#[test]
fn unanswered() {
    assert_snapshot!(read_card(&Scene::unanswered().view_as("cleo")), @r#"
    Unanswered
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Asked now: Cléo Martin (engineering manager, level 3)
    Approvals: 0 of 2
    Next: level 3 in … at 04:15:20 UTC
    Plan: a27fa2ba
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    [Approve]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=approve} You sign plan a27fa2ba as Cléo Martin, exactly as this card shows it.
    1 check is not a pass. Read it first.
    {reason=}
    [Sign and approve a27fa2ba]
    [Reject]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=reject}
    Why? The others read this in the thread.
    {reason: ____}
    [Reject plan a27fa2ba]
    [Ask the next level now]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=escalate} The people who would be asked next are asked at once, and the thread says that Cléo Martin asked for them.
    {reason=}
    [Ask them now]
    "#);
}

#[test]
fn refused_answer() {
    let (scene, refused) = (Scene::open(), refused());
    assert_snapshot!(read_card(&IncidentView { answer: Some(&refused), ..scene.view() }), @r#"
    Waiting for a decision
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Asked now: Ana Ruiz (on-call engineer, level 1)
    Approvals: 0 of 2
    Next: level 2 in … at 03:15:20 UTC
    Plan: a27fa2ba
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    This needs level 2, and you hold level 1. Ben Okafor could decide; they are asked at 03:15:20 UTC. Nothing was changed.
    [Approve]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=approve} You sign plan a27fa2ba as Ana Ruiz, exactly as this card shows it.
    1 check is not a pass. Read it first.
    {reason=}
    [Sign and approve a27fa2ba]
    [Reject]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=reject}
    Why? The others read this in the thread.
    {reason: ____}
    [Reject plan a27fa2ba]
    [Ask the next level now]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=escalate} The people who would be asked next are asked at once, and the thread says that Ana Ruiz asked for them.
    {reason=}
    [Ask them now]
    "#);
}

#[test]
fn without_a_person_there_is_nothing_to_press() {
    let scene = Scene::open();
    let view = IncidentView { viewer: Viewer::ReadOnly, csrf: "", ..scene.view() };
    let last = |view| read_card(view).lines().last().unwrap().to_owned();
    assert_snapshot!(last(&view), @"You can read here. To decide, use the buttons in the chat.");
    let everyone = scene.people.iter().collect();
    let view = IncidentView { viewer: Viewer::ChoosePersona { everyone }, ..scene.view() };
    assert_snapshot!(last(&view), @"Choose as whom you act at the top of the page; then the buttons appear here.");
}
