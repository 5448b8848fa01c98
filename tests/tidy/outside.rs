//! Outside crates, and parts of the standard library: one of them, one room.

use super::Violation;
use super::river::{complaints, room_of};

/// An outside crate, or a part of the standard library, and the places where it may be named.
struct Outside {
    /// A path from its crate on. A `*` at the end stands for the rest of the crate's name.
    name: &'static str,
    /// Rooms; or starts of paths below `src`, which end in `*`; or either with `:tests`, for its tests only.
    places: &'static [&'static str],
}

/// Every dependency of the program stands here; one that does not is refused.
const OUTSIDE: &[Outside] = &[
    Outside { name: "annotate_snippets", places: &["runbook/render*"] },
    Outside { name: "async_trait", places: EVERYWHERE },
    Outside { name: "aws_lc_rs", places: &["sim"] },
    Outside { name: "axum", places: &["sim", "world:tests"] },
    Outside { name: "azure_*", places: &["world"] },
    Outside { name: "base64", places: EVERYWHERE },
    Outside { name: "clap", places: &["cli/args*"] },
    Outside { name: "crossterm", places: &["tui"] },
    Outside { name: "etcetera", places: &["cli"] },
    Outside { name: "futures", places: EVERYWHERE },
    Outside { name: "getrandom", places: &["sim", "world"] },
    Outside { name: "git2", places: &["world"] },
    Outside { name: "hex", places: EVERYWHERE },
    Outside { name: "jiff", places: &["base", "runbook", "sim", "world"] },
    Outside { name: "maud", places: &["projection/report*"] },
    Outside { name: "pgwire", places: &["sim"] },
    Outside { name: "postgres_protocol", places: &["world"] },
    Outside { name: "ratatui", places: &["tui"] },
    Outside { name: "rcgen", places: &["sim"] },
    Outside { name: "regex_lite", places: EVERYWHERE },
    Outside { name: "reqwest", places: &["world", "sim:tests"] },
    Outside { name: "roxmltree", places: &["world"] },
    Outside { name: "rusqlite", places: &["journal/sqlite*"] },
    Outside { name: "rustix", places: &["world"] },
    Outside { name: "rustls", places: &["sim", "world"] },
    Outside { name: "rustls_platform_verifier", places: &["world"] },
    Outside { name: "saphyr*", places: &["runbook/parse*", "sim"] },
    Outside { name: "serde", places: EVERYWHERE },
    Outside { name: "serde_json", places: EVERYWHERE },
    Outside { name: "sha2", places: &["base"] },
    Outside { name: "shlex", places: &["cli", "tui"] },
    Outside { name: "ssh_key", places: &["world"] },
    Outside { name: "strsim", places: EVERYWHERE },
    Outside { name: "thiserror", places: EVERYWHERE },
    Outside { name: "tokio", places: &["engine", "world", "sim", "journal/sqlite*", "tui/terminal*", "cli"] },
    Outside { name: "tokio_postgres", places: &["world"] },
    Outside { name: "tokio_postgres_rustls", places: &["world"] },
    Outside { name: "tokio_rustls", places: &["sim"] },
    Outside { name: "tokio_util", places: &["sim"] },
    Outside { name: "tracing", places: EVERYWHERE },
    Outside { name: "tracing_subscriber", places: &["cli"] },
    Outside { name: "typespec*", places: &["world"] },
    Outside { name: "url", places: EVERYWHERE },
    Outside { name: "uuid", places: EVERYWHERE },
    Outside { name: "zeroize", places: EVERYWHERE },
    Outside { name: "std::env", places: WET_BANK },
    Outside { name: "std::fs", places: WET_BANK },
    Outside { name: "std::net", places: WET_BANK },
    Outside { name: "std::process", places: WET_BANK },
    Outside { name: "std::thread", places: WET_BANK },
    Outside { name: "std::time::Instant", places: WET_BANK },
    Outside { name: "std::time::SystemTime", places: WET_BANK },
];

const EVERYWHERE: &[&str] = &["*"];

