//! Slack in a story: people see cards, read threads and press buttons.

use fakes::slack::{FakeSlack, Message};

use super::{CHANNEL, World};

/// Between two looks at a step that is about to hang.
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// The people of the default policies, by their Slack ids.
const PEOPLE: [&str; 8] = ["ANA", "BO", "BEN", "TESS", "MIA", "CLEO", "VIC", "SAM"];

/// The workspace's people and the incidents' channel.
pub(crate) fn people(slack: &FakeSlack) {
    slack.add_channel(CHANNEL, "#data-incidents");
    for person in PEOPLE {
        slack.add_user(&format!("U0{person}"));
    }
    slack.add_user("U0STRANGER");
}

pub(super) fn user(person: &str) -> String {
    format!("U0{}", person.to_uppercase())
}

/// A card as somebody has it on their screen.
#[derive(Clone)]
pub(crate) struct Card {
    message: Message,
}

impl World {
    /// The one card of the channel, as it is now.
    #[track_caller]
    pub(crate) fn card(&self) -> Card {
        let cards = self.slack.messages(CHANNEL);
        let roots: Vec<_> =
            cards.into_iter().filter(|message| message.thread_ts.is_none()).collect();
        assert_eq!(roots.len(), 1, "one card stands in the channel");
        Card { message: roots[0].clone() }
    }

    /// The newest card of the channel, as it is now.
    #[track_caller]
    pub(crate) fn newest_card(&self) -> Card {
        let cards = self.slack.messages(CHANNEL);
        let mut roots = cards.into_iter().filter(|message| message.thread_ts.is_none());
        Card { message: roots.next_back().expect("a card stands in the channel") }
    }

    /// The card says this.
    #[track_caller]
    pub(crate) fn expect_card(&self, text: &str) -> Card {
        let card = self.card();
        let shown = card.message.shown();
        assert!(
            shown.contains(text),
            "the card does not say `{text}`:\n{shown}\n{}",
            self.thread_so_far()
        );
        card
    }

    /// The card offers these and no others: first what is seen at once, then what is in its menu. The details are there
    /// for every proposal.
    #[track_caller]
    pub(crate) fn expect_buttons(&self, labels: &[&str]) {
        let message = self.card().message;
        let (hidden, seen): (Vec<_>, Vec<_>) =
            message.buttons().into_iter().partition(|button| button.in_menu);
        assert!(seen.len() <= 3, "three buttons at most: {seen:#?}");
        let shown: Vec<_> = seen.into_iter().chain(hidden).map(|button| button.text).collect();
        let deciding: Vec<_> = shown.iter().filter(|label| *label != "Details").collect();
        assert_eq!(deciding, labels);
    }

    /// The thread's new replies are these, in this order; each contains its text.
    #[track_caller]
    pub(crate) fn expect_thread(&mut self, texts: &[&str]) {
        let new = self.unread();
        let shown: Vec<_> = new.iter().map(Message::shown).collect();
        let fits = shown.len() == texts.len()
            && shown.iter().zip(texts).all(|(shown, text)| shown.contains(text));
        assert!(fits, "expected {texts:#?}\nbut the thread says {shown:#?}");
        self.read.extend(new.into_iter().map(|message| message.ts));
    }

    /// The thread says nothing more that this story is about.
    pub(crate) fn read_on(&mut self) {
        let new = self.unread();
        self.read.extend(new.into_iter().map(|message| message.ts));
    }

    /// These replies are people's own; the story knows them.
    pub(crate) fn read_by_people(&mut self, messages: &[&Message]) {
        self.read.extend(messages.iter().map(|message| message.ts.clone()));
    }

    /// What a person was told in private contains this.
    #[track_caller]
    pub(crate) fn expect_whisper(&self, person: &str, text: &str) {
        let told: Vec<_> = self
            .slack
            .take_ephemerals(&user(person))
            .iter()
            .map(fakes::slack::Ephemeral::shown)
            .collect();
        assert!(
            told.len() == 1 && told[0].contains(text),
            "expected `{text}`, but {person} was told {told:#?}"
        );
    }

    /// Presses a button of a card as somebody sees it; everything that follows is done.
    pub(crate) async fn click(&self, card: &Card, button: &str, person: &str) {
        let request = card.pressed(&self.slack, button, person);
        assert_eq!(self.send("/slack/interactions", &request).await, 200);
        self.drain().await;
    }

    /// Presses Approve on the card as it is now, and types the environment's name where that is asked for.
    pub(crate) async fn approve(&self, person: &str) {
        self.press_approve(person).await;
        self.drain().await;
    }

    /// The same, without waiting for what follows.
    pub(crate) async fn press_approve(&self, person: &str) {
        self.press(&self.card(), "approve", person).await;
        if self.is_asked(person) {
            self.fill_in(person, &[("name", "prod")]).await;
        }
    }

    /// Whether a modal is open in front of somebody. Whoever may not is refused before one opens.
    pub(crate) fn is_asked(&self, person: &str) -> bool {
        !self.slack.views(&user(person)).is_empty()
    }

    /// Sends the modal that is open, and does to it what the bot answers.
    pub(crate) async fn fill_in(&self, person: &str, inputs: &[(&str, &str)]) {
        let request = self.slack.submit_view(&user(person), inputs);
        let (status, answer) = self.ask("/slack/interactions", &request).await;
        assert_eq!(status, 200);
        self.slack.answered(&user(person), &answer);
    }

