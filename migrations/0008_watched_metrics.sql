-- What the watched metrics of a run were when they were seen last, as JSON. Like the live line it is no part of the run's
-- state: losing it loses nothing.
alter table run add column watched text not null default '[]';
