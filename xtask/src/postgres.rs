//! A private PostgreSQL cluster: made for one run of the tests, or for one demo, and gone after it.
//!
//! It listens on 127.0.0.1 alone and trusts whoever connects there; it holds nothing but test data, so nothing is
//! forced to disk. It never touches a cluster of the machine.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::program;

/// PostgreSQL refuses to run as root; the distribution's package makes this user.
const USER: &str = "postgres";
const START: Duration = Duration::from_mins(1);
/// A commit is on disk when it is answered.
const DURABLE: [&str; 1] = ["fsync=on"];
/// A commit is with the system when it is answered, if not on disk: a server that is killed has lost none.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "log_min_messages=fatal",
    "log_statement=none",
];

/// How the folders of clusters begin.
const NAME: &str = "countersign-postgres.";

/// The cluster; dropping it ends the server and removes its files, unless they are to stay.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: Child,
    place: Place,
    stays: bool,
}

/// Where a cluster is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    folder: PathBuf,
    port: u16,
}

/// Whether PostgreSQL's programs are here.
pub(crate) fn is_installed() -> bool {
    programs().is_ok()
}

/// The folder with `initdb` and `postgres`: the newest version that is installed.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .collect();
    versions.sort_unstable();
    let packaged = versions.into_iter().rev().map(|(_, folder)| folder.join("bin"));
    let on_path = program::find("initdb").and_then(|initdb| Some(initdb.parent()?.to_owned()));
    let found = packaged.chain(on_path).find(|folder| {
        ["initdb", "postgres", "pg_isready"]
            .iter()
            .all(|name| program::is_program(&folder.join(name)))
    });
    found.context("find PostgreSQL's programs")
}

impl Postgres {
    /// Makes a cluster and waits until it answers.
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// The same, which forces every commit to disk.
    pub(crate) async fn start_durable() -> Result<Self> {
        Self::start_with(&DURABLE).await
    }

    async fn start_with(settings: &[&str]) -> Result<Self> {
        let programs = programs()?;
        let mut mktemp = as_owner(Path::new("mktemp"));
        mktemp.args(["-d", "--tmpdir=/tmp"]).arg(format!("{NAME}XXXXXXXX"));
        let folder = PathBuf::from(program::read(mktemp).await?.trim_end());
        let place = Place { folder, port: free_port()? };
        let started = match Self::make_in(&place.folder, &programs).await {
            Ok(()) => Self::start_at(place.clone(), &programs, settings).await,
            Err(error) => Err(error),
        };
        if started.is_err() {
            let _ = fs::remove_dir_all(&place.folder);
        }
        started
    }

    /// Goes on with a cluster whose files have stayed.
    pub(crate) async fn again(place: Place) -> Result<Self> {
        let mut again = Self::start_at(place, &programs()?, &[]).await?;
        again.stays = true;
        Ok(again)
    }

    /// Makes an empty database.
    pub(crate) async fn create(&self, database: &str) -> Result<()> {
        let mut createdb = Command::new(programs()?.join("createdb"));
        createdb.args(["-h", "127.0.0.1", "-p", &self.place.port.to_string(), "-U", "postgres"]);
        createdb.arg(database);
        program::read(createdb).await?;
        Ok(())
    }

