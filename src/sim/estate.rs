//! The estate: a pure value that changes apply to, and that time passes over.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::breakage::Leak;
use super::change::{Beginning, Change, Coined, Place, SecretSet};
use super::clock::Moment;
use super::ingestion::{self, Ingestion};
use super::postgres::{Client, Fleet, found};
use super::search::Search;
use super::storage::Account;
use super::vault::Secrets;
use super::web::{App, Content, Power, Slot, Swap, Swapped};

pub(crate) const PRODUCTION: &str = "production";
pub(crate) const STAGING: &str = "staging";

const DAY: i64 = 24 * 3600;

/// Everything that Azure would know of the estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Estate {
    pub(crate) vault: Secrets,
    /// By name.
    pub(crate) apps: BTreeMap<String, App>,
    /// The database servers.
    pub(crate) databases: Fleet,
    /// Every swap that was ever started, for those who ask for its result.
    pub(crate) operations: BTreeMap<Uuid, Operation>,
    pub(crate) search: Search,
    pub(crate) storage: Account,
    pub(crate) ingestion: Ingestion,
    /// What strangers have seen.
    pub(crate) leaks: Vec<Leak>,
    born: Moment,
}

/// Where the result of a long-running operation is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) app: String,
    /// The slot in whose name it was started.
    pub(crate) slot: String,
    pub(crate) due: Moment,
}

/// Something that happens by itself when its moment comes.
enum Event {
    SwapCompletes(String),
    RefreshTakesEffect(Place),
    ReferenceGrowsOld(Place, String),
    IndexerComesDue(String),
    IngestionGoesOn,
    DatabaseOperationEnds(Uuid),
}

impl Estate {
    /// The estate `chatbot` as it is found: the bad release 4720 was swapped into production 20 minutes ago, the former
    /// production 4711 is in staging, and everybody uses the current version of each secret.
    pub(crate) fn begin(at: Moment, beginning: &Beginning) -> Self {
        let mut vault = Secrets::default();
        let [older, current] = &beginning.session_secret;
        vault.set(at.plus_seconds(-120 * DAY), &first("session-secret", older));
        vault.set(at.plus_seconds(-30 * DAY), &first("session-secret", current));
        vault.set(at.plus_seconds(-200 * DAY), &first("database-url", &beginning.database_url));
        if let Some(admin) = &beginning.database_admin {
            vault.set(at.plus_seconds(-200 * DAY), &first("database-admin", admin));
        }

        let swapped_at = at.plus_seconds(-20 * 60);
        let slot = |content, settings, fetched_at: Moment| {
            let mut slot = Slot::new(content, settings, fetched_at);
            slot.fetch_all(&vault, fetched_at);
            slot
        };
        let (bad, good) = (bad_release(at), good_release(at));
        let production = |content, from| (PRODUCTION.to_owned(), slot(content, web_settings(PRODUCTION), from));
        let staging = (STAGING.to_owned(), slot(good.clone(), web_settings(STAGING), swapped_at));
        let swapped = Swapped { source: STAGING.to_owned(), target: PRODUCTION.to_owned(), at: swapped_at };
        let sticky = BTreeSet::from(["APP_ENVIRONMENT".to_owned()]);
        // Before the swap the good release ran in production, and what was counted of it is still told.
        let yesterday = at.plus_seconds(-DAY);
        let before = BTreeMap::from([production(good.clone(), yesterday), staging]);
        let mut web = App::new(before, sticky, Some(swapped));
        web.note(yesterday);
        web.slots.extend([production(bad, swapped_at)]);
        web.note(swapped_at);
        let lone = |settings, hours: i64| {
            let slot = slot(good.clone(), settings, at.plus_seconds(-hours * 3600));
            App::new(BTreeMap::from([(PRODUCTION.to_owned(), slot)]), BTreeSet::new(), None)
        };
        let apps = BTreeMap::from([
            ("chatbot-web".to_owned(), web),
            ("chatbot-worker".to_owned(), lone(settings(&[SESSION, DATABASE, ("QUEUE_NAME", "chat-jobs")]), 5)),
            ("chatbot-scheduler".to_owned(), lone(settings(&[DATABASE, ("SCHEDULE", "*/5 * * * *")]), 9)),
        ]);
        let storage = Account::begin(at);
        let search = Search::begin(at, &storage);
        let databases = found(at, &beginning.database_url.value, beginning.database_admin.as_ref().map(|c| &c.value));
        let (operations, ingestion) = (BTreeMap::new(), Ingestion::default());
        let leaks = Vec::new();
        let mut estate = Self { vault, apps, databases, operations, search, storage, ingestion, leaks, born: at };
        estate.connect(at);
        estate.attend(at);
        estate
    }

