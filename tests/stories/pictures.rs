//! What people see in Slack, drawn from what the real bot sends. `cargo xtask pictures` makes the documentation's
//! pictures of them.
//!
//! Each story leads to a state, says what must be seen there, and hands the drawing over. Nothing is asked about
//! wording here: other stories do that. What the app says besides the card is drawn where it is said.

use std::sync::Arc;

use chrono::TimeDelta;
use countersign::bot::{Bot, Role};
use fakes::slack::picture;

use crate::world::{CUSTOMERS, Card, Database, ORDERS, World, tell};

/// The folder for the drawings.
const VARIABLE: &str = "COUNTERSIGN_PICTURES";
const PEOPLE: [(&str, &str); 8] = [
    ("U0ANA", "Ana Ruiz"),
    ("U0BO", "Bo Lind"),
    ("U0BEN", "Ben Okoye"),
    ("U0TESS", "Tess Hahn"),
    ("U0MIA", "Mia Sato"),
    ("U0CLEO", "Cleo Marin"),
    ("U0VIC", "Vic Duval"),
    ("U0SAM", "Sam Reyes"),
];

/// What the steps of the rollback ask of the warehouse, and how long each takes, in seconds.
const STEPS: [(&str, i64); 4] = [("check", 6), ("save", 14), ("promote", 47), ("verify", 21)];

impl World {
    fn with_names(&self) {
        for (id, name) in PEOPLE {
            self.slack.rename(id, name);
        }
    }

    fn draw(&self, name: &str, card: &Card, seen: &[&str]) {
        hand_over(name, &[card.message().picture(&self.slack.names())], seen);
    }

    /// The thread below a card, as it stands.
    fn thread(&self, card: &Card) -> Vec<String> {
        let root = card.message();
        let names = self.slack.names();
        let replies = self.slack.replies(&root.channel, &root.ts);
        replies.iter().map(|reply| reply.picture(&names)).collect()
    }

    /// Draws the modal that stands open for a person, and closes it.
    fn drawn_modal(&self, name: &str, person: &str, seen: &[&str]) {
        let view = self.slack.views(person).pop().expect("a modal stands open");
        // A picture is for readers: the folder of one run means nothing to them.
        let folder = self.config.work.parent().expect("it is within the story's folder");
        let picture = view.picture(&self.slack.names());
        let picture = picture.replace(&*folder.to_string_lossy(), "/srv/countersign");
        hand_over(name, &[picture], seen);
        let told = self.slack.close_view(person);
        assert_eq!(told, None, "closing decides nothing");
    }

    /// Draws what the bot wrote to a person alone.
    fn letters(&self, name: &str, person: &str) {
        let names = self.slack.names();
        let letters: Vec<String> =
            self.slack.letters(person).iter().map(|letter| letter.picture(&names)).collect();
        assert!(!letters.is_empty(), "{person} got a letter");
        hand_over(name, &letters, &["Countersign"]);
    }

    /// Presses what the card offers, and draws the modal that opens.
    async fn asking(&self, name: &str, card: &Card, button: &str, person: &str) {
        self.click(card, button, person.trim_start_matches("U0")).await;
        self.drawn_modal(name, person, &["class=modal"]);
    }

    /// Opens the app's home, and types commands; draws what is shown.
    async fn at_home_and_by_command(&self, person: &str) {
        let opened = self.slack.opens_home(person);
        assert_eq!(self.send("/slack/events", &opened).await, 200);
        self.drain().await;
        let home = self.slack.home(person).expect("a home page");
        hand_over("home", &[home.picture(&self.slack.names())], &["class=home"]);
        let command = self.slack.command(person, crate::world::CHANNEL, "status");
        let (status, answer) = self.ask("/slack/commands", &command).await;
        assert_eq!(status, 200);
        let told = self.slack.told(&command, &answer).expect("an answer");
        hand_over("command-status", &[told.picture(&self.slack.names())], &["Only visible to you"]);
    }

    /// Ana approves, and each of these steps takes its time; `see` looks at what is shown while it is under way.
    async fn approve_and_see(&self, steps: &[(&str, i64)], see: impl Fn(&Self, &str)) {
        for (command, _) in steps {
            self.warehouse.fault(command, &["wait"]);
        }
        self.approve_and_meanwhile("ana", async |w| {
            for (command, seconds) in steps {
                w.until_a_step_waits().await;
                w.show_what_is_known().await;
                see(w, command);
                w.clock.advance(TimeDelta::seconds(*seconds));
                w.warehouse.go_on();
            }
        })
        .await;
    }

    /// Another process of the same bot brings the card up to date while a step is under way.
    async fn show_what_is_known(&self) {
        let clock = Arc::new(self.clock.clone());
        let beside = Bot::build(&self.config, clock, &[Role::Workers]).await.expect("a bot");
        beside.drain().await.expect("the workers do their work");
    }

