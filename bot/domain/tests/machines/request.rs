//! What a person asks for: the incident that it opens, its words, and that nothing else can be made of it.

use domain::{
    card::Card,
    effect::Effect,
    fold::Fold,
    incident::{Event, Incident},
    journal::{Actor, Entry, Record},
    notice::Notice,
    person::{ChatName, Identity},
    plan::{RollbackType, Workflow},
    proposal::{self, Opening, Outlook, Proposal, Proposer},
    refusal::Refusal,
    request::Request,
};

use crate::world::{
    alert, incident_id, matrix, minute, notices, opening, people, person, proposal_id, requirement,
};

fn request() -> Request {
    Request {
        by: person("ben"),
        rollback_type: RollbackType::ModelLevel,
        target: "warehouse".to_owned(),
        models: vec!["orders_daily".to_owned()],
        trigger: "revenue_processing_affected".to_owned(),
        reason: "Two invoices in three are wrong".to_owned(),
        window: None,
    }
}

fn asked() -> (Incident, Vec<Effect>) {
    Incident::ask(incident_id(), request(), minute(3))
}

/// What answers the request.
fn answer() -> Opening {
    Opening { proposer: Proposer::Person(person("ben")), ..opening(requirement(&[1], matrix())) }
}

fn entry(seq: u64, actor: Actor, record: Record, notices: Vec<Notice>) -> Entry {
    Entry { incident: incident_id(), seq, at: minute(3), actor, record, notices }
}

fn by(id: &str) -> Actor {
    let user = id.to_owned();
    let identity = Identity { chat: ChatName::Cli, team: String::new(), user };
    Actor::Person { person: person(id), identity }
}

fn fold(actor: Actor, opening: Opening) -> Result<Fold, String> {
    let mut fold = Fold::default();
    let told = vec![Notice::Requested(request())];
    let asked = Record::Incident(Event::Requested { request: request() });
    fold.apply(&entry(0, actor, asked, told)).map_err(|error| error.why)?;
    let (_, effects) = Proposal::open(proposal_id(1), opening.clone(), minute(3)).unwrap();
    let event = proposal::Event::Opened { opening: Box::new(opening) };
    let opened = Record::Proposal { id: proposal_id(1), event };
    let opened = entry(1, Actor::Countersign, opened, notices(&effects));
    fold.apply(&opened).map_err(|error| error.why)?;
    Ok(fold)
}

#[test]
fn it_opens_an_incident_that_is_looked_at() {
    let (incident, effects) = asked();
    insta::assert_snapshot!(notices(&effects)[0].words().to_plain(&people()), @"Ben proposed a model-level rollback (type 2) of orders_daily in warehouse (revenue_processing_affected): Two invoices in three are wrong. Whether it is possible is found out now, and nothing runs before people approve it.");
    assert_eq!(effects[1..], [Effect::SyncCard, Effect::Assess]);
    assert_eq!(incident.proposer("whatever"), Proposer::Person(person("ben")));
    let card = Card::of(&incident, None, None, None);
    let facts =
        card.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value.to_plain(&people())));
    let lines = [format!("{} {} | {}", card.state.mark, card.state.word, card.title)];
    insta::assert_snapshot!(lines.into_iter().chain(facts).collect::<Vec<_>>().join("\n"), @"
    🟠 Asked for | Two invoices in three are wrong
    Proposed by: Ben
    Since: 23 Nov 03:03:00 UTC
    ");
}

#[test]
fn an_incident_begins_once() {
    let again = Event::Requested { request: request() };
    assert_eq!(asked().0.step(&again).err(), Some(Refusal::Outdated));
    let alerted = Incident::open(incident_id(), alert(), minute(0), minute(0)).0;
    assert_eq!(alerted.step(&again).err(), Some(Refusal::Outdated));
}

#[test]
fn the_journal_says_who_asked_and_what_for() {
    let fold = |actor, opening| fold(actor, opening).map(|fold| fold.incident);
    assert_eq!(fold(by("ben"), answer()), Ok(Some(asked().0)));
    assert_eq!(fold(by("ana"), answer()), Err("somebody else asked for it".to_owned()));
    assert_eq!(fold(Actor::Countersign, answer()), Err("somebody else asked for it".to_owned()));
    let target = domain::plan::Target { id: "lake".to_owned(), ..answer().target };
    let outlook = Outlook { workflow: Workflow::Planned, ..Outlook::default() };
    let why = fold(by("ben"), Opening { outlook, ..answer() }).expect_err("it has no window");
    assert!(why.ends_with("is planned, and has no maintenance window"), "{why}");
    for other in [
        Opening { proposer: Proposer::Trigger("error_rate".to_owned()), ..answer() },
        Opening { proposer: Proposer::Person(person("ana")), ..answer() },
        Opening { rollback_type: RollbackType::BlueGreen, ..answer() },
        Opening { models: vec!["shop.revenue".to_owned()], ..answer() },
        Opening { target, ..answer() },
    ] {
        let why = fold(by("ben"), other).expect_err("it is not what ben asked for");
        assert!(why.ends_with("is not what a person asked for"), "{why}");
    }
}
