//! Questions to a tiny name server on 127.0.0.1 whose records change while it is asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::plan::{Lookup, Outcome, RecordType};
use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::{A, CNAME, TXT},
    },
};
use tokio::{net::UdpSocket, task::JoinSet};

/// One answer.
#[derive(Clone)]
enum Answer {
    Records(Vec<RData>),
    Code(ResponseCode),
    Silence,
}

/// A server that gives these answers one after the other; the last one stays.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start(answers: Vec<Answer>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut left = answers;
            loop {
                let mut packet = [0; 1500];
                let (count, from) = socket.recv_from(&mut packet).await.unwrap();
                let request = Message::from_vec(&packet[..count]).unwrap();
                let query = request.queries[0].clone();
                seen.lock().unwrap().push(query.to_string());
                let answer = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
                let mut response = Message::response(request.metadata.id, request.metadata.op_code);
                response.metadata.recursion_available = true;
                response.add_query(query.clone());
                match answer {
                    Answer::Silence => continue,
                    Answer::Code(code) => response.metadata.response_code = code,
                    Answer::Records(records) => {
                        for data in records {
                            response.add_answer(Record::from_rdata(
                                query.name().clone(),
                                3600,
                                data,
                            ));
                        }
                    }
                }
                socket.send_to(&response.to_vec().unwrap(), from).await.unwrap();
            }
        });
        Self { address, asked, _tasks: tasks }
    }

    fn lookup(&self, record: RecordType, expect: &[&str]) -> Lookup {
        Lookup {
            name: "db.example.com".to_owned(),
            record,
            server: self.address.to_string(),
            expect: expect.iter().map(|value| (*value).to_owned()).collect(),
            every_ms: 10,
        }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn addresses(addresses: &[[u8; 4]]) -> Answer {
    let record = |[a, b, c, d]: &[u8; 4]| RData::A(A::new(*a, *b, *c, *d));
    Answer::Records(addresses.iter().map(record).collect())
}

#[track_caller]
fn says(finding: &domain::plan::Finding, server: &Server, outcome: Outcome, words: &str) {
    let detail = finding.detail.replace(&server.address.to_string(), "SERVER");
    assert_eq!((finding.outcome, detail.as_str()), (outcome, words));
}

#[tokio::test]
async fn each_question_goes_to_the_server_until_it_answers_as_it_should() {
    let old = addresses(&[[192, 0, 2, 1]]);
    let server =
        Server::start(vec![old.clone(), old, addresses(&[[192, 0, 2, 3], [192, 0, 2, 2]])]).await;
    let lookup = server.lookup(RecordType::A, &["192.0.2.2", "192.0.2.3"]);
    let mut said = Vec::new();
    let finding =
        dns::until_it_holds(&lookup, Duration::from_secs(20), |line| said.push(line)).await;
    says(&finding, &server, Outcome::Pass, "db.example.com A is 192.0.2.2, 192.0.2.3 at SERVER.");
    // Records that live for an hour are asked for anew each time: nothing is remembered.
    assert_eq!((server.asked(), said.len()), (3, 2));
    assert!(said[0].contains("is 192.0.2.1 at"), "{said:?}");
}

#[tokio::test]
async fn the_last_answer_stands_when_the_time_is_over() {
    let server = Server::start(vec![addresses(&[[192, 0, 2, 1]])]).await;
    let lookup = server.lookup(RecordType::A, &["192.0.2.2"]);
    let finding = dns::until_it_holds(&lookup, Duration::from_millis(60), drop).await;
    let words = "db.example.com A is 192.0.2.1 at SERVER, and 192.0.2.2 is expected.";
    says(&finding, &server, Outcome::Fail, words);
    assert!(server.asked() > 1);
}

#[tokio::test]
async fn names_and_texts_are_compared_as_people_write_them() {
    let name = Name::from_ascii("Blue.Example.com.").unwrap();
    let server = Server::start(vec![Answer::Records(vec![RData::CNAME(CNAME(name))])]).await;
    let finding = dns::ask(&server.lookup(RecordType::Cname, &["blue.example.com."])).await;
    says(&finding, &server, Outcome::Pass, "db.example.com CNAME is blue.example.com at SERVER.");

    let parts = vec!["active=".to_owned(), "blue".to_owned()];
    let server = Server::start(vec![Answer::Records(vec![RData::TXT(TXT::new(parts))])]).await;
    let finding = dns::ask(&server.lookup(RecordType::Txt, &["active=blue"])).await;
    says(&finding, &server, Outcome::Pass, "db.example.com TXT is active=blue at SERVER.");
}

#[tokio::test]
async fn a_missing_record_is_an_answer_and_a_server_in_trouble_is_none() {
    for code in [ResponseCode::NXDomain, ResponseCode::NoError] {
        let server = Server::start(vec![Answer::Code(code)]).await;
        let finding = dns::ask(&server.lookup(RecordType::A, &["192.0.2.2"])).await;
        says(&finding, &server, Outcome::Fail, "SERVER has no A record of db.example.com.");
    }
    for code in [ResponseCode::ServFail, ResponseCode::Refused] {
        let server = Server::start(vec![Answer::Code(code)]).await;
        let finding = dns::ask(&server.lookup(RecordType::A, &["192.0.2.2"])).await;
        assert_eq!(finding.outcome, Outcome::Inconclusive, "{code}: {}", finding.detail);
    }
}

#[tokio::test]
async fn a_silent_server_is_no_answer() {
    let server = Server::start(vec![Answer::Silence]).await;
    let finding = dns::ask(&server.lookup(RecordType::A, &["192.0.2.2"])).await;
    assert_eq!(finding.outcome, Outcome::Inconclusive, "{}", finding.detail);
    assert!(finding.detail.contains("gave no answer for db.example.com"), "{}", finding.detail);
}
