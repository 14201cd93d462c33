//! The journal. There is no update and no delete.

pub(crate) const JOURNAL: &str = "
select body, receipt, prev, hash
from journal
where incident = $1
order by seq";

pub(crate) const ENTRY: &str = "
select body, receipt, prev, hash
from journal
where incident = $1
  and seq = $2";

pub(crate) const HEAD: &str = "
select seq, hash
from journal
where incident = $1
order by seq desc
limit 1";

pub(crate) const RECEIPTS_OF_PROPOSAL: &str = "
select receipt
from journal
where proposal = $1
  and receipt is not null
order by incident, seq";

/// Appends behind the entry that is the chain's end, and nowhere else: a head that is no longer the end
/// violates the primary key, one that never was finds no predecessor.
pub(crate) const APPEND_ENTRY: &str = "
insert into journal (incident, seq, at_ms, proposal, body, receipt, prev, hash)
select $1, $2, $3, $4, $5, $6, $7, $8
where $2 = cast(0 as bigint)
   or exists (
     select 1
     from journal as before
     where before.incident = $1
       and before.seq + 1 = $2
       and before.hash = $7
   )";
