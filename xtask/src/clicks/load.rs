//! Presses buttons at a given rate, whatever becomes of them, and counts how long each answer takes.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use fakes::SignedRequest;
use reqwest::Client;
use tokio::{
    task::JoinSet,
    time::{Instant as Tick, sleep_until},
};

use super::site::{PEOPLE, Site, strangers};

/// Slack waits no longer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What came of it.
pub(super) struct Measured {
    /// From the moment at which each click was meant to be pressed to its answer, in order.
    latencies: Vec<Duration>,
    /// How many had which answer.
    answers: BTreeMap<String, usize>,
    took: Duration,
}

/// Presses so many a second for so long.
pub(super) async fn press(site: &Site, rate: u32, seconds: u32) -> Result<Measured> {
    // Signed before: a signature is good for five minutes.
    let clicks: Vec<_> = (0..rate * seconds).map(|number| click(site, number)).collect();
    let client = Client::builder().timeout(TIMEOUT).build().context("make a client")?;
    let address = format!("{}/slack/interactions", site.url);
    let began = Instant::now() + Duration::from_millis(200);
    let mut pressed = JoinSet::new();
    for (number, request) in (0..).zip(clicks) {
        let due = began + Duration::from_secs(1) / rate * number;
        sleep_until(Tick::from_std(due)).await;
        pressed.spawn(send(client.clone(), address.clone(), request, due));
    }
    let results = pressed.join_all().await;
    let took = began.elapsed();
    let mut answers = BTreeMap::new();
    for (answer, _) in &results {
        *answers.entry(answer.clone()).or_default() += 1;
    }
    let mut latencies: Vec<_> = results.into_iter().map(|(_, latency)| latency).collect();
    latencies.sort_unstable();
    Ok(Measured { latencies, answers, took })
}

async fn send(
    client: Client,
    address: String,
    request: SignedRequest,
    due: Instant,
) -> (String, Duration) {
    let mut post = client.post(address).body(request.body);
    for (name, value) in &request.headers {
        post = post.header(*name, value);
    }
    let answer = match post.send().await {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(error) if error.is_timeout() => "no answer in 3 s".to_owned(),
        Err(_) => "the connection broke".to_owned(),
    };
    (answer, due.elapsed())
}

/// Of twenty clicks, twelve are by people whom nobody knows, three by one who may only watch, two ask for the next level, two
/// press twice, and one may decide: the first on each card does, and all the others come late.
fn click(site: &Site, number: u32) -> SignedRequest {
    let number = number as usize;
    // A card for each of twenty clicks that follow one another, so that several are busy at once.
    let card = &site.cards()[(number / 20 + number % 3) % site.cards().len()];
    let guests = strangers().count();
    let guest = || strangers().nth(number % guests).expect("one of them");
    let who = match number % 20 {
        0 => PEOPLE[number / 20 % 4].to_owned(),
        1 | 2 => return site.slack.choose(card, "Ask the next level now", "U0BEN"),
        3 | 4 => "U0MIA".to_owned(),
        5..=7 => "U0SAM".to_owned(),
        _ => guest(),
    };
    site.slack.click(card, "approve", &who)
}

impl Measured {
    /// How long the answer took for all but so many of a hundred.
    pub(super) fn percentile(&self, percent: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place among some thousands"
        )]
        let place = (self.latencies.len() as f64 * percent / 100.0).ceil() as usize;
        self.latencies.get(place.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// How many were not taken.
    pub(super) fn errors(&self) -> usize {
        self.answers.iter().filter(|(answer, _)| *answer != "200").map(|(_, many)| many).sum()
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let rate = self.latencies.len() as f64 / seconds;
        writeln!(formatter, "{} clicks in {seconds:.1} s: {rate:.0}/s", self.latencies.len())?;
        for percent in [50.0, 90.0, 99.0, 99.9, 100.0] {
            let latency = self.percentile(percent).as_secs_f64() * 1000.0;
            writeln!(formatter, "  p{percent:<5} {latency:>9.1} ms")?;
        }
        let answers = self.answers.iter().map(|(answer, many)| format!("{answer}: {many}"));
        write!(formatter, "  answers   {}", answers.collect::<Vec<_>>().join(", "))
    }
}
