-- The letter that hands an incident over to one person. It is up to date when shown = wanted; `told` of the times they
-- were `asked` were said out loud, because an edit wakes nobody. `content` is the digest of what it shows.
create table handover (
  post_key text not null primary key,
  incident text not null references incident (id) deferrable initially deferred,
  chat text not null,
  team text not null,
  member text not null,
  person text not null,
  channel text,
  message text,
  content text not null default '',
  asked bigint not null,
  told bigint not null default 0,
  placed bigint not null default 0 check (placed in (0, 1)),
  wanted bigint not null,
  shown bigint not null default 0,
  queued_ms bigint not null,
  due_ms bigint not null,
  attempts bigint not null default 0,
  epoch bigint not null default 0,
  owner text not null default '',
  lease_until_ms bigint not null default 0,
  in_doubt bigint not null default 0 check (in_doubt in (0, 1)),
  parked bigint not null default 0 check (parked in (0, 1)),
  problem text not null default '',
  check (shown <= wanted)
);
create unique index handover_copy on handover (incident, chat, team, member);
create index handover_waiting on handover (chat, due_ms) where shown < wanted and parked = 0;

-- What is done for one person or one event before an incident is known; done ones are deleted.
create table errand (
  chat text not null,
  id text not null,
  body text not null,
  wanted bigint not null,
  due_ms bigint not null,
  attempts bigint not null default 0,
  epoch bigint not null default 0,
  owner text not null default '',
  lease_until_ms bigint not null default 0,
  problem text not null default '',
  primary key (chat, id)
);

-- What a chat said last of somebody's standing in its workspace, and when. `home_ms` is when they last opened the app's
-- home page; null before the first time.
create table member (
  chat text not null,
  team text not null,
  member text not null,
  standing text not null default '',
  seen_ms bigint not null default 0,
  home_ms bigint,
  primary key (chat, team, member)
);

-- What people pressed whom nobody knew yet; the newest of each in each incident. Forgotten after a day.
create table knock (
  chat text not null,
  team text not null,
  member text not null,
  incident text not null references incident (id) deferrable initially deferred,
  proposal text not null references proposal (id) deferrable initially deferred,
  plan text not null,
  what text not null,
  at_ms bigint not null,
  told bigint not null default 0 check (told in (0, 1)),
  primary key (chat, team, member, incident)
);

-- The address that leads to a card; empty before it was asked for.
alter table thread add column link text not null default '';
