//! Who is in the workspace: people, guests, strangers, bots, and groups of people. `users.info`, `usergroups.*`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    FakeSlack, TEAM,
    state::State,
    web_api::{Answer, flag, text},
};

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) team: String,
    pub(super) standing: Standing,
    pub(super) is_deleted: bool,
    pub(super) refuses_letters: bool,
}

/// What somebody is in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Member,
    Guest,
    SingleChannelGuest,
    Stranger,
    Bot,
}

/// A group that a person can mention.
#[derive(Clone, Debug)]
pub(super) struct Group {
    id: String,
    handle: String,
    users: BTreeSet<String>,
    /// The members of whom the last event told.
    told: BTreeSet<String>,
}

impl FakeSlack {
    /// Adds a person, who is in every channel.
    pub fn add_user(&self, id: &str) {
        self.lock().users.insert(id.to_owned(), User::new(id));
    }

    /// A person becomes a guest in some channels.
    #[track_caller]
    pub fn make_guest(&self, id: &str) {
        self.lock().user_mut(id).standing = Standing::Guest;
    }

    /// A person becomes a guest in one channel.
    #[track_caller]
    pub fn make_single_channel_guest(&self, id: &str) {
        self.lock().user_mut(id).standing = Standing::SingleChannelGuest;
    }

    /// A person is from another workspace, here by a shared channel.
    #[track_caller]
    pub fn make_stranger(&self, id: &str, team: &str) {
        let mut state = self.lock();
        let user = state.user_mut(id);
        user.standing = Standing::Stranger;
        team.clone_into(&mut user.team);
    }

    /// An account is a bot's.
    #[track_caller]
    pub fn make_bot(&self, id: &str) {
        self.lock().user_mut(id).standing = Standing::Bot;
    }

    /// An account is closed.
    #[track_caller]
    pub fn deactivate(&self, id: &str) {
        self.lock().user_mut(id).is_deleted = true;
    }

    /// A person takes another name.
    #[track_caller]
    pub fn rename(&self, id: &str, name: &str) {
        name.clone_into(&mut self.lock().user_mut(id).name);
    }

    /// A person cannot be written to by the app, such as where its messages tab is off.
    #[track_caller]
    pub fn refuses_letters(&self, id: &str) {
        self.lock().user_mut(id).refuses_letters = true;
    }

    /// Adds a group, or gives it another handle and other people.
    pub fn add_group(&self, id: &str, handle: &str, users: &[&str]) {
        let users: BTreeSet<String> = users.iter().map(|user| (*user).to_owned()).collect();
        let groups = &mut self.lock().groups;
        let known = groups.get(id);
        let told = known.map_or_else(|| users.clone(), |group| group.told.clone());
        let group = Group { id: id.to_owned(), handle: handle.to_owned(), users, told };
        groups.insert(id.to_owned(), group);
    }

    /// The workspace's plan has no user groups.
    pub fn has_no_groups(&self) {
        self.lock().has_groups = false;
    }
}

impl User {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            team: TEAM.to_owned(),
            standing: Standing::Member,
            is_deleted: false,
            refuses_letters: false,
        }
    }

    /// The user as `users.info` and `user_change` show it.
    pub(super) fn as_json(&self) -> Value {
        let is_guest = matches!(self.standing, Standing::Guest | Standing::SingleChannelGuest);
        let mut shown = json!({
            "id": self.id, "team_id": self.team, "name": self.name, "deleted": self.is_deleted,
            "real_name": self.name, "tz": "Europe/London", "tz_label": "GMT", "tz_offset": 0,
            "profile": {
                "real_name": self.name, "display_name": self.name, "team": self.team,
            },
            "is_bot": self.standing == Standing::Bot, "is_app_user": false, "updated": 1_700_000_000,
        });
        // Slack leaves these away for a closed account.
        if !self.is_deleted {
            shown["is_admin"] = json!(false);
            shown["is_owner"] = json!(false);
            shown["is_restricted"] = json!(is_guest);
            shown["is_ultra_restricted"] = json!(self.standing == Standing::SingleChannelGuest);
        }
        if self.standing == Standing::Stranger {
            shown["is_stranger"] = json!(true);
        }
        shown
    }

    /// The user as interactions name it.
    pub(super) fn acting(&self) -> Value {
        json!({"id": self.id, "username": self.name, "name": self.name, "team_id": self.team})
    }
}

impl State {
    #[track_caller]
    pub(super) fn user_mut(&mut self, id: &str) -> &mut User {
        self.users.get_mut(id).unwrap_or_else(|| panic!("the fake has no user {id}"))
    }

    /// Somebody who acts, known or not.
    pub(super) fn acting(&self, id: &str) -> User {
        self.users.get(id).cloned().unwrap_or_else(|| User::new(id))
    }

    #[track_caller]
    pub(super) fn group_mut(&mut self, id: &str) -> &mut Group {
        self.groups.get_mut(id).unwrap_or_else(|| panic!("the fake has no group {id}"))
    }
}

impl Group {
    /// Who came and who went since the last event.
    pub(super) fn news(&mut self) -> (Vec<String>, Vec<String>) {
        let added = self.users.difference(&self.told).cloned().collect();
        let removed = self.told.difference(&self.users).cloned().collect();
        self.told.clone_from(&self.users);
        (added, removed)
    }

    fn as_json(&self, with_users: bool) -> Value {
        let mut shown = json!({
            "id": self.id, "team_id": TEAM, "is_usergroup": true, "name": self.handle,
            "handle": self.handle, "description": "", "is_external": false, "date_delete": 0,
            "user_count": self.users.len(),
        });
        if with_users {
            shown["users"] = json!(self.users);
        }
        shown
    }
}

pub(super) fn info(state: &mut State, arguments: &Value) -> Answer {
    let user = state.users.get(text(arguments, "user")).ok_or("user_not_found")?;
    Ok(json!({"user": user.as_json()}))
}

pub(super) fn groups(state: &mut State, arguments: &Value) -> Answer {
    if !state.has_groups {
        return Err("plan_upgrade_required".into());
    }
    let with_users = flag(arguments, "include_users");
    let groups: Vec<Value> = state.groups.values().map(|group| group.as_json(with_users)).collect();
    Ok(json!({"usergroups": groups}))
}

pub(super) fn group_users(state: &mut State, arguments: &Value) -> Answer {
    if !state.has_groups {
        return Err("plan_upgrade_required".into());
    }
    let group = state.groups.get(text(arguments, "usergroup")).ok_or("no_such_subteam")?;
    Ok(json!({"users": group.users}))
}
