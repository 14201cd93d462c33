//! Jobs: edge-triggered work, in order within a lane and an incident.

/// Two that append at once meet at the unique index over lane, incident and place.
pub(crate) const INSERT_JOB: &str = "
insert into job (id, lane, incident, place, body, queued_ms, due_ms)
select $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $5
from job
where lane = $2
  and incident = $3";

/// Only the oldest job of each incident that is not parked; a reply only where there is a thread to reply in
/// ($3 is the chat, empty in lanes that talk to none). The conditions on the lease stand in the update too: a
/// claimer that waited for another one's commit sees them anew.
pub(crate) const CLAIM_JOBS: &str = "
with due as materialized (
  select job.id
  from job
  where job.lane = $1
    and job.parked = 0
    and job.due_ms <= $2
    and job.lease_until_ms <= $2
    and not exists (
      select 1
      from job as earlier
      where earlier.lane = job.lane
        and earlier.incident = job.incident
        and earlier.parked = 0
        and earlier.place < job.place
    )
    and ($3 = '' or exists (
      select 1
      from thread
      where thread.incident = job.incident
        and thread.chat = $3
        and thread.message is not null
    ))
  order by job.due_ms, job.id
  limit $4
)
update job
set owner = $5,
    lease_until_ms = $6,
    epoch = epoch + 1,
    attempts = attempts + 1,
    in_doubt = case when owner <> '' then 1 else in_doubt end
where id in (select due.id from due)
  and parked = 0
  and lease_until_ms <= $2
returning id, incident, body, attempts, epoch, queued_ms, in_doubt, problem";

pub(crate) const FINISH_JOB: &str = "
delete from job
where id = $1
  and owner = $2
  and epoch = $3";

pub(crate) const RENEW_JOB: &str = "
update job
set lease_until_ms = $1
where id = $2
  and owner = $3
  and epoch = $4";

/// A doubt stays until the job is done: a later failure says nothing of an earlier try.
pub(crate) const RETRY_JOB: &str = "
update job
set due_ms = $1,
    problem = $2,
    in_doubt = case when $3 = 1 then 1 else in_doubt end,
    owner = '',
    lease_until_ms = 0
where id = $4
  and owner = $5
  and epoch = $6";

pub(crate) const PARK_JOB: &str = "
update job
set parked = 1,
    problem = $1,
    owner = '',
    lease_until_ms = 0
where id = $2
  and owner = $3
  and epoch = $4";

pub(crate) const UNPARK_JOBS: &str = "
update job
set parked = 0,
    attempts = 0
where lane = $1
  and parked = 1";

pub(crate) const PARKED_JOBS: &str = "
select lane, problem, count(*) as many, min(queued_ms) as since_ms
from job
where parked = 1
group by lane, problem
order by lane, problem";

pub(crate) const NEXT_JOB: &str = "
select min(case when job.lease_until_ms > job.due_ms then job.lease_until_ms else job.due_ms end) as due_ms
from job
where job.lane = $1
  and job.parked = 0
  and not exists (
    select 1
    from job as earlier
    where earlier.lane = job.lane
      and earlier.incident = job.incident
      and earlier.parked = 0
      and earlier.place < job.place
  )
  and ($2 = '' or exists (
    select 1
    from thread
    where thread.incident = job.incident
      and thread.chat = $2
      and thread.message is not null
  ))";
