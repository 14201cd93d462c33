//! Leases: which executor holds a target, and since which takeover.

/// The run to claim next: one whose executor is gone before one that waits, then the oldest. The target's
/// lease row must be free; a target without a row counts as epoch 0. A run that waits for a person in the middle of its
/// way keeps its target from those that were not the last to work on it.
pub(crate) const CLAIMABLE_RUN: &str = "
select run.id as id,
       run.target as target,
       coalesce(lease.epoch, 0) as epoch
from run
left join lease on lease.target = run.target
where run.at_rest = 0
  and coalesce(lease.until_ms, 0) <= $1
  and (
    lease.run = run.id
    or not exists (
      select 1
      from run as holder
      where holder.target = run.target
        and holder.holds = 1
    )
  )
order by case when lease.run = run.id then 0 else 1 end,
         run.created_ms,
         run.id
limit 1";

/// Takes the target only if its lease is as it was when the run was chosen. The answer is the new epoch.
pub(crate) const TAKE_LEASE: &str = "
insert into lease (target, run, owner, epoch, until_ms)
values ($1, $2, $3, 1, $4)
on conflict (target) do update
set run = excluded.run,
    owner = excluded.owner,
    epoch = lease.epoch + 1,
    until_ms = excluded.until_ms
where lease.epoch = $5
  and lease.until_ms <= $6
returning epoch";

/// The same for work that is no run's. Which run was the last to work on the target stays as it is.
pub(crate) const TAKE_TARGET: &str = "
insert into lease (target, run, owner, epoch, until_ms)
values ($1, null, $2, 1, $3)
on conflict (target) do update
set owner = excluded.owner,
    epoch = lease.epoch + 1,
    until_ms = excluded.until_ms
where lease.epoch = $4
  and lease.until_ms <= $5
returning epoch";

pub(crate) const HELD_TARGET: &str = "
select epoch
from lease
where target = $1
  and owner = $2
  and epoch = $3";

pub(crate) const HELD_LEASE: &str = "
select epoch
from lease
where target = $1
  and owner = $2
  and epoch = $3
  and run = $4";

/// As above, and nobody can take the target over before this transaction ends.
pub(crate) const HOLD_LEASE_POSTGRES: &str = "
select epoch
from lease
where target = $1
  and owner = $2
  and epoch = $3
  and run = $4
for update";

/// As above, and nobody can take the target over before this transaction ends.
pub(crate) const HOLD_TARGET_POSTGRES: &str = "
select epoch
from lease
where target = $1
  and owner = $2
  and epoch = $3
for update";

/// With 0 as the time the target is free at once; the epoch stays, because it must only grow.
pub(crate) const SET_LEASE_UNTIL: &str = "
update lease
set until_ms = $1
where target = $2
  and owner = $3
  and epoch = $4";

pub(crate) const RELEASE_LEASE: &str = "
update lease
set until_ms = 0,
    owner = ''
where target = $1
  and owner = $2
  and epoch = $3";

pub(crate) const NEXT_RUN: &str = "
select min(coalesce(lease.until_ms, 0)) as due_ms
from run
left join lease on lease.target = run.target
where run.at_rest = 0
  and (
    lease.run = run.id
    or not exists (
      select 1
      from run as holder
      where holder.target = run.target
        and holder.holds = 1
    )
  )";
