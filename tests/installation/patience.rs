//! Waiting for something that another process does: the only place where time passes.

use std::time::Duration;

/// Whatever is still not there after this time never comes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(30);

/// Looks until `look` finds something, and gives it. `what` is awaited, for the message.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    until_told(what, async || look().await.ok_or_else(String::new)).await
}

/// Like [`until`], where a look that finds nothing says what is there instead; the message ends with the last of it.
pub(crate) async fn until_told<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let mut instead = String::new();
    let looking = async {
        loop {
            match look().await {
                Ok(found) => return found,
                Err(told) => instead = told,
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("in vain: {what}. {instead}"))
}