    /// When the estate began.
    pub(crate) fn born(&self) -> Moment {
        self.born
    }

    pub(crate) fn slot(&self, place: &Place) -> Option<&Slot> {
        self.apps.get(&place.app)?.slots.get(&place.slot)
    }

    /// Applies one change. Whatever came due before it has happened before it.
    ///
    /// A change that names what does not exist does nothing: the wires refuse such requests before they become changes.
    pub(crate) fn apply(&mut self, at: Moment, change: &Change) {
        self.settle(at);
        match change {
            Change::Database(change) => self.databases.apply(at, change),
            Change::SecretSet(set) => self.vault.set(at, set),
            Change::SecretUpdated(update) => self.vault.update(at, update),
            Change::SettingsReplaced { place, settings } => {
                self.with_slot(place, |slot, vault| slot.configure(at, settings.clone(), vault));
            }
            Change::ReferencesRefreshed { place } => self.with_slot(place, |slot, _| slot.refresh(at)),
            Change::Restarted { place } => self.with_slot(place, |slot, _| slot.restart(at)),
            Change::Started { place } => self.with_slot(place, |slot, _| slot.switch(at, Power::Running)),
            Change::Broken(breakage) => self.break_down(at, breakage),
            Change::Search(change) => self.search.apply(at, change, &self.storage),
            Change::Storage(change) => self.storage.apply(at, change),
            Change::Stopped { place } => self.with_slot(place, |slot, _| slot.switch(at, Power::Stopped)),
            Change::PreviewStarted { app, source, target } => {
                if let Some(app) = self.apps.get_mut(app) {
                    app.start_preview(at, source, target, &self.vault);
                }
            }
            Change::PreviewReset { app } => {
                if let Some(app) = self.apps.get_mut(app) {
                    app.end_preview(at, &self.vault);
                }
            }
            Change::SwapStarted { operation, app, source, target, seconds } => {
                if let Some(found) = self.apps.get_mut(app) {
                    let due = at.plus_seconds(i64::from(*seconds));
                    let (slot, target) = (source.clone(), target.clone());
                    let swap = Swap { operation: *operation, source: slot.clone(), target, started: at, due };
                    found.start_swap(swap, &self.vault);
                    self.operations.insert(*operation, Operation { app: app.clone(), slot: slot.clone(), due });
                }
            }
        }
        self.connect(at);
        self.attend(at);
        self.note(at);
    }

    /// Takes note of what each app does with its requests from now on.
    fn note(&mut self, at: Moment) {
        self.apps.values_mut().for_each(|app| app.note(at));
    }

    /// The worker takes messages from `at` on, if it runs.
    fn attend(&mut self, at: Moment) {
        let slot = self.apps.get(ingestion::WORKER).and_then(|app| app.slots.get(PRODUCTION));
        let up = slot.and_then(|slot| {
            let from = slot.warm_at.max(at);
            slot.trouble(from).is_none().then_some(from)
        });
        self.ingestion.attend(at, up);
    }

