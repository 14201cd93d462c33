//! What Slack says somebody is in the workspace: asked for with `users.info`, or told by an event.

use domain::{person::Identity, port::ChatError, standing::Standing};
use serde_json::Value;

use crate::{Slack, refusal};

impl Slack {
    /// What Slack says somebody is in this workspace.
    pub async fn standing(&self, who: &Identity) -> Result<Standing, ChatError> {
        const METHOD: &str = "users.info";
        let home = self.team.as_deref().unwrap_or(&who.team);
        if who.team != home {
            return Ok(Standing::Stranger);
        }
        let answer = self.api.read(METHOD, &[("user", who.user.as_str())]).await?;
        let user = &answer["user"];
        if user["id"] != who.user.as_str() {
            return Err(refusal::unknown(METHOD, "the answer is about nobody who was asked for"));
        }
        Ok(standing(user, home))
    }
}

/// The standing of a user record, seen from the workspace `home`. Only somebody about whom Slack says nothing else is an
/// ordinary member.
pub(crate) fn standing(user: &Value, home: &str) -> Standing {
    let is = |key: &str| user[key] == true;
    let team = user["team_id"].as_str();
    if is("deleted") {
        Standing::Deactivated
    } else if is("is_bot") || is("is_workflow_bot") || user["id"] == "USLACKBOT" {
        Standing::Machine
    } else if is("is_stranger") || team.is_some_and(|team| team != home) {
        Standing::Stranger
    } else if is("is_restricted") || is("is_ultra_restricted") {
        Standing::Guest
    } else {
        Standing::Member
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_ordinary_member_is_one() {
        let table = [
            (json!({"id": "U1", "team_id": "T1"}), Standing::Member),
            (
                json!({"id": "U1", "team_id": "T1", "deleted": false, "is_bot": false}),
                Standing::Member,
            ),
            (json!({"id": "U1", "team_id": "T1", "is_owner": true}), Standing::Member),
            (json!({"id": "U1", "team_id": "T1", "is_restricted": true}), Standing::Guest),
            (json!({"id": "U1", "team_id": "T1", "is_ultra_restricted": true}), Standing::Guest),
            (json!({"id": "U1", "team_id": "T2"}), Standing::Stranger),
            (json!({"id": "U1", "team_id": "T1", "is_stranger": true}), Standing::Stranger),
            (json!({"id": "U1", "team_id": "T1", "is_bot": true}), Standing::Machine),
            (json!({"id": "U1", "team_id": "T1", "is_workflow_bot": true}), Standing::Machine),
            (json!({"id": "USLACKBOT", "team_id": "T1"}), Standing::Machine),
            (
                json!({"id": "U1", "team_id": "T1", "deleted": true, "is_restricted": true}),
                Standing::Deactivated,
            ),
        ];
        for (user, expected) in table {
            assert_eq!(standing(&user, "T1"), expected, "{user}");
        }
    }
}
