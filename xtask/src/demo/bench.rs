//! `cargo xtask bench rollback`: what a rollback costs beyond SQLMesh's own time.
//!
//! Both ways back are taken from the same broken warehouse in one run: SQLMesh alone on a copy, by its command line, and
//! Countersign from the approving click on, with all of its checks. Both must end in the same rows.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{
    Demo, Options,
    databases::Databases,
    fault::Scene,
    folder::Folder,
    prepare,
    project::Project,
    server::Countersign,
    thread::{Ended, Thread},
    tools,
    visitor::Personas,
};
use crate::{
    paint::Paint,
    repository,
    stage::{Stages, duration},
};

/// Runs both and prints how they compare.
pub(crate) async fn bench() -> Result<()> {
    let mut stages = Stages::new();
    let (binary, python) = tools(&mut stages).await?;
    let options = Options {
        auto: true,
        rollback_type: None,
        broken: None,
        warehouse: None,
        killing: None,
        speed: 60,
        port: 8080,
        dir: Some(repository::target().join("bench")),
        keep: false,
        fresh: false,
    };
    let alone = {
        let mut folder = Folder::open(options.dir.as_deref(), false, true)?;
        let databases = Databases::Files(folder.path().to_owned());
        let project = Project::new(folder.path(), python.clone(), databases);
        let countersign = Countersign::new(binary.clone(), folder.path());
        let scene = Scene::default();
        prepare(&mut folder, (&project, &countersign), scene, options.speed, &mut stages).await?;
        let stage = stages.begin("Let SQLMesh go back alone, on a copy");
        let truth = &folder.needed_record()?.truth;
        let took = project.alone(scene.fault(), truth, &stage).await?;
        stage.done("");
        took
    };
    let mut demo = Demo::start(&options, &mut stages, binary, python).await?;
    let mut visitor = Personas::of(demo.server.url(), &demo.incident)?;
    let mut thread = Thread::new(demo.server.url(), &demo.incident)?;
    let ended = tokio::select! {
        ended = thread.follow(Some(&mut visitor)) => ended?,
        died = demo.server.died() => bail!(died?),
    };
    let all = match &ended {
        Ended::RolledBack(_) => thread.since_the_click().await?,
        Ended::Otherwise(how) => bail!("there was no rollback: {how}"),
    };
    drop(thread);
    let judged = demo.judge(&mut stages, ended).await;
    demo.stop().await?;
    judged?;
    println!("\n{}", Paint::new().strong(&said(all, alone)));
    Ok(())
}

/// How both compare, in three lines.
fn said(all: Duration, alone: Duration) -> String {
    let ratio = all.as_secs_f64() / alone.as_secs_f64();
    let beyond = all.as_secs_f64() - alone.as_secs_f64();
    format!(
        "SQLMesh alone           {}\nfrom click to verified  {}\nthat is {ratio:.1} times, or {beyond:.1} s beyond SQLMesh's own time",
        duration(alone),
        duration(all)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_is_short_to_read() {
        let said = said(Duration::from_millis(12_300), Duration::from_millis(4_100));
        insta::assert_snapshot!(said, @r"
        SQLMesh alone           4.1 s
        from click to verified  12.3 s
        that is 3.0 times, or 8.2 s beyond SQLMesh's own time
        ");
    }
}
