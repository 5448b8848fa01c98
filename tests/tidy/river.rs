//! The river: the rooms, and which of them a room may import.

use super::path::{Path, Target, paths};
use super::source::Source;
use super::{House, Violation, outside};

/// A room and what it may import. Whatever is not listed is forbidden.
struct Room {
    name: &'static str,
    may_import: &'static [(&'static str, Part)],
}

/// How much of a room may be imported. A file is named by the start of its name.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Only(&'static [&'static str]),
    Except(&'static [&'static str]),
    /// Types, constants and variants, but no functions: names that start with a capital.
    Types,
}

use Part::{Except, Only, Types, Whole};

/// The rooms in the order in which a step travels.
const ROOMS: [Room; 13] = [
    Room { name: "base", may_import: &[] },
    Room { name: "effect", may_import: &[("base", Whole)] },
    Room { name: "runbook", may_import: &[("base", Whole), ("effect", Whole)] },
    Room { name: "plan", may_import: &[("base", Whole), ("effect", Whole), ("runbook", Whole)] },
    Room { name: "run", may_import: &[("base", Whole), ("effect", Whole), ("runbook", Whole), ("plan", Whole)] },
    Room { name: "incident", may_import: &[("base", Whole), ("effect", Whole), ("runbook", Whole)] },
    Room { name: "journal", may_import: &[("base", Whole), ("run", Only(&["event"])), ("incident", Only(&["event"]))] },
    Room {
        name: "projection",
        may_import: &[
            ("base", Whole),
            ("effect", Whole),
            ("runbook", Whole),
            ("plan", Whole),
            ("run", Whole),
            ("incident", Whole),
            ("journal", Except(WET_JOURNAL)),
        ],
    },
    Room {
        name: "engine",
        may_import: &[
            ("base", Whole),
            ("effect", Whole),
            ("runbook", Whole),
            ("plan", Whole),
            ("run", Whole),
            ("incident", Whole),
            ("journal", Whole),
            ("projection", Whole),
        ],
    },
    Room { name: "world", may_import: &[("base", Whole), ("effect", Whole)] },
    Room {
        name: "tui",
        may_import: &[
            ("base", Whole),
            ("effect", Except(&["port"])),
            ("runbook", Whole),
            ("plan", Whole),
            ("run", Types),
            ("incident", Types),
            ("projection", Whole),
            ("engine", Only(&["handle"])),
        ],
    },
    Room { name: "sim", may_import: &[] },
    Room {
        name: "cli",
        may_import: &[
            ("base", Whole),
            ("effect", Whole),
            ("runbook", Whole),
            ("plan", Whole),
            ("run", Whole),
            ("incident", Whole),
            ("journal", Whole),
            ("projection", Whole),
            ("engine", Whole),
            ("world", Whole),
            ("tui", Whole),
            ("sim", Whole),
        ],
    },
];

/// `src/main.rs` is no room; it is the only one that may import `cli`.
const MAIN: Room = Room { name: "main.rs", may_import: &[("cli", Whole)] };

/// The files of the journal that touch a disk.
const WET_JOURNAL: &[&str] = &["sqlite", "lock"];

/// Every import against the order, and every outside crate out of its room.
pub(crate) fn violations(house: &House) -> Vec<Violation> {
    let mut found = strange_rooms(house);
    for source in &house.sources {
        let Some(inside) = source.path.strip_prefix("src/") else { continue };
        let room = if inside == MAIN.name { Some(&MAIN) } else { room(room_of(inside)) };
        for path in paths(source) {
            let complaint = match &path.target {
                Target::Inside(parts) => room.and_then(|room| import_complaint(house, room, parts, &path)),
                Target::Outside(parts) => outside::complaint(inside, parts, path.in_test),
            };
            found.extend(complaint.map(|say| Violation::new(&source.path, path.line, say)));
        }
    }
    found
}

fn strange_rooms(house: &House) -> Vec<Violation> {
    let mut strange: Vec<(&str, &str)> = house
        .sources
        .iter()
        .filter_map(|source| source.path.strip_prefix("src/").map(|inside| (room_of(inside), source.path.as_str())))
        .filter(|(name, _)| !["lib", "main"].contains(name) && room(name).is_none())
        .collect();
    strange.dedup_by_key(|(name, _)| *name);
    strange
        .into_iter()
        .map(|(name, path)| {
            let say =
                format!("the room `{name}` is not in the river; decide its place in ROOMS of tests/tidy/river.rs");
            Violation::new(path, 1, say)
        })
        .collect()
}

