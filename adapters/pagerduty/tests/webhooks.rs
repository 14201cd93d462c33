//! Bodies of webhooks, well-formed and odd.

use pagerduty::{Assignee, EventType, IncidentData, IncidentStatus, ParseError, Webhook, parse};

/// Reads a body that is expected to be an event.
#[track_caller]
fn read(body: &str) -> Webhook {
    parse(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// An event of a type with the given data.
fn event(event_type: &str, data: &str) -> String {
    format!(
        r#"{{"event":{{"id":"01EVENT","event_type":"{event_type}","resource_type":"incident",
            "occurred_at":"2026-11-03T02:10:00.458Z","agent":null,"client":null,"data":{data}}}}}"#
    )
}

#[test]
fn a_whole_incident_is_read() {
    let webhook = read(&event(
        "incident.triggered",
        r#"{
            "id": "Q1ORDERS", "type": "incident", "self": "https://api.example.com/incidents/Q1ORDERS",
            "html_url": "https://acme.example.com/incidents/Q1ORDERS",
            "number": 4711, "status": "triggered", "incident_key": "orders_daily/prod",
            "created_at": "2026-11-03T02:09:58Z",
            "title": "orders_daily: row count dropped 40 %",
            "incident_type": {"name": "incident_default"},
            "service": {"id": "PSERVICE", "summary": "Data platform", "type": "service_reference"},
            "assignees": [
                {"id": "PANA", "summary": "Ana", "type": "user_reference"},
                {"id": "PBEN", "type": "user_reference"}
            ],
            "escalation_policy": {"id": "PPOLICY", "summary": "Default"},
            "teams": [{"id": "PTEAM", "summary": "Data"}],
            "priority": {"id": "PPRIO", "summary": "P1"},
            "urgency": "high",
            "conference_bridge": {"conference_number": 1000, "conference_url": "https://example.com"},
            "resolve_reason": null
        }"#,
    ));
    assert_eq!(webhook.event_id, "01EVENT");
    assert_eq!(webhook.event_type, EventType::IncidentTriggered);
    let occurred_at = webhook.occurred_at.expect("a readable time");
    assert_eq!(occurred_at.to_rfc3339(), "2026-11-03T02:10:00.458+00:00");
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        webhook.incident,
        Some(IncidentData {
            id: "Q1ORDERS".to_owned(),
            number: Some(4711),
            title: text("orders_daily: row count dropped 40 %"),
            status: Some(IncidentStatus::Triggered),
            html_url: text("https://acme.example.com/incidents/Q1ORDERS"),
            service_id: text("PSERVICE"),
            service_summary: text("Data platform"),
            urgency: text("high"),
            priority: text("P1"),
            created_at: Some("2026-11-03T02:09:58Z".parse().expect("a time")),
            incident_key: text("orders_daily/prod"),
            assignees: vec![
                Assignee { id: "PANA".to_owned(), summary: text("Ana") },
                Assignee { id: "PBEN".to_owned(), summary: None },
            ],
            escalation_policy_id: text("PPOLICY"),
        })
    );
}

#[test]
fn every_type_has_its_name_and_unknown_ones_keep_theirs() {
    use EventType::*;
    let known = [
        ("incident.triggered", IncidentTriggered),
        ("incident.acknowledged", IncidentAcknowledged),
        ("incident.unacknowledged", IncidentUnacknowledged),
        ("incident.resolved", IncidentResolved),
        ("incident.reopened", IncidentReopened),
        ("incident.escalated", IncidentEscalated),
        ("incident.reassigned", IncidentReassigned),
        ("incident.priority_updated", PriorityUpdated),
        ("pagey.ping", Ping),
    ];
    for (name, expected) in known {
        let webhook = read(&event(name, "{}"));
        assert_eq!(webhook.event_type, expected);
        assert_eq!(webhook.event_type.as_str(), name);
    }
    let others = [
        "incident.delegated",
        "incident.service_updated",
        "incident.annotated",
        "incident.responder.added",
        "incident.responder.replied",
        "incident.status_update_published",
        "incident.custom_field_values.updated",
        "service.created",
        "service.updated",
        "invented.next_year",
        "INCIDENT.TRIGGERED",
    ];
    for name in others {
        let webhook = read(&event(name, "{}"));
        assert_eq!(webhook.event_type, Other(name.to_owned()));
        assert_eq!(webhook.event_type.to_string(), name);
    }
}

