-- What goes first when a chat takes only so much. Order is kept within a track of an incident: its thread (''), or what is
-- said to one person in private (their id, or "letter " and their id), which waits for nothing that the thread waits for. `urgency` is 0 for what
-- cannot wait, 1 for what comes in its turn, 2 for what shows progress alone.
alter table job add column track text not null default '';
alter table job add column urgency bigint not null default 1;
-- 1 where a parked message was replaced by a short notice that says where the full text is: it is not said any more.
alter table job add column replaced bigint not null default 0 check (replaced in (0, 1));
alter table thread add column urgency bigint not null default 1;
create index job_track on job (lane, incident, track, place) where parked = 0;
