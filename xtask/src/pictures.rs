//! `cargo xtask pictures`: the documentation's pictures of what people see in Slack.
//!
//! The stories lead the real bot to each state and draw what it sent; Chromium photographs the drawings.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::process::Command;

use crate::{
    cargo::cargo,
    program::{self, Unusable},
    repository,
    stage::Stages,
};

const WIDTH: u32 = 760;
/// A drawing says how high it is.
const HEIGHT: &str = "data-height=\"";

/// Draws them, and replaces those in `docs/images`.
pub(crate) async fn run() -> Result<()> {
    let chromium = program::find("chromium").ok_or_else(|| {
        Unusable("Chromium is not installed; on Debian: apt-get install chromium".to_owned())
    })?;
    let drawings = repository::target().join("pictures");
    if drawings.exists() {
        fs::remove_dir_all(&drawings).context("remove the drawings of last time")?;
    }
    let mut stages = Stages::new();
    let stage = stages.heading("Draw what people see");
    let mut stories =
        cargo(["test", "--workspace", "--locked", "--test", "stories", "--", "pictures::"]);
    stories.env("COUNTERSIGN_PICTURES", &drawings).env("COUNTERSIGN_TEST_POSTGRES", "skip");
    program::run(stories).await?;
    stage.done("");
    let stage = stages.heading("Photograph the drawings");
    let images = repository::root().join("docs/images/slack");
    fs::create_dir_all(&images).with_context(|| format!("create {}", images.display()))?;
    let mut count = 0;
    for entry in fs::read_dir(&drawings).context("list the drawings")? {
        let drawing = entry.context("list the drawings")?.path();
        let name = drawing.file_stem().context("name a picture")?;
        photograph(&chromium, &drawing, &images.join(name).with_extension("png")).await?;
        count += 1;
    }
    ensure!(count > 0, "the stories have drawn nothing");
    stage.done(&format!("{count} pictures in docs/images/slack"));
    Ok(())
}

async fn photograph(chromium: &Path, drawing: &Path, image: &Path) -> Result<()> {
    let address = format!("file://{}", drawing.display());
    let page = chrome(chromium, WIDTH, 600, "--dump-dom", &address).await?;
    let height = page.split_once(HEIGHT).and_then(|(_, rest)| rest.split('"').next());
    let height = height.and_then(|height| height.parse().ok());
    let height: u32 = height.with_context(|| format!("measure {}", drawing.display()))?;
    let screenshot = format!("--screenshot={}", image.display());
    chrome(chromium, WIDTH, height, &screenshot, &address).await?;
    ensure!(image.exists(), "Chromium made no {}", image.display());
    Ok(())
}

/// Chromium writes much on its standard error that means nothing.
async fn chrome(
    chromium: &Path,
    width: u32,
    height: u32,
    wish: &str,
    address: &str,
) -> Result<String> {
    let size = format!("--window-size={width},{height}");
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
        .args([&size, "--force-device-scale-factor=1.5", "--virtual-time-budget=2000", wish])
        .arg(address)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if program::is_root() {
        command.arg("--no-sandbox");
    }
    let output = command.output().await.context("start Chromium")?;
    if !output.status.success() {
        bail!("Chromium failed ({})", output.status);
    }
    String::from_utf8(output.stdout).context("read what Chromium shows")
}
