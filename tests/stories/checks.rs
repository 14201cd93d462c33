//! The checks of the house: seen before people decide, asked again before anything is done, and after everything is. The
//! metrics that are watched meanwhile.

use std::fs;

use domain::card::Reading;
use fakes::prometheus::FakePrometheus;

use crate::{
    story,
    world::{ORDERS, World},
};

const ERRORS: &str = "sum(rate(http_errors_total[5m]))";

/// Nobody works on the jobs.
const JOBS: &str = r#"
  - name: the jobs are held
    area: system
    when: before
    sql: "select value from flags where name = 'jobs'"
    expect: { value: "= held" }
    timeout: 10 s
    retries: 0
"#;

/// The rollback loses no customer.
const CUSTOMERS: &str = r#"
  - name: no customer is lost
    area: business
    sql: "select value from flags where name = 'customers'"
    expect: { value: "within 5 % of before" }
    timeout: 10 s
    retries: 0
"#;

fn errors(prometheus: &FakePrometheus) -> String {
    format!(
        r#"
  - name: the errors are gone
    area: performance
    prometheus: {{ server: "{}", query: "{ERRORS}" }}
    expect: "< 0.01"
    timeout: 10 s
    retries: 0
"#,
        prometheus.url()
    )
}

/// These checks are in force and the alert has come; nobody has decided yet.
async fn proposed(w: &mut World, checks: &str) {
    fs::write(w.config.policies.join("checks.yaml"), format!("checks:{checks}"))
        .expect("writes the checks");
    w.restart().await;
    w.alert().await;
    w.read_on();
}

fn version(w: &World) -> String {
    w.warehouse.version(ORDERS)
}

story!(
    /// One before and two after, one of them measured by what was before: all are steps of the plan, in their places.
    checks_that_pass_are_steps_like_others,
    async |w| {
        let prometheus = FakePrometheus::start().await;
        prometheus.set(ERRORS, &["0.002"]);
        w.warehouse.set_flag("jobs", "held");
        w.warehouse.set_flag("customers", "1000");
        proposed(w, &[JOBS, CUSTOMERS, &errors(&prometheus)].concat()).await;
        w.expect_card("pass: System: the jobs are held");
        w.expect_card("The value is held, = held as expected.");
        w.expect_card("It is 1000 now; afterwards, &gt;= 950 and &lt;= 1050 is expected.");
        assert_eq!(prometheus.asked(), [""; 0], "nobody asks this before");
        w.warehouse.set_flag("customers", "1043");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&[
            "approved at level 1",
            "System: the jobs are held → Check that it is still possible → Point the models back → Check the data → Business: no customer is lost → Performance: the errors are gone",
            "Step 1 of 6: *System: the jobs are held* – done",
            "Step 2 of 6: *Check that it is still possible*",
            "Step 3 of 6",
            "Step 4 of 6",
            "The value is 1043, &gt;= 950 and &lt;= 1050 as expected",
            "The value is 0.002, &lt; 0.01 as expected",
            "Rolled back: every step is done and every check passed",
            "is held",
        ]);
        assert_eq!((version(w).as_str(), prometheus.asked().len()), ("11", 1));
        assert!(w.export().await.contains(">= 950 and <= 1050"), "the numbers are under the signatures");
    }
);

story!(
    /// A check before says no: people see it and may sign all the same, but nothing is done.
    a_check_before_that_fails_keeps_everything_as_it_is,
    async |w| {
        proposed(w, JOBS).await;
        w.expect_card("Waiting for a decision");
        w.expect_card("fail: System: the jobs are held");
        w.expect_card("The value is running, and = held is expected.");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&[
            "approved at level 1",
            "The rollback starts",
            "Step 1 of 4: *System: the jobs are held* – failed: the check says no\n• sql of `select value from flags where name = 'jobs'` failed: The value is running, and = held is expected.",
            "every step that can be taken back was taken back",
        ]);
        w.expect_card("Failed, taken back");
        assert_eq!((w.warehouse.calls("promote"), version(w).as_str()), (0, "22"));
    }
);

story!(
    /// A check before that cannot be told is no pass either.
    a_check_before_that_cannot_be_told_keeps_everything_as_it_is,
    async |w| {
        w.warehouse.fault("sql", &["fail", "fail"]);
        proposed(w, JOBS).await;
        w.expect_card("cannot be told: System: the jobs are held");
        w.expect_card("the warehouse said no");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Failed, taken back");
        assert_eq!((w.warehouse.calls("promote"), version(w).as_str()), (0, "22"));
        w.read_on();
    }
);

story!(
    /// A check after says no: nobody is told that all is well before a person signs for it.
    a_check_after_that_fails_is_signed_off_by_a_person,
    async |w| {
        w.warehouse.set_flag("customers", "1000");
        proposed(w, CUSTOMERS).await;
        w.warehouse.set_flag("customers", "700");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        w.expect_card("Business: no customer is lost");
        let shown = w.thread_so_far();
        assert!(shown.contains("The value is 700, and &gt;= 950 and &lt;= 1050 is expected."), "{shown}");
        assert_eq!(version(w), "11", "going back to the fault would help nobody");
        w.read_on();
        // It is as it was: the same check, asked again, would do; here a person knows better.
        w.press_and_say_why("skip", "ana", "300 of them were test customers").await;
        w.expect_whisper("ana", "say that you signed it off");
        w.expect_thread(&["signed off *Business: no customer is lost*", "on the word of people", "is held"]);
        w.expect_card("Rolled back, signed off");
    }
);

