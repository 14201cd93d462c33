//! The adapter against a Slack that keeps Slack's rules.

mod reader;
mod samples;
mod world;

mod answers;
mod asking;
mod calls;
mod card_json;
mod cards;
mod clicks;
mod hostile;
mod letters;
mod limits;
mod manifest;
mod menus;
mod messages;
mod notices;
mod people;
mod proposing;
mod socket;
mod steering;
