//! Who may decide on the page: nobody outside the demo, and in the demo nobody but its own forms.

use reqwest::header;

use crate::installation::{Installation, client, policies::edit};

#[tokio::test]
async fn without_personas_the_page_only_reads() {
    let installation = Installation::fresh().await;
    let configuration = installation.path("countersign.yaml");
    edit(&configuration, "demo_personas: true", "demo_personas: false");
    let serving = installation.serve().await;
    let details = serde_json::json!({"models": crate::installation::ORDERS});
    installation.alert(&serving, "Duplicate rows in the marts", &details).await;
    let incident = serving.incident_in("Waiting for a decision").await;
    let (status, page) = serving.get(&format!("/incidents/{incident}")).await;
    assert!(status == 200 && page.contains("You can read here."), "{status} {page}");
    assert!(!page.contains("<form"), "{page}");
    for path in ["/persona".to_owned(), format!("/incidents/{incident}/decide")] {
        let post = client().post(format!("{}{path}", serving.address));
        let answer = post.form(&[("person", "ana")]).send().await.expect("the bot answers");
        assert_eq!(answer.status().as_u16(), 404, "{path} is offered");
    }
}

/// Another site can make a browser send a form, but it cannot read the token of this one.
#[tokio::test]
async fn a_form_from_elsewhere_decides_nothing() {
    let (installation, serving, incident) = Installation::waiting().await;
    let url = format!("{}/incidents/{incident}/decide", serving.address);
    for (cookies, token) in [
        ("countersign_persona=ana", ""),
        ("countersign_persona=ana; countersign_token=one", "other"),
        ("countersign_token=one", "one"),
        ("countersign_persona=nobody; countersign_token=one", "one"),
    ] {
        let form = [("proposal", "prp_0"), ("plan", "0"), ("verdict", "approve"), ("token", token)];
        let post = client().post(&url).header(header::COOKIE, cookies).form(&form);
        let answer = post.send().await.expect("the bot answers");
        assert_eq!(answer.status().as_u16(), 403, "{cookies} with `{token}`");
    }
    serving.incident_in("Waiting for a decision").await;
    assert_eq!(installation.warehouse.calls("promote"), 0);
}
