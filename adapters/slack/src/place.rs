//! Where somebody looked when they acted: in the channel, in a thread, in a direct message, on the app's home, or in a
//! modal that was opened from one of these.

use domain::place::Place;
use serde_json::Value;

use crate::ParseError;

/// Where the person pressed something.
pub(crate) fn of(payload: &Value) -> Result<Place, ParseError> {
    let container = &payload["container"];
    if container["type"] == "view" {
        let view = &payload["view"];
        let is_modal = view["type"] == "modal";
        return Ok(if is_modal { kept(&view["private_metadata"]) } else { Place::Private });
    }
    let channel = container["channel_id"].as_str();
    let channel = channel.ok_or(ParseError::Missing { what: "the channel" })?.to_owned();
    // The ids of direct messages, and of nothing else, begin like this.
    if channel.starts_with('D') {
        return Ok(Place::Private);
    }
    let root = [&payload["message"]["thread_ts"], &container["thread_ts"]];
    let root = root.into_iter().find_map(Value::as_str);
    let own = [&payload["message"]["ts"], &container["message_ts"]];
    let own = own.into_iter().find_map(Value::as_str);
    Ok(match root.filter(|root| Some(*root) != own) {
        Some(root) => Place::Thread { channel, message: root.to_owned() },
        None => Place::Channel { channel },
    })
}

/// What a modal has to carry, so that its answer comes where it was opened from: the second line of its metadata.
pub(crate) fn keep(first: &str, place: &Place) -> String {
    let place = serde_json::to_string(place).expect("a place holds only what JSON can write");
    format!("{first}\n{place}")
}

/// What a modal carried; those of earlier releases carried nothing.
pub(crate) fn kept(metadata: &Value) -> Place {
    let line = metadata.as_str().and_then(|text| text.split_once('\n')).map(|(_, line)| line);
    line.and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default()
}