    /// Lets everything happen that comes due until `now`, each thing at its own moment and in that order.
    ///
    /// So it makes no difference how often, or when, somebody looks.
    pub(crate) fn settle(&mut self, now: Moment) {
        while let Some((due, event)) = self.next_event().filter(|(due, _)| *due <= now) {
            match event {
                Event::SwapCompletes(app) => {
                    if let Some(app) = self.apps.get_mut(&app) {
                        app.complete_swap(&self.vault);
                    }
                }
                Event::IndexerComesDue(indexer) => self.search.come_due(due, &indexer, &self.storage),
                Event::IngestionGoesOn => self.ingest(due),
                Event::RefreshTakesEffect(place) => self.with_slot(&place, |slot, vault| slot.fetch_all(vault, due)),
                Event::ReferenceGrowsOld(place, setting) => {
                    self.with_slot(&place, |slot, vault| slot.fetch_one(&setting, vault, due));
                }
                Event::DatabaseOperationEnds(operation) => self.databases.finish(operation),
            }
            self.connect(due);
            self.attend(due);
            self.note(due);
        }
    }

    /// The worker goes on with what waits in its queue.
    fn ingest(&mut self, at: Moment) {
        let slot = self.apps.get(ingestion::WORKER).and_then(|app| app.slots.get(PRODUCTION));
        let index = slot.and_then(|slot| slot.settings.get(ingestion::SETTING)).map(String::as_str);
        self.ingestion.go_on(at, index, &mut self.storage, &mut self.search);
    }

    fn next_event(&self) -> Option<(Moment, Event)> {
        let swaps = self.apps.iter().filter_map(|(name, app)| {
            let swap = app.swap.as_ref()?;
            Some((swap.due, Event::SwapCompletes(name.clone())))
        });
        let places = self.apps.iter().flat_map(|(app, found)| {
            found.slots.iter().map(|(slot, state)| (Place { app: app.clone(), slot: slot.clone() }, state))
        });
        let slots = places.flat_map(|(place, slot)| {
            let refresh = slot.refresh_due.map(|due| (due, Event::RefreshTakesEffect(place.clone())));
            let age = slot.oldest().map(|(due, name)| (due, Event::ReferenceGrowsOld(place.clone(), name.to_owned())));
            [refresh, age].into_iter().flatten()
        });
        let indexers = self.search.due().map(|(due, name)| (due, Event::IndexerComesDue(name)));
        let databases = self.databases.next().map(|(due, id)| (due, Event::DatabaseOperationEnds(id)));
        let ingestion = self.ingestion.due(&self.storage).map(|due| (due, Event::IngestionGoesOn));
        swaps.chain(slots).chain(indexers).chain(databases).chain(ingestion).min_by_key(|(due, _)| *due)
    }

    /// The apps that are connected to a database server, with what they signed in with.
    pub(crate) fn connected(&self) -> Vec<Client> {
        self.clients().into_iter().filter(|client| self.databases.admits(client)).collect()
    }

    /// From `at` on those apps write to a database that can.
    fn connect(&mut self, at: Moment) {
        let clients = self.clients();
        self.databases.connect(at, &clients);
    }

    /// The apps that run and have a connection string.
    fn clients(&self) -> Vec<Client> {
        let running = self.apps.iter().filter_map(|(name, app)| {
            let slot = app.slots.get(PRODUCTION).filter(|slot| slot.power == Power::Running)?;
            client(name, slot, slot.held(DATABASE.0)?)
        });
        running.collect()
    }

    /// Whether a slot that has a connection string is let in with it.
    pub(crate) fn has_its_database(&self, app: &str, slot: &Slot) -> bool {
        let held = slot.held(DATABASE.0);
        held.is_none_or(|held| client(app, slot, held).is_some_and(|client| self.databases.admits(&client)))
    }

    fn with_slot(&mut self, place: &Place, act: impl FnOnce(&mut Slot, &Secrets)) {
        if let Some(slot) = self.apps.get_mut(&place.app).and_then(|app| app.slots.get_mut(&place.slot)) {
            act(slot, &self.vault);
        }
    }
}

/// As whom a slot signs in with the connection string that it holds.
fn client(app: &str, slot: &Slot, held: &str) -> Option<Client> {
    let client = Client::of(app, held)?;
    // Where a setting says the server, the apps take it from there, and the login from the secret.
    Some(slot.settings.get(DATABASE_HOST).map_or(client.clone(), |host| client.at(host)))
}

const SESSION: (&str, &str) =
    ("SESSION_SECRET", "@Microsoft.KeyVault(SecretUri=https://chatbot-kv.vault.azure.net/secrets/session-secret)");
