//! Runs the Python helper: one process per call, in a fresh cache folder, with an environment of its own.
//!
//! ```text
//! python helper/countersign_sqlmesh.py promote --project .. --gateway .. --environment .. --to a=1
//!   ├─ {"progress": ..}   lines on the way
//!   └─ {..}               the answer, last
//! ```

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::{digest::Digest, plan::Target};
use runner::{Command, Finished, Stream};
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{Answer, Check, Inspection, Measures, answered},
    backend::Behalf,
    error::Error,
    standby::{Caller, Places},
};

/// The helper's files, shipped in the binary.
const FILES: [(&str, &str); 35] = [
    ("countersign_sqlmesh.py", include_str!("../helper/countersign_sqlmesh.py")),
    ("countersign_state.py", include_str!("../helper/countersign_state.py")),
    ("countersign_apply.py", include_str!("../helper/countersign_apply.py")),
    ("countersign_findings.py", include_str!("../helper/countersign_findings.py")),
    ("countersign_rollback.py", include_str!("../helper/countersign_rollback.py")),
    ("countersign_promote.py", include_str!("../helper/countersign_promote.py")),
    ("countersign_data.py", include_str!("../helper/countersign_data.py")),
    ("countersign_dependents.py", include_str!("../helper/countersign_dependents.py")),
    ("countersign_others.py", include_str!("../helper/countersign_others.py")),
    ("countersign_units.py", include_str!("../helper/countersign_units.py")),
    ("countersign_duckdb.py", include_str!("../helper/countersign_duckdb.py")),
    ("countersign_postgres.py", include_str!("../helper/countersign_postgres.py")),
    ("countersign_point.py", include_str!("../helper/countersign_point.py")),
    ("countersign_save.py", include_str!("../helper/countersign_save.py")),
    ("countersign_archive.py", include_str!("../helper/countersign_archive.py")),
    ("countersign_save_past.py", include_str!("../helper/countersign_save_past.py")),
    ("countersign_versions.py", include_str!("../helper/countersign_versions.py")),
    ("countersign_verify_point.py", include_str!("../helper/countersign_verify_point.py")),
    ("countersign_verify_live.py", include_str!("../helper/countersign_verify_live.py")),
    ("countersign_beside.py", include_str!("../helper/countersign_beside.py")),
    ("countersign_schema.py", include_str!("../helper/countersign_schema.py")),
    ("countersign_restate.py", include_str!("../helper/countersign_restate.py")),
    ("countersign_restate_check.py", include_str!("../helper/countersign_restate_check.py")),
    ("countersign_put_back.py", include_str!("../helper/countersign_put_back.py")),
    ("countersign_past_check.py", include_str!("../helper/countersign_past_check.py")),
    ("countersign_postgres_session.py", include_str!("../helper/countersign_postgres_session.py")),
    ("countersign_point_commands.py", include_str!("../helper/countersign_point_commands.py")),
    ("countersign_schema_commands.py", include_str!("../helper/countersign_schema_commands.py")),
    ("countersign_views.py", include_str!("../helper/countersign_views.py")),
    ("countersign_progress.py", include_str!("../helper/countersign_progress.py")),
    ("countersign_sql.py", include_str!("../helper/countersign_sql.py")),
    ("countersign_backends.py", include_str!("../helper/countersign_backends.py")),
    ("countersign_pin.py", include_str!("../helper/countersign_pin.py")),
    ("countersign_pin_commands.py", include_str!("../helper/countersign_pin_commands.py")),
    (STANDBY, include_str!("../helper/countersign_standby.py")),
];
/// The one that waits for its arguments.
const STANDBY: &str = "countersign_standby.py";

/// How long a question may take; Python alone needs seconds to start.
pub const QUESTION: Duration = Duration::from_mins(2);

/// How long a question may take that counts what a model's query gives.
const COUNTING: Duration = Duration::from_mins(10);

/// SQLMesh behind its helper.
#[derive(Clone, Debug)]
pub struct Sqlmesh {
    helper: PathBuf,
    environment: BTreeMap<String, String>,
    secrets: Vec<String>,
    pub(crate) places: Arc<Places>,
}

/// One call that may take long.
pub struct Call<'a> {
    /// The Python that has SQLMesh.
    pub python: &'a str,
    /// Where it acts.
    pub target: &'a Target,
    /// Sub-command and arguments.
    pub arguments: &'a [String],
    /// Variables for the process besides the usual ones.
    pub variables: &'a BTreeMap<String, String>,
    /// Whom it belongs to: what it leaves behind in a database is found by that name.
    pub behalf: Behalf<'a>,
    /// After this time its processes are ended.
    pub timeout: Duration,
    /// Ends it early.
    pub cancel: &'a CancellationToken,
}

/// What came of a call.
#[derive(Debug)]
pub struct Called {
    /// The answer, or why there is none.
    pub answer: Result<Answer, Error>,
    /// What was printed, capped, with secrets taken out.
    pub output: String,
}

