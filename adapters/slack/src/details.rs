//! The details as a modal of as many pages as it takes.
//!
//! Must stay within Slack's limits whatever the details hold: each line is cut, a paragraph holds as many lines as fit,
//! and a page as many paragraphs. Nothing is left out; what a line loses stands in the plan.

use domain::{details::Details, place::Place};
use serde_json::{Value, json};

use crate::{
    block::{self, SECTION_LIMIT},
    card::{DETAILS, button_value},
    letters,
    mrkdwn::{Moment, Mrkdwn, Readers},
    place,
};

const PAGE: &str = "details_page_";
const ONE_LINE: usize = 700;
/// How many letters a page has at most, so that nobody scrolls for ever.
const ONE_PAGE: usize = 6000;

/// Which page a button leads to; `None` where it has nothing to do with details.
pub(crate) fn asked_page(action_id: &str) -> Option<usize> {
    if action_id == DETAILS {
        return Some(0);
    }
    action_id.strip_prefix(PAGE)?.parse().ok()
}

/// A page, from 0; the last one where there are not as many.
pub(crate) fn view(
    (details, page): (&Details, usize),
    place: &Place,
    readers: Readers<'_>,
) -> Value {
    let pages = pages(details, readers);
    let page = page.min(pages.len().saturating_sub(1));
    let mut blocks: Vec<Value> =
        pages.get(page).into_iter().flatten().map(|text| block::section(text)).collect();
    if pages.len() > 1 {
        blocks.push(block::context(&format!("Page {} of {}", page + 1, pages.len())));
        let before = page.checked_sub(1).map(|before| turn(details, before, "Back"));
        let after = Some(page + 1).filter(|after| *after < pages.len());
        let after = after.map(|after| turn(details, after, "Read on"));
        let buttons: Vec<Value> = before.into_iter().chain(after).collect();
        blocks.push(block::actions("pages", &buttons));
    }
    json!({
        "type": "modal",
        "callback_id": DETAILS,
        "private_metadata": place::keep(&button_value(&details.proposal, &details.plan, None), place),
        "title": block::plain("Details"),
        "close": block::plain("Close"),
        "blocks": blocks,
    })
}

fn turn(details: &Details, page: usize, label: &str) -> Value {
    json!({
        "type": "button",
        "action_id": format!("{PAGE}{page}"),
        "text": block::plain(label),
        "value": button_value(&details.proposal, &details.plan, None),
    })
}

/// The paragraphs of each page.
fn pages(details: &Details, readers: Readers<'_>) -> Vec<Vec<String>> {
    let mut pages: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for text in paragraphs(details, readers) {
        let cost = cost(&text);
        if cost > room || pages.is_empty() {
            pages.push(Vec::new());
            room = ONE_PAGE;
        }
        room = room.saturating_sub(cost);
        if let Some(page) = pages.last_mut() {
            page.push(text);
        }
    }
    if pages.is_empty() {
        pages.push(vec!["Nothing is known of it.".to_owned()]);
    }
    pages
}

/// A heading with as many of its lines as fit, again and again.
fn paragraphs(details: &Details, readers: Readers<'_>) -> Vec<String> {
    let mut paragraphs = Vec::new();
    for section in &details.sections {
        let heading = |more: &str| format!("*{}*{more}", section.heading);
        let mut text = heading("");
        for line in &section.lines {
            let line = Mrkdwn::within(ONE_LINE).words(line, readers, Moment::Day).finish();
            if cost(&text) + cost(&line) + letters::cost('\n') > SECTION_LIMIT {
                let next = heading(" (continued)");
                paragraphs.push(std::mem::replace(&mut text, next));
            }
            text.push('\n');
            text.push_str(&line);
        }
        paragraphs.push(text);
    }
    paragraphs
}

fn cost(text: &str) -> usize {
    text.chars().map(letters::cost).sum()
}
