//! All servers, what is being done to them, and their locks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::role::Password;
use super::server::{Server, State};
use crate::sim::change::Value;
use crate::sim::clock::Moment;

/// One change of the servers, with everything in it that chance decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Something that takes its time; what it does is done when it ends.
    Begun {
        operation: Uuid,
        server: String,
        seconds: u32,
        act: Act,
        /// Whether it fails halfway.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        fails: bool,
    },
    /// A statement changed a role: its password, whether it may sign in, or both.
    #[serde(alias = "role_password")]
    RoleAltered {
        server: String,
        role: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Password>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<bool>,
    },
    /// Somebody else in the world has made a server of that name.
    Taken {
        server: String,
    },
    /// A statement without a `WHERE` emptied every message.
    Corrupted {
        server: String,
    },
    LockSet {
        server: String,
        name: String,
        level: String,
        notes: Option<String>,
    },
    LockDeleted {
        server: String,
        name: String,
    },
}

/// What is done when an operation ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// The server was made from another one's backups; it stands there from the beginning, and is ready at the end.
    Restore {
        source: String,
        point: Moment,
        tags: BTreeMap<String, String>,
    },
    Delete,
    Parameter {
        name: String,
        value: String,
    },
    Rule {
        name: String,
        from: [u8; 4],
        to: [u8; 4],
    },
    RuleDeleted {
        name: String,
    },
    /// The administrator's password.
    Password {
        role: String,
        password: Password,
    },
}

impl Act {
    /// What the service calls it.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Restore { .. } => "RestoreSnapshotManagementOperation",
            Self::Delete => "DropServerManagementOperation",
            Self::Parameter { .. } => "UpdateServerParameterManagementOperation",
            Self::Rule { .. } => "UpsertServerFirewallRulesManagementOperation",
            Self::RuleDeleted { .. } => "DropServerFirewallRulesManagementOperation",
            Self::Password { .. } => "UpsertServerManagementOperationV2",
        }
    }
}

/// An operation that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) server: String,
    pub(crate) started: Moment,
    pub(crate) due: Moment,
    pub(crate) act: Act,
    pub(crate) fails: bool,
    is_done: bool,
}

/// A lock of Resource Manager's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) level: String,
    pub(crate) notes: Option<String>,
}

/// Somebody who is connected, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) app: String,
    pub(crate) server: String,
    pub(crate) role: String,
    pub(crate) password: String,
}

impl Client {
    /// Reads a connection string, `postgresql://ROLE:PASSWORD@SERVER.postgres.database.azure.com…`.
    pub(crate) fn of(app: &str, connection: &str) -> Option<Self> {
        let url: Url = connection.parse().ok()?;
        let server = url.host_str()?.strip_suffix(super::SUFFIX)?.to_owned();
        let (role, password) = (url.username().to_owned(), url.password()?.to_owned());
        Some(Self { app: app.to_owned(), server, role, password })
    }

    /// The same at another host; one that is no server's name leads nowhere.
    pub(crate) fn at(self, host: &str) -> Self {
        Self { server: host.strip_suffix(super::SUFFIX).unwrap_or_default().to_owned(), ..self }
    }
}

/// Names that somebody else in the world has from the beginning.
const TAKEN: [&str; 2] = ["chatbot-db", "contoso-pg"];

