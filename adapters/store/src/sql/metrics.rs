//! How much of everything there is.

pub(crate) const COUNT_JOBS: &str = "
select parked, count(*) as many
from job
group by parked";

pub(crate) const COUNT_CARDS: &str = "
select parked, count(*) as many
from thread
where shown < wanted
group by parked";

pub(crate) const COUNT_HANDOVERS: &str = "
select parked, count(*) as many
from handover
where shown < wanted
group by parked";

pub(crate) const COUNT_ERRANDS: &str = "
select count(*) as many
from errand";

pub(crate) const COUNT_OPEN_PROPOSALS: &str = "
select count(*) as many
from proposal
where closed = 0";

pub(crate) const COUNT_RUNS_UNDER_WAY: &str = "
select count(*) as many
from run
where at_rest = 0";

pub(crate) const COUNT_DUE_TIMERS: &str = "
select count(*) as many
from timer
where due_ms <= $1";

pub(crate) const COUNT_SEEN: &str = "
select kind, count(*) as many
from seen
group by kind
order by kind";

/// Since when what waits longest for a chat waits: cards, messages, letters, home pages.
pub(crate) const OLDEST_WAITING: &str = "
select min(queued_ms) as oldest_ms
from (
  select queued_ms
  from job
  where parked = 0
    and lane <> 'assess'
  union all
  select queued_ms
  from thread
  where parked = 0
    and shown < wanted
  union all
  select queued_ms
  from handover
  where parked = 0
    and shown < wanted
  union all
  select queued_ms
  from errand
  where queued_ms > 0
) as waiting";

/// What a chat refused lately, one by one, and not as a whole.
pub(crate) const REFUSED: &str = "
select problem, count(*) as many
from (
  select problem
  from job
  where parked = 0
    and problem <> ''
  union all
  select problem
  from thread
  where parked = 0
    and shown < wanted
    and problem <> ''
  union all
  select problem
  from handover
  where parked = 0
    and shown < wanted
    and problem <> ''
  union all
  select problem
  from errand
  where problem <> ''
) as refused
group by problem
order by count(*) desc, problem
limit 5";
