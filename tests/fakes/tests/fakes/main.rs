//! The fakes keep the platforms' rules: a fake that is too kind hides faults.

mod modals;
mod pagerduty;
mod people;
mod pressing;
mod slack;
mod socket;
mod tokens;
mod wire;
mod workspace;

/// A plain HTTP client.
fn client() -> reqwest::Client {
    // Another test of this process may have been first.
    let _already = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}
