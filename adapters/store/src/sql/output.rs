//! What the programs of a run's steps printed.

pub(crate) const KEEP_OUTPUT: &str = "
insert into output (run, place, at_ms, step, act, body)
select $1, count(*), $2, $3, $4, $5
from output
where run = $1";

pub(crate) const OUTPUTS: &str = "
select at_ms, step, act, body
from output
where run = $1
order by place";
