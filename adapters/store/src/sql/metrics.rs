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
