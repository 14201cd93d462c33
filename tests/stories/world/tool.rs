//! Programs of others that stories run for real, and where they are on this machine.
//!
//! A variable names each of them; `skip` leaves its stories out, and without the variable they fail.

use std::path::PathBuf;

/// Where a program is, or `None` where its stories are to be left out.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
pub(crate) fn tool(variable: &str) -> Option<PathBuf> {
    let place = std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "`cargo xtask test` sets {variable} to a program's place; set it, or set it to `skip`"
        )
    });
    (place != "skip").then(|| place.into())
}
