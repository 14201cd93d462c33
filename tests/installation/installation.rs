//! An installation of Countersign in a folder of its own, as an operator has it: configuration, policies, a key, a
//! database file, a warehouse, and a PagerDuty that knows it. Commands run in that folder, as processes.
//!
//! Nothing of the environment reaches them, and nobody else has the folder or the ports, so that tests may run at
//! the same time.

pub(crate) mod form;
pub(crate) mod patience;
pub(crate) mod process;
pub(crate) mod visitor;

#[path = "../stories/world/policies.rs"]
pub(crate) mod policies;
#[expect(dead_code, reason = "the stories ask more of a warehouse")]
#[path = "../stories/world/warehouse.rs"]
mod warehouse;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use fakes::pagerduty::{API_TOKEN, FakePagerDuty, Happening, Incident, WEBHOOK_SECRET};
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use self::process::Process;
pub(crate) use self::warehouse::{CUSTOMERS, ORDERS, Warehouse};

/// How `serve` names its address.
const LISTENING: &str = "listening on http://";

/// An installation; dropping it removes its folder.
pub(crate) struct Installation {
    pub(crate) warehouse: Warehouse,
    pagerduty: FakePagerDuty,
    folder: TempDir,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A bot that serves.
pub(crate) struct Serving {
    pub(crate) process: Process,
    /// `http://127.0.0.1:PORT`, with the port that it was given.
    pub(crate) address: String,
}

impl Installation {
    /// Everything but a key and a database.
    pub(crate) async fn bare() -> Self {
        Self::bare_on("sqlite://store.db").await
    }

    /// The same with its records in another database.
    pub(crate) async fn bare_on(database_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pagerduty = FakePagerDuty::start().await;
        let warehouse = Warehouse::broken(&folder.path().join("project"));
        policies::write(folder.path(), warehouse.folder());
        let installation = Self { warehouse, pagerduty, folder };
        let configuration = format!(
            "listen: 127.0.0.1:0\n\
             database_url: {database_url}\n\
             policies: rules\n\
             pagerduty:\n  webhook_secrets: [{WEBHOOK_SECRET}]\n  api_url: {}\n  api_token: {API_TOKEN}\n\
             web: {{ demo_personas: true }}\n",
            installation.pagerduty.api_url(),
        );
        std::fs::write(installation.path("countersign.yaml"), configuration)
            .expect("writes the configuration");
        installation
    }

    /// Everything, with an empty database.
    pub(crate) async fn fresh() -> Self {
        Self::fresh_on("sqlite://store.db").await
    }

    /// The same with its records in another database, which is empty.
    pub(crate) async fn fresh_on(database_url: &str) -> Self {
        let installation = Self::bare_on(database_url).await;
        for command in [["keys", "new"].as_slice(), &["migrate"]] {
            installation.run(command).await.expect_code(0);
        }
        installation
    }

    /// A file of the installation.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).kill_on_drop(true).output().await;
        let output = output.expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
        Ended {
            code: output.status.code().expect("it ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Starts the bot and waits until it listens.
    pub(crate) async fn serve(&self) -> Serving {
        self.serve_as(&[]).await
    }

    /// Starts a part of the bot and waits until it listens.
    pub(crate) async fn serve_as(&self, options: &[&str]) -> Serving {
        self.serve_after(&[], options).await.expect("it listens")
    }

    /// Like [`Self::serve_as`], started by another program: `before` is that program with its own arguments. `None`
    /// where the bot ends before it listens.
    pub(crate) async fn serve_after(&self, before: &[&str], options: &[&str]) -> Option<Serving> {
        let process = Process::start(self.command_after(before, &[&["serve"], options].concat()));
        let line = process.line_before_its_end(LISTENING).await?;
        let (_, address) = line.split_once(LISTENING).expect("the line was looked for by this");
        let address = address.split('"').next().expect("what stands before a quote");
        let (_, port) = address.rsplit_once(':').expect("an address ends in a port");
        Some(Serving { process, address: format!("http://127.0.0.1:{port}") })
    }

    /// PagerDuty sends an alert with this headline and these details.
    pub(crate) async fn alert(&self, serving: &Serving, title: &str, details: &Value) {
        assert_eq!(self.deliver(serving, title, details).await, Some(202));
    }

    /// One delivery of an alert; gives the status of the answer, `None` where none came.
    pub(crate) async fn deliver(
        &self,
        serving: &Serving,
        title: &str,
        details: &Value,
    ) -> Option<u16> {
        let incident = Incident {
            id: "PINC1".into(),
            title: title.into(),
            status: "triggered".into(),
            service_id: "PSERVICE".into(),
            service_name: "Data warehouse".into(),
            urgency: "high".into(),
            created_at: "2026-11-23T03:00:00Z".into(),
        };
        self.pagerduty.put_incident(incident.clone());
        self.pagerduty.add_alert(&incident.id, title, details);
        let happening = Happening {
            event_type: "incident.triggered",
            event_id: "01EVENT1",
            occurred_at: "2026-11-23T03:00:00Z",
        };
        let webhook = self.pagerduty.webhook(happening, &incident);
        let mut post =
            client().post(format!("{}/webhooks/pagerduty", serving.address)).body(webhook.body);
        for (name, value) in &webhook.headers {
            post = post.header(*name, value);
        }
        Some(post.send().await.ok()?.status().as_u16())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_after(&[], arguments)
    }

    /// A command that another program starts: `before` is that program with its own arguments.
    pub(crate) fn command_after(&self, before: &[&str], arguments: &[&str]) -> Command {
        let words = [before, &[env!("CARGO_BIN_EXE_bot-under-test")], arguments].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(self.folder.path());
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command
    }
}

impl Ended {
    /// Goes on where it ended with this code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}[exit {}]", self.stdout, self.stderr, self.code)
    }
}

/// A plain HTTP client, which follows nothing.
pub(crate) fn client() -> Client {
    // Another test of this process may have been first.
    let _already = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.build().expect("a client")
}
