//! The questions at the end of every story.

use countersign::audit;
use domain::{fold::Fold, journal::Head, port::Clock as _};
use signer::KeyDirectory;

use super::World;

impl World {
    /// Errors that the story is about: one of them contains this.
    #[track_caller]
    pub(crate) fn expect_error(&self, text: &str) {
        let errors = self.errors.take();
        assert!(
            errors.iter().any(|error| error.contains(text)),
            "no error says `{text}`: {errors:#?}"
        );
    }

    pub(crate) async fn end(self) {
        self.drain().await;
        let unread: Vec<_> = self.unread().iter().map(fakes::slack::Message::shown).collect();
        assert!(unread.is_empty(), "nobody has read {unread:#?}");
        let whispers = ["ANA", "BO", "BEN", "TESS", "MIA", "CLEO", "VIC", "SAM", "STRANGER"];
        for person in whispers {
            assert!(
                self.slack.ephemerals(&format!("U0{person}")).is_empty(),
                "{person} was told something that nobody has read"
            );
        }
        let errors = self.errors.take();
        assert!(errors.is_empty(), "errors were logged: {errors:#?}");
        let counts = self.bot.engine.store.counts(self.clock.now()).await.expect("counts");
        assert_eq!(
            (counts.pending_jobs, counts.pending_cards, counts.due_timers),
            (0, 0, 0),
            "work is left: {counts:?}"
        );
        self.expect_record().await;
    }

    /// The journal verifies offline, and folds to the stored state.
    pub(crate) async fn expect_record(&self) {
        let log = self.export().await;
        let keys = KeyDirectory::new(&self.config.keys).public_keys().expect("reads the keys");
        if let Err(error) = audit::verify(&log, &keys, None) {
            panic!("the record does not verify: {error}");
        }
        self.expect_fold().await;
    }

    /// The log as an auditor gets it.
    pub(crate) async fn export(&self) -> String {
        let mut log = Vec::new();
        let engine = &self.bot.engine;
        audit::export(
            &engine.store,
            engine.key.as_ref().expect("it signs"),
            None,
            engine.clock.now(),
            &mut log,
        )
        .await
        .expect("exports the record");
        String::from_utf8(log).expect("a log is text")
    }

    async fn expect_fold(&self) {
        let store = &self.bot.engine.store;
        for found in store.incidents(50, None).await.expect("reads the incidents") {
            let id = &found.value.id;
            let mut head = Head::genesis(id);
            let mut fold = Fold::default();
            for sealed in store.journal(id).await.expect("reads the journal") {
                let entry = head.follow(&sealed).expect("the chain holds");
                fold.apply(&entry).expect("it can have happened");
            }
            assert_eq!(
                fold.incident.as_ref(),
                Some(&found.value),
                "the incident is not what its journal says"
            );
            let proposals = store.proposals_of(id).await.expect("reads the proposals");
            assert_eq!(fold.proposals.len(), proposals.len());
            for proposal in proposals {
                assert_eq!(fold.proposals.get(&proposal.value.id), Some(&proposal.value));
            }
            let holds = store.holds_of(id).await.expect("reads the holds");
            assert_eq!(fold.holds.len(), holds.len());
            for hold in holds {
                assert_eq!(fold.holds.get(&hold.value.id), Some(&hold.value));
            }
            let pins = store.pins_of(id).await.expect("reads the pins");
            assert_eq!(fold.pins.len(), pins.len());
            for pin in pins {
                assert_eq!(fold.pins.get(&pin.value.id), Some(&pin.value));
            }
            for run in store.runs_of(id).await.expect("reads the runs") {
                assert_eq!(fold.runs.get(&run.value.id), Some(&run.value));
            }
        }
    }
}