impl Sqlmesh {
    /// Writes the helper below `folder`, in a folder that its content names: several versions of Countersign can
    /// share it. `environment` is what every call inherits, such as `PATH`; `secrets` are struck out of all output.
    pub fn install(
        folder: &Path,
        environment: BTreeMap<String, String>,
        secrets: Vec<String>,
    ) -> Result<Self, Error> {
        let content: String = FILES.iter().map(|(_, text)| *text).collect();
        let helper = folder.join(format!("sqlmesh-helper-{}", Digest::of(content).short()));
        let write = |path: &Path, text: &str| -> std::io::Result<()> {
            // Two processes may write at once: each writes its own file and renames it.
            let draft = path.with_extension(format!("{}.draft", std::process::id()));
            fs::write(&draft, text)?;
            fs::rename(&draft, path)
        };
        let failed = |source| Error::Install { path: helper.display().to_string(), source };
        fs::create_dir_all(&helper).map_err(failed)?;
        for (name, text) in FILES {
            write(&helper.join(name), text).map_err(failed)?;
        }
        Ok(Self { helper, environment, secrets, places: Arc::default() })
    }

    /// What the environment holds now, and held before its last release.
    pub async fn inspect(&self, python: &str, target: &Target) -> Result<Inspection, Error> {
        self.ask(python, target, &["inspect".to_owned()]).await
    }

    /// What the environment holds now, and what it would go back to: the set that another environment holds.
    pub async fn inspect_against(
        &self,
        python: &str,
        target: &Target,
        environment: &str,
    ) -> Result<Inspection, Error> {
        let source = format!("env:{environment}");
        self.ask(python, target, &["inspect".to_owned(), "--source".to_owned(), source]).await
    }

    /// Whether models that were changed in place can go back, by this sub-command and its arguments.
    pub async fn check_schema(
        &self,
        python: &str,
        target: &Target,
        arguments: &[String],
    ) -> Result<Check, Error> {
        self.ask_within(COUNTING, python, target, arguments).await
    }

    /// Whether the models can go back to these snapshots (`model=identifier`), and those of `without` can go away.
    pub async fn check(
        &self,
        python: &str,
        target: &Target,
        to: &[String],
        without: &[String],
    ) -> Result<Check, Error> {
        let flagged = |flag: &'static str, values: &[String]| {
            values
                .iter()
                .flat_map(move |value| [flag.to_owned(), value.clone()])
                .collect::<Vec<_>>()
        };
        let check = vec!["check".to_owned()];
        let arguments = [check, flagged("--to", to), flagged("--without", without)].concat();
        self.ask(python, target, &arguments).await
    }

    /// Rows, keys and newest times of the models.
    pub async fn measure(
        &self,
        python: &str,
        target: &Target,
        models: &[String],
    ) -> Result<Measures, Error> {
        self.ask(python, target, &["measure".to_owned(), "--models".to_owned(), models.join(",")])
            .await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        python: &str,
        target: &Target,
        arguments: &[String],
    ) -> Result<T, Error> {
        self.ask_within(QUESTION, python, target, arguments).await
    }

    pub(crate) async fn ask_within<T: DeserializeOwned>(
        &self,
        timeout: Duration,
        python: &str,
        target: &Target,
        arguments: &[String],
    ) -> Result<T, Error> {
        let cancel = CancellationToken::new();
        let variables = BTreeMap::new();
        let call = Call {
            python,
            target,
            arguments,
            variables: &variables,
            behalf: Behalf::Nobody,
            timeout,
            cancel: &cancel,
        };
        self.call(call, |_| {}).await.answer?.read(&arguments[0])
    }

    /// Makes one call; every progress line goes to `on_line`. An answer that carries an error is an error; what was
    /// printed comes in either case. When a call on somebody's behalf took too long, nothing of it is left at work in the database
    /// either, or the error says so.
    pub async fn call(&self, call: Call<'_>, on_line: impl FnMut(&str)) -> Called {
        let Called { answer, output } = self.once(&call, on_line).await;
        let answer = match (answer, call.behalf) {
            (
                Err(Error::TimedOut { command }),
                behalf @ (Behalf::Run(_) | Behalf::Point(_) | Behalf::Pin(_)),
            ) => {
                let ended = self.end_backends(call.python, call.target, behalf).await;
                Err(match ended {
                    Ok(_) => Error::TimedOut { command },
                    Err(source) => Error::LeftBehind { command, source: Box::new(source) },
                })
            }
            (answer, _) => answer,
        };
        Called { answer, output }
    }

    /// Makes one call and leaves to the database whatever it began there.
    pub(crate) async fn once(&self, call: &Call<'_>, mut on_line: impl FnMut(&str)) -> Called {
        let name = call.arguments.first().cloned().unwrap_or_default();
        let take = |stream: Stream, line: &str| {
            if stream == Stream::Stdout {
                on_line(line);
            }
        };
        match self.finished(call, take).await {
            Ok(finished) => Called { answer: answered(name, &finished), output: finished.output },
            Err(error) => Called { answer: Err(error), output: String::new() },
        }
    }

    async fn finished(
        &self,
        call: &Call<'_>,
        take: impl FnMut(Stream, &str),
    ) -> Result<Finished, Error> {
        let (caller, arguments) = (Caller::of(call), arguments(call));
        if !call.cancel.is_cancelled()
            && let Some(taken) = self.taken(&caller, &arguments).await
        {
            let mut command = self.ahead(&caller, taken.cache.path());
            command.timeout = call.timeout;
            return taken.process.watch(&command, call.cancel, take).await.map_err(Error::Run);
        }
        let cache = Self::cache()?;
        let mut command = self.command(&caller, FILES[0].0, cache.path());
        command.args.extend(arguments);
        command.timeout = call.timeout;
        runner::run(&command, call.cancel, |_| {}, take).await.map_err(Error::Run)
    }

    pub(crate) fn cache() -> Result<TempDir, Error> {
        let failed = |source| Error::Install { path: "a cache folder".to_owned(), source };
        tempfile::tempdir().map_err(failed)
    }

    /// An interpreter that will wait for the arguments of one call of this caller.
    pub(crate) fn ahead(&self, caller: &Caller, cache: &Path) -> Command {
        self.command(caller, STANDBY, cache)
    }

    fn command(&self, caller: &Caller, script: &str, cache: &Path) -> Command {
        let script = self.helper.join(script).display().to_string();
        let mut command = Command::new(&caller.python, [script], QUESTION);
        command.secrets.clone_from(&self.secrets);
        command.env.clone_from(&self.environment);
        command.env.extend(caller.variables.clone());
        // A stale cache answers with the snapshots of another database.
        command.env.insert("SQLMESH__CACHE_DIR".to_owned(), cache.display().to_string());
        command.env.insert("SQLMESH__DISABLE_ANONYMIZED_ANALYTICS".to_owned(), "1".to_owned());
        // Without a name of its own, a project's notification targets would be told, and may fail the plan.
        command.env.insert("SQLMESH__USERNAME".to_owned(), "countersign".to_owned());
        command.env.insert("PGAPPNAME".to_owned(), caller.connections.clone());
        command.env.insert("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned());
        command.env.insert("NO_COLOR".to_owned(), "1".to_owned());
        command
    }
}

