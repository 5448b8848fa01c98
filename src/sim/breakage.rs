//! What breaks an estate before a drill: the trouble itself, and nothing of its cure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::Moment;
use super::estate::{DATABASE_HOST, Estate, PRODUCTION, STAGING, bad_release, good_release};
use super::postgres::{self, SUFFIX};
use super::search::Search;
use super::web::{Power, Swapped};

/// The only vault, the only search service and the only database server of the estate as it is found.
const VAULT: &str = "chatbot-kv";
const SEARCH: &str = "chatbot-search";
const DATABASE: &str = "chatbot-pg";

/// The secrets that go with that server: the address that the apps have, and the administrator's password.
const ADDRESS: &str = "database-url";
const ADMINISTRATOR: &str = "database-admin";

/// What is broken, and where. So that the same drill can be held again in the same estate, the part that it is about
/// stands first as it was found: the release before in the slot, the index and its indexer where they were, one database
/// server with whole rows that every app writes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "break", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Break {
    /// The bad release is swapped into production, now; the release before is in the slot.
    BadRelease { of: String },
    /// Somebody has seen the newest version of a secret. Nothing of the vault changes by that.
    SecretLeaked { of: String, name: String },
    /// An index is deleted; an alias that stands for it leads nowhere.
    IndexDeleted { of: String, name: String },
    /// A statement without a `WHERE` empties every message.
    RowsCorrupted { of: String },
}

/// A version of a secret that somebody has seen who is not meant to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leak {
    pub(crate) secret: String,
    pub(crate) version: String,
    pub(crate) at: Moment,
}

impl Estate {
    /// Tells what of a breakage is not there; nothing if it can be done.
    pub(crate) fn lacks(&self, breakage: &Break) -> Option<String> {
        let none = |what: &str, name: &str| Some(format!("the estate has no {what} `{name}`"));
        match breakage {
            Break::BadRelease { of } if self.apps.get(of).is_none_or(|app| !app.slots.contains_key(STAGING)) => {
                none("app with a slot", of)
            }
            Break::SecretLeaked { of, .. } if of != VAULT => none("vault", of),
            Break::SecretLeaked { name, .. } if self.vault.versions(name).is_none() => none("secret", name),
            Break::IndexDeleted { of, .. } if of != SEARCH => none("search service", of),
            Break::IndexDeleted { name, .. }
                if !Search::begin(self.born(), &self.storage).indexes.contains_key(name) =>
            {
                none("index", name)
            }
            Break::RowsCorrupted { of } if of != DATABASE => none("database server", of),
            _ => None,
        }
    }

    /// Breaks what is there.
    pub(crate) fn break_down(&mut self, at: Moment, breakage: &Break) {
        match breakage {
            Break::BadRelease { of } => self.release_badly(at, of),
            Break::SecretLeaked { name, .. } => {
                if let Ok(version) = self.vault.find(name, None) {
                    let (secret, version) = (name.clone(), version.id.clone());
                    self.leaks.push(Leak { secret, version, at });
                }
            }
            Break::IndexDeleted { name, .. } => {
                self.search = Search::begin(at, &self.storage);
                self.search.indexes.remove(name);
            }
            Break::RowsCorrupted { of } => {
                self.find_databases(at);
                self.databases.apply(at, &postgres::Change::Corrupted { server: of.clone() });
            }
        }
    }

    /// Sets the database up as it was found: no server but its own, whole, with the address and the passwords of the
    /// beginning, and every app runs and asks that server.
    fn find_databases(&mut self, at: Moment) {
        self.vault.begin_again(ADDRESS);
        self.vault.begin_again(ADMINISTRATOR);
        let of = |name: &str| self.vault.find(name, None).ok().map(|version| version.value.clone());
        let Some(address) = of(ADDRESS) else { return };
        self.databases = postgres::found(at, &address, of(ADMINISTRATOR).as_ref());
        for slot in self.apps.values_mut().flat_map(|app| app.slots.values_mut()) {
            if let Some(host) = slot.settings.get_mut(DATABASE_HOST) {
                *host = format!("{DATABASE}{SUFFIX}");
            }
            if slot.power == Power::Stopped {
                slot.switch(at, Power::Running);
            }
            slot.fetch_all(&self.vault, at);
        }
    }

