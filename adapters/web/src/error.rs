//! What can break while a page is made. All of it is a fault of this crate, never of the reader.

/// A page that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template that was compiled into the program does not parse.
    #[error("read the template {name}")]
    Template {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A template met something it does not know, or ran out of fuel.
    #[error("render the template {name}")]
    Render {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
