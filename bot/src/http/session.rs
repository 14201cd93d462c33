//! Who a visitor of the demo page acts as: two cookies, no state on the server. Outside the demo nobody acts here.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::person::{People, Person, PersonId};

const PERSONA: &str = "countersign_persona";
const TOKEN: &str = "countersign_token";

/// What a visitor's cookies say.
pub struct Session {
    /// As whom they act.
    pub persona: Option<PersonId>,
    /// What every form must send back.
    pub token: Option<String>,
}

impl Session {
    /// Reads the cookies of a request.
    pub fn read(headers: &HeaderMap) -> Self {
        let cookie = |name: &str| {
            let values =
                headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(';')).find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                (key == name).then(|| value.to_owned())
            })
        };
        Self { persona: cookie(PERSONA).map(PersonId::new), token: cookie(TOKEN) }
    }

    /// The person they act as, if the people file still names them.
    pub fn person<'a>(&self, people: &'a People) -> Option<&'a Person> {
        people.get(self.persona.as_ref()?)
    }

    /// Whether a form comes from our own page: it repeats the token of the cookie, which no other site can read.
    pub fn allows(&self, token: &str) -> bool {
        !token.is_empty() && self.token.as_deref() == Some(token)
    }
}

/// A cookie for as long as the browser runs, kept from scripts and from other sites.
fn cookie(name: &str, value: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict"))
        .expect("ids and tokens are plain letters")
}

/// Makes the browser keep a token.
pub fn set_token(token: &str) -> HeaderValue {
    cookie(TOKEN, token)
}

/// Makes the browser act as a person.
pub fn set_persona(person: &PersonId) -> HeaderValue {
    cookie(PERSONA, person.as_str())
}