    /// Presses a button of a letter as somebody sees it; everything that follows is done.
    pub(crate) async fn press_in_letter(&self, letter: &Message, button: &str, person: &str) {
        let request = self.slack.click(letter, button, &user(person));
        assert_eq!(self.send("/slack/interactions", &request).await, 200);
        self.drain().await;
    }

    /// The newest letter to somebody, which says this.
    #[track_caller]
    pub(crate) fn expect_letter(&self, person: &str, text: &str) -> Message {
        let letters = self.slack.letters(&user(person));
        let newest = letters.last().unwrap_or_else(|| panic!("{person} got no letter")).clone();
        let shown = newest.shown();
        assert!(shown.contains(text), "expected `{text}`, but the letter says:\n{shown}");
        newest
    }

    /// Presses Reject on the card as it is now, and gives a reason in the modal.
    pub(crate) async fn reject(&self, person: &str, reason: &str) {
        self.press_and_say_why("reject", person, reason).await;
    }

    /// Ends a stuck rollback, and gives a reason in the modal.
    pub(crate) async fn give_up(&self, person: &str, reason: &str) {
        self.press_and_say_why("give_up", person, reason).await;
    }

    /// Lifts the hold of the card, and gives a reason in the modal.
    pub(crate) async fn lift_hold(&self, person: &str, reason: &str) {
        self.press_and_say_why("lift_hold", person, reason).await;
    }

    /// Presses a button of a card, without waiting for what follows.
    pub(crate) async fn press(&self, card: &Card, button: &str, person: &str) {
        let request = card.pressed(&self.slack, button, person);
        assert_eq!(self.send("/slack/interactions", &request).await, 200);
    }

    /// Presses a button of a card and gives a reason, without waiting for what follows.
    pub(crate) async fn press_why(&self, card: &Card, button: &str, person: &str, reason: &str) {
        self.press(card, button, person).await;
        if self.is_asked(person) {
            self.fill_in(person, &[("reason", reason)]).await;
        }
    }

    /// Approves, and does something at the moment when a step hangs; then everything that follows is done.
    pub(crate) async fn approve_and_meanwhile(&self, person: &str, act: impl AsyncFnOnce(&Self)) {
        self.press_approve(person).await;
        self.meanwhile(act).await;
    }

    /// Waits for the moment when a step hangs.
    pub(crate) async fn until_a_step_waits(&self) {
        while !self.warehouse.is_hanging() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Works off what is due, and does something at the moment when a step hangs.
    pub(crate) async fn meanwhile(&self, act: impl AsyncFnOnce(&Self)) {
        let acting = async {
            self.until_a_step_waits().await;
            act(self).await;
        };
        tokio::join!(self.drain(), acting);
        self.drain().await;
    }

    /// Presses a button of the card as it is now, gives a reason, and everything that follows is done.
    pub(crate) async fn press_and_say_why(&self, button: &str, person: &str, reason: &str) {
        self.click(&self.card(), button, person).await;
        if self.is_asked(person) {
            self.fill_in(person, &[("reason", reason)]).await;
            self.drain().await;
        }
    }

    /// Replies that the story has not read.
    pub(crate) fn unread(&self) -> Vec<Message> {
        let roots =
            self.slack.messages(CHANNEL).into_iter().filter(|message| message.thread_ts.is_none());
        let replies = roots.flat_map(|root| self.slack.replies(CHANNEL, &root.ts));
        replies.filter(|reply| !self.read.contains(&reply.ts)).collect()
    }

    /// The card's thread for a failure's report.
    pub(crate) fn thread_so_far(&self) -> String {
        let roots =
            self.slack.messages(CHANNEL).into_iter().filter(|message| message.thread_ts.is_none());
        let replies = roots.flat_map(|root| self.slack.replies(CHANNEL, &root.ts));
        let shown: Vec<_> = replies.map(|reply| format!("  > {}", reply.shown())).collect();
        shown.join("\n")
    }
}

impl Card {
    /// What Slack sends when somebody presses this button, by its name on the wire, or chooses it in the menu.
    #[track_caller]
    fn pressed(&self, slack: &FakeSlack, button: &str, person: &str) -> fakes::SignedRequest {
        let user = user(person);
        let is_it = |shown: &&fakes::slack::ShownButton| {
            shown.in_menu && shown.value.split(' ').next() == Some(button)
        };
        match self.message.buttons().iter().find(is_it) {
            Some(option) => slack.choose(&self.message, &option.text, &user),
            None => slack.click(&self.message, button, &user),
        }
    }

    /// Everything on it that Slack reads as markup.
    pub(crate) fn markup(&self) -> String {
        let blocks = self.message.blocks.iter().filter(|block| block["type"] != "header");
        let shown: String =
            blocks.chain(&self.message.attachments).map(ToString::to_string).collect();
        shown + &self.message.text
    }

    /// The pages it leads to: what stands on the button, and the address.
    pub(crate) fn links(&self) -> Vec<(String, String)> {
        let links = self.message.links().into_iter();
        links.map(|link| (link.text, link.url.unwrap_or_default())).collect()
    }

    /// The message, for whoever presses its buttons in another way.
    pub(crate) fn into_message(self) -> Message {
        self.message
    }

    /// The message that it is.
    pub(crate) fn message(&self) -> &Message {
        &self.message
    }

    /// Everything that stands on it.
    pub(crate) fn text(&self) -> String {
        self.message.shown()
    }
}
