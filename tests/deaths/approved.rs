//! An installation whose rollback is approved and has not begun, and that can be put back to that moment.

use std::{fs, process::Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::{
    fault::{Fault, calls_in},
    installation::Installation,
    journal,
    line::{Line, Loss},
    moment::Moment,
    records::Records,
    shape::{LINES, Shape},
};

const EXECUTOR: [&str; 2] = ["executor", "--once"];

/// The installation, how it was, and what becomes of it where nothing befalls anybody.
pub(crate) struct Approved {
    shape: Shape,
    installation: Installation,
    records: Records,
    incident: String,
    moment: Moment,
    /// The warehouse after a life that nothing befell.
    undisturbed: Option<Value>,
}

/// An executor that has ended.
pub(crate) struct Life {
    /// `None`: by a signal.
    pub(crate) code: Option<i32>,
    pub(crate) log: String,
}

impl Approved {
    pub(crate) async fn prepare(shape: Shape, records: Records) -> Self {
        let installation = Installation::fresh_on(&records.url()).await;
        shape.break_in(&installation);
        let serving = installation.serve_as(&["--roles", "http,workers"]).await;
        let (title, details) = shape.alert();
        installation.alert(&serving, title, &details).await;
        let incident = serving.incident_in("Waiting for a decision").await;
        for person in shape.people() {
            let page = serving.decide(&incident, person, "approve").await;
            assert!(page.contains("signed and kept"), "{shape:?}: {page}");
        }
        let (code, log) = serving.process.terminate().await;
        assert_eq!(code, Some(0), "{log}");
        if shape == Shape::Exchange {
            say_yes_to_it(&installation, &incident).await;
        }
        records.keep().await;
        let moment = Moment::of(&installation);
        Self { shape, installation, records, incident, moment, undisturbed: None }
    }

    /// Puts everything back to the moment.
    pub(crate) async fn again(&self) {
        self.records.again().await;
        self.moment.again();
    }

    /// How many of the calls an executor makes that nothing befalls.
    pub(crate) async fn count_calls(&mut self, strace: &str, fault: Fault) -> usize {
        let calls = self.installation.path("calls");
        let life = self.live(&fault.watch(strace, &calls.display().to_string())).await;
        self.remember(&life).await;
        calls_in(&calls)
    }

    /// How many statements an executor says that nothing befalls.
    pub(crate) async fn count_statements(&mut self) -> usize {
        let line = self.line(None).await;
        let life = self.live_on(&line).await;
        self.remember(&life).await;
        line.statements()
    }

    /// An executor that the fault befalls at one of those calls.
    pub(crate) async fn disturb_call(&self, strace: &str, fault: Fault, place: usize) -> Life {
        self.live(&fault.befall(strace, place)).await
    }

    /// An executor that this befalls at one of those statements.
    pub(crate) async fn disturb_statement(&self, loss: Loss, place: usize) -> Life {
        let line = self.line(Some((loss, place))).await;
        self.live_on(&line).await
    }

    /// The next life goes on once what the dead executor held is free, and ends as if nothing had befallen anybody.
    pub(crate) async fn expect_next_life(&self, place: &str, first: &Life) {
        self.records.let_the_lease_run_out(&self.installation.path("")).await;
        let next = self.live(&[]).await;
        let told = format!("{place}, the first life: {}\nthe next one: {}", first.log, next.log);
        assert_eq!(next.code, Some(0), "{told}");
        self.expect_done(&told).await;
    }

    /// Nothing of it is left outside of its folder.
    pub(crate) async fn remove(self) {
        self.records.remove().await;
    }

    async fn remember(&mut self, life: &Life) {
        assert_eq!(life.code, Some(0), "{}", life.log);
        self.undisturbed = Some(self.warehouse());
        self.expect_done(&life.log).await;
    }

    /// The incident and the warehouse are as they should be; each step was done once; the record verifies.
    async fn expect_done(&self, told: &str) {
        if self.shape == Shape::Lines {
            let lines = fs::read_to_string(self.installation.path("lines")).unwrap_or_default();
            assert_eq!(lines.lines().collect::<Vec<_>>(), LINES, "{told}");
        }
        assert_eq!(Some(self.warehouse()), self.undisturbed, "{told}");
        let shown = self.installation.run(&["show", &self.incident]).await.expect_code(0);
        assert!(shown.stdout.contains(self.shape.ends_as()), "{told}: {shown}");
        let exported = self.installation.run(&["audit", "export"]).await.expect_code(0).stdout;
        let done = journal::done(&exported);
        let once = self.shape.steps().iter().map(|step| (*step, 1)).collect();
        assert_eq!(done, once, "{told}");
        let record = self.installation.path("record.jsonl");
        fs::write(&record, exported).expect("writes the record");
        let verify = ["audit", "verify", "--log", "record.jsonl", "--keys", "keys"];
        self.installation.run(&verify).await.expect_code(0);
    }

    /// What is in the warehouse, without what was asked of it.
    fn warehouse(&self) -> Value {
        let text = fs::read(self.installation.warehouse.folder().join("warehouse.json"));
        let mut warehouse: Value =
            serde_json::from_slice(&text.expect("the warehouse is there")).expect("JSON");
        for asked in ["calls", "baselines"] {
            warehouse[asked].take();
        }
        warehouse
    }

    async fn live(&self, before: &[String]) -> Life {
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        self.end_of(self.installation.command_after(&before, &EXECUTOR), None).await
    }

    async fn live_on(&self, line: &Line) -> Life {
        let url = line.url(&self.records.database().expect("a database of PostgreSQL"));
        let mut command = self.installation.command_after(&[], &EXECUTOR);
        command.env("COUNTERSIGN__DATABASE_URL", url.as_str());
        self.end_of(command, Some(line)).await
    }

    async fn line(&self, loss: Option<(Loss, usize)>) -> Line {
        Line::to(&self.records.database().expect("a database of PostgreSQL"), loss).await
    }

    /// Lets it run to its end, or until the line says that it has to die.
    async fn end_of(&self, mut command: Command, line: Option<&Line>) -> Life {
        let log = self.installation.path("executor.log");
        let to = fs::File::create(&log).expect("makes the log");
        command.stdout(Stdio::null()).stderr(Stdio::from(to)).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let died = async {
            match line {
                Some(line) => line.must_die().await,
                None => std::future::pending().await,
            }
        };
        let status = tokio::select! {
            status = child.wait() => status.expect("a status"),
            () = died => {
                child.start_kill().expect("it can be killed");
                child.wait().await.expect("a status")
            }
        };
        Life { code: status.code(), log: fs::read_to_string(&log).expect("reads the log") }
    }
}

/// Lets the run come to its question, which somebody answers with yes.
async fn say_yes_to_it(installation: &Installation, incident: &str) {
    let ended = installation.run(&EXECUTOR).await;
    ended.expect_code(0);
    let serving = installation.serve_as(&["--roles", "http"]).await;
    let page = serving.decide(incident, "tess", "confirm").await;
    assert!(page.contains("the rollback goes on"), "{page}");
    let (code, log) = serving.process.terminate().await;
    assert_eq!(code, Some(0), "{log}");
}
