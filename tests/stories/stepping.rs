//! Steps beside SQLMesh: a load balancer, a statement, a metric, a wait, a program of somebody else's.

use std::{fs, process::Child, time::Duration};

use chrono::TimeDelta;
use domain::run::Stage;
use fakes::{balancer::FakeBalancer, prometheus::FakePrometheus};

use crate::{story, world::World};

/// A variable that every test has; here it holds the balancer's token.
const VARIABLE: &str = "CARGO_PKG_DESCRIPTION";
const TOKEN: &str = env!("CARGO_PKG_DESCRIPTION");
const ERRORS: &str = "sum(rate(http_errors_total[5m]))";

/// What stands around the warehouse.
struct Surroundings {
    balancer: FakeBalancer,
    prometheus: FakePrometheus,
}

impl Surroundings {
    async fn start() -> Self {
        let prometheus = FakePrometheus::start().await;
        prometheus.set(ERRORS, &["0.002"]);
        Self { balancer: FakeBalancer::start(TOKEN).await, prometheus }
    }

    fn balancer_step(&self) -> String {
        balancer_step(&self.balancer.url())
    }

    fn errors_step(&self) -> String {
        format!(
            r#"
  - name: The errors are gone
    prometheus: {{ server: "{}", query: "{ERRORS}" }}
    expect: "< 0.01"
    timeout: 10 s
    on_failure: ask
"#,
            self.prometheus.url()
        )
    }
}

fn balancer_step(url: &str) -> String {
    let headers = format!("{{ Authorization: env:{VARIABLE} }}");
    let pool = |method: &str, colour: &str| {
        let url = format!("{url}/pool");
        format!(
            r#"{{ method: {method}, url: "{url}", headers: {headers}, body: '{{"active": "{colour}"}}' }}"#
        )
    };
    format!(
        r#"
  - name: Point the pool to blue
    http: {}
    expect: {{ status: [200], json: {{ /active: blue }} }}
    timeout: 10 s
    retries: 1
    idempotent: true
    probe:
      http: {{ url: "{url}/pool", headers: {headers} }}
      expect: {{ status: [200], json: {{ /active: blue }} }}
    undo:
      http: {}
      expect: {{ status: [200], json: {{ /active: green }} }}
"#,
        pool("PUT", "blue"),
        pool("PUT", "green"),
    )
}

const WAIT: &str = r"
  - name: Let the caches run out
    wait: 30 ms
";

const JOBS: &str = r#"
  - name: Hold the jobs
    sql: "update flags set value = 'held' where name = 'jobs'"
    expect: { rows: 1 }
    timeout: 10 s
    idempotent: true
    probe:
      sql: "select value from flags where name = 'jobs'"
      expect: { value: "= held" }
    undo:
      sql: "update flags set value = 'running' where name = 'jobs'"
"#;

/// The runbook has these steps besides, the alert has come, and nobody has decided yet.
pub(crate) async fn proposed(w: &mut World, steps: &str) {
    let file = w.config.policies.join("runbooks/model_level.yaml");
    let text = fs::read_to_string(&file).expect("the runbook is there");
    fs::write(&file, format!("{text}{steps}")).expect("writes the runbook");
    w.config.inherit.push(VARIABLE.to_owned());
    w.restart().await;
    w.alert().await;
    w.read_on();
}

story!(
    /// A pool, a wait, a statement and a metric: each is done, checked and told, and the token is nowhere.
    every_kind_of_step_is_done_and_checked,
    async |w| {
        let around = Surroundings::start().await;
        let steps = [around.balancer_step(), WAIT.to_owned(), JOBS.to_owned(), around.errors_step()];
        proposed(w, &steps.concat()).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&[
            "approved at level 1",
            "The rollback starts",
            "Step 1 of 7",
            "Step 2 of 7",
            "Step 3 of 7",
            "/active is \"blue\"",
            "30 ms have passed",
            "1 row, = 1 as expected",
            "The value is 0.002, &lt; 0.01 as expected",
            "Rolled back",
            "is held",
        ]);
        w.expect_card("Rolled back");
        assert_eq!(around.balancer.calls(), ["PUT"]);
        assert_eq!((around.balancer.active().as_str(), w.warehouse.flag("jobs").as_str()), ("blue", "held"));
        assert_eq!(around.prometheus.asked(), [ERRORS]);
        let log = w.export().await;
        assert!(log.contains(&format!("env:{VARIABLE}")), "the plan names the variable");
        assert!(!log.contains(TOKEN), "the plan holds the token");
    }
);