    /// Everybody has read everything.
    fn all_is_read(&mut self) {
        self.read_on();
        for (person, _) in PEOPLE {
            self.slack.take_ephemerals(person);
        }
    }
}

/// Hands a drawing over; all of `seen` must be on it.
#[track_caller]
fn hand_over(name: &str, pictures: &[String], seen: &[&str]) {
    let page = picture::page(name, pictures);
    for text in seen {
        assert!(page.contains(text), "`{text}` is not seen on {name}:\n{page}");
    }
    if let Some(folder) = folder() {
        std::fs::create_dir_all(&folder).expect("a folder for the pictures");
        std::fs::write(folder.join(format!("{name}.html")), page).expect("a picture");
    }
}

#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
fn folder() -> Option<std::path::PathBuf> {
    std::env::var_os(VARIABLE).map(Into::into)
}

async fn told(story: impl AsyncFnOnce(&mut World)) {
    tell(Some(Database::sqlite()), story).await;
}

#[tokio::test]
async fn from_waiting_to_rolled_back() {
    told(async |w: &mut World| {
        w.with_names();
        w.alert().await;
        let card = w.expect_card("Waiting for a decision");
        w.draw("card-waiting", &card, &["Approve", "Reject", "data-press"]);
        w.click(&card, "reject", "ana").await;
        w.drawn_modal("modal-reject", "U0ANA", &["class=modal", "textarea"]);
        w.asking("modal-details", &card, "details", "U0ANA").await;
        w.at_home_and_by_command("U0ANA").await;
        w.advance(TimeDelta::seconds(140)).await;
        w.slack.take_ephemerals("U0ANA");
        w.approve_and_see(&STEPS, |w, command| {
            if command == "promote" {
                w.draw("card-running", &w.card(), &["under way since", "2 of 4 steps"]);
            }
        })
        .await;
        let card = w.card();
        w.draw("card-rolled-back", &card, &["Rolled back"]);
        hand_over("thread", &w.thread(&card), &["Ana Ruiz"]);
        let whispers = w.slack.take_ephemerals("U0ANA");
        let names = w.slack.names();
        let drawn: Vec<String> = whispers.iter().map(|whisper| whisper.picture(&names)).collect();
        hand_over("answer", &drawn, &["Only visible to you"]);
        w.letters("letters-of-who-signed", "U0ANA");
        w.all_is_read();
    })
    .await;
}

#[tokio::test]
async fn stuck() {
    told(async |w: &mut World| {
        w.with_names();
        w.alert().await;
        w.warehouse.fault("promote", &["fail"]);
        w.warehouse.fault("probe", &["fail"]);
        w.advance(TimeDelta::seconds(95)).await;
        w.approve_and_see(&STEPS[..2], |_, _| ()).await;
        let card = w.expect_card("Stuck");
        w.draw("card-stuck", &card, &["Try again"]);
        w.all_is_read();
    })
    .await;
}

#[tokio::test]
async fn a_whole_environment() {
    told(async |w: &mut World| {
        w.with_names();
        crate::restoring::destroyed(w).await;
        let card = w.expect_card("Waiting for a decision");
        w.draw("card-type-4", &card, &["type 4"]);
        w.asking("modal-type-4", &card, "approve", "U0BEN").await;
        w.all_is_read();
    })
    .await;
}

#[tokio::test]
async fn nobody_decides_and_others_are_asked() {
    told(async |w: &mut World| {
        w.with_names();
        let details =
            serde_json::json!({"models": ORDERS, "trigger": "security_breach_identified"});
        w.alert_with("Revenue processing affected by duplicate rows", &details).await;
        w.advance(TimeDelta::minutes(16)).await;
        let card = w.card();
        w.draw("card-escalated", &card, &["level 4"]);
        hand_over("thread-escalation", &w.thread(&card), &["class=mention"]);
        w.letters("letters-of-who-is-asked", "U0BO");
        w.all_is_read();
    })
    .await;
}

#[tokio::test]
async fn a_person_proposes() {
    told(async |w: &mut World| {
        w.with_names();
        for (release, orders, customers) in [("good", "11", "12"), ("bad", "22", "24")] {
            w.deploy(release, &[(ORDERS, orders), (CUSTOMERS, customers)]);
            w.advance(TimeDelta::minutes(6)).await;
        }
        assert_eq!(w.types("ana", "propose type=2").await, None);
        let request = w.slack.suggest("U0ANA", "models", "order");
        assert_eq!(w.slack.offered(&w.interacts(&request).await).len(), 1);
        w.chooses("ana", "models", ORDERS).await;
        w.chooses("ana", "trigger", "unexpected_behaviour").await;
        w.drawn_modal("modal-propose", "U0ANA", &["class=modal", ORDERS, "Asked first"]);
        w.all_is_read();
    })
    .await;
}
