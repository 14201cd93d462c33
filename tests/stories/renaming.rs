//! A name in Route 53, changed by the real `aws` in a step of its own.

use std::path::Path;

use crate::{
    crash::killed_when,
    stepping::proposed,
    story,
    world::{Route53, World},
};

/// What a later step of the same run meets.
const FAILS: &str = r"
  - name: Fail
    command: ['false']
    timeout: 10 s
    idempotent: true
";

async fn route53(w: &World) -> Option<Route53> {
    Route53::start(w.config.work.parent().unwrap_or(Path::new("."))).await
}

story!(
    /// The record is changed once, and the zone says so.
    a_name_leads_elsewhere,
    async |w| {
        let Some(route53) = route53(w).await else { return };
        assert_eq!(route53.leads_to().await.as_deref(), Some("green.db.example.com"));
        proposed(w, &route53.step()).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        assert_eq!(route53.leads_to().await.as_deref(), Some("blue.db.example.com"));
        w.read_on();
    }
);

story!(
    /// A later step fails: the name leads to where it led before.
    a_name_leads_back_when_the_run_fails,
    async |w| {
        let Some(route53) = route53(w).await else { return };
        proposed(w, &format!("{}{FAILS}", route53.step())).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Failed, taken back");
        let shown = w.thread_so_far();
        assert!(shown.contains("Lead the name to blue"), "{shown}");
        assert_eq!(route53.leads_to().await.as_deref(), Some("green.db.example.com"));
        w.read_on();
    }
);

story!(
    /// Killed while the request was on its way, which it never finished: the zone says no, and it is sent again.
    a_request_that_never_arrived_is_sent_again,
    async |w| {
        let Some(route53) = route53(w).await else { return };
        w.clock.follow_the_system();
        proposed(w, &route53.step()).await;
        route53.line.lose_next_request();
        killed_when(w, || route53.line.lost() == 1).await;
        w.expect_card("Rolled back");
        let shown = w.thread_so_far();
        assert!(shown.contains("the executor was interrupted"), "{shown}");
        assert!(shown.contains("it is not done"), "{shown}");
        assert_eq!(route53.leads_to().await.as_deref(), Some("blue.db.example.com"));
        w.read_on();
    }
);

story!(
    /// Killed after the service did it and before anybody heard: the zone says yes, and nothing is sent again.
    an_answer_that_nobody_heard_is_not_asked_for_again,
    async |w| {
        let Some(route53) = route53(w).await else { return };
        w.clock.follow_the_system();
        proposed(w, &route53.step()).await;
        route53.line.lose_next_answer();
        killed_when(w, || route53.line.lost() == 1).await;
        w.expect_card("Rolled back");
        let shown = w.thread_so_far();
        assert!(shown.contains("the executor was interrupted"), "{shown}");
        assert!(shown.contains("it is done"), "{shown}");
        assert_eq!(route53.leads_to().await.as_deref(), Some("blue.db.example.com"));
        assert_eq!(route53.line.carried(), 1, "it was sent again");
        w.read_on();
    }
);
