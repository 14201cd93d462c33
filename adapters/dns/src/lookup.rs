//! One question to one server.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use domain::plan::{Lookup, RecordType};
use hickory_resolver::{
    Resolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{Name, RData, RecordType as Asked},
};

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(3);

/// The values that the server gives, in order; none where it has no such record. An error says why there is no answer.
pub(crate) async fn values(question: &Lookup) -> Result<BTreeSet<String>, String> {
    let server: SocketAddr = question
        .server
        .parse()
        .map_err(|_| format!("{} is not the address of a server", question.server))?;
    // Ends with a dot, so that no search domain is tried.
    let name = Name::from_ascii(format!("{}.", question.name.trim_end_matches('.')))
        .map_err(|error| format!("{} is not a name: {error}", question.name))?;
    let asked = match question.record {
        RecordType::A => Asked::A,
        RecordType::Aaaa => Asked::AAAA,
        RecordType::Cname => Asked::CNAME,
        RecordType::Txt => Asked::TXT,
    };
    match resolver(server)?.lookup(name, asked).await {
        Ok(found) => {
            Ok(found.answers().iter().filter_map(|record| text(&record.data, asked)).collect())
        }
        Err(error) if error.is_no_records_found() => no_records(&error),
        Err(error) => Err(error.to_string()),
    }
}

/// A server that says that there is nothing has answered; one that could not find out has not.
fn no_records(error: &hickory_resolver::net::NetError) -> Result<BTreeSet<String>, String> {
    use hickory_resolver::{
        net::{DnsError, NetError},
        proto::op::ResponseCode,
    };
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none))
            if matches!(none.response_code, ResponseCode::NoError | ResponseCode::NXDomain) =>
        {
            Ok(BTreeSet::new())
        }
        other => Err(other.to_string()),
    }
}

fn resolver(server: SocketAddr) -> Result<Resolver<TokioRuntimeProvider>, String> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
    let config = ResolverConfig::from_parts(None, vec![], vec![server]);
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = ANSWER;
    options.attempts = 1;
    builder.build().map_err(|error| error.to_string())
}

/// A record's value as people write it; records of another type, such as the aliases before an address, are none.
fn text(data: &RData, asked: Asked) -> Option<String> {
    match data {
        RData::A(address) if asked == Asked::A => Some(address.to_string()),
        RData::AAAA(address) if asked == Asked::AAAA => Some(address.to_string()),
        RData::CNAME(name) if asked == Asked::CNAME => Some(normal(&name.to_string())),
        RData::TXT(text) if asked == Asked::TXT => {
            let bytes: Vec<u8> =
                text.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// Names are the same in whatever case, with or without the dot at their end.
pub(crate) fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase()
}
