//! The page's static files, compiled into the program, and the policy under which a browser runs them.

use domain::digest::Digest;

/// The `Content-Security-Policy` header that every page works under.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// The file that is served as `/assets/{name}`: its content type and its bytes.
pub fn asset(name: &str) -> Option<(&'static str, &'static [u8])> {
    match name {
        "style.css" => Some(("text/css; charset=utf-8", include_bytes!("assets/style.css"))),
        "live.js" => Some(("text/javascript; charset=utf-8", include_bytes!("assets/live.js"))),
        "favicon.svg" => Some(("image/svg+xml", include_bytes!("assets/favicon.svg"))),
        _ => None,
    }
}

/// Changes when any asset changes, so that a browser never mixes an old script with a new page.
pub(crate) fn version() -> String {
    let all: Vec<u8> = ["style.css", "live.js", "favicon.svg"]
        .iter()
        .filter_map(|name| asset(name))
        .flat_map(|(_, bytes)| bytes.iter().copied())
        .collect();
    Digest::of(all).short().to_owned()
}
