//! Members: what a chat says of people's standing, and what people pressed before anybody knew them.

pub(crate) const MEMBER: &str = "
select standing, seen_ms, home_ms
from member
where chat = $1
  and team = $2
  and member = $3";

/// What was said later counts, in whatever order it comes in.
pub(crate) const SEE_MEMBER: &str = "
insert into member (chat, team, member, standing, seen_ms)
values ($1, $2, $3, $4, $5)
on conflict (chat, team, member) do update
set standing = excluded.standing,
    seen_ms = excluded.seen_ms
where member.seen_ms <= excluded.seen_ms";

pub(crate) const SEE_HOME: &str = "
insert into member (chat, team, member, home_ms)
values ($1, $2, $3, $4)
on conflict (chat, team, member) do update
set home_ms = excluded.home_ms";

pub(crate) const KEEP_KNOCK: &str = "
insert into knock (chat, team, member, incident, proposal, plan, what, at_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (chat, team, member, incident) do update
set proposal = excluded.proposal,
    plan = excluded.plan,
    what = excluded.what,
    at_ms = excluded.at_ms";

pub(crate) const TELL_KNOCK: &str = "
update knock
set told = 1
where chat = $1
  and team = $2
  and member = $3
  and incident = $4
  and told = 0";

pub(crate) const KNOCKS: &str = "
select team, member, incident, proposal, plan, what, at_ms
from knock
where chat = $1
order by at_ms, incident";

pub(crate) const FORGET_KNOCK: &str = "
delete from knock
where chat = $1
  and team = $2
  and member = $3
  and incident = $4";

pub(crate) const FORGET_KNOCKS: &str = "
delete from knock
where at_ms < $1";

pub(crate) const FORGET_SEEN: &str = "
delete from seen
where kind = $1
  and at_ms < $2";
