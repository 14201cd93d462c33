-- The first schema. TEXT and BIGINT only, so that one SQL text serves SQLite and PostgreSQL.
-- Times are milliseconds since 1970 in UTC, yes and no are 1 and 0, `body` is the aggregate as JSON.
-- References are checked at the commit, so the order of the writes of one transaction does not matter.

create table incident (
  id text not null primary key,
  external_id text not null,
  opened_ms bigint not null,
  version bigint not null,
  body text not null
);
create index incident_external on incident (external_id, opened_ms);
create index incident_newest on incident (opened_ms, id);

create table proposal (
  id text not null primary key,
  incident text not null references incident (id) deferrable initially deferred,
  target text not null,
  opened_ms bigint not null,
  closed bigint not null check (closed in (0, 1)),
  version bigint not null,
  body text not null
);
create index proposal_incident on proposal (incident);
create index proposal_target on proposal (target) where closed = 0;
-- Invariant I2: at most one proposal that is not closed per incident and target.
create unique index proposal_open on proposal (incident, target) where closed = 0;

create table plan (
  digest text not null primary key,
  sealed_ms bigint not null,
  body text not null
);

-- `live` is the newest line of the step under way.
create table run (
  id text not null primary key,
  incident text not null references incident (id) deferrable initially deferred,
  proposal text not null references proposal (id) deferrable initially deferred,
  target text not null,
  created_ms bigint not null,
  at_rest bigint not null check (at_rest in (0, 1)),
  version bigint not null,
  body text not null,
  live text not null default ''
);
-- One approval is good for one run.
create unique index run_proposal on run (proposal);
create index run_incident on run (incident);
create index run_target on run (target, created_ms);
create index run_under_way on run (target) where at_rest = 0;

-- One row per target that was ever run against; never deleted, because its epoch must only grow.
create table lease (
  target text not null primary key,
  run text not null references run (id) deferrable initially deferred,
  owner text not null,
  epoch bigint not null,
  until_ms bigint not null
);

create table journal (
  incident text not null references incident (id) deferrable initially deferred,
  seq bigint not null,
  at_ms bigint not null,
  proposal text,
  body text not null,
  receipt text,
  prev text not null,
  hash text not null,
  primary key (incident, seq)
);
create index journal_receipt on journal (proposal, incident, seq) where receipt is not null;

-- Deliveries that were taken in: the raw body is kept, a second delivery of the same id is recognised.
create table seen (
  kind text not null,
  id text not null,
  at_ms bigint not null,
  body text not null,
  primary key (kind, id)
);

-- Edge-triggered work. `place` is the order within a lane and an incident; done jobs are deleted.
-- `owner` is empty unless somebody holds the job: a claim that finds it filled knows of a lost lease.
create table job (
  id text not null primary key,
  lane text not null,
  incident text not null references incident (id) deferrable initially deferred,
  place bigint not null,
  body text not null,
  queued_ms bigint not null,
  due_ms bigint not null,
  attempts bigint not null default 0,
  epoch bigint not null default 0,
  owner text not null default '',
  lease_until_ms bigint not null default 0,
  in_doubt bigint not null default 0 check (in_doubt in (0, 1)),
  parked bigint not null default 0 check (parked in (0, 1)),
  problem text not null default ''
);
create unique index job_place on job (lane, incident, place);
create index job_waiting on job (lane, due_ms) where parked = 0;

-- Level-triggered work: the card of an incident in one chat. It is up to date when shown = wanted.
create table thread (
  incident text not null references incident (id) deferrable initially deferred,
  chat text not null,
  post_key text not null,
  channel text,
  message text,
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
  primary key (incident, chat),
  check (shown <= wanted)
);
create index thread_waiting on thread (chat, due_ms) where shown < wanted and parked = 0;

create table timer (
  proposal text not null primary key references proposal (id) deferrable initially deferred,
  incident text not null references incident (id) deferrable initially deferred,
  rung bigint not null,
  repeats bigint not null,
  due_ms bigint not null
);
create index timer_due on timer (due_ms);

-- What the programs of a run's steps printed, in order; capped, with secrets taken out. No part of the record.
create table output (
  run text not null references run (id) deferrable initially deferred,
  place bigint not null,
  at_ms bigint not null,
  step bigint not null,
  act text not null,
  body text not null,
  primary key (run, place)
);
