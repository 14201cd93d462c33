//! Where more can be read: the alert, and the pages that the target's owners name.

use domain::card::Card;
use reqwest::Url;
use serde_json::Value;

use crate::{block, letters};

/// The longest label.
const LABEL: usize = 40;
/// The longest address of a page. Slack takes 3000 letters, but the whole message has its limit too.
const ADDRESS: usize = 250;
/// One that is written with more is not read: it would hardly be as short afterwards.
const WRITTEN: usize = 4 * ADDRESS;
/// How many letters all addresses have.
const ADDRESSES: usize = 1000;
/// How many pages one card leads to.
const MOST: usize = 5;

/// A row of buttons that lead to pages.
pub(super) fn links(card: &Card) -> Option<Value> {
    let alert = card.alert_url.as_deref().map(|url| ("Open the alert", url));
    let mut room = ADDRESSES;
    let others = card.links.iter().map(|link| (link.label.as_str(), link.url.as_str()));
    let buttons: Vec<Value> = alert
        .into_iter()
        .chain(others)
        .filter_map(|(label, url)| {
            let label = letters::line(label.trim(), LABEL);
            (!letters::is_blank(&label)).then_some(())?;
            let url = web_address(url).filter(|url| letters::room(url) <= ADDRESS)?;
            room = room.checked_sub(letters::room(&url))?;
            Some((label, url))
        })
        .take(MOST)
        .enumerate()
        .map(|(place, (label, url))| block::link(&format!("link_{place}"), &label, &url))
        .collect();
    (!buttons.is_empty()).then(|| block::actions("links", &buttons))
}

/// A web address; `None` for any other one.
fn web_address(url: &str) -> Option<String> {
    if url.len() > WRITTEN {
        return None;
    }
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.into())
}
