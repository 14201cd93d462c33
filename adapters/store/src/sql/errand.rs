//! Errands: what is done before an incident is known. One key, one errand, however often it is wanted.

/// One that failed and waits is tried at once: somebody waits for it again.
pub(crate) const WANT_ERRAND: &str = "
insert into errand (chat, id, body, wanted, due_ms, queued_ms)
values ($1, $2, $3, 1, $4, $4)
on conflict (chat, id) do update
set wanted = errand.wanted + 1,
    body = excluded.body,
    due_ms = case when excluded.due_ms < errand.due_ms then excluded.due_ms else errand.due_ms end";

pub(crate) const CLAIM_ERRANDS: &str = "
with due as materialized (
  select errand.id
  from errand
  where errand.chat = $1
    and errand.due_ms <= $2
    and errand.lease_until_ms <= $2
  order by errand.due_ms, errand.id
  limit $3
)
update errand
set owner = $4,
    lease_until_ms = $5,
    epoch = epoch + 1,
    attempts = attempts + 1
where chat = $1
  and id in (select due.id from due)
  and lease_until_ms <= $2
returning id, body, wanted, attempts, epoch";

pub(crate) const FINISH_ERRAND: &str = "
delete from errand
where chat = $1
  and id = $2
  and owner = $3
  and epoch = $4
  and wanted = $5";

/// It is due at $1: later because it failed, or at once because it was wanted again meanwhile.
pub(crate) const RETRY_ERRAND: &str = "
update errand
set due_ms = $1,
    problem = $2,
    owner = '',
    lease_until_ms = 0
where chat = $3
  and id = $4
  and owner = $5
  and epoch = $6";

/// As if it had not been claimed, but not before this moment: it was not tried to its end.
pub(crate) const RETURN_ERRAND: &str = "
update errand
set due_ms = case when $1 > due_ms then $1 else due_ms end,
    attempts = attempts - 1,
    owner = '',
    lease_until_ms = 0
where chat = $2
  and id = $3
  and owner = $4
  and epoch = $5";

/// Those that did not go at the first try, by reason.
pub(crate) const REFUSED_ERRANDS: &str = "
select chat, problem, count(*) as many, min(case when queued_ms > 0 then queued_ms else due_ms end) as since_ms
from errand
where problem <> ''
group by chat, problem
order by chat, problem";

pub(crate) const NEXT_ERRAND: &str = "
select min(case when lease_until_ms > due_ms then lease_until_ms else due_ms end) as due_ms
from errand
where chat = $1";