    fn release_badly(&mut self, at: Moment, app: &str) {
        let Some(app) = self.apps.get_mut(app) else { return };
        app.end_preview(at, &self.vault);
        app.swap = None;
        let contents = BTreeMap::from([(PRODUCTION, bad_release(at)), (STAGING, good_release(at))]);
        for (name, content) in contents {
            if let Some(slot) = app.slots.get_mut(name) {
                slot.content = content;
                slot.fetch_all(&self.vault, at);
                (slot.warm_at, slot.modified) = (at, at);
            }
        }
        app.swapped = Some(Swapped { source: STAGING.to_owned(), target: PRODUCTION.to_owned(), at });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sim::change::{Beginning, Change, Coined, Place, SecretSet, Value};

    fn estate() -> Estate {
        let coined = |text: &str| Coined { version: text.to_owned(), value: Value(text.to_owned()) };
        let beginning = Beginning {
            session_secret: [coined("s1"), coined("s2")],
            database_url: coined("d1"),
            database_admin: None,
        };
        Estate::begin("2026-11-20T03:10:00Z".parse().unwrap(), &beginning)
    }

    fn broken(breakage: &Break) -> (Estate, Moment) {
        let (mut estate, at) = (estate(), "2026-11-20T09:00:00Z".parse().unwrap());
        assert_eq!(estate.lacks(breakage), None);
        estate.apply(at, &Change::Broken(breakage.clone()));
        (estate, at)
    }

    #[test]
    fn a_bad_release_is_swapped_in_at_a_known_moment_and_the_one_before_stands_in_the_slot() {
        let (estate, at) = broken(&Break::BadRelease { of: "chatbot-web".into() });
        let build = |slot: &str| {
            let place = Place { app: "chatbot-web".into(), slot: slot.into() };
            estate.slot(&place).unwrap().content.build.clone()
        };
        assert_eq!((build(PRODUCTION), build(STAGING)), ("4720".into(), "4711".into()));
        assert_eq!(estate.apps["chatbot-web"].swapped.as_ref().unwrap().at, at);
    }

    #[test]
    fn a_leak_names_the_version_that_is_in_use_and_changes_nothing() {
        let (estate, at) = broken(&Break::SecretLeaked { of: VAULT.into(), name: "session-secret".into() });
        assert_eq!(estate.leaks, [Leak { secret: "session-secret".into(), version: "s2".into(), at }]);
        assert!(estate.vault.readable("session-secret", None).is_ok());
    }

    #[test]
    fn an_index_can_be_deleted_once_more_after_it_was_restored_under_another_name() {
        let breakage = Break::IndexDeleted { of: SEARCH.into(), name: "docs".into() };
        let (mut estate, at) = broken(&breakage);
        assert!(estate.search.read("chatbot-docs", at).is_none());
        estate.apply(at.plus_seconds(60), &Change::Broken(breakage.clone()));
        assert_eq!((estate.lacks(&breakage), estate.search.aliases["chatbot-docs"].index.as_str()), (None, "docs"));
    }

    #[test]
    fn rows_are_corrupted_up_to_the_moment_and_not_after() {
        let (mut estate, at) = broken(&Break::RowsCorrupted { of: "chatbot-pg".into() });
        let data = &mut estate.databases.servers.get_mut("chatbot-pg").unwrap().data;
        data.written(at.plus_seconds(1), true);
        let messages = data.messages(at.plus_seconds(120));
        let (gone, whole): (Vec<_>, Vec<_>) = messages.partition(|message| message.body.is_none());
        assert!(gone.iter().all(|message| message.at <= at) && !gone.is_empty());
        assert!(whole.iter().all(|message| message.at > at) && !whole.is_empty());
    }

    #[test]
    fn rows_can_be_corrupted_once_more_after_every_app_was_moved_to_a_restored_server() {
        let breakage = Break::RowsCorrupted { of: "chatbot-pg".into() };
        let (mut estate, at) = broken(&breakage);
        let begin = |number, server: &str, act| {
            let (operation, server) = (Uuid::from_u128(number), server.to_owned());
            Change::Database(postgres::Change::Begun { operation, server, seconds: 60, act, fails: false })
        };
        let point = at.plus_seconds(-60);
        let restore = postgres::Act::Restore { source: DATABASE.into(), point, tags: BTreeMap::new() };
        estate.apply(at, &begin(1, "chatbot-pg-r1", restore));
        let later = at.plus_seconds(120);
        estate.apply(later, &begin(2, DATABASE, postgres::Act::Delete));
        let place = Place { app: "chatbot-web".into(), slot: PRODUCTION.into() };
        let mut settings = estate.slot(&place).unwrap().settings.clone();
        settings.insert(DATABASE_HOST.into(), format!("chatbot-pg-r1{SUFFIX}"));
        estate.apply(later, &Change::SettingsReplaced { place: place.clone(), settings });
        let newer = SecretSet {
            name: ADDRESS.into(),
            version: "d2".into(),
            value: Value("d2".into()),
            content_type: None,
            tags: None,
            enabled: true,
            not_before: None,
            expires: None,
        };
        estate.apply(later, &Change::SecretSet(newer));
        estate.apply(later, &Change::Stopped { place: place.clone() });

        let again = at.plus_seconds(600);
        estate.settle(again);
        assert_eq!(estate.databases.servers.keys().collect::<Vec<_>>(), ["chatbot-pg-r1"]);
        assert_eq!(estate.lacks(&breakage), None, "what was deleted since stands there again");
        estate.apply(again, &Change::Broken(breakage));
        assert_eq!(estate.databases.servers.keys().collect::<Vec<_>>(), [DATABASE]);
        let slot = estate.slot(&place).unwrap();
        assert_eq!((slot.held("DATABASE_URL"), slot.power), (Some("d1"), Power::Running));
        assert_eq!(slot.settings[DATABASE_HOST], format!("chatbot-pg{SUFFIX}"));
        let mut messages = estate.databases.servers[DATABASE].data.messages(again);
        assert!(messages.all(|message| message.body.is_none()), "the former damage and this one are one");
    }

    #[test]
    fn what_is_not_there_cannot_be_broken() {
        let estate = estate();
        for breakage in [
            Break::BadRelease { of: "chatbot-worker".into() },
            Break::SecretLeaked { of: "other-kv".into(), name: "session-secret".into() },
            Break::SecretLeaked { of: VAULT.into(), name: "none".into() },
            Break::IndexDeleted { of: SEARCH.into(), name: "none".into() },
            Break::RowsCorrupted { of: "chatbot-pg-r1".into() },
        ] {
            assert!(estate.lacks(&breakage).is_some(), "{breakage:?}");
        }
    }
}
