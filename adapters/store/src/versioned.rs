//! An aggregate together with the version that it was read at.

/// A value as it was read. To save a change, put the new value in and keep the version: the save succeeds only if
/// nobody else saved in between, and the row then carries `version + 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The aggregate.
    pub value: T,
    /// The version of the row that it was read from, from 1.
    pub version: i64,
}
