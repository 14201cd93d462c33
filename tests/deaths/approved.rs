//! An installation whose rollback is approved and has not begun, and that can be put back to that moment.

use std::{fs, path::Path};

use serde_json::json;
use sqlx::{AnyConnection, Connection as _};

use crate::{
    fault::{Fault, calls_in},
    installation::{CUSTOMERS, Installation, ORDERS},
    moment::Moment,
};

const STEPS: [&str; 3] = ["first", "second", "third"];

/// The installation, and how it was.
pub(crate) struct Approved {
    installation: Installation,
    incident: String,
    pub(crate) moment: Moment,
}

/// An executor that has ended.
pub(crate) struct Life {
    /// `None`: by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) log: String,
}

impl Approved {
    pub(crate) async fn prepare() -> Self {
        let installation = Installation::fresh().await;
        let runbook = runbook(&installation.path("lines"));
        fs::write(installation.path("rules/runbooks/model_level.yaml"), runbook)
            .expect("writes the runbook");
        let serving = installation.serve_as(&["--roles", "http,workers"]).await;
        let details = json!({"models": format!("{ORDERS}, {CUSTOMERS}")});
        installation.alert(&serving, "Duplicate rows in the marts", &details).await;
        let incident = serving.incident_in("Waiting for a decision").await;
        let page = serving.decide(&incident, "ana", "approve").await;
        assert!(page.contains("signed and kept"), "{page}");
        let (code, log) = serving.process.terminate().await;
        assert_eq!(code, Some(0), "{log}");
        let moment = Moment::of(&installation);
        Self { installation, incident, moment }
    }

    /// How many of the calls an executor makes that nothing befalls.
    pub(crate) async fn count(&self, strace: &str, fault: Fault) -> usize {
        let calls = self.installation.path("calls");
        let life = self.live(&fault.watch(strace, &calls.display().to_string())).await;
        assert_eq!(life.code, Some(0), "{}", life.log);
        self.expect_done(0, &life.log).await;
        calls_in(&calls)
    }

    /// An executor that the fault befalls at one of those calls.
    pub(crate) async fn execute_with(&self, strace: &str, fault: Fault, place: usize) -> Life {
        self.live(&fault.befall(strace, place)).await
    }

    /// An executor that nothing befalls.
    pub(crate) async fn execute(&self) -> Life {
        self.live(&[]).await
    }

    /// What the dead executor held is free: thirty seconds have passed.
    pub(crate) async fn let_the_lease_run_out(&self) {
        sqlx::any::install_default_drivers();
        let url = format!("sqlite://{}", self.installation.path("store.db").display());
        let mut connection = AnyConnection::connect(&url).await.expect("opens the database");
        sqlx::raw_sql("update lease set until_ms = 0")
            .execute(&mut connection)
            .await
            .expect("ends the lease");
        connection.close().await.expect("closes the database");
    }

    /// Each line was written once, in order; the incident says so, and its record verifies.
    pub(crate) async fn expect_done(&self, place: usize, log: &str) {
        let lines = fs::read_to_string(self.installation.path("lines")).unwrap_or_default();
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines, STEPS, "call {place} of the first life: {log}");
        let shown = self.installation.run(&["show", &self.incident]).await.expect_code(0);
        assert!(shown.stdout.contains("Rolled back"), "call {place}: {shown}");
        let exported = self.installation.run(&["audit", "export"]).await.expect_code(0);
        let record = self.installation.path("record.jsonl");
        fs::write(&record, exported.stdout).expect("writes the record");
        let verify = ["audit", "verify", "--log", "record.jsonl", "--keys", "keys"];
        self.installation.run(&verify).await.expect_code(0);
    }

    async fn live(&self, before: &[String]) -> Life {
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let mut command = self.installation.command_after(&before, &["executor", "--once"]);
        let output = command.kill_on_drop(true).output().await.expect("it starts");
        Life {
            code: output.status.code(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Three steps that must not be done twice, each with a probe.
fn runbook(lines: &Path) -> String {
    let scribe = env!("CARGO_BIN_EXE_fake-scribe");
    let folder = lines.parent().expect("it is in the installation").display();
    let lines = lines.display();
    let step = |name: &str| {
        format!(
            "  - name: Write the {name} line\n    \
                 command: [{scribe}, append, {lines}, {name}]\n    \
                 writes: [{folder}]\n    \
                 probe: {{ command: [{scribe}, has, {lines}, {name}] }}\n    \
                 timeout: 1 min\n    \
                 retries: 2\n    \
                 idempotent: false\n    \
                 guard: {}\n    \
                 on_failure: ask\n",
            name == STEPS[0]
        )
    };
    let steps: String = STEPS.into_iter().map(step).collect();
    format!(
        "name: model_level\nrollback_type: model_level\nrecovery_target: 15 min\nsteps:\n{steps}"
    )
}
