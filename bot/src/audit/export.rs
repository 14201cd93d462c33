//! Writes the log.

use std::{collections::BTreeSet, io::Write};

use domain::{Timestamp, id::IncidentId, journal::Entry, journal::Record, proposal};
use signer::{Envelope, SigningKey};
use store::Store;

use super::{HEAD_TYPE, Line, SignedHead};

/// How many incidents are read at once.
const PAGE: u32 = 100;

/// Writes the log of one incident, or of all of them (oldest page last). Nothing is checked here: what the database
/// holds is what the log says.
pub async fn export(
    store: &Store,
    key: &SigningKey,
    only: Option<&IncidentId>,
    now: Timestamp,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if let Some(id) = only {
        anyhow::ensure!(store.incident(id).await?.is_some(), "there is no incident {id}");
        return one(store, key, id, now, out).await;
    }
    let mut before: Option<IncidentId> = None;
    loop {
        let page = store.incidents(PAGE, before.as_ref()).await?;
        for found in &page {
            one(store, key, &found.value.id, now, out).await?;
        }
        match page.last() {
            Some(last) => before = Some(last.value.id.clone()),
            None => return Ok(()),
        }
    }
}

async fn one(
    store: &Store,
    key: &SigningKey,
    id: &IncidentId,
    now: Timestamp,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let journal = store.journal(id).await?;
    let mut written = BTreeSet::new();
    for (seq, sealed) in (0..).zip(&journal) {
        // A damaged entry is exported all the same: finding it is the verifier's work.
        if let Some(digest) =
            serde_json::from_str::<Entry>(&sealed.body).ok().and_then(|entry| opened_plan(&entry))
            && written.insert(digest.clone())
            && let Some(plan) = store.plan(&digest).await?
        {
            line(out, &Line::Plan { digest, bytes: plan.bytes().to_owned() })?;
        }
        line(
            out,
            &Line::Entry {
                incident: id.clone(),
                seq,
                body: sealed.body.clone(),
                receipt: sealed.receipt.clone(),
                prev: sealed.prev.clone(),
                hash: sealed.hash.clone(),
            },
        )?;
    }
    let Some(last) = journal.last() else { return Ok(()) };
    let head = SignedHead {
        incident: id.clone(),
        entries: u64::try_from(journal.len())?,
        hash: last.hash.clone(),
        exported_at: now,
    };
    let envelope = Envelope::sign(key, HEAD_TYPE, &serde_json::to_vec(&head)?);
    line(out, &Line::Head { incident: id.clone(), envelope })
}

fn opened_plan(entry: &Entry) -> Option<domain::digest::Digest> {
    match &entry.record {
        Record::Proposal { event: proposal::Event::Opened { opening }, .. } => {
            Some(opening.plan.clone())
        }
        _ => None,
    }
}

fn line(out: &mut dyn Write, line: &Line) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")?;
    Ok(())
}
