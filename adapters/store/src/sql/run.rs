//! Runs of approved plans.

pub(crate) const RUN: &str = "
select body, version
from run
where id = $1";

pub(crate) const RUNS_OF_INCIDENT: &str = "
select body, version
from run
where incident = $1
order by created_ms, id";

pub(crate) const RUN_OF_PROPOSAL: &str = "
select body, version
from run
where proposal = $1";

pub(crate) const RUNS_ON_TARGET: &str = "
select body, version
from run
where target = $1
order by created_ms desc, id desc
limit $2";

pub(crate) const COUNT_RUNS_SINCE: &str = "
select count(*) as runs
from run
where target = $1
  and created_ms >= $2";

pub(crate) const INSERT_RUN: &str = "
insert into run (id, incident, proposal, target, created_ms, at_rest, holds, version, body)
values ($1, $2, $3, $4, $5, $6, $7, 1, $8)";

/// A run that was saved has moved: the live line belonged to where it stood before.
pub(crate) const UPDATE_RUN: &str = "
update run
set at_rest = $1,
    holds = $2,
    body = $3,
    live = '',
    version = version + 1
where id = $4
  and version = $5";

pub(crate) const LIVE: &str = "
select live
from run
where id = $1";

pub(crate) const WATCHED: &str = "
select watched
from run
where id = $1";

pub(crate) const UPDATE_WATCHED: &str = "
update run
set watched = $1
where id = $2";

pub(crate) const UPDATE_LIVE: &str = "
update run
set live = $1
where id = $2";
