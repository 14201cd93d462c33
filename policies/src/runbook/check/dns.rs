//! `dns:`: what one given name server shall answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use domain::plan::{Lookup, RecordType};

use super::Checker;
use crate::{
    duration::DurationText,
    place::{At, Place},
    runbook::{
        action::ActionTemplate,
        expect::Expect,
        parameter::ParameterType,
        template::{Form, Template},
        work::{DnsLayout, RecordLayout},
    },
};

/// How often the server is asked when nothing is said, in milliseconds.
const EVERY_MS: u64 = 2000;
const PORT: u16 = 53;

impl Checker<'_, '_> {
    pub(super) fn dns(
        &mut self,
        at: &At<DnsLayout>,
        expect: Option<&At<Expect>>,
    ) -> Option<ActionTemplate> {
        let layout = &at.value;
        let record = match layout.record.value {
            RecordLayout::A => RecordType::A,
            RecordLayout::Aaaa => RecordType::Aaaa,
            RecordLayout::Cname => RecordType::Cname,
            RecordLayout::Txt => RecordType::Txt,
        };
        let server = self.server(&layout.server);
        let every_ms =
            layout.every.as_ref().map_or(EVERY_MS, |every| DurationText::read(every, self.file));
        if let (Some(every), 0) = (&layout.every, every_ms) {
            self.file.note(every.place, "this asks without a pause", "give it some seconds");
        }
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._-${}".contains(letter);
        if layout.name.value.is_empty() || !layout.name.value.chars().all(is_name) {
            let message = format!("`{}` is not a name that can be asked for", layout.name.value);
            self.file.note(layout.name.place, message, "write a name such as `db.example.com`");
        }
        let name = self.host(layout.name.place, &layout.name.value);
        let expect = match expect {
            Some(At { value: Expect::Values(values), .. }) if !values.is_empty() => values
                .iter()
                .map(|value| self.expected_value(record, value.place, &value.value.0))
                .collect::<Option<Vec<_>>>(),
            Some(at) => {
                let advice = "write a list of values, such as `[192.0.2.10]`";
                self.file.note(at.place, "this is not what a name server answers", advice);
                None
            }
            None => {
                let advice = "add `expect: [192.0.2.10]`";
                self.file.note(at.place, "it is not said which answer is good", advice);
                None
            }
        };
        let question = Lookup {
            name: String::new(),
            record,
            server: server?.to_string(),
            expect: Vec::new(),
            every_ms,
        };
        Some(ActionTemplate::Dns { name: name?, expect: expect?, question })
    }

    fn server(&mut self, at: &At<String>) -> Option<SocketAddr> {
        let text = at.value.as_str();
        let found = text
            .parse::<SocketAddr>()
            .or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT)));
        found
            .inspect_err(|_| {
                let advice = "write `192.0.2.53:53`, or the address alone for port 53; a name would have to be looked up first";
                self.file.note(at.place, format!("`{text}` is not the address of a server"), advice);
            })
            .ok()
    }

    fn host(&mut self, place: Place, text: &str) -> Option<Template> {
        self.text(place, text, |_, kind| match kind {
            ParameterType::Host => Ok(Form::Plain),
            _ => Err("give the parameter the type `host`"),
        })
    }

    fn expected_value(&mut self, record: RecordType, place: Place, text: &str) -> Option<Template> {
        let fits = match record {
            RecordType::A => text.parse::<Ipv4Addr>().is_ok(),
            RecordType::Aaaa => text.parse::<Ipv6Addr>().is_ok(),
            RecordType::Cname => !text.contains(char::is_whitespace),
            RecordType::Txt => true,
        };
        if !fits && !text.contains("${") {
            let message =
                format!("`{text}` is not what a record of type {} holds", record.as_str());
            self.file.note(place, message, "write the address that the name shall have");
        }
        self.host(place, text)
    }
}
