//! The card where people steer a run, as it is read.

use insta::assert_snapshot;

use crate::{scene::Scene, stages::read_card};

#[test]
fn paused() {
    assert_snapshot!(read_card(&Scene::paused().view_as("ben")), @r"
    Paused
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Paused: by Ana Ruiz since 03:06:15 UTC
    Approvals: 2 of 2: Ana Ruiz at 03:04:02 UTC, Ben Okafor at 03:06:10 UTC
    Plan: a27fa2ba
    ## Steps 1 of 4 done
    - Hold deploys done in under 1 s
    - Point the models back waiting
    - Rebuild downstream waiting
    - Check the data waiting
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    [Resume]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=resume} The rollback goes on, if its approvals have not run out. The thread says that Ben Okafor let it go on.
    {reason=}
    [Let it go on]
    [Cancel the rollback]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=cancel} This ends the rollback as Ben Okafor: a step under way is ended, what it did is found out, and what was done is taken back in reverse.
    Why? The others read this in the thread.
    {reason: ____}
    [Cancel the rollback]
    ");
}

#[test]
fn a_question_waits() {
    assert_snapshot!(read_card(&Scene::asking().view_as("ben")), @r"
    Waiting for an answer
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Question: The restored copy is ready beside the broken one. Swap it in?
    Can answer: Ben Okafor and Cléo Martin (level 2 or higher)
    Asked now: Ben Okafor (tech lead, level 2)
    Approvals: 2 of 2: Ana Ruiz at 03:04:02 UTC, Ben Okafor at 03:06:10 UTC
    Next: level 3 in … at 03:36:20 UTC
    Plan: a27fa2ba
    ## Steps 1 of 4 done
    - Hold deploys done in under 1 s
    - Second look waits for an answer
    - Rebuild downstream waiting
    - Check the data waiting
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    [Confirm]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=confirm} {stop=1.1} The restored copy is ready beside the broken one. Swap it in?
    You sign as Ben Okafor that the answer is yes, for plan a27fa2ba. The rollback goes on.
    {reason=}
    [Sign and confirm]
    [Cancel the rollback]
    → post /incidents/inc_01k7gq2y00e9jvd5m8wz4sn02q/decide
    {token=a-token} {proposal=prp_01k7gq3a00e9jvd5m8wz7h3k9t} {plan=sha256:a27fa2bacd5796b82680016a6b8865a616a9e4f6b6a198d3776ddc07536e3158} {verdict=cancel} {stop=1.1} This ends the rollback as Ben Okafor: a step under way is ended, what it did is found out, and what was done is taken back in reverse.
    Why? The others read this in the thread.
    {reason: ____}
    [Cancel the rollback]
    ");
}

#[test]
fn signed_off() {
    assert_snapshot!(read_card(&Scene::signed_off().view_as("ben")), @r"
    Rolled back, signed off
    Incident 4sn02q Alert in PagerDuty, in a new tab
    # orders_daily: row count dropped by 41 %
    Shop warehouse, since 03:00:12 UTC
    Outcome: Rolled back 7 min 48 s after the proposal, within the 15 min meant for it, on the word of people: not every step and check passed by itself. • Check the data was signed off by Ben Okafor: the duplicates are of last year and known
    Closed: 03:08:08 UTC
    Approvals: 2 of 2: Ana Ruiz at 03:04:02 UTC, Ben Okafor at 03:06:10 UTC
    Plan: a27fa2ba
    ## Steps 4 of 4 done
    - Hold deploys done in under 1 s
    - Point the models back done in 6 s
    - Rebuild downstream done in 1 min 11 s
    - Check the data signed off by a person
    ## Checks before the proposal
    - consumers_paused of shop.finance_report could not be told: the scheduler did not answer
    [3 passed]
    - target_version_exists of shop.orders_daily: version 4d1c is still there
    - target_version_exists of shop.revenue: version 9e02 is still there
    - backup_available of prod: rollback point of 02:10 UTC
    ");
}
