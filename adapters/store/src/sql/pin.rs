//! Pins, and which of them the executor has something to do for.

pub(crate) const PIN: &str = "
select body, version
from pin
where id = $1";

pub(crate) const PIN_OF_PROPOSAL: &str = "
select body, version
from pin
where proposal = $1
order by asked_ms desc, id desc
limit 1";

pub(crate) const PINS_OF_INCIDENT: &str = "
select body, version
from pin
where incident = $1
order by asked_ms, id";

pub(crate) const INSERT_PIN: &str = "
insert into pin (id, incident, proposal, target, asked_ms, due_ms, standing, version, body)
values ($1, $2, $3, $4, $5, $6, $7, 1, $8)";

/// What is over is final (I7).
pub(crate) const UPDATE_PIN: &str = "
update pin
set proposal = $1,
    due_ms = $2,
    standing = $3,
    body = $4,
    version = version + 1
where id = $5
  and version = $6
  and standing = 1";

/// The pin to work for next: its target is free, and no run that was at work there has to be taken up first, whose
/// processes may still be alive.
pub(crate) const CLAIMABLE_PIN: &str = "
select pin.id as id,
       pin.target as target,
       coalesce(lease.epoch, 0) as epoch
from pin
left join lease on lease.target = pin.target
where pin.due_ms <= $1
  and coalesce(lease.until_ms, 0) <= $2
  and not exists (
    select 1
    from run
    where run.id = lease.run
      and run.at_rest = 0
  )
order by pin.due_ms,
         pin.id
limit 1";

/// What somebody holds counts from the end of the lease.
pub(crate) const NEXT_PIN: &str = "
select min(case when coalesce(lease.until_ms, 0) > pin.due_ms then lease.until_ms else pin.due_ms end) as due_ms
from pin
left join lease on lease.target = pin.target
where pin.due_ms is not null
  and not exists (
    select 1
    from run
    where run.id = lease.run
      and run.at_rest = 0
  )";
