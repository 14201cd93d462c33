//! What a person does on the page.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use tokio::sync::oneshot;

use super::{Office, Outgoing};
use crate::{
    SignedRequest,
    slack::{FakeSlack, message::pressable},
};

const INTERACTIONS: &str = "/slack/interactions";

/// Does it, and gives what the bot answered; an error is a sentence for the person at the page.
pub(super) async fn act(office: &Office, wish: Value) -> Result<Value, String> {
    let slack = &office.slack;
    let text = |name: &str| wish[name].as_str().unwrap_or_default().to_owned();
    let user = text("as");
    match text("act").as_str() {
        "press" => {
            let request = attempt(|| press(slack, &wish, &user))?;
            send(office, INTERACTIONS, request).await
        }
        "submit" => {
            let inputs = pairs(&wish["inputs"]);
            let inputs: Vec<(&str, &str)> =
                inputs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let request = attempt(|| slack.submit_view(&user, &inputs))?;
            let answer = send(office, INTERACTIONS, request).await?;
            attempt(|| slack.answered(&user, &answer))?;
            Ok(Value::Null)
        }
        "close" => match attempt(|| slack.close_view(&user))? {
            Some(request) => send(office, INTERACTIONS, request).await,
            None => Ok(Value::Null),
        },
        "choose" => {
            let (name, value) = (text("name"), text("value"));
            let request = attempt(|| slack.in_view_choose(&user, &name, &value))?;
            send(office, INTERACTIONS, request).await
        }
        "suggest" => {
            let (name, typed) = (text("name"), text("typed"));
            let request = attempt(|| slack.suggest(&user, &name, &typed))?;
            let answer = send(office, INTERACTIONS, request).await?;
            let offers = attempt(|| slack.offered(&answer))?;
            Ok(serde_json::json!(offers))
        }
        "command" => command(office, &user, &text("channel"), &text("text")).await,
        "say" => {
            let (channel, thread, said) = (text("channel"), text("thread"), text("text"));
            attempt(|| match thread.as_str() {
                "" => slack.say(&channel, &user, &said),
                thread => slack.say_in_thread(&channel, thread, &user, &said),
            })?;
            Ok(Value::Null)
        }
        "react" => {
            let (place, emoji) = (text("message"), text("emoji"));
            let request = attempt(|| {
                let (channel, ts) = place.split_once(':').expect("a channel and a message");
                slack.reacts(&user, &slack.message(channel, ts), &emoji)
            })?;
            send(office, "/slack/events", request).await
        }
        "home" => send(office, "/slack/events", slack.opens_home(&user)).await,
        "alert" => send(office, "/webhooks/pagerduty", (office.alarm)()).await,
        other => Err(format!("nobody can {other} here")),
    }
}

/// Presses what stands at a place among all that can be pressed on a message, a whisper, a modal or a home.
#[track_caller]
fn press(slack: &FakeSlack, wish: &Value, user: &str) -> SignedRequest {
    let place = wish["place"].as_u64().and_then(|place| usize::try_from(place).ok());
    let place = place.expect("a place");
    let on = &wish["on"];
    if let Some(message) = on["message"].as_str() {
        let (channel, ts) = message.split_once(':').expect("a channel and a message");
        let message = slack.message(channel, ts);
        let button = &pressable(&message.blocks, &message.attachments)[place];
        return slack.press(&message, button, user);
    }
    if let Some(ts) = on["ephemeral"].as_str() {
        let whispers = slack.ephemerals(user);
        let whisper = whispers.iter().find(|whisper| whisper.ts == ts).expect("it was shown");
        let button = &pressable(&whisper.blocks, &whisper.attachments)[place];
        return slack.press_ephemeral(whisper, button, user);
    }
    let view = if on["home"].is_string() { slack.home(user) } else { slack.views(user).pop() };
    let view = view.expect("it was shown");
    let button = &pressable(view.blocks(), &[])[place];
    slack.press_in_view(user, &view, button)
}

/// `/name text`, as it is typed into the line below a channel.
async fn command(office: &Office, user: &str, place: &str, line: &str) -> Result<Value, String> {
    let (name, text) = line.split_once(' ').unwrap_or((line, ""));
    let slack = &office.slack;
    let request = slack.command_named(name, user, place, text.trim());
    let answer = send(office, "/slack/commands", request.clone()).await?;
    attempt(|| slack.told(&request, &answer))?;
    Ok(Value::Null)
}

async fn send(
    office: &Office,
    path: &'static str,
    request: SignedRequest,
) -> Result<Value, String> {
    let (answer, answered) = oneshot::channel();
    let outgoing = Outgoing { path, request, answer };
    let gone = || "nobody carries requests to the bot any more".to_owned();
    office.outbox.send(outgoing).await.map_err(|_| gone())?;
    answered.await.map_err(|_| gone())?
}

/// The fake says in a panic what Slack would not let a person do; here that is an answer.
fn attempt<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "that cannot be done".to_owned())
    })
}

fn pairs(inputs: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let inputs = inputs.as_array().into_iter().flatten();
    inputs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}
