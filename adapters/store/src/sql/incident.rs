//! Incidents, and the deliveries that speak of them.

pub(crate) const INCIDENT: &str = "
select body, version
from incident
where id = $1";

pub(crate) const INCIDENT_BY_EXTERNAL: &str = "
select body, version
from incident
where external_id = $1
order by opened_ms desc, id desc
limit 1";

pub(crate) const INCIDENTS: &str = "
select body, version
from incident
order by opened_ms desc, id desc
limit $1";

pub(crate) const INCIDENTS_BEFORE: &str = "
select body, version
from incident
where (opened_ms, id) < (select last.opened_ms, last.id from incident as last where last.id = $1)
order by opened_ms desc, id desc
limit $2";

pub(crate) const INCIDENT_PAGE: &str = "
select body, version
from incident
order by opened_ms desc, id desc
limit $1
offset $2";

/// Those whose proposal is not closed, and younger ones that have no proposal.
pub(crate) const OPEN_INCIDENTS: &str = "
select body, version
from incident
where id in (select proposal.incident from proposal where proposal.closed = 0)
   or (opened_ms >= $1
       and not exists (select 1 from proposal where proposal.incident = incident.id))
order by opened_ms desc, id desc
limit $2";

pub(crate) const COUNT_INCIDENTS: &str = "
select count(*) as many
from incident";

pub(crate) const INCIDENT_IDS_LIKE: &str = "
select id
from incident
where id like $1 escape '!'
order by id desc
limit $2";

pub(crate) const INSERT_INCIDENT: &str = "
insert into incident (id, external_id, opened_ms, version, body)
values ($1, $2, $3, 1, $4)";

pub(crate) const UPDATE_INCIDENT: &str = "
update incident
set external_id = $1,
    body = $2,
    version = version + 1
where id = $3
  and version = $4";

/// As strong as an update, but rows that refer to the incident may be inserted meanwhile: with `for update` their
/// check at the commit would wait for the very transaction that waits for them.
pub(crate) const LOCK_INCIDENT_POSTGRES: &str = "
select id
from incident
where id = $1
for no key update";

pub(crate) const SEEN: &str = "
select body
from seen
where kind = $1
  and id = $2";

pub(crate) const INSERT_SEEN: &str = "
insert into seen (kind, id, at_ms, body)
values ($1, $2, $3, $4)
on conflict (kind, id) do nothing";
