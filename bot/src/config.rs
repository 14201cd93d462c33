//! Configuration: `countersign.yaml`, the environment's overrides, and the one door to the environment.
//!
//! A value may be `env:NAME` or `file:PATH`; `COUNTERSIGN__SECTION__KEY` overrides a key. Unknown keys are errors.

mod document;
mod error;
mod overlay;
mod schema;
mod secret;

pub use document::{Config, Discord, Pagerduty, Slack, SqlmeshSection, Web};
pub use error::ConfigError;
pub use overlay::{inherited, load};
pub use schema::schema;