/// Where there may be a disk, a clock, a process: not on the dry bank, except in tests.
const WET_BANK: &[&str] =
    &["journal/sqlite*", "journal/lock*", "engine", "world", "tui", "sim", "cli", "main.rs", "*:tests"];

/// Each crate among the `[dependencies]` of `manifest` that the table does not know.
pub(crate) fn strange(manifest: &str) -> Vec<Violation> {
    let mut section = "";
    let mut found = Vec::new();
    for (line, text) in (1..).zip(manifest.lines()) {
        if text.starts_with('[') {
            section = text.trim();
            continue;
        }
        let Some((name, _)) = text.split_once('=').filter(|_| section == "[dependencies]") else { continue };
        let name = name.split('.').next().unwrap_or(name).trim().replace('-', "_");
        if !name.starts_with('#') && !OUTSIDE.iter().any(|outside| outside.covers(std::slice::from_ref(&name))) {
            let say = format!("`{name}` has no room; say in OUTSIDE of tests/tidy/outside.rs where it may be used");
            found.push(Violation::new("Cargo.toml", line, say));
        }
    }
    found
}

/// What is wrong with naming `parts` in the file `inside` of `src`.
pub(crate) fn complaint(inside: &str, parts: &[String], in_test: bool) -> Option<String> {
    let outside = OUTSIDE.iter().find(|outside| outside.covers(parts))?;
    if outside.places.iter().any(|place| is_place(place, inside, in_test)) {
        return None;
    }
    let places = outside.places.join(", ");
    Some(format!("`{}` may be used in {places} only; ask that room for what is needed", parts.join("::")))
}

impl Outside {
    fn covers(&self, parts: &[String]) -> bool {
        let mut names = self.name.split("::").zip(parts);
        self.name.split("::").count() <= parts.len()
            && names.all(|(name, part)| match name.strip_suffix('*') {
                Some(start) => part.starts_with(start),
                None => part == name,
            })
    }
}

fn is_place(place: &str, inside: &str, in_test: bool) -> bool {
    let (place, tests_only) = place.strip_suffix(":tests").map_or((place, false), |place| (place, true));
    let there = match place.strip_suffix('*') {
        Some(start) => inside.starts_with(start),
        None => inside == place || room_of(inside) == place,
    };
    there && (in_test || !tests_only)
}

#[test]
fn an_outside_crate_stays_in_its_room() {
    for (path, text, expected) in [
        ("src/world/azure/arm.rs", "use azure_core::http::Pipeline;", 0),
        ("src/engine/executor.rs", "use azure_core::http::Pipeline;", 1),
        ("src/runbook/parse.rs", "use saphyr::MarkedYamlOwned;", 0),
        ("src/runbook/check/graph.rs", "use saphyr::MarkedYamlOwned;", 1),
        ("src/journal/sqlite/migrate.rs", "use rusqlite as db;", 0),
        ("src/journal/chain.rs", "fn f(c: &rusqlite::Connection) {}", 1),
        ("src/sim/server.rs", "use reqwest::Client;", 1),
        ("src/sim/server.rs", "#[cfg(test)]\nmod tests { use reqwest::Client; }", 0),
        ("src/tui/terminal.rs", "tokio::select! {}", 0),
        ("src/tui/update.rs", "tokio::select! {}", 1),
        ("src/cli/args.rs", "#[derive(clap::Parser)] struct A;", 0),
        ("src/cli/wire.rs", "extern crate clap;", 1),
        ("src/run/decide.rs", "use std::{fs::File, time::{Duration, Instant}};", 2),
        ("src/run/decide.rs", "#[cfg(test)]\nmod tests { use std::fs; }", 0),
    ] {
        let found = complaints(&[(path, text)]);
        assert_eq!(found.len(), expected, "{path}: {text}: {found:?}");
    }
}

#[test]
fn a_dependency_without_a_room_is_found() {
    let manifest = "[dependencies]\nserde = \"1\"\nserde_yaml = \"0.9\"\ntokio-zookeeper.version = \"0.7\"\n\
                    [dev-dependencies]\ninsta = \"1\"\n";
    let found: Vec<String> = strange(manifest).iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("Cargo.toml:3: `serde_yaml` has no room"), "{found:?}");
}
