//! Who reads a text: whom it can mention, and by which identity.

use domain::person::{ChatName, People, PersonId};

/// Whom mentions reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readers<'a> {
    /// Everybody whom the people file names.
    pub(crate) people: &'a People,
    /// The workspace whose members can be mentioned; `None` takes any.
    pub(crate) team: Option<&'a str>,
}

impl Readers<'_> {
    pub(super) fn mention(&self, person: &PersonId) -> Option<String> {
        let identity = self.people.get(person)?.identities.iter().find(|identity| {
            identity.chat == ChatName::Slack && self.team.is_none_or(|team| identity.team == team)
        })?;
        let user = &identity.user;
        let is_user = user.starts_with(['U', 'W'])
            && user.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        is_user.then(|| format!("<@{user}>"))
    }
}
