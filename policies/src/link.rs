//! Pages on a target that people want at hand while they decide: its runbook, a dashboard.

use std::collections::BTreeMap;

use domain::card::Link;
use url::Url;

use crate::{place::At, problem::Examined};

/// The pages by what they are.
pub(crate) type LinksLayout = At<BTreeMap<String, At<String>>>;

/// How many pages a target names: a card leads to the alert besides.
const MOST: usize = 4;
/// The longest name, which stands on a button.
const LONGEST_NAME: usize = 30;
/// The longest address; longer ones take the room of what people must read.
const LONGEST_ADDRESS: usize = 200;

/// The pages, checked: the runbook first, the others by name.
pub(crate) fn links(layout: &LinksLayout, file: &mut Examined<'_>) -> Vec<Link> {
    if layout.value.len() > MOST {
        let message = format!("there are {} links, and a card shows {MOST}", layout.value.len());
        file.note(layout.place, message, "keep those that help to decide at night");
    }
    for (name, url) in &layout.value {
        if !is_name(name) {
            file.note(
                url.place,
                format!("`{name}` cannot stand on a button"),
                "use up to 30 letters, digits, `_` and `-`, such as `runbook`",
            );
        }
        if let Some((message, advice)) = fault(&url.value) {
            file.note(url.place, message, advice);
        }
    }
    let mut names: Vec<&String> = layout.value.keys().collect();
    names.sort_by_key(|name| name.as_str() != "runbook");
    let link = |name: &String| Link { label: label(name), url: layout.value[name].value.clone() };
    names.into_iter().map(link).collect()
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(char::is_alphabetic)
        && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
        && name.chars().count() <= LONGEST_NAME
}

/// What is wrong with an address, and what to do.
fn fault(url: &str) -> Option<(String, &'static str)> {
    let advice = "write the whole address, such as `https://wiki.example.com/orders`";
    let parsed = match Url::parse(url) {
        Ok(parsed) => parsed,
        Err(why) => return Some((format!("`{url}` is not an address: {why}"), advice)),
    };
    if !matches!(parsed.scheme(), "http" | "https") {
        return Some((format!("`{}:` is not the web", parsed.scheme()), advice));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        let advice = "remove what stands before the `@`";
        return Some(("everybody in the channel could read this password".to_owned(), advice));
    }
    (parsed.as_str().len() > LONGEST_ADDRESS).then(|| {
        (
            format!("the address is longer than {LONGEST_ADDRESS} letters"),
            "use a shorter one, such as a page that leads there",
        )
    })
}

/// The name as it stands on a button: `on_call_wiki` is `On call wiki`.
fn label(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}
