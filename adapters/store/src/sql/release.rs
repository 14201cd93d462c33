//! The ledger of releases, and the looks that fill it.

pub(crate) const RELEASES: &str = "
select target, place, plan_id, fingerprint, finalized_ms, seen_ms, snapshots, commit_id, learnt, verdict, run, baseline
from release
where target = $1
order by place desc
limit $2";

/// A place that somebody else has taken is a conflict.
pub(crate) const INSERT_RELEASE: &str = "
insert into release (target, place, plan_id, fingerprint, finalized_ms, seen_ms, snapshots, commit_id, learnt, verdict, run)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

pub(crate) const JUDGE_RELEASES: &str = "
update release
set verdict = $1,
    run = $2
where target = $3
  and fingerprint = $4";

pub(crate) const NAME_COMMIT: &str = "
update release
set commit_id = $1
where target = $2
  and place = $3";

pub(crate) const KEEP_BASELINE: &str = "
update release
set baseline = $1
where target = $2
  and place = $3
  and fingerprint = $4";

pub(crate) const LOOK: &str = "
select case when lease_until_ms > due_ms then lease_until_ms else due_ms end as due_ms,
  wanted_ms, looked_ms, problem, commit_id, commit_ms, commit_of_next
from look
where target = $1";

pub(crate) const LOOKS: &str = "
select target, looked_ms, problem
from look
order by target";

pub(crate) const INSERT_LOOK: &str = "
insert into look (target)
values ($1)
on conflict (target) do nothing";

/// Asking again moves the look that is due only where it comes sooner.
pub(crate) const WANT_LOOK: &str = "
update look
set wanted_ms = $1,
    due_ms = case when due_ms > $1 then $1 else due_ms end
where target = $2";

pub(crate) const TELL_COMMIT: &str = "
update look
set commit_id = $1,
    commit_ms = $2,
    commit_of_next = $3
where target = $4";

pub(crate) const FORGET_COMMIT: &str = "
update look
set commit_id = ''
where target = $1
  and commit_id = $2
  and commit_ms = $3";

pub(crate) const CLAIM_LOOK: &str = "
update look
set owner = $1,
    lease_until_ms = $2
where target = $3
  and due_ms <= $4
  and lease_until_ms <= $4";

/// A look that was wanted while this one was under way stays due.
pub(crate) const FINISH_LOOK: &str = "
update look
set looked_ms = case when $1 > 0 then $1 else looked_ms end,
    problem = $2,
    due_ms = case when wanted_ms > $3 and $4 > wanted_ms then wanted_ms else $4 end,
    owner = '',
    lease_until_ms = 0
where target = $5
  and owner = $6";

pub(crate) const NEXT_LOOK: &str = "
select min(case when lease_until_ms > due_ms then lease_until_ms else due_ms end) as due_ms
from look";

pub(crate) const COUNT_RELEASES: &str = "
select verdict as kind, count(*) as many
from release
group by verdict
order by verdict";

/// One that waits for a person in the middle of its way has left the target half done.
pub(crate) const COUNT_RUNS_ON_TARGET: &str = "
select count(*) as runs
from run
where target = $1
  and (at_rest = 0 or holds = 1)";
