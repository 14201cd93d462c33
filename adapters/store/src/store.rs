//! The store itself: a pool of connections that are set up the way the promises need, and the door to
//! transactions.
//!
//! SQLite has one writer. Within this process writers queue in order, so that none of them is overtaken by chance;
//! against other processes SQLite's own busy time-out decides. PostgreSQL connections that turn out to lead to a
//! standby are dropped, and the hosts are asked again for the primary.

use std::{sync::Arc, time::Duration};

use sqlx::{
    Any, AnyConnection, AnyPool, ConnectOptions as _, Row as _,
    any::{AnyConnectOptions, AnyPoolOptions},
    pool::PoolConnection,
};
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    Error, Tx,
    address::{Address, Host},
    error::tried,
    migrations,
    rows::{self, Query},
    sql::connection as sql,
    tx::Dialect,
};

/// How long anybody waits for a turn to write, for a connection, or for one host's answer.
const PATIENCE: Duration = Duration::from_secs(10);
const SQLITE_CONNECTIONS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The database. Clones share the connections.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Sqlite { turn: Arc<Semaphore> },
    Postgres { hosts: Arc<[Host]> },
}

impl Store {
    /// Connects to `sqlite://path` (the file is created) or `postgres://user@host1,host2/db` (the first host that
    /// is no standby). Does not migrate.
    pub async fn open(url: &str) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let store = match Address::parse(url)? {
            Address::Sqlite(options) => Self {
                pool: sqlite_pool(options),
                kind: Kind::Sqlite { turn: Arc::new(Semaphore::new(1)) },
            },
            Address::Postgres(hosts) => Self {
                pool: postgres_pool(primary(&hosts).await?),
                kind: Kind::Postgres { hosts: hosts.into() },
            },
        };
        store.connection().await?;
        Ok(store)
    }

    /// Brings the schema up to date. Safe when several start at once: one migrates, the others wait for it.
    pub async fn migrate(&self) -> Result<(), Error> {
        migrations::apply(self.begin().await?).await
    }

    /// Answers whether the database can be reached and its schema is migrated.
    pub async fn ping(&self) -> Result<(), Error> {
        migrations::check(&mut *self.connection().await?).await
    }

    /// Which database it is, for people.
    pub async fn version(&self) -> Result<String, Error> {
        let text = match &self.kind {
            Kind::Sqlite { .. } => sql::VERSION_SQLITE,
            Kind::Postgres { .. } => sql::VERSION_POSTGRES,
        };
        let task = "ask for the database's version";
        rows::single(&mut *self.connection().await?, task, sqlx::query(text)).await?.text("version")
    }

    /// Begins a transaction that may write. On SQLite it holds the write lock: a second one waits for its turn.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let task = "begin a transaction";
        match &self.kind {
            Kind::Sqlite { turn } => {
                let turn = timeout(PATIENCE, Arc::clone(turn).acquire_owned())
                    .await
                    .map_err(|_| Error::conflict(task))?
                    .expect("nobody closes the semaphore");
                let inner = self.pool.begin_with(sql::BEGIN_SQLITE).await.map_err(tried(task))?;
                Ok(Tx::new(inner, Dialect::Sqlite, Some(turn)))
            }
            Kind::Postgres { hosts } => {
                let inner = match self.pool.begin().await {
                    Err(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => {
                        self.pool.set_connect_options(primary(hosts).await?);
                        self.pool.begin().await
                    }
                    begun => begun,
                };
                Ok(Tx::new(inner.map_err(tried(task))?, Dialect::Postgres, None))
            }
        }
    }

    /// Waits until every connection is given back, then closes them.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// One statement in a transaction of its own; whether it met a row.
    pub(crate) async fn write(&self, task: &'static str, query: Query) -> Result<bool, Error> {
        let mut tx = self.begin().await?;
        let changed = rows::change(tx.connection(), task, query).await?;
        tx.commit().await?;
        Ok(changed > 0)
    }

    pub(crate) async fn connection(&self) -> Result<PoolConnection<Any>, Error> {
        let connection = match (self.pool.acquire().await, &self.kind) {
            (Err(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)), Kind::Postgres { hosts, .. }) => {
                self.pool.set_connect_options(primary(hosts).await?);
                self.pool.acquire().await
            }
            (acquired, _) => acquired,
        };
        connection.map_err(tried("connect to the database"))
    }
}

fn sqlite_pool(options: AnyConnectOptions) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(SQLITE_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for setting in sql::SETTINGS_SQLITE {
                    sqlx::query(setting).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

fn postgres_pool(options: AnyConnectOptions) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for setting in sql::SETTINGS_POSTGRES {
                    sqlx::query(setting).execute(&mut *connection).await?;
                }
                if is_standby(connection).await? {
                    // The pool tries again until its patience ends; then the hosts are asked anew.
                    return Err(sqlx::Error::Configuration("the server is a standby".into()));
                }
                Ok(())
            })
        })
        // This also finds a connection that is dead, so no ping is needed besides.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!is_standby(connection).await?) }))
        .connect_lazy_with(options)
}

/// The first host that answers and takes writes.
async fn primary(hosts: &[Host]) -> Result<AnyConnectOptions, Error> {
    let mut last = None;
    for host in hosts {
        let asked = timeout(PATIENCE, async {
            let mut connection = host.options.connect().await?;
            is_standby(&mut connection).await
        });
        match asked.await {
            Ok(Ok(false)) => return Ok(host.options.clone()),
            Ok(Ok(true)) => tracing::info!("the PostgreSQL server {} is a standby", host.name),
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(sqlx::Error::PoolTimedOut),
        }
    }
    let hosts = hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", ");
    Err(Error::NoPrimary { hosts, source: last })
}

async fn is_standby(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(sql::IS_STANDBY_POSTGRES).fetch_one(connection).await?;
    Ok(row.try_get::<i64, _>("standby")? == 1)
}
