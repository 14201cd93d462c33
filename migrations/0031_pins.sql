-- A target may be leased for other work than a run's; `run` is the last run that was at work there, if any was. SQLite cannot
-- take a "not null" away, so the table is exchanged for one without.
create table target_lease (
  target text not null primary key,
  run text references run (id) deferrable initially deferred,
  owner text not null,
  epoch bigint not null,
  until_ms bigint not null
);
insert into target_lease (target, run, owner, epoch, until_ms)
select target, run, owner, epoch, until_ms
from lease;
drop table lease;
alter table target_lease rename to lease;

-- Ways back that are kept from SQLMesh's janitor. `due_ms` is when the executor has something to do for a pin; null while
-- it has nothing. `standing` is 0 once nothing more is done about it.
create table pin (
  id text not null primary key,
  incident text not null references incident (id) deferrable initially deferred,
  proposal text not null references proposal (id) deferrable initially deferred,
  target text not null,
  asked_ms bigint not null,
  due_ms bigint,
  standing bigint not null default 1 check (standing in (0, 1)),
  version bigint not null,
  body text not null
);
-- A proposal has one pin at a time.
create unique index pin_proposal on pin (proposal) where standing = 1;
create index pin_incident on pin (incident, asked_ms);
create index pin_due on pin (due_ms) where due_ms is not null;
