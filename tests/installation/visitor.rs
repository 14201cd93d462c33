//! Somebody who looks at what a bot says over HTTP.

use serde_json::Value;

use super::{Serving, client, patience::until};

impl Serving {
    /// The status and the text of an answer.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = client().get(format!("{}{path}", self.address)).send().await;
        let answer = answer.expect("the bot answers");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// The id of the one incident, as soon as it is in this state.
    pub(crate) async fn incident_in(&self, state: &str) -> String {
        until(&format!("an incident in state `{state}`"), async || {
            let (status, text) = self.get("/api/incidents").await;
            assert_eq!(status, 200, "{text}");
            let rows: Value = serde_json::from_str(&text).expect("JSON");
            let row = &rows.as_array().expect("a list")[..];
            row.first()
                .filter(|row| row["state"] == state)
                .map(|row| row["id"].as_str().expect("an id").to_owned())
        })
        .await
    }
}