story!(
    /// The balancer does it, but its answer is lost: the probe says that it is done, and nothing is sent twice.
    a_lost_answer_is_settled_by_the_probe,
    async |w| {
        let around = Surroundings::start().await;
        proposed(w, &around.balancer_step()).await;
        around.balancer.lose_reply_of_next("PUT");
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_thread(&[
            "approved at level 1",
            "The rollback starts",
            "Step 1 of 4",
            "Step 2 of 4",
            "Step 3 of 4",
            "gave no answer",
            "it is done",
            "Step 4 of 4",
            "Rolled back",
            "is held",
        ]);
        assert_eq!(around.balancer.calls(), ["PUT", "GET"]);
        w.expect_card("Rolled back");
    }
);

story!(
    /// The balancer cannot do it right now, and its probe says so: it is asked to do it again.
    what_was_not_done_is_sent_again,
    async |w| {
        let around = Surroundings::start().await;
        proposed(w, &around.balancer_step()).await;
        around.balancer.fail_next_with_status("PUT", 503);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Rolled back");
        assert_eq!(around.balancer.calls(), ["PUT", "GET", "PUT"]);
        w.read_on();
    }
);

story!(
    /// Nobody listens there: nothing was sent, which needs no probe. What was done before is taken back.
    a_refused_connection_is_known_to_have_done_nothing,
    async |w| {
        // Nobody listens on this port: it was free a moment ago.
        let url = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
            format!("http://{}", free.local_addr().expect("its address"))
        };
        let step = balancer_step(&url);
        let (step, _) = step.split_once("    undo:").expect("it has an undo");
        proposed(w, &format!("{JOBS}{step}")).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Failed, taken back");
        let shown = w.thread_so_far();
        assert_eq!(shown.matches("nothing was sent").count(), 3, "{shown}");
        assert!(!shown.contains("probe"), "{shown}");
        assert_eq!(w.warehouse.flag("jobs"), "running");
        w.read_on();
    }
);