/// What the helper gets: the sub-command, where it acts, and the rest.
fn arguments(call: &Call<'_>) -> Vec<String> {
    let (name, rest) =
        call.arguments.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
    let place = [
        "--project",
        &call.target.project,
        "--gateway",
        &call.target.gateway,
        "--environment",
        &call.target.environment,
    ];
    [name].into_iter().chain(place).map(str::to_owned).chain(rest.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn every_file_of_the_helper_is_shipped() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("helper");
        let mut there: Vec<_> = fs::read_dir(folder)
            .expect("the helper's folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .filter(|name| name.starts_with("countersign_"))
            .collect();
        let mut shipped: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        shipped.sort();
        assert_eq!(there, shipped);
        assert_eq!(FILES[0].0, "countersign_sqlmesh.py");
    }

    /// Says in which cache and as whom it was called.
    const WITNESS: &str = r#"#!/bin/sh
printf '{"cache":"%s","user":"%s"}\n' "$SQLMESH__CACHE_DIR" "$SQLMESH__USERNAME"
"#;

    #[tokio::test]
    async fn every_call_has_a_cache_and_a_user_of_its_own_whatever_is_inherited() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("python");
        fs::write(&python, WITNESS).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let inherited = [("SQLMESH__CACHE_DIR", "/stale"), ("SQLMESH__USERNAME", "somebody")];
        let inherited = inherited.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let sqlmesh = Sqlmesh::install(folder.path(), inherited.into(), vec![]).unwrap();
        let target = Target {
            id: "warehouse".to_owned(),
            environment: "prod".to_owned(),
            gateway: "local".to_owned(),
            project: "/srv".to_owned(),
        };
        let mut seen = Vec::new();
        for _ in 0..2 {
            let arguments = ["inspect".to_owned()];
            let python = python.to_str().unwrap();
            seen.push(sqlmesh.ask::<BTreeMap<String, String>>(python, &target, &arguments).await);
        }
        let [Ok(first), Ok(second)] = &seen[..] else { panic!("{seen:?}") };
        assert_ne!(first["cache"], second["cache"]);
        assert!([first, second].iter().all(|call| call["cache"] != "/stale"), "{seen:?}");
        assert_eq!((&*first["user"], &*second["user"]), ("countersign", "countersign"));
    }
}
