//! Route 53 as `moto_server` plays it, with a hosted zone, the zone's name server, and the line to it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use fakes::{name_server::FakeNameServer, relay::Relay};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use super::tool::tool;

/// What the zone's service is asked for, in a form that it believes of anybody.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=fake/20261123/us-east-1/route53/aws4_request";
const RECORD: &str = "db.example.com";

/// The service; dropping it ends it.
pub(crate) struct Route53 {
    pub(crate) line: Relay,
    pub(crate) zone: String,
    aws: PathBuf,
    folder: PathBuf,
    name_server: FakeNameServer,
    address: SocketAddr,
    _server: Child,
    _said: Lines<BufReader<ChildStderr>>,
}

impl Route53 {
    /// A service whose record leads to green; `None` where it is to be left out. `folder` gets what `aws` reads.
    pub(crate) async fn start(folder: &Path) -> Option<Self> {
        let aws = tool("COUNTERSIGN_TEST_AWS")?;
        let mut server = Command::new(aws.with_file_name("moto_server"));
        server.args(["-H", "127.0.0.1", "-p", "0"]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut server =
            server.stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("moto_server starts");
        let mut said = BufReader::new(server.stderr.take().expect("it is piped")).lines();
        let address: SocketAddr = loop {
            let line = said.next_line().await.expect("a line").expect("it names its address");
            if let Some((_, address)) = line.split_once("Running on http://") {
                break address.trim().parse().expect("an address");
            }
        };
        let credentials = "[default]\naws_access_key_id = fake\naws_secret_access_key = fake\n";
        std::fs::write(folder.join("credentials"), credentials).expect("writes the credentials");
        let line = Relay::to(address).await;
        let made = json!(["create-hosted-zone", "--name=example.com", "--caller-reference=story"]);
        let made: Value =
            serde_json::from_str(&ask(&aws, folder, address, &made).await).expect("JSON");
        let zone = made["HostedZone"]["Id"].as_str().expect("a zone").replace("/hostedzone/", "");
        let path = format!("http://{address}/2013-04-01/hostedzone/{zone}/rrset");
        let name_server = FakeNameServer::start(Box::new(move |name| {
            let path = path.clone();
            Box::pin(async move { lookup(&path, &name).await })
        }))
        .await;
        let folder = folder.to_owned();
        let route53 =
            Self { line, zone, aws, folder, name_server, address, _server: server, _said: said };
        for colour in ["blue", "green"] {
            let file = route53.batch(colour);
            std::fs::write(file, batch(colour).to_string()).expect("writes the batch");
        }
        let change = json!([
            "change-resource-record-sets",
            format!("--hosted-zone-id={}", route53.zone),
            format!("--change-batch=file://{}", route53.batch("green").display())
        ]);
        ask(&route53.aws, &route53.folder, address, &change).await;
        Some(route53)
    }

    /// Where the record leads at this moment.
    pub(crate) async fn leads_to(&self) -> Option<String> {
        lookup(
            &format!("http://{}/2013-04-01/hostedzone/{}/rrset", self.address, self.zone),
            RECORD,
        )
        .await
    }

    /// The step that leads the name to blue.
    pub(crate) fn step(&self) -> String {
        let change = |colour: &str| {
            format!(
                "[{}, route53, change-resource-record-sets, --hosted-zone-id={}, '--change-batch=file://{}']",
                self.aws.display(),
                self.zone,
                self.batch(colour).display()
            )
        };
        let env = format!(
            "{{ AWS_ENDPOINT_URL: '{}', AWS_SHARED_CREDENTIALS_FILE: '{}', AWS_DEFAULT_REGION: us-east-1, AWS_MAX_ATTEMPTS: '1' }}",
            self.line.url(),
            self.folder.join("credentials").display()
        );
        format!(
            r"
  - name: Lead the name to blue
    command: {}
    env: {env}
    timeout: 1 min
    retries: 2
    idempotent: true
    probe:
      dns: {{ name: {RECORD}, type: CNAME, server: '{}' }}
      expect: [blue.db.example.com]
    undo:
      command: {}
      env: {env}
",
            change("blue"),
            self.name_server.address(),
            change("green"),
        )
    }

    fn batch(&self, colour: &str) -> PathBuf {
        self.folder.join(format!("db-to-{colour}.json"))
    }
}

/// UPSERT sets absolute values.
fn batch(colour: &str) -> Value {
    let value = format!("{colour}.db.example.com");
    let set =
        json!({"Name": RECORD, "Type": "CNAME", "TTL": 5, "ResourceRecords": [{"Value": value}]});
    json!({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": set}]})
}

async fn ask(aws: &Path, folder: &Path, address: SocketAddr, arguments: &Value) -> String {
    let mut command = Command::new(aws);
    command
        .arg("route53")
        .args(arguments.as_array().into_iter().flatten().filter_map(Value::as_str));
    command
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .env("AWS_DEFAULT_REGION", "us-east-1");
    command.env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"));
    let output = command.output().await.expect("aws starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What the zone holds under a name, read from the service's own XML.
async fn lookup(path: &str, name: &str) -> Option<String> {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client.get(path).header("Authorization", AUTHORIZATION).send().await;
    let text = answer.expect("it answers").text().await.expect("text");
    let (_, set) = text.split_once(&format!("<Name>{name}.</Name>"))?;
    let (_, value) = set.split_once("<Value>")?;
    value.split_once("</Value>").map(|(value, _)| value.trim().to_owned())
}
