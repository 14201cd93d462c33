//! Timers: one per proposal.

pub(crate) const SET_TIMER: &str = "
insert into timer (proposal, incident, rung, repeats, due_ms)
values ($1, $2, $3, $4, $5)
on conflict (proposal) do update
set incident = excluded.incident,
    rung = excluded.rung,
    repeats = excluded.repeats,
    due_ms = excluded.due_ms";

pub(crate) const CLEAR_TIMER: &str = "
delete from timer
where proposal = $1";

pub(crate) const DUE_TIMERS: &str = "
select proposal, incident, rung, repeats, due_ms
from timer
where due_ms <= $1
order by due_ms, proposal
limit $2";

pub(crate) const DROP_TIMER: &str = "
delete from timer
where proposal = $1
  and rung = $2
  and repeats = $3
  and due_ms = $4";

pub(crate) const NEXT_TIMER: &str = "
select min(due_ms) as due_ms
from timer";
