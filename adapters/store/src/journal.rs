//! The journal. Entries are only ever added, each behind the end of its chain.
//!
//! Two transactions that append to the same incident's journal meet at the primary key (incident, seq): one of
//! them gets a conflict and must read again.

use domain::{
    id::{IncidentId, ProposalId},
    journal::{Entry, Head, Record, SealedEntry},
    pin, run,
};
use sqlx::AnyConnection;

use crate::{
    Error, Tx,
    rows::{self, Row},
    sql::journal as sql,
};

const APPEND: &str = "append to a journal";
const READ: &str = "read a journal";

impl Tx {
    /// Adds an entry. `before` is the head that it was sealed with, `entry` what it holds.
    pub async fn append(
        &mut self,
        sealed: &SealedEntry,
        before: &Head,
        entry: &Entry,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::APPEND_ENTRY)
            .bind(before.incident.as_str())
            .bind(number(before.next_seq))
            .bind(entry.at.timestamp_millis())
            .bind(proposal(entry).map(|id| id.as_str().to_owned()))
            .bind(sealed.body.as_str())
            .bind(sealed.receipt.clone())
            .bind(before.hash.as_str())
            .bind(sealed.hash.as_str());
        match rows::change(self.connection(), APPEND, query).await? {
            1 => Ok(()),
            _ => Err(Error::conflict(APPEND)),
        }
    }
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
    incident: &IncidentId,
) -> Result<Vec<SealedEntry>, Error> {
    let query = sqlx::query(sql::JOURNAL).bind(incident.as_str());
    rows::all(connection, READ, query, sealed).await
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    incident: &IncidentId,
    seq: u64,
) -> Result<Option<SealedEntry>, Error> {
    let query = sqlx::query(sql::ENTRY).bind(incident.as_str()).bind(number(seq));
    rows::optional(connection, READ, query).await?.map(|row| sealed(&row)).transpose()
}

pub(crate) async fn head(
    connection: &mut AnyConnection,
    incident: &IncidentId,
) -> Result<Head, Error> {
    let query = sqlx::query(sql::HEAD).bind(incident.as_str());
    let Some(row) = rows::optional(connection, READ, query).await? else {
        return Ok(Head::genesis(incident));
    };
    Ok(Head {
        incident: incident.clone(),
        next_seq: row.count::<u64>("seq")? + 1,
        hash: row.parsed("hash")?,
    })
}

pub(crate) async fn receipts(
    connection: &mut AnyConnection,
    proposal: &ProposalId,
) -> Result<Vec<String>, Error> {
    let query = sqlx::query(sql::RECEIPTS_OF_PROPOSAL).bind(proposal.as_str());
    rows::all(connection, "read a proposal's receipts", query, |row| row.text("receipt")).await
}

fn sealed(row: &Row) -> Result<SealedEntry, Error> {
    Ok(SealedEntry {
        body: row.text("body")?,
        receipt: row.text_or_null("receipt")?,
        prev: row.parsed("prev")?,
        hash: row.parsed("hash")?,
    })
}

fn proposal(entry: &Entry) -> Option<&ProposalId> {
    match &entry.record {
        Record::Proposal { id, .. } | Record::Refused { proposal: id, .. } => Some(id),
        Record::Run { event: run::Event::Steered(steered), .. } => Some(&steered.proposal),
        Record::Pin { event: pin::Event::Asked { opening }, .. } => Some(&opening.proposal),
        Record::Incident(_)
        | Record::Run { .. }
        | Record::Hold { .. }
        | Record::Pin { .. }
        | Record::Remark(_) => None,
    }
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).expect("no journal has 2^63 entries")
}
