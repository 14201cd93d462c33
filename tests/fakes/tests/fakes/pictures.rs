//! What people see as HTML.

use fakes::slack::desk::{Desk, Outgoing};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::workspace::{CHANNEL, Workspace, plain, with_button};

impl Workspace {
    /// How a text of type `mrkdwn` is drawn.
    async fn drawn(&self, text: &str) -> String {
        let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
        let picture = self.post_blocks(json!([section])).await.picture(&self.fake.names());
        let (_, rest) =
            picture.split_once("<div class=section><div><p class=\"\">").expect("a section");
        rest.split_once("</p></div></div>").expect("its end").0.to_owned()
    }
}

#[tokio::test]
async fn markup_is_drawn_and_nothing_else_is() {
    let workspace = Workspace::start().await;
    workspace.fake.rename("U1", "a<b>");
    let table = [
        ("*b* _i_ ~s~ `c*d*`", "<b>b</b> <i>i</i> <s>s</s> <code>c*d*</code>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("a\n&gt; q\n&gt; r\nb", "a<br><blockquote>q<br>r</blockquote><br>b"),
        ("```x <y> *z*```", "<pre>x &lt;y&gt; *z*</pre>"),
        ("&lt;b&gt; &amp; 'q'", "&lt;b&gt; &amp; &#39;q&#39;"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        (
            "<@U1> <!channel>",
            "<span class=mention>@a&lt;b&gt;</span> <span class=mention>@channel</span>",
        ),
        (
            "<https://x.test/?a=1&amp;b=2|*x*>",
            "<a href=\"https://x.test/?a=1&amp;b=2\" rel=\"noreferrer noopener\" target=_blank><b>x</b></a>",
        ),
        (
            "<!date^1795412780^{date_num} {time}|then>",
            "<time data-unix=1795412780 data-format=\"{date_num} {time}\">2026-11-23 05:46</time>",
        ),
        ("an `odd tick and <open", "an `odd tick and &lt;open"),
    ];
    for (text, expected) in table {
        assert_eq!(workspace.drawn(text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn what_can_be_pressed_knows_its_place_and_its_question() {
    let workspace = Workspace::start().await;
    let mut asking = with_button("a");
    asking["elements"][0]["confirm"] = json!({
        "title": plain("Sure?"), "text": plain("It \"ends\" <now>"), "confirm": plain("Yes"), "deny": plain("No"),
    });
    let menu = json!({"type": "actions", "elements": [{"type": "overflow", "action_id": "more", "options": [
        {"text": plain("Escalate"), "value": "1"},
    ]}]});
    let picture =
        workspace.post_blocks(json!([asking, menu])).await.picture(&workspace.fake.names());
    let question = "data-press=0 data-ask-title=\"Sure?\" data-ask-text=\"It &amp;quot;ends&amp;quot; &amp;lt;now&amp;gt;\"";
    assert!(picture.contains(question), "{picture}");
    assert!(picture.contains("data-press=1>Escalate</button>"), "{picture}");
}

#[tokio::test]
async fn the_page_acts_as_the_person_and_only_for_this_machine() {
    let workspace = Workspace::start().await;
    let message = workspace.post_blocks(json!([with_button("a")])).await;
    let (outbox, mut outgoing) = mpsc::channel::<Outgoing>(1);
    let Workspace { fake, client, .. } = workspace;
    let alarm = Box::new(|| unreachable!("nobody sounds an alert"));
    let desk = Desk::start(fake.into(), 0, outbox, alarm).await.expect("a free port");
    let look = client.get(format!("{}/look?as=U1&at={CHANNEL}&thread=", desk.url()));
    let seen: Value = look.send().await.expect("an answer").json().await.expect("JSON");
    assert!(seen["main"].as_str().expect("HTML").contains("data-press=0"), "{seen}");
    let on = json!({"message": format!("{CHANNEL}:{}", message.ts)});
    let act = |place: usize| {
        let wish = json!({"as": "U1", "act": "press", "on": on, "place": place});
        client.post(format!("{}/act", desk.url())).json(&wish).send()
    };
    let carrying = async {
        let sent = outgoing.recv().await.expect("a request");
        assert_eq!(sent.path, "/slack/interactions");
        sent.answer.send(Ok(Value::Null)).expect("somebody waits");
    };
    let (answer, ()) = tokio::join!(act(0), carrying);
    let answer: Value = answer.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer, json!({"answer": null}));
    let answer: Value = act(9).await.expect("an answer").json().await.expect("JSON");
    assert!(answer["error"].is_string(), "what is not there cannot be pressed: {answer}");
    let elsewhere = client.get(desk.url()).header("host", "evil.test").send().await;
    assert_eq!(elsewhere.expect("an answer").status().as_u16(), 421);
}