#[test]
fn only_an_incident_is_taken_for_one() {
    let table = [
        ("incident.resolved", r#"{"id":"Q1","type":"incident"}"#, Some("Q1")),
        ("incident.delegated", r#"{"id":"Q1","type":"incident"}"#, Some("Q1")),
        ("incident.resolved", r#"{"id":"Q1","type":"incident_reference"}"#, Some("Q1")),
        ("incident.resolved", r#"{"id":"Q1"}"#, Some("Q1")),
        ("incident.resolved", r#"{"id":17}"#, Some("17")),
        ("incident.resolved", r#"{"type":"incident"}"#, None),
        ("incident.annotated", r#"{"id":"NOTE","type":"incident_note"}"#, None),
        ("incident.annotated", r#"{"id":"NOTE"}"#, None),
        ("service.updated", r#"{"id":"PSERVICE","type":"service"}"#, None),
        ("pagey.ping", r#"{"message":"Hello from your friend Pagey!","type":"ping"}"#, None),
        ("pagey.ping", r#"{"id":"X"}"#, None),
    ];
    for (event_type, data, expected) in table {
        let incident = read(&event(event_type, data)).incident;
        assert_eq!(
            incident.map(|incident| incident.id).as_deref(),
            expected,
            "{event_type} {data}"
        );
    }
}

#[test]
fn odd_bodies_with_an_event_id_are_read_as_far_as_possible() {
    let odd_data = [
        "null",
        "7",
        "[]",
        r#""text""#,
        r#"{"type":7,"id":{}}"#,
        r#"{"type":"incident","id":"Q1","number":"4711","title":5,"status":[],"service":"PSERVICE",
            "assignees":{"id":"PANA"},"priority":null,"urgency":null,"created_at":0}"#,
        r#"{"type":"incident","id":"Q1","assignees":[null,7,{},{"summary":"no id"}],"priority":"P1",
            "escalation_policy":[],"conference_bridge":{"conference_number":"+1 555,,1000#"}}"#,
    ];
    for data in odd_data {
        let webhook = read(&event("incident.triggered", data));
        assert_eq!(webhook.event_id, "01EVENT", "{data}");
        assert!(webhook.incident.is_none_or(|incident| incident.assignees.is_empty()), "{data}");
    }

    let no_envelope = [
        r#"{"event":{"id":"01EVENT"}}"#,
        r#"{"event":{"id":"01EVENT","event_type":null,"occurred_at":"soon"}}"#,
        r#"{"event":{"id":"01EVENT","event_type":{},"occurred_at":17,"data":{}},"more":[]}"#,
    ];
    for body in no_envelope {
        let webhook = read(body);
        assert_eq!(webhook.event_type, EventType::Other(String::new()), "{body}");
        assert_eq!((webhook.occurred_at, webhook.incident), (None, None), "{body}");
    }
}

#[test]
fn fields_of_the_wrong_type_are_absent_and_the_others_are_kept() {
    let incident = read(&event(
        "incident.triggered",
        r#"{"type":"incident","id":"Q1","number":"4711","title":["x"],"status":"snoozed",
            "service":{"id":null,"summary":"Data\u0000platform"},"html_url":false}"#,
    ))
    .incident
    .expect("an incident");
    assert_eq!(incident.number, Some(4711));
    assert_eq!(incident.title, None);
    assert_eq!(incident.status, Some(IncidentStatus::Other("snoozed".to_owned())));
    assert_eq!((incident.service_id, incident.html_url), (None, None));
    assert_eq!(incident.service_summary.as_deref(), Some("Data\u{FFFD}platform"));
}

#[test]
fn only_json_with_an_event_id_is_an_event() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let not_json: [&[u8]; 8] = [
        b"",
        b" ",
        b"hello",
        b"{",
        br#"{"event":{"id":"01EVENT"}"#,
        br#"{"event":{"id":"01EVENT"}} and more"#,
        b"{\"event\":{\"id\":\"\xff\"}}",
        deep.as_bytes(),
    ];
    for body in not_json {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert!(matches!(parse(body), Err(ParseError::NotJson(_))), "{shown}");
    }

    let no_event_id = [
        "null",
        "7",
        "[]",
        "{}",
        r#"{"event":null}"#,
        r#"{"event":[{"id":"01EVENT"}]}"#,
        r#"{"event":{}}"#,
        r#"{"event":{"id":null}}"#,
        r#"{"event":{"id":""}}"#,
        r#"{"event":{"id":{"id":"01EVENT"}}}"#,
        r#"{"id":"01EVENT","event_type":"incident.triggered"}"#,
        r#"{"messages":[{"event":"incident.trigger"}]}"#,
    ];
    for body in no_event_id {
        assert!(matches!(parse(body.as_bytes()), Err(ParseError::NoEventId)), "{body}");
    }
}

#[test]
fn a_body_cut_anywhere_is_refused_and_never_panics() {
    let whole = event("incident.triggered", r#"{"type":"incident","id":"Q1","title":"ünï\u00fc"}"#);
    for end in 0..whole.len() {
        assert!(parse(&whole.as_bytes()[..end]).is_err(), "cut at {end}");
    }
}