fn room(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

pub(crate) fn room_of(inside: &str) -> &str {
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

fn import_complaint(house: &House, from: &Room, parts: &[String], path: &Path) -> Option<String> {
    let into = match parts.first().map(String::as_str) {
        None | Some("*") => return Some("it imports the whole crate; name the room that is meant".to_owned()),
        Some(into) => into,
    };
    if into == from.name {
        return None;
    }
    let name = path.target.text();
    if room(into).is_none() {
        return Some(format!("`{name}` is in no room; move it into one"));
    }
    let Some((_, part)) = from.may_import.iter().find(|(name, _)| *name == into) else {
        let allowed: Vec<&str> = from.may_import.iter().map(|(name, _)| *name).collect();
        let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
        let from = from.name;
        return Some(format!(
            "`{from}` imports `{name}`, but may import {allowed}; move what both need into a room before both, or let `cli` join them"
        ));
    };
    // A room that is imported by its bare name is judged where the name is used.
    let names = parts.get(1..).filter(|names| !names.is_empty())?;
    let fits = match part {
        Whole => true,
        Types => names.iter().any(|name| name.starts_with(char::is_uppercase)) || is_module(house, into, names),
        Only(files) => origin(house, into, names).is_some_and(|file| is_one_of(&file, files)),
        Except(files) => origin(house, into, names).is_some_and(|file| !is_one_of(&file, files)),
    };
    let what = match part {
        Whole => return None,
        Types => "types only".to_owned(),
        Only(files) => format!("names from its files {} only", files.join(", ")),
        Except(files) => format!("no glob, and nothing from its files {}", files.join(", ")),
    };
    (!fits).then(|| format!("`{}` imports `{name}`, but of `{into}` it may import {what}", from.name))
}

/// Tells a module, which is judged where its name is used, from a function that the room shows under the same name.
fn is_module(house: &House, room: &str, names: &[String]) -> bool {
    let file = format!("src/{room}/{}.rs", names.join("/"));
    let folder = format!("src/{room}/{}/mod.rs", names.join("/"));
    house.sources.iter().any(|source| source.path == file || source.path == folder)
        && !(names.len() == 1 && shown(house, room, &names[0]).is_some())
}

fn is_one_of(file: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| file.starts_with(start))
}

/// The file of `room` in which the first of `names` is defined, by the `pub use` lines of its `mod.rs`.
fn origin(house: &House, room: &str, names: &[String]) -> Option<String> {
    let first = names.first()?;
    let below = |file: &str| format!("src/{room}/{file}");
    let is_file = |source: &Source| {
        source.path == below(&format!("{first}.rs")) || source.path.starts_with(&below(&format!("{first}/")))
    };
    if house.sources.iter().any(is_file) {
        return Some(first.clone());
    }
    match shown(house, room, first)? {
        Target::Inside(parts) => parts.get(usize::from(parts.first().is_some_and(|part| part == room))).cloned(),
        Target::Outside(parts) => parts.first().cloned(),
    }
}

/// What the `mod.rs` of `room` shows under `name`.
fn shown(house: &House, room: &str, name: &str) -> Option<Target> {
    let door = house.sources.iter().find(|source| source.path == format!("src/{room}/mod.rs"))?;
    paths(door).into_iter().find(|path| path.alias.as_deref() == Some(name)).map(|path| path.target)
}

pub(crate) fn complaints(files: &[(&str, &str)]) -> Vec<String> {
    violations(&House::of(files)).iter().map(ToString::to_string).collect()
}

#[test]
fn an_import_down_the_river_is_allowed() {
    assert_eq!(complaints(&[("src/plan/bind.rs", "use crate::{base::Digest, runbook::Runbook};")]), [""; 0]);
    assert_eq!(complaints(&[("src/main.rs", "fn main() -> std::process::ExitCode { callout::cli::main() }")]), [""; 0]);
}

#[test]
fn an_import_up_the_river_is_found_however_it_is_written() {
    for text in [
        "use crate::world::Arm;",
        "use crate::{base::{Digest, RunId}, world as hands};",
        "use super::super::world;",
        "fn f() { crate::world::go() }",
        "mod tests { use super::super::super::world::Arm; }",
        "go!($crate::world::Arm);",
        "#[serde(with = \"crate::world::time\")] struct A;",
    ] {
        let found = complaints(&[("src/engine/executor.rs", text)]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with("src/engine/executor.rs:1: `engine` imports `crate::world"), "{found:?}");
    }
}

#[test]
fn every_edge_that_the_table_does_not_list_is_found() {
    for from in &ROOMS {
        for into in &ROOMS {
            let text = format!("use crate::{}::Thing;", into.name);
            let door = (format!("src/{}/mod.rs", into.name), "mod other;\npub use other::Thing;");
            let found = complaints(&[(&format!("src/{}/a.rs", from.name), &text), (&door.0, door.1)]);
            let listed = from.may_import.iter().find(|(name, _)| *name == into.name).map(|(_, part)| part);
            let fits = from.name == into.name || matches!(listed, Some(Whole | Types | Except(_)));
            assert_eq!(found.is_empty(), fits, "{} → {}: {found:?}", from.name, into.name);
        }
    }
}

#[test]
fn a_room_lists_only_rooms_before_it_and_nobody_lists_the_command_line() {
    for (at, room) in ROOMS.iter().enumerate() {
        for (into, _) in room.may_import {
            assert!(ROOMS[..at].iter().any(|before| before.name == *into), "{} → {into}", room.name);
        }
        let lists = |name| room.may_import.iter().any(|(into, _)| *into == name);
        assert!(!lists("cli"), "{} lists the command line", room.name);
        assert!(room.name == "cli" || !lists("sim"), "{} lists the simulator", room.name);
    }
}

#[test]
fn the_wet_half_of_the_journal_stays_hidden_from_a_projection() {
    let door = ("src/journal/mod.rs", "mod entry;\nmod sqlite;\npub use entry::Entry;\npub use sqlite::Store as Db;");
    let files = [("src/journal/sqlite.rs", ""), ("src/journal/entry.rs", ""), door];
    let found = |text| complaints(&[&[("src/projection/board.rs", text)], files.as_slice()].concat()).len();
    assert_eq!(found("use crate::journal::Entry;"), 0);
    assert_eq!(found("use crate::journal; fn f(e: journal::Entry) {}"), 0);
    for text in ["use crate::journal::Db;", "use crate::journal::sqlite::Store;", "use crate::journal::*;"] {
        assert_eq!(found(text), 1, "{text}");
    }
    assert_eq!(found("use crate::journal; fn f(e: journal::Db) {}"), 1);
}

#[test]
fn the_screen_sees_types_of_a_run_and_the_handle_of_the_engine() {
    let files = [
        ("src/run/mod.rs", "mod decide;\npub use decide::{decide, Refusal};"),
        ("src/run/decide.rs", ""),
        ("src/engine/mod.rs", "pub mod dispatcher;\npub mod handle;"),
        ("src/engine/handle.rs", ""),
        ("src/engine/dispatcher.rs", ""),
    ];
    let found = |text| complaints(&[&[("src/tui/view.rs", text)], files.as_slice()].concat()).len();
    assert_eq!(found("use crate::{engine::handle::Handle, run::Refusal}; use crate::run; fn f(x: run::Refusal) {}"), 0);
    assert_eq!(found("use crate::run::decide;"), 1);
    assert_eq!(found("use crate::run; fn f() { run::decide() }"), 1);
    assert_eq!(found("use crate::engine::dispatcher::Dispatcher;"), 1);
}

#[test]
fn a_room_that_nobody_decided_on_is_found() {
    let found = complaints(&[("src/util/mod.rs", ""), ("src/util/text.rs", ""), ("src/helper.rs", "")]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("src/util/mod.rs:1: the room `util` is not in the river"), "{found:?}");
    assert_eq!(complaints(&[("src/plan/bind.rs", "use crate::util::text; use crate::*;")]).len(), 2);
}
