//! `countersign` itself: built, configured, started, and ended with the demo.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use runner::ProcessIdentity;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use super::{
    alert::{Pager, client},
    databases::Databases,
    record::Record,
};
use crate::{
    cargo::cargo,
    postgres::free_port,
    program,
    stage::{Stage, Stages},
};

const READY: Duration = Duration::from_mins(1);
/// How long a step under way may go on when the demo ends.
const GRACE: Duration = Duration::from_secs(15);
const LOG: &str = "serve.log";

/// Builds the program and returns its place.
pub(super) async fn build(stages: &mut Stages) -> Result<PathBuf> {
    let stage = stages.begin("Build Countersign");
    let build = [
        "build",
        "--locked",
        "--package",
        "countersign",
        "--message-format",
        "json-render-diagnostics",
    ];
    let said = program::watch(cargo(build), &stage).await?;
    let place = said.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "countersign";
        message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
    });
    let place = place.context("cargo names no program `countersign`")?;
    stage.done("");
    Ok(place)
}

/// The program with the demo's folder as its own.
#[derive(Clone, Debug)]
pub(super) struct Countersign {
    program: PathBuf,
    folder: PathBuf,
}

impl Countersign {
    pub(super) fn new(program: PathBuf, folder: &Path) -> Self {
        Self { program, folder: folder.to_owned() }
    }

    /// Runs a command and returns what it says.
    pub(super) async fn call(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(arguments);
        program::read(command).await
    }

    /// Runs a command that takes long, and shows its latest word.
    pub(super) async fn watch(&self, arguments: &[&str], stage: &Stage) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(arguments);
        program::watch(command, stage).await
    }

    /// Whether the keys and the database were made.
    pub(super) fn is_set_up(&self) -> bool {
        self.folder.join("set-up").exists()
    }

    /// Makes the keys, checks the configuration and prepares the database, as an operator would.
    pub(super) async fn set_up(&self, stage: &Stage) -> Result<()> {
        let keys = self.folder.join("keys");
        if keys.exists() {
            // An earlier life was ended before anything was signed.
            fs::remove_dir_all(&keys).context("remove keys that were never used")?;
        }
        for arguments in [["keys", "new"].as_slice(), &["check"], &["migrate"]] {
            let said = self.call(arguments).await?;
            stage.note(&format!(
                "countersign {}: {}",
                arguments.join(" "),
                said.lines().next().unwrap_or_default()
            ));
        }
        fs::write(self.folder.join("set-up"), "").context("mark the demo as set up")
    }
}

/// The port that was asked for, or a free one where that is taken; with 0, any free one.
pub(super) fn choose_port(wanted: u16, stage: &Stage) -> Result<u16> {
    if wanted == 0 {
        return free_port();
    }
    if TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).is_ok() {
        return Ok(wanted);
    }
    let port = free_port()?;
    stage.note(&format!("port {wanted} is taken, so the page is on port {port}"));
    Ok(port)
}

/// Writes `countersign.yaml`.
pub(super) fn configure(
    folder: &Path,
    port: u16,
    pager: &Pager,
    (record, databases): (&Record, &Databases),
) -> Result<()> {
    let (api_url, token) = pager.api();
    let (secret, records) = (&record.webhook_secret, databases.records());
    let text = format!(
        "# Written by `cargo xtask demo`.\n\
         listen: 127.0.0.1:{port}\n\
         public_url: http://127.0.0.1:{port}\n\
         database_url: {records}\n\
         policies: policies/rules\n\
         keys: keys\n\
         work: work\n\
         points: points\n\
         pagerduty:\n\
         \x20 webhook_secrets: [\"{secret}\"]\n\
         \x20 api_url: {api_url}\n\
         \x20 api_token: {token}\n\
         web:\n\
         \x20 demo_personas: true\n\
         shutdown_grace_s: 10\n"
    );
    let file = folder.join("countersign.yaml");
    fs::write(&file, text)
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o600)))
        .with_context(|| format!("write {}", file.display()))
}

/// Ends a server that an earlier life of this command left behind.
pub(super) async fn end_earlier(record: &Record) -> Result<()> {
    let Some(identity) = &record.server else { return Ok(()) };
    let identity: ProcessIdentity =
        identity.parse().context("understand which server was running")?;
    runner::end_group(&identity, GRACE).await.context("end the server of an earlier demo")?;
    Ok(())
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    identity: ProcessIdentity,
    url: String,
    log: PathBuf,
}

impl Server {
    /// Starts the server and waits until it is ready.
    pub(super) async fn start(countersign: &Countersign, port: u16, stage: &Stage) -> Result<Self> {
        let log = countersign.folder.join(LOG);
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .context("open the server's log")?;
        let mut serve = program::bound_to_us(None, &countersign.program);
        serve.arg("serve").current_dir(&countersign.folder).kill_on_drop(true);
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(file));
        // Ctrl-C on the terminal is for this command, which ends the server after it.
        serve.process_group(0);
        let child = serve.spawn().context("start `countersign serve`")?;
        let pid = child.id().context("`countersign serve` ended at once")?;
        let identity = ProcessIdentity::of_leader(pid).context("look at `countersign serve`")?;
        let mut server = Self { child, identity, url: format!("http://127.0.0.1:{port}"), log };
        stage.says("waiting until it is ready");
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Which processes it is.
    pub(super) fn identity(&self) -> &ProcessIdentity {
        &self.identity
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Completes with the reason when it ends although nobody asked it to.
    pub(super) async fn died(&mut self) -> Result<String> {
        let status = self.child.wait().await.context("wait for `countersign serve`")?;
        Ok(format!("`countersign serve` ended ({status}):\n{}", self.last_words()))
    }

    /// Kills it, with all that it had started for `run` where that is given.
    pub(super) async fn kill(&mut self, run: Option<&str>) -> Result<()> {
        self.child.start_kill().context("kill `countersign serve`")?;
        self.child.wait().await.context("wait for `countersign serve`")?;
        if let Some(run) = run {
            runner::end_marked("COUNTERSIGN_RUN", run, Duration::ZERO)
                .await
                .context("kill the programs of a step")?;
        }
        Ok(())
    }

    /// Asks it to end and waits for that.
    pub(super) async fn stop(self) -> Result<()> {
        runner::end_group(&self.identity, GRACE).await.context("end `countersign serve`")?;
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let client = client()?;
        let address = format!("{}/readyz", self.url);
        let until = Instant::now() + READY;
        loop {
            let mut says = String::new();
            if let Ok(answer) = client.get(&address).send().await {
                if answer.status().is_success() {
                    return Ok(());
                }
                says = answer.text().await.unwrap_or_default();
            }
            if let Some(status) = self.child.try_wait().context("look after `countersign serve`")? {
                bail!("`countersign serve` ended ({status}):\n{}", self.last_words());
            }
            if Instant::now() > until {
                bail!(
                    "`countersign serve` is not ready after {READY:?}: {says}\n{}",
                    self.last_words()
                );
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The whole group: a step's program may be at work.
        if let Some(group) =
            i32::try_from(self.identity.pgid).ok().and_then(rustix::process::Pid::from_raw)
            && matches!(self.child.try_wait(), Ok(None))
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_gives_way_to_a_free_one() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wanted = taken.local_addr().unwrap().port();
        let stage = Stages::new().begin("Choose a port");
        assert_ne!(choose_port(wanted, &stage).unwrap(), wanted);
        drop(taken);
        assert_eq!(choose_port(wanted, &stage).unwrap(), wanted);
    }
}