story!(
    /// The errors go on after the rollback: the check says no, and a person is asked.
    a_metric_that_says_no_asks_a_person,
    async |w| {
        let around = Surroundings::start().await;
        proposed(w, &around.errors_step()).await;
        around.prometheus.set(ERRORS, &["0.08"]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        let shown = w.thread_so_far();
        assert!(shown.contains("the check says no"), "{shown}");
        assert!(shown.contains("The value is 0.08, and &lt; 0.01 is expected"), "{shown}");
        w.read_on();
    }
);

story!(
    /// Prometheus has no data: nobody may read that as good.
    a_metric_without_data_is_no_pass,
    async |w| {
        let around = Surroundings::start().await;
        proposed(w, &around.errors_step()).await;
        around.prometheus.set(ERRORS, &[]);
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        w.expect_card("Stuck: needs a person");
        let shown = w.thread_so_far();
        assert!(shown.contains("the check could not tell"), "{shown}");
        assert!(shown.contains("The query finds no data"), "{shown}");
        w.read_on();
    }
);

story!(
    /// A program gets an empty folder that goes away, the variables that it is given, and tells how far it is.
    a_program_works_in_a_folder_of_its_own,
    async |w| {
        let steps = format!(
            r#"
  - name: Look around
    command: [find, ., -name, "*", -newermt, "2000-01-01", -print]
    timeout: 10 s
    idempotent: true
  - name: Show the variables
    command: [env]
    env: {{ COLOUR: blue, SECRET_OF_MINE: env:{VARIABLE} }}
    progress: '^(?<text>COLOUR=.*)$'
    timeout: 10 s
    idempotent: true
  - name: Name no program
    command: [no-such-program-anywhere]
    timeout: 10 s
    idempotent: false
    on_failure: ask
"#
        );
        proposed(w, &steps).await;
        w.approve("ana").await;
        w.expect_whisper("ana", "is signed");
        let run = w.bot.engine.store.runs_of(&w.incident().await).await.expect("runs").remove(0).value;
        let kept = w.bot.engine.store.outputs_of(&run.id).await.expect("outputs");
        assert_eq!(kept[3].text, ".\n", "the folder is empty");
        let lines: Vec<&str> = kept[4].text.lines().collect();
        let work = std::path::absolute(&w.config.work).expect("a path").join("steps").join(run.id.as_str());
        for expected in [
            "COLOUR=blue".to_owned(),
            "SECRET_OF_MINE=***".to_owned(),
            format!("COUNTERSIGN_RUN={}", run.id),
            format!("TMPDIR={}", work.display()),
        ] {
            assert!(lines.contains(&expected.as_str()), "{expected} is not in {lines:#?}");
        }
        let is_known = |line: &&&str| {
            ["COLOUR=", "SECRET_OF_MINE=", "COUNTERSIGN_RUN=", "TMPDIR=", "PATH=", "HOME=", "LANG=", "LC_ALL=", "TZ=", VARIABLE]
                .iter()
                .any(|known| line.starts_with(known))
        };
        assert_eq!(lines.iter().filter(is_known).count(), lines.len(), "{lines:#?}");
        assert!(!work.exists(), "the folder is still there");
        w.expect_card("Stuck: needs a person");
        let shown = w.thread_so_far();
        assert!(shown.contains("no-such-program-anywhere"), "{shown}");
        assert!(!shown.contains("nothing can tell whether"), "{shown}");
        w.read_on();
    }
);

/// Between two looks at another process.
const LOOK: Duration = Duration::from_millis(20);
/// After so many looks (a minute) it will not happen any more.
const LOOKS: u32 = 3000;

/// Waits until another process is in the fourth step.
async fn until_in_the_fourth_step(w: &World, executor: &mut Child) {
    let incident = w.incident().await;
    for _ in 0..LOOKS {
        let runs = w.bot.engine.store.runs_of(&incident).await.expect("runs");
        if runs.iter().any(|run| matches!(run.value.stage, Stage::Doing { step: 3, .. })) {
            return;
        }
        assert!(executor.try_wait().expect("a child").is_none(), "the executor ended by itself");
        tokio::time::sleep(LOOK).await;
    }
    panic!("the fourth step never began");
}

story!(
    /// The executor is asked to stop during a long wait: it goes at once, and the next one waits for the rest alone.
    a_wait_does_not_hold_up_a_shutdown,
    async |w| {
        w.clock.follow_the_system();
        proposed(w, "\n  - name: Let the caches run out\n    wait: 10 min\n").await;
        let request = w.slack.click(&w.slack.messages(crate::world::CHANNEL)[0], "approve", "U0ANA");
        assert_eq!(w.send("/slack/interactions", &request).await, 200);
        let mut executor = w.start_executor();
        until_in_the_fourth_step(w, &mut executor).await;
        let pid = rustix::process::Pid::from_child(&executor);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("SIGTERM");
        let asked = std::time::Instant::now();
        assert!(executor.wait().expect("it ends").success());
        // Half of the time that a step under way gets.
        assert!(asked.elapsed() < Duration::from_secs(15), "it took {:?}", asked.elapsed());
        w.clock.follow_the_system();
        w.advance(TimeDelta::minutes(10)).await;
        w.slack.take_ephemerals("U0ANA");
        w.expect_card("Rolled back");
        let shown = w.thread_so_far();
        assert!(shown.contains("10 min have passed") && shown.contains("was interrupted"), "{shown}");
        w.read_on();
    }
);
