//! What is said to a connection, and the migrations' own table.

pub(crate) const BEGIN_SQLITE: &str = "begin immediate";

/// The order matters: the other settings may have to wait for somebody who is opening the file too.
pub(crate) const SETTINGS_SQLITE: [&str; 4] = [
    "pragma busy_timeout = 5000",
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
];

/// A server may be configured otherwise; the promises of this crate need these. A commit that is answered is
/// on disk, a replica that hangs does not hold an incident for ever.
pub(crate) const SETTINGS_POSTGRES: [&str; 5] = [
    "set default_transaction_isolation = 'read committed'",
    "set lock_timeout = '10s'",
    "set statement_timeout = '30s'",
    "set idle_in_transaction_session_timeout = '30s'",
    "select set_config('synchronous_commit', 'on', false)
     where current_setting('synchronous_commit') = 'off'",
];

pub(crate) const VERSION_SQLITE: &str = "
select 'SQLite ' || sqlite_version() as version";

pub(crate) const VERSION_POSTGRES: &str = "
select 'PostgreSQL ' || current_setting('server_version') as version";

pub(crate) const IS_STANDBY_POSTGRES: &str = "
select case when pg_is_in_recovery() then 1 else 0 end as standby";

/// Serialises whoever gives the same text, until the end of the transaction.
pub(crate) const LOCK_KEY_POSTGRES: &str = "
select pg_advisory_xact_lock(hashtextextended($1, 0))";

pub(crate) const CREATE_MIGRATION_TABLE: &str = "
create table if not exists schema_migration (
  version bigint not null primary key,
  name text not null,
  digest text not null
)";

pub(crate) const MIGRATION: &str = "
select digest
from schema_migration
where version = $1";

pub(crate) const INSERT_MIGRATION: &str = "
insert into schema_migration (version, name, digest)
values ($1, $2, $3)";
