//! The web page: the incident's thread, rendered on the server and live by SSE.
//!
//! This crate turns views into HTML and holds the page's assets; it knows no route, no session and no clock.
//! Read the modules in this order.

mod view;

mod pages;

mod asset;
mod document;
mod error;
mod piece;

pub use asset::{CONTENT_SECURITY_POLICY, asset};
pub use error::Error;
pub use pages::Pages;
pub use view::{IncidentView, IndexView, Line, Viewer};
