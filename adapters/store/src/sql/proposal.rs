//! Proposals and the plans that they propose.

pub(crate) const PROPOSAL: &str = "
select body, version
from proposal
where id = $1";

pub(crate) const PROPOSALS_OF_INCIDENT: &str = "
select body, version
from proposal
where incident = $1
order by opened_ms, id";

pub(crate) const PROPOSALS_ON_TARGET: &str = "
select body, version
from proposal
where target = $1
order by opened_ms desc, id desc
limit $2";

pub(crate) const OPEN_PROPOSAL_ON_TARGET: &str = "
select body, version
from proposal
where target = $1
  and closed = 0
order by opened_ms, id
limit 1";

pub(crate) const OPEN_PROPOSALS: &str = "
select body, version
from proposal
where closed = 0
order by opened_ms, id";

pub(crate) const PROPOSAL_IDS_LIKE: &str = "
select id
from proposal
where id like $1 escape '!'
order by id desc
limit $2";

pub(crate) const INSERT_PROPOSAL: &str = "
insert into proposal (id, incident, target, opened_ms, closed, version, body)
values ($1, $2, $3, $4, $5, 1, $6)
on conflict (incident, target) where closed = 0 do nothing";

/// Closed is final (I7): a closed row is never written again.
pub(crate) const UPDATE_PROPOSAL: &str = "
update proposal
set closed = $1,
    body = $2,
    version = version + 1
where id = $3
  and version = $4
  and closed = 0";

/// What comes out about a closed proposal later is written beside how it ended; it stays closed (I7).
pub(crate) const NOTE_ON_CLOSED_PROPOSAL: &str = "
update proposal
set body = $1,
    version = version + 1
where id = $2
  and version = $3
  and closed = 1";

pub(crate) const PLAN: &str = "
select body
from plan
where digest = $1";

pub(crate) const INSERT_PLAN: &str = "
insert into plan (digest, sealed_ms, body)
values ($1, $2, $3)
on conflict (digest) do nothing";
