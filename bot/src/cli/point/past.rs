//! Moments between two points, as PostgreSQL's archive leads to them.

use anyhow::Context as _;
use chrono::SecondsFormat;
use domain::Timestamp;
use policies::TargetRule;
use serde_json::{Value, json};

use crate::{
    archive::{Archive, Reach, Recovery},
    cli::Usage,
    restorable::{length, spell},
};

/// What the helper is told so that it makes a point of that moment, or why there is no way to it.
pub(super) fn recovery(
    rule: &TargetRule,
    kind: &str,
    at: Timestamp,
) -> anyhow::Result<Result<Vec<String>, String>> {
    if kind != "full" {
        return Err(Usage(format!("a point of the past is `full`, not `{kind}`")).into());
    }
    let Some(reach) = reach(rule, at)? else {
        return Err(Usage(format!(
            "targets.yaml names no `archive` of {}, from which PostgreSQL could be recovered",
            rule.id
        ))
        .into());
    };
    let Reach::Reached(Recovery { base, log, .. }) = &reach else {
        return Ok(Err(words(rule, &reach, at)));
    };
    let path = |path: &std::path::Path| {
        path.to_str().map(str::to_owned).context("the folder of PostgreSQL's archive is not UTF-8")
    };
    let at = at.timestamp_millis().to_string();
    let flags = ["--at", "--base", "--log"].map(str::to_owned);
    let values = [at, path(base)?, path(log)?];
    Ok(Ok(flags.into_iter().zip(values).flat_map(|(flag, value)| [flag, value]).collect()))
}

/// How far the target's archive leads; `None` where it has none.
pub(super) fn reach(rule: &TargetRule, at: Timestamp) -> anyhow::Result<Option<Reach>> {
    let archive = rule.archive.as_ref().map(Archive::read).transpose()?;
    Ok(archive.map(|archive| archive.reach(at)))
}

/// The answer in words.
pub(super) fn words(rule: &TargetRule, reach: &Reach, at: Timestamp) -> String {
    let create = |at: Timestamp| {
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!("`countersign point create --environment {} --at {at}`", rule.id)
    };
    let spelled = |at: Timestamp| spell(at.timestamp_millis());
    match reach {
        Reach::Reached(Recovery { base, base_at, .. }) => format!(
            "Yes, to that very moment: PostgreSQL's archive leads to {} without any loss, from the base backup {} of {}. {} makes a rollback point of it, for a type 4.",
            spelled(at),
            base.display(),
            spelled(*base_at),
            create(at)
        ),
        Reach::Partly { until } => format!(
            "PostgreSQL's archive ends at {}: what was written in the {} after it is not there, or not yet. {} makes a rollback point of its end.",
            spelled(*until),
            length((at - *until).num_milliseconds()),
            create(*until)
        ),
        Reach::TooEarly => {
            format!(
                "PostgreSQL's archive has no base backup that was finished by {} and whose log is there.",
                spelled(at)
            )
        }
    }
}

/// The answer for programs.
pub(super) fn row(reach: &Reach) -> Value {
    match reach {
        Reach::Reached(Recovery { base, base_at, .. }) => json!({
            "reached": true,
            "data_loss_ms": 0,
            "base_backup": base,
            "base_backup_at": base_at,
        }),
        Reach::Partly { until } => json!({"reached": false, "until": until}),
        Reach::TooEarly => json!({"reached": false, "until": null}),
    }
}