const DATABASE: (&str, &str) =
    ("DATABASE_URL", "@Microsoft.KeyVault(SecretUri=https://chatbot-kv.vault.azure.net/secrets/database-url)");

/// The setting that says the database server by itself, if an app has it.
pub(crate) const DATABASE_HOST: &str = "DATABASE_HOST";

/// A credential in plain, as there should be none and often is one: nobody may be told of it.
const PLAIN_TOKEN: (&str, &str) = ("API_TOKEN", "simulated-5b1f0c9e7a3d4826");

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn web_settings(environment: &str) -> BTreeMap<String, String> {
    settings(&[SESSION, DATABASE, PLAIN_TOKEN, ("APP_ENVIRONMENT", environment), ("CHAT_MAX_TURNS", "40")])
}

fn first(name: &str, coined: &Coined) -> SecretSet {
    SecretSet {
        name: name.to_owned(),
        version: coined.version.clone(),
        value: coined.value.clone(),
        content_type: None,
        tags: None,
        enabled: true,
        not_before: None,
        expires: None,
    }
}

pub(crate) fn bad_release(at: Moment) -> Content {
    Content {
        build: "4720".to_owned(),
        commit: "badf00d".to_owned(),
        author: "release-pipeline".to_owned(),
        message: "Answer from the new retrieval index".to_owned(),
        deployed: at.plus_seconds(-45 * 60),
    }
}

