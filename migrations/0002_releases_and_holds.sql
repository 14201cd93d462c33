-- What was deployed, and what must not come back. TEXT and BIGINT only, as in the first schema.

-- The ledger of releases: one row for each finished state of a target that was seen, in order.
-- `snapshots` is JSON by model; `verdict` is good, bad or unknown, and `run` is the run that says so.
-- `commit_id` and `baseline` are empty while nothing is known.
create table release (
  target text not null,
  place bigint not null,
  plan_id text not null,
  fingerprint text not null,
  finalized_ms bigint,
  seen_ms bigint not null,
  snapshots text not null,
  commit_id text not null default '',
  learnt text not null,
  verdict text not null default 'unknown',
  run text references run (id) deferrable initially deferred,
  baseline text not null default '',
  primary key (target, place)
);
create index release_fingerprint on release (target, fingerprint);

-- How a target is looked at: `wanted_ms` is for when somebody last asked for a look, `looked_ms` when the last
-- one succeeded. `owner` is empty unless a process is looking. `problem` is what the last look met; empty when all went well.
-- `commit_id` waits for the release that it belongs to: the newest one of the next look, or, with `commit_of_next`, only
-- one that was not known when the commit was told.
create table look (
  target text not null primary key,
  wanted_ms bigint not null default 0,
  due_ms bigint not null default 0,
  looked_ms bigint not null default 0,
  owner text not null default '',
  lease_until_ms bigint not null default 0,
  problem text not null default '',
  commit_id text not null default '',
  commit_ms bigint not null default 0,
  commit_of_next bigint not null default 0 check (commit_of_next in (0, 1))
);

-- `remind_ms` is when people are reminded of a hold that stands; null once it is lifted. `returned` is 1 while the bad
-- versions are live again.
create table hold (
  id text not null primary key,
  incident text not null references incident (id) deferrable initially deferred,
  proposal text not null references proposal (id) deferrable initially deferred,
  target text not null,
  placed_ms bigint not null,
  remind_ms bigint,
  returned bigint not null default 0 check (returned in (0, 1)),
  version bigint not null,
  body text not null
);
-- A rollback has one hold.
create unique index hold_proposal on hold (proposal);
create index hold_target on hold (target, placed_ms);
create index hold_standing on hold (remind_ms) where remind_ms is not null;
