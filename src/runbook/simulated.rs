//! What the shipped runbooks are given in the simulated estate, so that each can be tried without a word.

use std::collections::BTreeMap;

use crate::base::Value;

/// Inputs by parameter.
type Inputs = BTreeMap<String, Value>;

/// The inputs of the shipped runbooks, by runbook.
pub(super) fn inputs() -> BTreeMap<String, Inputs> {
    let all = [
        ("db-cleanup", db_cleanup()),
        ("db-restore", db_restore()),
        ("drill-cleanup", drill_cleanup()),
        ("index-restore", index_restore()),
        ("key-rotation", key_rotation()),
        ("key-rotation-leaked", leaked()),
        ("rollback", rollback()),
        ("setting-change", setting_change()),
    ];
    all.map(|(name, inputs)| (name.to_owned(), inputs)).into()
}

fn given<const N: usize>(inputs: [(&str, Value); N]) -> Inputs {
    inputs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn texts(names: &[&str]) -> Value {
    Value::List(names.iter().copied().map(Value::text).collect())
}

fn key_rotation() -> Inputs {
    let mut inputs = leaked();
    inputs.extend(given([
        ("database", texts(&["chatbot-pg"])),
        ("logins", texts(&["chatbot", "chatbot_b"])),
        ("administrator", Value::text("chatadmin")),
        ("administrator_secret", Value::text("database-admin")),
        ("proof", Value::text("SELECT count(*) >= 0 FROM messages")),
    ]));
    inputs
}

fn leaked() -> Inputs {
    given([
        ("vault", Value::text("chatbot-kv")),
        ("secret", Value::text("session-secret")),
        ("consumers", texts(&["chatbot-web/staging", "chatbot-web", "chatbot-worker"])),
    ])
}

fn index_restore() -> Inputs {
    given([
        ("service", Value::text("chatbot-search")),
        ("account", Value::text("chatbotstorage")),
        ("app", Value::text("chatbot-web")),
        ("searchers", texts(&["chatbot-web"])),
        ("addressed_by", Value::text("alias")),
        ("ingestion", Value::text("pull")),
        ("index", Value::text("docs")),
        ("new_index", Value::text("docs-2")),
        ("definition", Value::text(INDEX_DEFINITION)),
        ("alias", Value::text("chatbot-docs")),
        ("source", Value::text("docs-blobs")),
        ("indexer", Value::text("docs-indexer")),
        ("new_indexer", Value::text("docs-2-indexer")),
        ("container", Value::text("docs")),
        ("prefix", Value::text("manuals/")),
        ("suffix", Value::text(".pdf")),
        ("parent_field", Value::text("parent_id")),
        ("ingest_queue", Value::text("ingest")),
        ("dead_letter_queue", Value::text("ingest-dead-letter")),
        ("golden_search", Value::text("warranty")),
        ("golden_field", Value::text("title")),
        ("golden_found", Value::text("Manual 03 about warranty")),
        ("hidden_filter", Value::text("group eq 'nobody'")),
        ("ask_path", Value::text("/api/ask?nocache=1")),
        ("ask_contains", Value::text("\"sources\":3")),
    ])
}

fn rollback() -> Inputs {
    given([
        ("app", Value::text("chatbot-web")),
        ("standby", Value::text("chatbot-web/staging")),
        ("build", Value::text("4711")),
    ])
}

fn setting_change() -> Inputs {
    given([
        ("app", Value::text("chatbot-web/staging")),
        ("setting", Value::text("CHAT_MAX_TURNS")),
        ("from", Value::text("40")),
        ("to", Value::text("20")),
    ])
}

fn db_restore() -> Inputs {
    given([
        ("source", Value::text("chatbot-pg")),
        ("server", Value::text("chatbot-pg-r1")),
        ("vault", Value::text("chatbot-kv")),
        ("secret", Value::text("database-url")),
        ("role", Value::text("chatbot")),
        ("app", Value::text("chatbot-web")),
        ("workers", texts(&["chatbot-worker", "chatbot-web/staging"])),
        ("schedulers", texts(&["chatbot-scheduler"])),
        ("consumers", texts(&["chatbot-web/staging", "chatbot-web", "chatbot-worker", "chatbot-scheduler"])),
        ("table", Value::text("messages")),
        ("column", Value::text("created_at")),
        ("damaged", Value::text("SELECT count(*) FROM messages WHERE body IS NULL")),
        (
            "last_damaged",
            Value::text(
                "SELECT created_at AS moment FROM messages WHERE body IS NULL ORDER BY created_at DESC LIMIT 1",
            ),
        ),
        ("schema", Value::text("SELECT max(version) FROM schema_migrations")),
        ("schema_is", Value::text("0042_feedback")),
    ])
}

fn db_cleanup() -> Inputs {
    given([
        ("server", Value::text("chatbot-pg")),
        ("kept", Value::text("chatbot-pg-r1")),
        ("vault", Value::text("chatbot-kv")),
        ("secret", Value::text("database-url")),
        ("role", Value::text("chatbot")),
        ("table", Value::text("messages")),
        ("column", Value::text("created_at")),
    ])
}

fn drill_cleanup() -> Inputs {
    given([
        ("server", Value::text("chatbot-pg")),
        ("kept", Value::text("chatbot-pg-r1")),
        ("vault", Value::text("chatbot-kv")),
        ("secret", Value::text("database-url")),
        ("role", Value::text("chatbot")),
    ])
}

/// The definition of the simulated estate's index, as its owners keep it in their repository.
const INDEX_DEFINITION: &str = r#"{"name": "docs", "fields": [
{"name": "chunk_id", "type": "Edm.String", "key": true, "searchable": false, "facetable": false},
{"name": "parent_id", "type": "Edm.String", "searchable": false, "facetable": true},
{"name": "title", "type": "Edm.String", "facetable": false},
{"name": "content", "type": "Edm.String", "filterable": false, "sortable": false, "facetable": false},
{"name": "group", "type": "Edm.String", "searchable": false, "filterable": true},
{"name": "modified", "type": "Edm.DateTimeOffset", "facetable": false}]}"#;