    /// Lets the files stay when the server ends, for [`Self::again`].
    pub(crate) fn stay(&mut self) {
        self.stays = true;
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Where tests connect to.
    pub(crate) fn url(&self) -> String {
        self.place.url("postgres")
    }

    async fn make_in(folder: &Path, programs: &Path) -> Result<()> {
        let data = folder.join("data");
        let mut initdb = as_owner(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        // The caller's own folder may be closed to the other user.
        initdb.args(["--username=postgres", "-D"]).arg(&data).current_dir(folder);
        program::read(initdb).await?;
        Ok(())
    }

    async fn start_at(place: Place, programs: &Path, settings: &[&str]) -> Result<Self> {
        let Place { folder, port } = &place;
        let log = fs::File::create(folder.join("log")).context("create PostgreSQL's log")?;
        let mut postgres = as_owner(&programs.join("postgres"));
        postgres.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
        postgres.arg("-k").arg(folder);
        for setting in SETTINGS.iter().chain(settings) {
            postgres.args(["-c", setting]);
        }
        postgres.current_dir(folder);
        postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(log));
        // Ctrl-C on the terminal is for the tests; the server ends after them.
        postgres.process_group(0);
        let server = postgres.as_std_mut().spawn().context("start PostgreSQL")?;
        let mut cluster = Self { server, place, stays: false };
        cluster.wait_until_ready(programs).await?;
        Ok(cluster)
    }

    async fn wait_until_ready(&mut self, programs: &Path) -> Result<()> {
        let began = Instant::now();
        loop {
            let mut ask = Command::new(programs.join("pg_isready"));
            ask.args(["-q", "-h", "127.0.0.1", "-p", &self.place.port.to_string()]);
            if program::read(ask).await.is_ok() {
                return Ok(());
            }
            let ended = self.server.try_wait().context("look after PostgreSQL")?;
            if ended.is_some() || began.elapsed() > START {
                let log = fs::read_to_string(self.place.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start ({ended:?}):\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Ok(Some(pid)) = i32::try_from(self.server.id()).map(Pid::from_raw) {
            // At once, with all of its sessions: nothing in it is worth a checkpoint. It is not waited for before
            // this place, so the number is still its own.
            let _ = kill_process(pid, Signal::QUIT);
        }
        let _ = self.server.wait();
        if !self.stays {
            let _ = fs::remove_dir_all(&self.place.folder);
        }
    }
}

impl Place {
    /// Where a database of the cluster is.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Removes the files of a cluster that does not run, and nothing that is no cluster of ours.
    pub(crate) fn remove(&self) -> Result<()> {
        let is_ours =
            self.folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(NAME));
        if is_ours && self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("remove {}", self.folder.display()))?;
        }
        Ok(())
    }
}

/// A program of PostgreSQL, run as a user that it accepts.
fn as_owner(program: &Path) -> Command {
    let user = program::is_root().then_some(USER);
    program::bound_to_us(user, program)
}

/// A port that nobody uses at this moment.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("look for a free port")?;
    Ok(listener.local_addr().context("look for a free port")?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_cluster_answers_and_leaves_nothing_behind() {
        let Ok(programs) = programs() else {
            eprintln!("skipped: PostgreSQL is not installed");
            return;
        };
        let cluster = Postgres::start().await.expect("it starts");
        let Place { folder, port } = cluster.place().clone();
        let mut ask = Command::new(programs.join("psql"));
        ask.args(["-Atc", "show max_connections", "-d", &cluster.url()]);
        assert_eq!(program::read(ask).await.expect("it answers"), "200\n");
        drop(cluster);
        assert!(!folder.exists(), "{} is left", folder.display());
        assert!(
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok(),
            "port {port} is still used"
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_cluster_that_stays_goes_on_where_it_was() {
        let Ok(programs) = programs() else {
            eprintln!("skipped: PostgreSQL is not installed");
            return;
        };
        let mut cluster = Postgres::start().await.expect("it starts");
        cluster.stay();
        let place = cluster.place().clone();
        let psql = |query: &str| {
            let mut psql = Command::new(programs.join("psql"));
            psql.args(["-Atc", query, "-d", &place.url("postgres")]);
            program::read(psql)
        };
        psql("create table kept (value text)").await.expect("it answers");
        drop(cluster);
        let again = Postgres::again(place.clone()).await.expect("it starts again");
        assert_eq!(psql("select count(*) from kept").await.expect("it answers"), "0\n");
        drop(again);
        assert!(place.folder.exists());
        place.remove().expect("it can be removed");
        assert!(!place.folder.exists());
    }

    #[test]
    fn what_is_no_cluster_of_ours_is_never_removed() {
        let folder = tempfile::tempdir().unwrap();
        Place { folder: folder.path().to_owned(), port: 1 }.remove().unwrap();
        assert!(folder.path().exists());
    }
}
