//! Stories: the real bot in this process, real HTTP, fake outside systems, on both databases.
//!
//! Every story ends with the same questions: was every message read, is anything left to do, was an error logged,
//! does the journal verify, and does it fold to the stored state?

mod world;

mod belonging;
mod checks;
mod choosing;
mod commanding;
mod crash;
mod deciding;
mod disowning;
mod escalating;
mod estimating;
mod examining;
mod filling_in;
mod handing_over;
mod hanging;
mod holding;
mod home;
mod intake;
mod keeping;
mod knocking;
mod listening;
mod modals;
mod outages;
mod patching;
mod pictures;
mod planned_runs;
mod planning;
mod proposing;
mod pruning;
mod reading;
mod records;
mod recovering;
mod refusing;
mod renaming;
mod restoring;
mod running;
mod steering;
mod stepping;
mod timeline;
mod typing;
mod waiting;

/// One body, two tests: SQLite and PostgreSQL.
macro_rules! story {
    ($(#[$doc:meta])* $name:ident, $body:expr) => {
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports, reason = "not every story needs all that the trade has")]
            use super::*;
            use crate::world::{Database, tell};

            #[tokio::test]
            async fn sqlite() {
                tell(Some(Database::sqlite()), $body).await;
            }

            #[tokio::test]
            async fn postgres() {
                tell(Database::postgres().await, $body).await;
            }
        }
    };
}
pub(crate) use story;
