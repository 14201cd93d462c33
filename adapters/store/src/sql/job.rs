//! Jobs: edge-triggered work, in order within a lane and an incident.

/// Two that append at once meet at the unique index over lane, incident and place.
pub(crate) const INSERT_JOB: &str = "
insert into job (id, lane, incident, place, body, queued_ms, due_ms, track, urgency)
select $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $5, $6, $7
from job
where lane = $2
  and incident = $3";

/// Only the oldest job of each track of an incident that is not parked; what is said in private goes first, and then the
/// threads in which something urgent waits, however far behind. A reply only where there is a thread to reply in
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
        and earlier.track = job.track
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
  order by
    case when job.track = '' then 1 else 0 end,
    (
      select min(behind.urgency)
      from job as behind
      where behind.lane = job.lane
        and behind.incident = job.incident
        and behind.track = job.track
        and behind.parked = 0
    ),
    job.queued_ms,
    job.id
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
returning track, urgency, id, incident, body, attempts, epoch, queued_ms, in_doubt, problem";

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

/// As if it had not been claimed, but not before this moment: it was not tried.
pub(crate) const RETURN_JOB: &str = "
update job
set due_ms = case when $1 > due_ms then $1 else due_ms end,
    attempts = attempts - 1,
    owner = '',
    lease_until_ms = 0
where id = $2
  and owner = $3
  and epoch = $4";

/// Everything that would be replied in one channel and that nobody holds.
pub(crate) const PUT_OFF_REPLIES: &str = "
update job
set due_ms = $1
where lane = $2
  and track = ''
  and parked = 0
  and due_ms < $1
  and lease_until_ms = 0
  and incident in (
    select thread.incident
    from thread
    where thread.chat = $3
      and thread.channel = $4
  )";

/// Everything that would be whispered and that nobody holds; letters go elsewhere.
pub(crate) const PUT_OFF_WHISPERS: &str = "
update job
set due_ms = $1
where lane = $2
  and track <> ''
  and track not like 'letter %'
  and parked = 0
  and due_ms < $1
  and lease_until_ms = 0";

pub(crate) const PARK_JOB: &str = "
update job
set parked = 1,
    replaced = $1,
    problem = $2,
    owner = '',
    lease_until_ms = 0
where id = $3
  and owner = $4
  and epoch = $5";

pub(crate) const UNPARK_JOBS: &str = "
update job
set parked = 0,
    attempts = 0
where lane = $1
  and parked = 1
  and replaced = 0";

pub(crate) const PARKED_JOBS: &str = "
select lane, problem, count(*) as many, min(queued_ms) as since_ms
from job
where parked = 1
   or problem <> ''
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
      and earlier.track = job.track
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
