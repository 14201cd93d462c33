-- Since when an errand waits, so that one which is stuck can be seen; 0 where an earlier release queued it.
alter table errand add column queued_ms bigint not null default 0;
