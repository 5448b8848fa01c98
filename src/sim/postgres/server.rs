//! One server, without any wire.

use std::collections::BTreeMap;

use super::data::Data;
use super::role::{Denial, Password, Role};
use crate::sim::clock::Moment;

const DAY: i64 = 24 * 3600;

/// A server with its database `chatbot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) created: Moment,
    pub(crate) state: State,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) has_standby: bool,
    /// What somebody set, by the parameter's name.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The first and the last address of each rule, by its name.
    pub(crate) rules: BTreeMap<String, ([u8; 4], [u8; 4])>,
    /// By name.
    roles: BTreeMap<String, Role>,
    pub(crate) data: Data,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    /// It is being made.
    Updating,
    Dropping,
}

impl State {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Updating => "Updating",
            Self::Dropping => "Dropping",
        }
    }
}

/// The administrator's login.
pub(crate) const ADMINISTRATOR: &str = "chatadmin";
/// The role of the apps.
pub(crate) const APP: &str = "chatbot";
/// The login that takes turns with the apps': it owns what they own, and may not sign in until it is its turn.
pub(crate) const OTHER_APP: &str = "chatbot_b";
/// The only database beside `postgres`.
pub(crate) const DATABASE: &str = "chatbot";
/// For how many days backups are kept.
pub(crate) const RETENTION: i64 = 7;

/// Parameters, their defaults, their types and what they may be.
pub(crate) const PARAMETERS: [(&str, &str, &str, &str); 8] = [
    ("azure.extensions", "", "Enumeration", "HSTORE,PGCRYPTO,PG_STAT_STATEMENTS,VECTOR"),
    ("log_min_duration_statement", "-1", "Integer", "-1-2147483647"),
    ("max_connections", "859", "Integer", "25-5000"),
    ("password_encryption", "scram-sha-256", "Enumeration", "md5,scram-sha-256"),
    ("pgbouncer.enabled", "false", "Boolean", "true,false"),
    ("statement_timeout", "0", "Integer", "0-2147483647"),
    ("timezone", "UTC", "Enumeration", "[A-Za-z0-9/+_-]+"),
    ("work_mem", "4096", "Integer", "4096-2097151"),
];

impl Server {
    /// The server `chatbot-pg` as it is found.
    pub(crate) fn found(at: Moment, app: Password, administrator: Option<Password>) -> Self {
        let created = at.plus_seconds(-200 * DAY);
        let set = [
            ("azure.extensions", "PGCRYPTO,VECTOR"),
            ("log_min_duration_statement", "500"),
            ("pgbouncer.enabled", "true"),
        ];
        let role = |name: &str, password, may_sign_in| (name.to_owned(), Role::begin(created, password, may_sign_in));
        let roles = [role(APP, Some(app), true), role(OTHER_APP, None, false)];
        let administrator = administrator.map(|password| role(ADMINISTRATOR, Some(password), true));
        Self {
            created,
            state: State::Ready,
            tags: BTreeMap::from([("app".to_owned(), "chatbot".to_owned())]),
            has_standby: true,
            parameters: set.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            rules: BTreeMap::from([
                ("azure".to_owned(), (super::AZURE, super::AZURE)),
                ("office".to_owned(), ([203, 0, 113, 0], [203, 0, 113, 255])),
            ]),
            roles: roles.into_iter().chain(administrator).collect(),
            data: Data::since(at.plus_seconds(-RETENTION * DAY)),
        }
    }

    /// A new server with what this one had at `point`: rows and passwords, and nothing else.
    pub(crate) fn restored(&self, at: Moment, point: Moment, tags: BTreeMap<String, String>) -> Self {
        Self {
            created: at,
            state: State::Updating,
            tags,
            has_standby: false,
            parameters: BTreeMap::new(),
            rules: BTreeMap::new(),
            roles: self.roles.iter().map(|(role, history)| (role.clone(), history.at(point))).collect(),
            data: self.data.at(point),
        }
    }

    /// Changes what is given of a role and leaves the rest.
    pub(crate) fn alter_role(
        &mut self,
        at: Moment,
        role: &str,
        password: Option<&Password>,
        may_sign_in: Option<bool>,
    ) {
        self.roles.entry(role.to_owned()).or_default().alter(at, password, may_sign_in);
    }

    /// Every role with whether it may sign in, by name.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (&str, bool)> {
        self.roles.iter().map(|(name, role)| (name.as_str(), role.may_sign_in()))
    }

    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.contains_key(role)
    }

    pub(crate) fn signs_in(&self, role: &str, password: &str) -> Result<(), Denial> {
        self.roles.get(role).map_or(Err(Denial::Password), |role| role.signs_in(password))
    }

    /// Whether a rule lets an address in.
    pub(crate) fn admits(&self, address: [u8; 4]) -> bool {
        self.rules.values().any(|(from, to)| (*from..=*to).contains(&address))
    }

    /// The value of a parameter; nothing if there is no such parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, default, ..) = PARAMETERS.iter().find(|(known, ..)| *known == name)?;
        Some(self.parameters.get(name).map_or(*default, String::as_str))
    }

    /// The earliest moment that can be restored.
    pub(crate) fn earliest(&self, now: Moment) -> Moment {
        self.created.max(now.plus_seconds(-RETENTION * DAY))
    }
}
