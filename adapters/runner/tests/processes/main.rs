//! Commands with real children: what comes out of them, and that nothing of them stays behind.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod children;
mod end_group;
mod limits;
mod run;
mod waiting;
