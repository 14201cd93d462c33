//! Threads: where an incident's card stands in a chat, and whether it is up to date.

pub(crate) const THREAD: &str = "
select channel, message
from thread
where incident = $1
  and chat = $2";

pub(crate) const CHATS: &str = "
select chat
from thread
where incident = $1
order by chat";

/// The key stays that of the first time. A card that was up to date is due now; one that waits keeps its
/// waiting time, because the chat asked for it, unless a person waits for it; a parked one is tried again with the newer
/// state.
pub(crate) const WANT_CARD: &str = "
insert into thread (incident, chat, post_key, wanted, queued_ms, due_ms, urgency)
values ($1, $2, $3, 1, $4, $4, $5)
on conflict (incident, chat) do update
set wanted = thread.wanted + 1,
    queued_ms = case
      when thread.shown < thread.wanted then thread.queued_ms
      else excluded.queued_ms
    end,
    due_ms = case
      when thread.shown < thread.wanted and thread.parked = 0 and excluded.urgency > 0 then thread.due_ms
      else excluded.due_ms
    end,
    urgency = case
      when thread.shown < thread.wanted and thread.urgency < excluded.urgency then thread.urgency
      else excluded.urgency
    end,
    parked = 0";

/// First those that stand nowhere yet, then what people wait for.
pub(crate) const CLAIM_CARDS: &str = "
with due as materialized (
  select thread.incident
  from thread
  where thread.chat = $1
    and thread.parked = 0
    and thread.shown < thread.wanted
    and thread.due_ms <= $2
    and thread.lease_until_ms <= $2
  order by
    case when thread.message is null then 0 else 1 end,
    thread.urgency,
    thread.queued_ms,
    thread.incident
  limit $3
)
update thread
set owner = $4,
    lease_until_ms = $5,
    epoch = epoch + 1,
    attempts = attempts + 1,
    in_doubt = case when owner <> '' then 1 else in_doubt end
where chat = $1
  and incident in (select due.incident from due)
  and parked = 0
  and shown < wanted
  and lease_until_ms <= $2
returning incident, wanted, channel, message, post_key, attempts, epoch, queued_ms, in_doubt,
  urgency, problem";

/// What is shown never goes back: an older claim than the newest one shown has lost its epoch.
pub(crate) const CARD_POSTED: &str = "
update thread
set channel = $1,
    message = $2,
    shown = $3,
    attempts = 0,
    in_doubt = 0,
    problem = '',
    owner = '',
    lease_until_ms = 0
where incident = $4
  and chat = $5
  and owner = $6
  and epoch = $7
  and shown < $3";

pub(crate) const CARD_SHOWN: &str = "
update thread
set shown = $1,
    attempts = 0,
    in_doubt = 0,
    problem = '',
    owner = '',
    lease_until_ms = 0
where incident = $2
  and chat = $3
  and owner = $4
  and epoch = $5
  and shown < $1";

pub(crate) const RETRY_CARD: &str = "
update thread
set due_ms = $1,
    problem = $2,
    in_doubt = case when $3 = 1 then 1 else in_doubt end,
    owner = '',
    lease_until_ms = 0
where incident = $4
  and chat = $5
  and owner = $6
  and epoch = $7";

/// As if it had not been claimed, but not before this moment: it was not tried.
pub(crate) const RETURN_CARD: &str = "
update thread
set due_ms = case when $1 > due_ms then $1 else due_ms end,
    attempts = attempts - 1,
    owner = '',
    lease_until_ms = 0
where incident = $2
  and chat = $3
  and owner = $4
  and epoch = $5";

/// Every card that stands nowhere yet and that nobody holds.
pub(crate) const PUT_OFF_POSTS: &str = "
update thread
set due_ms = $1
where chat = $2
  and message is null
  and parked = 0
  and shown < wanted
  and due_ms < $1
  and lease_until_ms = 0";

/// Every card that stands somewhere, is no more urgent than this, and that nobody holds.
pub(crate) const PUT_OFF_EDITS: &str = "
update thread
set due_ms = $1
where chat = $2
  and message is not null
  and urgency >= $3
  and parked = 0
  and shown < wanted
  and due_ms < $1
  and lease_until_ms = 0";

/// The message is gone: the card is wanted anew, under another key, which no search finds the old one by.
pub(crate) const FORGET_MESSAGE: &str = "
update thread
set channel = null,
    message = null,
    post_key = $1,
    wanted = wanted + 1,
    queued_ms = $2,
    due_ms = $2,
    urgency = 0,
    attempts = 0,
    in_doubt = 0,
    parked = 0,
    owner = '',
    lease_until_ms = 0
where incident = $3
  and chat = $4
  and channel = $5
  and message = $6";

pub(crate) const PARK_CARD: &str = "
update thread
set parked = 1,
    problem = $1,
    owner = '',
    lease_until_ms = 0
where incident = $2
  and chat = $3
  and owner = $4
  and epoch = $5";

pub(crate) const UNPARK_CARDS: &str = "
update thread
set parked = 0,
    attempts = 0
where chat = $1
  and parked = 1";

pub(crate) const PARKED_CARDS: &str = "
select chat, problem, count(*) as many, min(queued_ms) as since_ms
from thread
where shown < wanted
  and (parked = 1 or problem <> '')
group by chat, problem
order by chat, problem";

pub(crate) const NEXT_CARD: &str = "
select min(case when lease_until_ms > due_ms then lease_until_ms else due_ms end) as due_ms
from thread
where chat = $1
  and parked = 0
  and shown < wanted";

pub(crate) const LINK: &str = "
select link
from thread
where incident = $1
  and chat = $2";

pub(crate) const SET_LINK: &str = "
update thread
set link = $1
where incident = $2
  and chat = $3";

pub(crate) const INCIDENT_AT: &str = "
select incident
from thread
where chat = $1
  and channel = $2
  and message = $3";
