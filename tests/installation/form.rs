//! The page's form, filled in and sent without a browser.

use reqwest::{RequestBuilder, header};

use super::{Serving, client};

impl Serving {
    /// Fills in the page's form as a person and sends it; gives the page that answers.
    pub(crate) async fn decide(&self, incident: &str, person: &str, verdict: &str) -> String {
        self.decide_because(incident, person, verdict, "").await
    }

    /// The same with a reason.
    pub(crate) async fn decide_because(
        &self,
        incident: &str,
        person: &str,
        verdict: &str,
        reason: &str,
    ) -> String {
        let url = format!("{}/incidents/{incident}", self.address);
        let persona = format!("countersign_persona={person}");
        let page = text(client().get(&url).header(header::COOKIE, &persona)).await;
        let field = |name: &str| {
            let (_, rest) =
                page.split_once(&format!("name=\"{name}\" value=\"")).expect("a field of the form");
            rest.split('"').next().expect("its value").to_owned()
        };
        let (token, proposal, plan) = (field("token"), field("proposal"), field("plan"));
        // Where a name has to be typed, the page says which.
        let typed = page.split_once("name=\"typed\" ").and_then(|(_, rest)| {
            let (_, rest) = rest.split_once("placeholder=\"")?;
            rest.split('"').next()
        });
        let mut form = vec![
            ("typed", typed.unwrap_or_default()),
            ("token", token.as_str()),
            ("proposal", &proposal),
            ("plan", &plan),
            ("verdict", verdict),
            ("reason", reason),
        ];
        // Where a run waits for an answer, the form says at which of its stops.
        let stop = page.contains("name=\"stop\"").then(|| field("stop"));
        form.extend(stop.as_deref().map(|stop| ("stop", stop)));
        let cookies = format!("{persona}; countersign_token={token}");
        let post = client().post(format!("{url}/decide")).header(header::COOKIE, cookies);
        text(post.form(&form)).await
    }
}

async fn text(request: RequestBuilder) -> String {
    let answer = request.send().await.expect("the bot answers");
    assert_eq!(answer.status().as_u16(), 200);
    answer.text().await.expect("text")
}
