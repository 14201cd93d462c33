-- A run that waits for a person in the middle of its way (paused, or in front of a question) holds its target: no other run
-- touches it. It is at rest at the same time, because the executor has nothing to do for it.
alter table run add column holds bigint not null default 0 check (holds in (0, 1));
create index run_holds on run (target) where holds = 1;
