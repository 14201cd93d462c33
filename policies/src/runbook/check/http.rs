//! `http:`: one request to an address that people can read in the runbook.

use std::collections::BTreeMap;

use domain::plan::Request;
use url::Url;

use super::{Checker, work::Role};
use crate::{
    place::{At, Place},
    runbook::{
        action::{ActionTemplate, RequestTexts},
        argument::{Argument, Part},
        expect::Expect,
        parameter::ParameterType,
        template::{Form, Language, Template},
        work::HttpLayout,
    },
};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// Headers that the client sets by itself.
const TAKEN: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "expect"];
/// Headers that are secrets whatever they say.
const SECRET: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

impl Checker<'_, '_> {
    pub(super) fn http(
        &mut self,
        at: &At<HttpLayout>,
        expect: Option<&At<Expect>>,
        role: Role,
    ) -> Option<ActionTemplate> {
        let layout = &at.value;
        let method = layout.method.as_ref().map_or("GET", |method| method.value.as_str());
        if !METHODS.contains(&method) {
            let place = layout.method.as_ref().map_or(at.place, |method| method.place);
            self.file.unknown(place, "method", method, &METHODS);
        }
        let request = Request {
            method: method.to_owned(),
            url: String::new(),
            headers: BTreeMap::new(),
            body: None,
            status: Vec::new(),
            json: BTreeMap::new(),
        };
        if role.only_looks() && !request.only_asks() {
            let place = layout.method.as_ref().map_or(at.place, |method| method.place);
            let advice = "ask with `GET` or `HEAD`";
            self.file.note(
                place,
                format!("{} changes nothing, and `{method}` may", role.name()),
                advice,
            );
        }
        if let Some(body) = layout.body.as_ref().filter(|_| request.only_asks()) {
            let advice = "remove `body`, or give another `method`";
            self.file.note(body.place, format!("a `{method}` request has no body"), advice);
        }
        let url = self.address(&layout.url);
        let headers = self.headers(&layout.headers);
        let body = layout.body.as_ref().and_then(|body| self.body(body));
        let (status, json) = self.expected_answer(at.place, expect);
        let texts = RequestTexts { url: url?, headers, body };
        let request = Request { status, json, ..request };
        Some(ActionTemplate::Http { texts: Box::new(texts), request })
    }

    /// An address whose server stands in the runbook itself: a value can choose what is asked, never whom.
    pub(super) fn address(&mut self, at: &At<String>) -> Option<Template> {
        self.read_address(at, &at.value.replace("${", "x").replace('}', "x"))?;
        let parts = Argument::parse(&at.value);
        let mut server_ends = None;
        for (index, part) in parts.iter().flat_map(Argument::parts).enumerate() {
            let behind =
                |text: &str| text.split_once("://").map(|(_, rest)| rest.contains(['/', '?']));
            if let Part::Letters(letters) = part
                && server_ends.is_none()
                && behind(letters) == Some(true)
            {
                server_ends = Some(index);
            }
        }
        self.text(at.place, &at.value, |index, kind| match server_ends {
            Some(end) if index > end && kind != ParameterType::Json => Ok(Form::Encoded),
            Some(end) if index > end => Err("JSON cannot stand in an address"),
            _ => Err("write the server out; values can stand in the path and the query"),
        })
    }

    /// An address that is one; mistakes are noted.
    pub(super) fn read_address(&mut self, at: &At<String>, text: &str) -> Option<Url> {
        let advice = "write it as `https://lb.example.com/path`";
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => {
                self.file.note(
                    at.place,
                    format!("`{}` is not an address: {error}", at.value),
                    advice,
                );
                return None;
            }
        };
        let wrong = if !matches!(url.scheme(), "http" | "https") {
            Some((format!("`{}` is not HTTP", url.scheme()), advice))
        } else if !url.username().is_empty() || url.password().is_some() {
            let advice = "put it into a header: `Authorization: env:NAME`";
            Some((
                "a name or password in an address would be shown to everybody".to_owned(),
                advice,
            ))
        } else if url.fragment().is_some() {
            Some(("what follows `#` is never sent".to_owned(), "remove it"))
        } else {
            None
        };
        if let Some((message, advice)) = wrong {
            self.file.note(at.place, message, advice);
            return None;
        }
        Some(url)
    }

    pub(super) fn headers(
        &mut self,
        layout: &BTreeMap<String, At<String>>,
    ) -> BTreeMap<String, Template> {
        let mut headers = BTreeMap::new();
        for (name, value) in layout {
            let lower = name.to_lowercase();
            let is_token = !name.is_empty()
                && name.chars().all(|letter| {
                    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
                });
            if !is_token || TAKEN.contains(&lower.as_str()) {
                let advice = "remove it, or name another header";
                self.file.note(value.place, format!("the header `{name}` cannot be set"), advice);
                continue;
            }
            if SECRET.contains(&lower.as_str()) && !value.value.starts_with("env:") {
                let message = format!("`{name}` is a secret, and would stand in every plan");
                let advice =
                    "write `env:NAME`, and name the variable under `inherit` in the configuration";
                self.file.note(value.place, message, advice);
                continue;
            }
            if value.value.chars().any(char::is_control) {
                self.file.note(value.place, "a header is one line", "write it in one line");
                continue;
            }
            self.refuse_unnamed(value.place, &value.value);
            let text = self.text(value.place, &value.value, |_, kind| match kind {
                ParameterType::Json => Err("JSON cannot stand in a header"),
                _ => Ok(Form::Plain),
            });
            headers.extend(text.map(|text| (name.clone(), text)));
        }
        headers
    }

    fn body(&mut self, at: &At<String>) -> Option<Template> {
        if at.value.trim_start().starts_with(['{', '[']) {
            return self.text_in(Language::Json, at.place, &at.value);
        }
        self.text(at.place, &at.value, |_, _| Err("values can stand in a body that is JSON"))
    }

    fn expected_answer(
        &mut self,
        place: Place,
        expect: Option<&At<Expect>>,
    ) -> (Vec<u16>, BTreeMap<String, serde_json::Value>) {
        let advice = "add `expect: { status: [200] }`";
        let Some(at) = expect else {
            self.file.note(place, "it is not said which answer is good", advice);
            return Default::default();
        };
        let fields = match &at.value {
            Expect::Fields(fields) if fields.rows.is_none() && fields.value.is_none() => fields,
            _ => {
                self.file.note(at.place, "this is not what a server answers", advice);
                return Default::default();
            }
        };
        let mut status = Vec::new();
        match &fields.status {
            Some(list) if !list.value.is_empty() => {
                for code in &list.value {
                    if !(200..600).contains(&code.value) {
                        let message = format!("`{}` is not the status of an answer", code.value);
                        self.file.note(
                            code.place,
                            message,
                            "write numbers such as 200, 204 or 404",
                        );
                    }
                    status.push(code.value);
                }
            }
            _ => self.file.note(at.place, "it is not said which status is good", advice),
        }
        let mut json = BTreeMap::new();
        for (pointer, value) in fields.json.iter().flatten() {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                let message = format!("`{pointer}` is not a JSON pointer");
                self.file.note(value.place, message, "begin it with `/`, such as `/pool/active`");
            }
            if value.value.is_object() || value.value.is_array() {
                let advice = "point at the single values within";
                self.file.note(value.place, "only single values are compared", advice);
            }
            json.insert(pointer.clone(), value.value.clone());
        }
        (status, json)
    }
}
