//! A Countersign of its own, with fakes around it and incidents that wait for a decision.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use fakes::{
    pagerduty::{self, FakePagerDuty, Happening, Incident},
    slack::{self, FakeSlack, Message},
};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::{
    postgres::free_port,
    program, repository,
    stage::Stage,
    stand_in::{self, BROKEN_MODEL},
};

const CHANNEL: &str = "C0INCIDENTS";
/// So many incidents wait at once.
const INCIDENTS: usize = 20;
const PATIENCE: Duration = Duration::from_mins(3);
/// The people of the default policies.
pub(super) const PEOPLE: [&str; 8] =
    ["U0ANA", "U0BO", "U0BEN", "U0TESS", "U0MIA", "U0CLEO", "U0VIC", "U0SAM"];

/// What is pressed.
pub(super) struct Site {
    pub(super) slack: FakeSlack,
    pub(super) url: String,
    cards: Vec<Message>,
    server: Child,
    pagerduty: FakePagerDuty,
    _folder: TempDir,
}

impl Site {
    /// Starts everything; returns when each incident has its card.
    pub(super) async fn open(database_url: Option<&str>, stage: &Stage) -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder")?;
        let slack = FakeSlack::start(now).await;
        slack.add_channel(CHANNEL, "#data-incidents");
        for person in PEOPLE.iter().copied().map(str::to_owned).chain(strangers()) {
            slack.add_user(&person);
        }
        let pagerduty = FakePagerDuty::start().await;
        let port = free_port()?;
        prepare(folder.path(), (&slack, &pagerduty), port, database_url)?;
        for arguments in [["keys", "new"].as_slice(), &["migrate"]] {
            let mut command = Command::new(binary("countersign"));
            command.current_dir(folder.path()).args(arguments);
            program::read(command).await?;
        }
        let log = fs::File::create(folder.path().join("serve.log")).context("create a log")?;
        let mut serve = program::bound_to_us(None, &binary("countersign"));
        serve.arg("serve").current_dir(folder.path()).kill_on_drop(true);
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(log));
        let server = serve.spawn().context("start `countersign serve`")?;
        let url = format!("http://127.0.0.1:{port}");
        let mut site = Self { slack, url, cards: vec![], server, pagerduty, _folder: folder };
        site.wait_until_ready().await?;
        site.alert().await?;
        site.wait_for_cards(stage).await?;
        Ok(site)
    }

    /// The cards, as they were when all were there.
    pub(super) fn cards(&self) -> &[Message] {
        &self.cards
    }

    pub(super) async fn close(mut self) -> Result<()> {
        program::ask_to_end(&self.server);
        self.server.wait().await.context("end `countersign serve`")?;
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        let client = reqwest::Client::builder().build().context("make a client")?;
        while began.elapsed() < PATIENCE {
            if let Ok(answer) = client.get(format!("{}/readyz", self.url)).send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait().context("look after the server")? {
                bail!("`countersign serve` ended ({status})");
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("`countersign serve` is not ready after {PATIENCE:?}")
    }

    async fn alert(&self) -> Result<()> {
        let client = reqwest::Client::builder().build().context("make a client")?;
        for number in 0..INCIDENTS {
            let now = now().to_rfc3339();
            let incident = Incident {
                id: format!("PBENCH{number}"),
                title: format!("Duplicate rows {number}"),
                status: "triggered".into(),
                service_id: "PSERVICE".into(),
                service_name: "Data warehouse".into(),
                urgency: "high".into(),
                created_at: now.clone(),
            };
            self.pagerduty.put_incident(incident.clone());
            let details = json!({"models": BROKEN_MODEL});
            self.pagerduty.add_alert(&incident.id, &incident.title, &details);
            let event_id = format!("01BENCH{number}");
            let happening = Happening {
                event_type: "incident.triggered",
                event_id: &event_id,
                occurred_at: &now,
            };
            let request = self.pagerduty.webhook(happening, &incident);
            let mut post = client.post(format!("{}/webhooks/pagerduty", self.url));
            for (name, value) in &request.headers {
                post = post.header(*name, value);
            }
            let answer = post.body(request.body).send().await.context("send an alert")?;
            answer.error_for_status().context("send an alert")?;
        }
        Ok(())
    }

    async fn wait_for_cards(&mut self, stage: &Stage) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let cards = self.slack.messages(CHANNEL).into_iter();
            // An incident's card offers something to press once its proposal is there.
            self.cards = cards
                .filter(|card| card.thread_ts.is_none() && !card.buttons().is_empty())
                .collect();
            stage.says(&format!("{} of {INCIDENTS}", self.cards.len()));
            if self.cards.len() == INCIDENTS {
                return Ok(());
            }
            sleep(Duration::from_millis(200)).await;
        }
        bail!("only {} of {INCIDENTS} cards are there", self.cards.len())
    }
}

/// People whom no policy knows.
pub(super) fn strangers() -> impl Iterator<Item = String> {
    (0..200).map(|number| format!("U9GUEST{number}"))
}

#[expect(clippy::disallowed_methods, reason = "what is measured runs by the system's clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn binary(name: &str) -> PathBuf {
    repository::root().join("target/release").join(name)
}

fn prepare(
    folder: &Path,
    (slack, pagerduty): (&FakeSlack, &FakePagerDuty),
    port: u16,
    database_url: Option<&str>,
) -> Result<()> {
    let (rules, project) = (folder.join("rules"), folder.join("project"));
    stand_in::write(&rules, &project, &binary("fake-sqlmesh"), now())?;
    let database_url = database_url.unwrap_or("sqlite://record.db");
    let (slack_url, pagerduty_url) = (slack.api_url(), pagerduty.api_url());
    let text = format!(
        "listen: 127.0.0.1:{port}\n\
         public_url: http://127.0.0.1:{port}\n\
         database_url: {database_url}\n\
         policies: rules\n\
         keys: keys\n\
         work: work\n\
         points: points\n\
         pagerduty:\n\
         \x20 webhook_secrets: [\"{}\"]\n\
         \x20 api_url: {pagerduty_url}\n\
         \x20 api_token: {}\n\
         slack:\n\
         \x20 api_url: {slack_url}\n\
         \x20 bot_token: {}\n\
         \x20 signing_secret: {}\n\
         \x20 team: {}\n\
         \x20 channel: {CHANNEL}\n\
         \x20 posts_per_second: 20\n",
        pagerduty::WEBHOOK_SECRET,
        pagerduty::API_TOKEN,
        slack::BOT_TOKEN,
        slack::SIGNING_SECRET,
        slack::TEAM,
    );
    fs::write(folder.join("countersign.yaml"), text).context("write the configuration")
}
