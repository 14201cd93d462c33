//! The adapter against a Slack that keeps Slack's rules.

mod samples;
mod world;

mod calls;
mod card_json;
mod cards;
mod clicks;
mod letters;
mod limits;
mod messages;
mod people;
mod steering;
