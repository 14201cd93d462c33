//! The rules as files: what an alert suggests, whom a rollback needs, who may decide, and what a runbook does.
//!
//! Pure: texts come in, decisions and sentences go out. Nothing here reads a file, knows a clock or waits. Read the
//! modules in this order.

mod files;
mod problem;

mod baseline;
mod duration;
mod history;
mod place;
mod suggest;
mod yaml;

mod schema;

mod authority;
mod checks;
mod escalation;
mod link;
mod people;
mod retention;
mod runbook;
mod target;
mod trigger;
mod window;

mod cedar;
mod keeping;
mod load;
mod request;
mod requirement;
mod triage;

mod case;
mod document;
mod explain;
mod simulate;
mod steering;

pub use authority::{Ask, Conditions, RaiseRule};
pub use baseline::Baseline;
pub use case::{CaseReport, CaseResult, run_cases};
pub use cedar::{Act, Verdict};
pub use checks::{Asked, Check, Moment, Watch};
pub use document::document;
pub use escalation::{LevelRule, TurnOfClock, timeline};
pub use files::Files;
pub use history::SourceHistory;
pub use load::Policies;
pub use people::Contact;
pub use problem::{Problem, Problems};
pub use request::{Declined, LONGEST_REASON, MAX_MODELS, Part, Wanted, When, takes_all};
pub use retention::{Fate, Reason, Retention, StoredPoint, Tier, Trust};
pub use runbook::{ParameterError, ParameterType, Progress, ProgressError, Runbook};
pub use schema::schemas;
pub use simulate::alert;
pub use suggest::did_you_mean;
pub use target::{ArchiveRule, ConsumerRule, ModelRule, TargetRule, is_model_name};
pub use triage::{Match, Triage};
pub use trigger::{Category, Kind, TriggerRule};
pub use window::WindowRule;
