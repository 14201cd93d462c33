//! Addresses inside mrkdwn: one must not be able to end its own link.

use reqwest::Url;

/// The longest address.
const LONGEST: usize = 350;

/// The address as it stands in a link; `None` for what is no web address or too long.
pub(crate) fn in_a_link(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let link = url
        .as_str()
        .replace('&', "&amp;")
        .replace('|', "%7C")
        .replace('<', "%3C")
        .replace('>', "%3E");
    (link.len() <= LONGEST).then_some(link)
}
