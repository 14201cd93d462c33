//! Addresses from elsewhere: only those of the web, and inside mrkdwn one must not be able to end its own link.

use reqwest::Url;

/// The longest address.
const LONGEST: usize = 350;

/// The address as it stands in a link; `None` for what is no web address or too long.
pub(crate) fn in_a_link(url: &str) -> Option<String> {
    let link = web_address(url)?
        .replace('&', "&amp;")
        .replace('|', "%7C")
        .replace('<', "%3C")
        .replace('>', "%3E");
    (link.len() <= LONGEST).then_some(link)
}

/// A web address; `None` for any other one.
pub(crate) fn web_address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.into())
}
