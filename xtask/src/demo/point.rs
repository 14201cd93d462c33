//! The rollback point of a demo: `countersign` makes it while the good release is live, as CI does before each deploy.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use super::server::Countersign;
use crate::stage::Stages;

/// All that a command needs that neither listens nor signs.
const CONFIGURATION: &str = "policies: policies/rules\nkeys: keys\nwork: work\npoints: points\n";

/// Makes the point of what `kept` names. The policies are there; the configuration is written anew once the demo
/// knows where it listens.
pub(super) async fn make(
    countersign: &Countersign,
    folder: &Path,
    kept: &[&str],
    stages: &mut Stages,
) -> Result<()> {
    let stage = stages.begin("Make a rollback point, as CI does before a deploy");
    let file = folder.join("countersign.yaml");
    fs::write(&file, CONFIGURATION).with_context(|| format!("write {}", file.display()))?;
    let named = ["point", "create", "--environment", "prod", "--reason", "before the release"];
    let said = countersign.watch(&[&named, kept].concat(), &stage).await?;
    stage.done(said.lines().next().unwrap_or_default().trim_end_matches('.'));
    Ok(())
}