pub(crate) fn good_release(at: Moment) -> Content {
    Content {
        build: "4711".to_owned(),
        commit: "c0ffee1".to_owned(),
        author: "release-pipeline".to_owned(),
        message: "Shorten the session cookie".to_owned(),
        deployed: at.plus_seconds(-6 * DAY),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sim::change::{SecretUpdated, Value};
    use crate::sim::search::Changed;
    use crate::sim::storage;
    use crate::sim::web::Resolution;

    fn birth() -> Moment {
        "2026-11-20T03:10:00Z".parse().unwrap()
    }

    fn estate() -> Estate {
        let coined =
            |version: &str| Coined { version: version.to_owned(), value: Value(format!("value of {version}")) };
        let beginning = Beginning {
            session_secret: [coined("s1"), coined("s2")],
            database_url: coined("d1"),
            database_admin: None,
        };
        Estate::begin(birth(), &beginning)
    }

    fn web(slot: &str) -> Place {
        Place { app: "chatbot-web".to_owned(), slot: slot.to_owned() }
    }

    fn worker() -> Place {
        Place { app: "chatbot-worker".to_owned(), slot: PRODUCTION.to_owned() }
    }

    fn waiting(id: u128, blob: &str) -> Change {
        let (queue, id) = ("ingest".to_owned(), Uuid::from_u128(id));
        Change::Storage(storage::Changed::MessagePut { queue, id, text: ingestion::asking(blob) })
    }

    fn set(version: &str) -> Change {
        Change::SecretSet(first("session-secret", &Coined { version: version.to_owned(), value: Value(String::new()) }))
    }

    fn enable(version: &str, enabled: bool) -> Change {
        Change::SecretUpdated(SecretUpdated {
            name: "session-secret".to_owned(),
            version: version.to_owned(),
            content_type: None,
            tags: None,
            enabled: Some(enabled),
            not_before: None,
            expires: None,
        })
    }

    fn swap() -> Change {
        Change::SwapStarted {
            operation: Uuid::nil(),
            app: "chatbot-web".to_owned(),
            source: STAGING.to_owned(),
            target: PRODUCTION.to_owned(),
            seconds: 90,
        }
    }

    fn held<'a>(estate: &'a Estate, slot: &str) -> &'a Resolution {
        &estate.slot(&web(slot)).unwrap().cache["SESSION_SECRET"].resolution
    }

    fn resolved(estate: &Estate, slot: &str) -> Option<String> {
        match held(estate, slot) {
            Resolution::Resolved { version, .. } => Some(version.clone()),
            Resolution::Unresolved(_) => None,
        }
    }

    #[test]
    fn a_swap_brings_the_newest_secret_because_the_source_slot_restarts_with_fresh_references() {
        let mut estate = estate();
        estate.apply(birth(), &set("s3"));
        assert_eq!(resolved(&estate, PRODUCTION).as_deref(), Some("s2"));
        estate.apply(birth(), &swap());
        assert_eq!(resolved(&estate, PRODUCTION).as_deref(), Some("s2"), "until the swap is done");
        estate.settle(birth().plus_seconds(90));
        assert_eq!(resolved(&estate, PRODUCTION).as_deref(), Some("s3"));
        assert_eq!(estate.slot(&web(PRODUCTION)).unwrap().content.build, "4711");
    }

    #[test]
    fn a_swap_while_the_newest_secret_is_disabled_breaks_production() {
        let mut estate = estate();
        estate.apply(birth(), &enable("s2", false));
        assert_eq!(resolved(&estate, PRODUCTION).as_deref(), Some("s2"), "cached");
        estate.apply(birth(), &swap());
        estate.settle(birth().plus_seconds(90));
        assert_eq!(resolved(&estate, PRODUCTION), None);
    }

    #[test]
    fn a_refresh_reads_the_vault_when_it_takes_effect_and_not_when_it_was_asked_for() {
        let mut estate = estate();
        estate.apply(birth(), &Change::ReferencesRefreshed { place: web(PRODUCTION) });
        estate.apply(birth().plus_seconds(3), &set("s3"));
        estate.apply(birth().plus_seconds(5), &set("s4"));
        estate.settle(birth().plus_seconds(60));
        assert_eq!(resolved(&estate, PRODUCTION).as_deref(), Some("s3"));
    }

    #[test]
    fn a_swap_that_came_due_long_ago_completed_at_its_own_moment() {
        let mut estate = estate();
        estate.apply(birth(), &swap());
        estate.settle(birth().plus_seconds(3 * DAY));
        let swapped = estate.apps["chatbot-web"].swapped.as_ref().unwrap();
        assert_eq!(swapped.at, birth().plus_seconds(90));
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let slot = prop_oneof![Just(PRODUCTION), Just(STAGING)];
        prop_oneof![
            "[a-f]{4}".prop_map(|version| set(&version)),
            (prop_oneof![Just("s1"), Just("s2")], any::<bool>()).prop_map(|(version, on)| enable(version, on)),
            slot.clone().prop_map(|slot| Change::ReferencesRefreshed { place: web(slot) }),
            slot.clone().prop_map(|slot| Change::Restarted { place: web(slot) }),
            slot.clone().prop_map(|slot| Change::SettingsReplaced { place: web(slot), settings: web_settings(slot) }),
            slot.prop_map(|slot| Change::Stopped { place: web(slot) }),
            Just(Change::Stopped { place: worker() }),
            Just(Change::Started { place: worker() }),
            Just(Change::Restarted { place: worker() }),
            (0_u128..8, prop_oneof![Just("manuals/refunds-01.pdf"), Just("manuals/none.pdf")])
                .prop_map(|(id, blob)| waiting(id, blob)),
            Just(Change::Search(Changed::IndexDeleted { name: "docs".to_owned() })),
            Just(Change::PreviewStarted {
                app: "chatbot-web".to_owned(),
                source: STAGING.to_owned(),
                target: PRODUCTION.to_owned()
            }),
            Just(Change::PreviewReset { app: "chatbot-web".to_owned() }),
            Just(swap()),
        ]
    }

    proptest! {
        /// Replaying the changes alone gives what somebody saw who looked all the time.
        #[test]
        fn looking_changes_nothing(steps in proptest::collection::vec((0_i64..100_000, any_change(), 0_i64..100_000), 0..12)) {
            let (mut live, mut replayed, mut at) = (estate(), estate(), birth());
            for (before, change, after) in steps {
                at = at.plus_seconds(before);
                live.settle(at.plus_seconds(-before / 2));
                live.settle(at);
                live.apply(at, &change);
                replayed.apply(at, &change);
                at = at.plus_seconds(after);
                live.settle(at);
            }
            replayed.settle(at);
            prop_assert_eq!(live, replayed);
        }
    }
}