/// The servers as they are found: `chatbot-pg`, with the password of its apps' connection string.
pub(crate) fn found(at: Moment, connection: &Value, administrator: Option<&Value>) -> Fleet {
    let client = Client::of("", &connection.0);
    let app = Password::Plain(Value(client.map(|client| client.password).unwrap_or_default()));
    let server = Server::found(at, app, administrator.map(|value| Password::Plain(value.clone())));
    Fleet {
        servers: BTreeMap::from([("chatbot-pg".to_owned(), server)]),
        operations: BTreeMap::new(),
        locks: BTreeMap::new(),
        taken: TAKEN.map(str::to_owned).into(),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fleet {
    /// By name.
    pub(crate) servers: BTreeMap<String, Server>,
    pub(crate) operations: BTreeMap<Uuid, Operation>,
    /// By server, then by name.
    pub(crate) locks: BTreeMap<String, BTreeMap<String, Lock>>,
    /// Names that somebody else in the world has.
    taken: BTreeSet<String>,
}

impl Fleet {
    /// Applies a change. One that names what does not exist does nothing: the wires refuse it before it becomes one.
    pub(crate) fn apply(&mut self, at: Moment, change: &Change) {
        match change {
            Change::Begun { operation, server, seconds, act, fails } => {
                self.begin(at, *operation, server, *seconds, act, *fails);
            }
            Change::RoleAltered { server, role, password, login } => {
                if let Some(server) = self.servers.get_mut(server) {
                    server.alter_role(at, role, password.as_ref(), *login);
                }
            }
            Change::Taken { server } => drop(self.taken.insert(server.clone())),
            Change::Corrupted { server } => {
                if let Some(server) = self.servers.get_mut(server) {
                    server.data.corrupt(at);
                }
            }
            Change::LockSet { server, name, level, notes } => {
                let lock = Lock { level: level.clone(), notes: notes.clone() };
                self.locks.entry(server.clone()).or_default().insert(name.clone(), lock);
            }
            Change::LockDeleted { server, name } => {
                if let Some(locks) = self.locks.get_mut(server) {
                    locks.remove(name);
                }
            }
        }
    }

    fn begin(&mut self, at: Moment, id: Uuid, server: &str, seconds: u32, act: &Act, fails: bool) {
        match act {
            Act::Restore { source, point, tags } => {
                let Some(source) = self.servers.get(source) else { return };
                let restored = source.restored(at, *point, tags.clone());
                self.servers.insert(server.to_owned(), restored);
            }
            Act::Delete => {
                let Some(server) = self.servers.get_mut(server) else { return };
                server.state = State::Dropping;
            }
            Act::Parameter { .. } | Act::Rule { .. } | Act::RuleDeleted { .. } | Act::Password { .. } => {}
        }
        let due = at.plus_seconds(i64::from(seconds));
        let operation =
            Operation { server: server.to_owned(), started: at, due, act: act.clone(), fails, is_done: false };
        self.operations.insert(id, operation);
    }

    /// The operation that ends next, and when.
    pub(crate) fn next(&self) -> Option<(Moment, Uuid)> {
        let open = self.operations.iter().filter(|(_, operation)| !operation.is_done);
        open.map(|(id, operation)| (operation.due, *id)).min()
    }

    /// Ends an operation: what it does is done.
    pub(crate) fn finish(&mut self, id: Uuid) {
        let Some(operation) = self.operations.get_mut(&id) else { return };
        operation.is_done = true;
        let (name, due, act) = (operation.server.clone(), operation.due, operation.act.clone());
        if operation.fails {
            return self.fail(&name, &act);
        }
        if act == Act::Delete {
            self.servers.remove(&name);
            self.locks.remove(&name);
            return;
        }
        let Some(server) = self.servers.get_mut(&name) else { return };
        match act {
            Act::Restore { .. } => server.state = State::Ready,
            Act::Parameter { name, value } => {
                server.parameters.insert(name, value);
            }
            Act::Rule { name, from, to } => {
                server.rules.insert(name, (from, to));
            }
            Act::RuleDeleted { name } => {
                server.rules.remove(&name);
            }
            Act::Password { role, password } => server.alter_role(due, &role, Some(&password), None),
            Act::Delete => {}
        }
    }

    /// What is left of an operation that failed: no server of a restore, and everything else as it was.
    fn fail(&mut self, name: &str, act: &Act) {
        match act {
            Act::Restore { .. } => drop(self.servers.remove(name)),
            _ => {
                if let Some(server) = self.servers.get_mut(name) {
                    server.state = State::Ready;
                }
            }
        }
    }

    /// Whether nobody has a server of that name.
    pub(crate) fn is_free(&self, name: &str) -> bool {
        !self.taken.contains(name) && !self.servers.contains_key(name)
    }

    /// Whether something is being done to a server: it takes one change at a time.
    pub(crate) fn is_busy(&self, server: &str) -> bool {
        self.operations.values().any(|operation| operation.server == server && !operation.is_done)
    }

    /// Whether a client is let in: the server is ready, its firewall lets Azure in, and the password is right.
    pub(crate) fn admits(&self, client: &Client) -> bool {
        self.servers.get(&client.server).is_some_and(|server| {
            server.state == State::Ready
                && server.admits(super::AZURE)
                && server.signs_in(&client.role, &client.password).is_ok()
        })
    }

    /// From `at` on those clients are connected who are let in, and each of them writes.
    pub(crate) fn connect(&mut self, at: Moment, clients: &[Client]) {
        let connected: Vec<&Client> = clients.iter().filter(|client| self.admits(client)).collect();
        let written: Vec<String> = connected.iter().map(|client| client.server.clone()).collect();
        for (name, server) in &mut self.servers {
            server.data.written(at, written.contains(name));
        }
    }
}
