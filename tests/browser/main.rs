//! The page in a real browser, on a desk and in a hand: real Chromium, the real program as a process, fake outside
//! systems.
//!
//! chromedriver is named by `COUNTERSIGN_TEST_CHROMEDRIVER` and Chromium by `COUNTERSIGN_TEST_CHROMIUM`; without the
//! variables both are looked for on `PATH`. With `skip` these tests are left out.

#[expect(dead_code, reason = "a browser fills in the form by itself")]
#[path = "../installation/installation.rs"]
mod installation;

mod driver;
mod element;
mod screen;
mod visit;

mod deciding;
mod reading;
