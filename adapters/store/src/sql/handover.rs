//! Handovers: the private copy of an incident that each person who is asked has, and whether it is up to date.

/// The key stays that of the first time. One that waits keeps its waiting time; a parked one is tried again.
pub(crate) const WANT_HANDOVER: &str = "
insert into handover (post_key, incident, chat, team, member, person, asked, wanted, queued_ms, due_ms)
values ($1, $2, $3, $4, $5, $6, 1, 1, $7, $7)
on conflict (incident, chat, team, member) do update
set asked = handover.asked + 1,
    wanted = handover.wanted + 1,
    queued_ms = case
      when handover.shown < handover.wanted then handover.queued_ms
      else excluded.queued_ms
    end,
    due_ms = case
      when handover.shown < handover.wanted and handover.parked = 0 then handover.due_ms
      else excluded.due_ms
    end,
    parked = 0";

/// A parked one without a letter stays so: nobody is asked anew, and there is no copy that could be wrong.
pub(crate) const RENEW_HANDOVERS: &str = "
update handover
set wanted = wanted + 1,
    queued_ms = case when shown < wanted then queued_ms else $1 end,
    due_ms = case when shown < wanted and parked = 0 then due_ms else $1 end,
    parked = 0
where incident = $2
  and (parked = 0 or message is not null)";

pub(crate) const CLAIM_HANDOVERS: &str = "
with due as materialized (
  select handover.post_key
  from handover
  where handover.chat = $1
    and handover.parked = 0
    and handover.shown < handover.wanted
    and handover.due_ms <= $2
    and handover.lease_until_ms <= $2
  order by handover.due_ms, handover.post_key
  limit $3
)
update handover
set owner = $4,
    lease_until_ms = $5,
    epoch = epoch + 1,
    attempts = attempts + 1,
    in_doubt = case when owner <> '' then 1 else in_doubt end
where post_key in (select due.post_key from due)
  and parked = 0
  and shown < wanted
  and lease_until_ms <= $2
returning post_key, incident, team, member, person, channel, message, content, asked, told, placed, wanted, attempts, epoch, queued_ms, in_doubt, problem";

/// The letter is there; the claim goes on.
pub(crate) const HANDOVER_WRITTEN: &str = "
update handover
set channel = $1,
    message = $2,
    content = $3,
    told = $4,
    in_doubt = 0
where post_key = $5
  and owner = $6
  and epoch = $7";

pub(crate) const HANDOVER_SHOWN: &str = "
update handover
set shown = $1,
    content = $2,
    told = $3,
    placed = $4,
    attempts = 0,
    in_doubt = 0,
    problem = '',
    owner = '',
    lease_until_ms = 0
where post_key = $5
  and owner = $6
  and epoch = $7
  and shown < $1";

pub(crate) const RETRY_HANDOVER: &str = "
update handover
set due_ms = $1,
    problem = $2,
    in_doubt = case when $3 = 1 then 1 else in_doubt end,
    owner = '',
    lease_until_ms = 0
where post_key = $4
  and owner = $5
  and epoch = $6";

/// As if it had not been claimed, but not before this moment: it was not tried to its end.
pub(crate) const RETURN_HANDOVER: &str = "
update handover
set due_ms = case when $1 > due_ms then $1 else due_ms end,
    attempts = attempts - 1,
    owner = '',
    lease_until_ms = 0
where post_key = $2
  and owner = $3
  and epoch = $4";

/// Every letter to one person that is not written yet and that nobody holds.
pub(crate) const PUT_OFF_LETTERS: &str = "
update handover
set due_ms = $1
where chat = $2
  and team = $3
  and member = $4
  and message is null
  and parked = 0
  and shown < wanted
  and due_ms < $1
  and lease_until_ms = 0";

/// Every letter that is written and that nobody holds.
pub(crate) const PUT_OFF_RENEWALS: &str = "
update handover
set due_ms = $1
where chat = $2
  and message is not null
  and parked = 0
  and shown < wanted
  and due_ms < $1
  and lease_until_ms = 0";

/// The letter is gone: it is written anew, under another key, which no search finds the old one by.
pub(crate) const FORGET_LETTER: &str = "
update handover
set channel = null,
    message = null,
    content = '',
    post_key = $1,
    queued_ms = $2,
    due_ms = $2,
    attempts = 0,
    in_doubt = 0,
    owner = '',
    lease_until_ms = 0
where post_key = $3
  and owner = $4
  and epoch = $5";

pub(crate) const PARK_HANDOVER: &str = "
update handover
set parked = 1,
    problem = $1,
    owner = '',
    lease_until_ms = 0
where post_key = $2
  and owner = $3
  and epoch = $4";

pub(crate) const UNPARK_HANDOVERS: &str = "
update handover
set parked = 0,
    attempts = 0
where chat = $1
  and parked = 1";

pub(crate) const PARKED_HANDOVERS: &str = "
select chat, problem, count(*) as many, min(queued_ms) as since_ms
from handover
where shown < wanted
  and (parked = 1 or problem <> '')
group by chat, problem
order by chat, problem";

pub(crate) const NEXT_HANDOVER: &str = "
select min(case when lease_until_ms > due_ms then lease_until_ms else due_ms end) as due_ms
from handover
where chat = $1
  and parked = 0
  and shown < wanted";
