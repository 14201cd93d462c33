//! Waiting for something that another process does: the only place where time passes.

use std::time::Duration;

/// Whatever is still not there after this time never comes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(30);

/// Looks until `look` finds something, and gives it. `what` is awaited, for the message.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("in vain: {what}"))
}
