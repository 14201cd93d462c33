//! Where a demo's data are: in files of DuckDB in its folder, or in a PostgreSQL of its own.
//!
//! On PostgreSQL one server holds the warehouse with SQLMesh's state, the truth beside it, and the records of
//! Countersign itself. It runs for as long as the demo is shown. Its files stay until the demo has ended, because a demo
//! that was interrupted goes on with them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::builder::PossibleValue;
use serde::{Deserialize, Serialize};

use crate::{
    packages::{self, Package},
    postgres::{Place, Postgres},
    stage::Stages,
};

/// In a demo's folder: where its PostgreSQL is.
const FILE: &str = "postgres.json";
/// What is in it: what the rollback acts on, what that should lead to, and Countersign's own records.
const DATABASES: [&str; 3] = ["warehouse", "truth", RECORDS];
const RECORDS: &str = "countersign";

/// What a demo's data are kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Warehouse {
    /// A file.
    #[default]
    Duckdb,
    /// A server, which keeps Countersign's own records as well.
    Postgres,
}

/// The databases of a demo, by their names.
#[derive(Clone, Debug)]
pub(super) enum Databases {
    /// A file for each, in this folder.
    Files(PathBuf),
    /// All of them in one server.
    Server(Place),
}

/// The server of a demo on PostgreSQL.
#[derive(Debug, Default)]
pub(super) struct Cluster(Option<Postgres>);

impl Warehouse {
    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Duckdb => "duckdb",
            Self::Postgres => "postgres",
        }
    }
}

impl clap::ValueEnum for Warehouse {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Duckdb, Self::Postgres]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Duckdb => "DuckDB; Countersign's own records are in SQLite",
            Self::Postgres => "PostgreSQL, also for SQLMesh's state and Countersign's own records",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl Databases {
    /// Those of the demo in `folder`; starts their server where they need one, and where it has stayed, goes on with it.
    pub(super) async fn open(
        warehouse: Warehouse,
        folder: &Path,
        stages: &mut Stages,
    ) -> Result<(Self, Cluster)> {
        if warehouse == Warehouse::Duckdb {
            return Ok((Self::Files(folder.to_owned()), Cluster::default()));
        }
        packages::install(&[Package::Postgresql], stages).await?;
        let stage = stages.begin("Start a PostgreSQL of the demo's own");
        let server = if let Some(place) = read(folder)? {
            let port = place.port();
            Postgres::again(place).await.with_context(|| {
                format!("start the demo's PostgreSQL again on port {port}; `--fresh` starts anew")
            })?
        } else {
            let mut server = Postgres::start().await?;
            write(folder, server.place())?;
            server.stay();
            for database in DATABASES {
                server.create(database).await?;
            }
            server
        };
        stage.done(&server.url());
        Ok((Self::Server(server.place().clone()), Cluster(Some(server))))
    }

    /// The gateway of the demo's SQLMesh project.
    pub(super) fn gateway(&self) -> &'static str {
        match self {
            Self::Files(_) => "local",
            Self::Server(_) => "postgres",
        }
    }

    /// Where a database is: a path, or an address.
    pub(super) fn place(&self, name: &str) -> String {
        match self {
            Self::Files(folder) => folder.join(format!("{name}.duckdb")).display().to_string(),
            Self::Server(place) => place.url(name),
        }
    }

    /// Where Countersign keeps its own records.
    pub(super) fn records(&self) -> String {
        match self {
            Self::Files(_) => "sqlite://countersign.db".to_owned(),
            Self::Server(_) => self.place(RECORDS),
        }
    }

    /// The project's configuration with the places of a warehouse that it would otherwise ask the environment for: the
    /// bot hands its own environment to nobody.
    pub(super) fn settle(&self, text: &str, name: &str) -> Result<String> {
        let values = match self {
            Self::Files(_) => vec![("WAREHOUSE', 'warehouse.duckdb'", self.place(name))],
            Self::Server(place) => vec![
                ("PGHOST', '127.0.0.1'", "127.0.0.1".to_owned()),
                ("PGPORT', '5432'", place.port().to_string()),
                ("PGUSER', 'postgres'", "postgres".to_owned()),
                ("PGPASSWORD', ''", String::new()),
                ("PGDATABASE', 'warehouse'", name.to_owned()),
            ],
        };
        values
            .into_iter()
            .try_fold(text.to_owned(), |text, (asked, value)| settle(&text, asked, &value))
    }
}

impl Cluster {
    /// Ends it and removes its files: nobody goes on with the demo.
    pub(super) fn leave_nothing(self) -> Result<()> {
        let Some(server) = self.0 else { return Ok(()) };
        let place = server.place().clone();
        drop(server);
        place.remove()
    }
}

/// Puts a value where a configuration asks the environment for one; `asked` is the variable without its beginning, and
/// its default.
pub(super) fn settle(text: &str, asked: &str, value: &str) -> Result<String> {
    let asked = format!("\"{{{{ env_var('COUNTERSIGN_DEMO_{asked}) }}}}\"");
    ensure!(text.contains(&asked), "it does not ask for {asked}");
    Ok(text.replace(&asked, &serde_json::to_string(value)?))
}

/// Removes the files of the PostgreSQL that a demo's folder names; it does not run any more.
pub(super) fn remove(folder: &Path) -> Result<()> {
    read(folder)?.map_or(Ok(()), |place| place.remove())
}

fn read(folder: &Path) -> Result<Option<Place>> {
    let file = folder.join(FILE);
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("understand {}", file.display()))
}

fn write(folder: &Path, place: &Place) -> Result<()> {
    let file = folder.join(FILE);
    fs::write(&file, serde_json::to_vec(place)?)
        .with_context(|| format!("write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    #[test]
    fn the_shipped_project_can_be_settled() {
        let text = fs::read_to_string(repository::demo().join("project/config.yaml")).unwrap();
        let files = Databases::Files("/demo".into()).settle(&text, "w").unwrap();
        assert!(files.contains("wh: \"/demo/w.duckdb\""), "{files}");
        let place = r#"{"folder": "/tmp/x", "port": 4321}"#;
        let server = Databases::Server(serde_json::from_str(place).unwrap());
        let settled = server.settle(&text, "w").unwrap();
        assert!(settled.contains("port: \"4321\""), "{settled}");
        assert!(settled.contains("database: \"w\""), "{settled}");
        assert!(!settled.contains("COUNTERSIGN_DEMO_PG"), "{settled}");
        assert_eq!(server.records(), "postgres://postgres@127.0.0.1:4321/countersign");
    }
}
