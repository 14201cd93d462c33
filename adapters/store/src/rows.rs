//! Running a statement and reading its rows. What a column holds is checked here, once.

use std::fmt::Display;

use domain::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{
    Any, AnyConnection, Row as _,
    any::{AnyArguments, AnyRow},
};

use crate::{Error, Versioned, error::tried};

pub(crate) type Query = sqlx::query::Query<'static, Any, AnyArguments>;

/// Runs a statement that writes; the answer is how many rows it met.
pub(crate) async fn change(
    connection: &mut AnyConnection,
    task: &'static str,
    query: Query,
) -> Result<u64, Error> {
    let done = query.execute(connection).await.map_err(tried(task))?;
    Ok(done.rows_affected())
}

/// The one row, if there is one.
pub(crate) async fn optional(
    connection: &mut AnyConnection,
    task: &'static str,
    query: Query,
) -> Result<Option<Row>, Error> {
    let row = query.fetch_optional(connection).await.map_err(tried(task))?;
    Ok(row.map(|row| Row { task, row }))
}

/// The one row of a statement that always has one.
pub(crate) async fn single(
    connection: &mut AnyConnection,
    task: &'static str,
    query: Query,
) -> Result<Row, Error> {
    let row = query.fetch_one(connection).await.map_err(tried(task))?;
    Ok(Row { task, row })
}

/// All rows, each turned into what it stands for.
pub(crate) async fn all<T>(
    connection: &mut AnyConnection,
    task: &'static str,
    query: Query,
    read: impl Fn(&Row) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let rows = query.fetch_all(connection).await.map_err(tried(task))?;
    rows.into_iter().map(|row| read(&Row { task, row })).collect()
}

/// A row, and what it was read for.
pub(crate) struct Row {
    task: &'static str,
    row: AnyRow,
}

impl Row {
    pub(crate) fn text(&self, column: &'static str) -> Result<String, Error> {
        self.row.try_get(column).map_err(|error| self.unfit(column, error))
    }

    pub(crate) fn text_or_null(&self, column: &'static str) -> Result<Option<String>, Error> {
        self.row.try_get(column).map_err(|error| self.unfit(column, error))
    }

    pub(crate) fn integer(&self, column: &'static str) -> Result<i64, Error> {
        self.row.try_get(column).map_err(|error| self.unfit(column, error))
    }

    pub(crate) fn integer_or_null(&self, column: &'static str) -> Result<Option<i64>, Error> {
        self.row.try_get(column).map_err(|error| self.unfit(column, error))
    }

    /// A number that is never negative and fits the type asked for.
    pub(crate) fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Error>
    where
        T::Error: std::error::Error + Send + Sync + 'static,
    {
        T::try_from(self.integer(column)?).map_err(|error| self.unfit(column, error))
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, Error> {
        Ok(self.integer(column)? == 1)
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, Error> {
        self.moment(column, self.integer(column)?)
    }

    pub(crate) fn time_or_null(&self, column: &'static str) -> Result<Option<Timestamp>, Error> {
        self.integer_or_null(column)?.map(|at_ms| self.moment(column, at_ms)).transpose()
    }

    /// An id or a digest.
    pub(crate) fn parsed<T: TryFrom<String>>(&self, column: &'static str) -> Result<T, Error>
    where
        T::Error: std::error::Error + Send + Sync + 'static,
    {
        T::try_from(self.text(column)?).map_err(|error| self.unfit(column, error))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.unfit(column, error))
    }

    /// An aggregate: the columns `body` and `version`.
    pub(crate) fn versioned<T: DeserializeOwned>(&self) -> Result<Versioned<T>, Error> {
        Ok(Versioned { value: self.json("body")?, version: self.integer("version")? })
    }

    pub(crate) fn unfit(
        &self,
        column: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::Decode { task: self.task, column, source: source.into() }
    }

    fn moment(&self, column: &'static str, at_ms: i64) -> Result<Timestamp, Error> {
        Timestamp::from_timestamp_millis(at_ms)
            .ok_or_else(|| self.unfit(column, format!("{at_ms} ms is beyond the calendar")))
    }
}

/// An aggregate as it is stored.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("an aggregate holds only what JSON can write")
}

/// A moment `lease_ms` after `now`, as it is stored.
pub(crate) fn lease_end(now: Timestamp, lease_ms: u64) -> i64 {
    let lease_ms = i64::try_from(lease_ms).unwrap_or(i64::MAX);
    now.timestamp_millis().saturating_add(lease_ms)
}

/// A pattern for `like ... escape '!'` that matches texts with this ending.
pub(crate) fn ending_in(text: impl Display) -> String {
    let mut pattern = String::from("%");
    for letter in text.to_string().to_ascii_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_wildcards_in_what_was_typed_for_letters() {
        assert_eq!(ending_in("4Sn02q"), "%4sn02q");
        assert_eq!(ending_in("%_!"), "%!%!_!!");
    }
}
