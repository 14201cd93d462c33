//! Holds on targets. A hold stands while it has a time for its next reminder.

pub(crate) const HOLD: &str = "
select body, version
from hold
where id = $1";

pub(crate) const HOLD_OF_PROPOSAL: &str = "
select body, version
from hold
where proposal = $1";

pub(crate) const HOLDS_OF_INCIDENT: &str = "
select body, version
from hold
where incident = $1
order by placed_ms, id";

pub(crate) const STANDING_HOLDS: &str = "
select body, version
from hold
where target = $1
  and remind_ms is not null
order by placed_ms, id";

pub(crate) const HOLDS: &str = "
select body, version
from hold
order by placed_ms desc, id desc
limit $1";

pub(crate) const NEWEST_HOLD_ON_TARGET: &str = "
select body, version
from hold
where target = $1
order by placed_ms desc, id desc
limit 1";

pub(crate) const HOLD_IDS_LIKE: &str = "
select id
from hold
where id like $1 escape '!'
order by id desc
limit $2";

pub(crate) const INSERT_HOLD: &str = "
insert into hold (id, incident, proposal, target, placed_ms, remind_ms, returned, version, body)
values ($1, $2, $3, $4, $5, $6, $7, 1, $8)";

/// Lifted is final (I7): a hold that has no reminder is never written again.
pub(crate) const UPDATE_HOLD: &str = "
update hold
set remind_ms = $1,
    returned = $2,
    body = $3,
    version = version + 1
where id = $4
  and version = $5
  and remind_ms is not null";

pub(crate) const DUE_HOLDS: &str = "
select body, version
from hold
where remind_ms <= $1
order by remind_ms, id
limit $2";

pub(crate) const NEXT_REMINDER: &str = "
select min(remind_ms) as due_ms
from hold
where remind_ms is not null";

pub(crate) const COUNT_HELD_TARGETS: &str = "
select count(distinct target) as many
from hold
where remind_ms is not null";

pub(crate) const COUNT_RETURNED: &str = "
select count(*) as many
from hold
where returned = 1
  and remind_ms is not null";