story!(
    /// The metric has no data: that is no pass. When there is some again, the check is asked again and passes.
    a_check_after_that_cannot_be_told_asks_a_person,
    async |w| {
        let prometheus = FakePrometheus::start().await;
        proposed(w, &errors(&prometheus)).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        let shown = w.thread_so_far();
        assert!(shown.contains("the check could not tell") && shown.contains("The query finds no data"), "{shown}");
        w.read_on();
        prometheus.set(ERRORS, &["0.002"]);
        w.click(&w.card(), "retry", "ana").await;
        w.expect_whisper("ana", "The step is tried again");
        w.expect_thread(&["again", "Step 4 of 4", "every check passed", "is held"]);
        w.expect_card("Rolled back");
    }
);

story!(
    /// Nobody could measure what was before: the card says so, and afterwards a person has to say whether it is right.
    what_was_not_measured_before_is_never_a_pass,
    async |w| {
        proposed(w, CUSTOMERS).await;
        w.expect_card("cannot be told: Business: no customer is lost");
        w.expect_card("There is no value. So there is nothing to compare with afterwards, and a person will have to say whether it is right.");
        w.warehouse.set_flag("customers", "1000");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        let shown = w.thread_so_far();
        assert!(shown.contains("The value is 1000, and what it was before could not be measured."), "{shown}");
        w.read_on();
        w.press_and_say_why("skip", "ana", "1000 is what the sales team counts").await;
        w.expect_whisper("ana", "say that you signed it off");
        w.expect_card("Rolled back, signed off");
        w.read_on();
    }
);

story!(
    /// Checks of other types and targets have no part in it, and an installation without the file works.
    checks_of_other_rollbacks_are_left_alone,
    async |w| {
        let other = JOBS.replace("when: before", "when: before\n    types: [schema]");
        proposed(w, &other).await;
        assert_eq!(w.warehouse.calls("sql"), 0);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        w.read_on();
        fs::remove_file(w.config.policies.join("checks.yaml")).expect("the file was there");
        w.restart().await;
    }
);

/// Between two looks at the page.
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// Waits until the incident's page says this.
async fn until_page_says(w: &World, text: &str) {
    let path = format!("/incidents/{}", w.incident().await);
    let mut page = String::new();
    for _ in 0..3000 {
        page = w.get(&path).await.1;
        if page.contains(text) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("the page never says `{text}`:\n{page}");
}

story!(
    /// While a step works, people see a metric get better. What cannot be asked is said, and nobody waits for it.
    watched_metrics_stand_beside_the_progress,
    async |w| {
        let prometheus = FakePrometheus::start().await;
        prometheus.set(ERRORS, &["0.002", "0.031"]);
        let watch = format!(
            r#"
watch:
  - name: error rate
    area: system
    prometheus: {{ server: "{}", query: "{ERRORS}" }}
    good: "< 0.01"
    every: 1 s
  - name: jobs
    area: data
    sql: "select value from flags where name = 'jobs'"
    good: "= running"
  - name: latency
    area: performance
    http: {{ url: "{}/latency" }}
    value: /p95
    good: "< 200"
    unit: ms
"#,
            prometheus.url(),
            prometheus.url(),
        );
        proposed(w, &format!(" []{watch}")).await;
        assert_eq!(prometheus.asked(), [""; 0], "nothing is watched before there is a run");
        w.warehouse.fault("promote", &["wait"]);
        w.approve_and_meanwhile("ana", async |w| {
            until_page_says(w, "System: error rate 0.031 · was 0.031 · not good").await;
            until_page_says(w, "Data: jobs is not asked while a step works in the database").await;
            until_page_says(w, "Performance: latency cannot be told").await;
            prometheus.set(ERRORS, &["0.002", "0.004"]);
            until_page_says(w, "System: error rate 0.004 · was 0.031 · good").await;
            w.warehouse.go_on();
        })
        .await;
        w.expect_whisper("ana", "is signed");
        let card = w.expect_card("Rolled back");
        assert!(!card.text().contains("error rate"), "{}", card.text());
        assert_eq!(w.warehouse.calls("sql"), 0, "a query would have been in the way");
        w.read_on();
    }
);

/// Two steps besides: one that waits until somebody opens a gate, and one in the database.
fn gated(prometheus: &FakePrometheus) -> String {
    format!(
        r#"
  - name: Wait for the gate
    prometheus: {{ server: "{}", query: gate, for: 1 ms, every: 20 ms }}
    expect: "= 1"
    timeout: 1 min
  - name: Look at the jobs
    sql: "select value from flags where name = 'jobs'"
    expect: {{ value: "= running" }}
    timeout: 10 s
    idempotent: true
"#,
        prometheus.url()
    )
}

story!(
    /// A query that does not come back is ended when a step needs the database; the step does not wait for it.
    a_watched_query_gives_way_to_a_step,
    async |w| {
        let prometheus = FakePrometheus::start().await;
        prometheus.set("gate", &["0"]);
        let file = w.config.policies.join("runbooks/model_level.yaml");
        let text = fs::read_to_string(&file).expect("the runbook is there");
        fs::write(&file, text + &gated(&prometheus)).expect("writes the runbook");
        let jobs = r#" []
watch:
  - name: jobs
    area: data
    sql: "select value from flags where name = 'jobs'"
    good: "= running"
    every: 1 s
"#;
        proposed(w, jobs).await;
        w.warehouse.fault("sql", &["hang"]);
        w.approve_and_meanwhile("ana", async |_| prometheus.set("gate", &["1"])).await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        let store = &w.bot.engine.store;
        let run = store.runs_of(&w.incident().await).await.expect("runs").remove(0).value;
        let seen = store.watched(&run.id).await.expect("what was seen");
        // Had the step waited for the query's own end, nobody could have told the value.
        assert_eq!(seen[0].now, Reading::AtWork, "{seen:?}");
        assert_eq!(w.warehouse.calls("sql"), 2, "the query and the step");
        w.read_on();
    }
);
