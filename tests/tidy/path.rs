//! The paths that a file names, in `use` and everywhere else, and what they mean.

use std::collections::HashMap;

use super::source::Source;

/// A path that a file names.
#[derive(Debug)]
pub(crate) struct Path {
    /// What it means.
    pub(crate) target: Target,
    /// The name under which a `use` brings it into the file; nothing for a path in an expression, or a glob.
    pub(crate) alias: Option<String>,
    /// The line of the first name, counted from 1.
    pub(crate) line: usize,
    /// Whether it is named by code that is compiled for tests only.
    pub(crate) in_test: bool,
}

/// What a path means. A glob ends in `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Something of Callout's library, from the crate's root; empty for the root itself.
    Inside(Vec<String>),
    /// Something of another crate; or of a neighbour in the same module, which is written the same way.
    Outside(Vec<String>),
}

impl Target {
    /// The parts, joined as they are written in Rust.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Inside(parts) => ["crate"].into_iter().chain(parts.iter().map(String::as_str)).collect::<Vec<_>>(),
            Self::Outside(parts) => parts.iter().map(String::as_str).collect(),
        }
        .join("::")
    }
}

/// Lists the paths that `source` names, in the order of the file.
///
/// A name that a `use` of the file brings in is followed to where it came from, once and regardless of scope, so
/// `use crate::run; … run::RunState` counts as `crate::run::RunState`.
pub(crate) fn paths(source: &Source) -> Vec<Path> {
    let mut reader = Reader { source, module: module(&source.path), inner: Vec::new(), depth: 0, found: Vec::new() };
    reader.read();
    let found = reader.found;
    let aliases: HashMap<&str, &Target> = found
        .iter()
        .filter_map(|path| Some((path.alias.as_deref()?, &path.target)))
        .filter(|(alias, _)| *alias != "_")
        .collect();
    let targets: Vec<Target> = found.iter().map(|path| followed(&path.target, &aliases)).collect();
    found.into_iter().zip(targets).map(|(path, target)| Path { target, ..path }).collect()
}

fn followed(target: &Target, aliases: &HashMap<&str, &Target>) -> Target {
    let Target::Outside(parts) = target else { return target.clone() };
    let Some((first, rest)) = parts.split_first() else { return target.clone() };
    match aliases.get(first.as_str()) {
        Some(Target::Inside(start)) => Target::Inside(start.iter().chain(rest).cloned().collect()),
        Some(Target::Outside(start)) => Target::Outside(start.iter().chain(rest).cloned().collect()),
        None => target.clone(),
    }
}

/// The module that a file is: `src/engine/handle.rs` is `engine::handle`, and a `mod.rs` is its folder.
fn module(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let mut parts: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod" || (parts.len() == 1 && (last == "lib" || last == "main"))) {
        parts.pop();
    }
    parts
}

struct Reader<'a> {
    source: &'a Source,
    module: Vec<String>,
    /// The modules written out in the file that are open, each with the depth of its brackets.
    inner: Vec<(String, usize)>,
    depth: usize,
    found: Vec<Path>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while at < self.source.tokens.len() {
            at = match self.source.at(at) {
                "{" => {
                    self.depth += 1;
                    at + 1
                }
                "}" => {
                    self.depth = self.depth.saturating_sub(1);
                    self.inner.retain(|(_, depth)| *depth <= self.depth);
                    at + 1
                }
                "mod" if self.source.at(at + 2) == "{" => {
                    self.inner.push((self.source.at(at + 1).to_owned(), self.depth + 1));
                    at + 2
                }
                // `use<'a>` in a bound names no path.
                "use" if self.source.at(at + 1) != "<" => self.tree(at + 1, &[]),
                "extern" if self.source.at(at + 1) == "crate" => {
                    self.note(at + 2, vec![self.source.at(at + 2).to_owned()], None);
                    at + 3
                }
                _ if self.source.tokens[at].is_name() => self.expression(at),
                _ => at + 1,
            };
        }
    }

    /// Reads a path outside `use`, of at least two parts, and returns the position after it.
    fn expression(&mut self, start: usize) -> usize {
        let before = |back| start.checked_sub(back).map_or("", |at| self.source.at(at));
        let continues =
            before(1) == "::" && (before(2) == ">" || before(2).starts_with(|c: char| c.is_alphabetic() || c == '_'));
        let variable = before(1) == "$" && self.source.at(start) != "crate";
        let global = before(1) == "::";
        let mut parts = vec![self.source.at(start).to_owned()];
        let mut at = start + 1;
        while self.source.at(at) == "::" && self.source.tokens.get(at + 1).is_some_and(super::source::Token::is_name) {
            parts.push(self.source.at(at + 1).to_owned());
            at += 2;
        }
        if !continues && !variable && (parts.len() > 1 || global) {
            self.note(start, parts, None);
        }
        at
    }

    /// Reads one tree of a `use` below `prefix`, and returns the position after it.
    fn tree(&mut self, start: usize, prefix: &[String]) -> usize {
        let mut parts = prefix.to_vec();
        let mut at = if self.source.at(start) == "::" { start + 1 } else { start };
        loop {
            match self.source.at(at) {
                "{" => {
                    at += 1;
                    while !matches!(self.source.at(at), "}" | "") {
                        at = self.tree(at, &parts);
                        at += usize::from(self.source.at(at) == ",");
                    }
                    return at + 1;
                }
                "*" => {
                    parts.push("*".to_owned());
                    self.note(start, parts, None);
                    return at + 1;
                }
                // Whatever else cannot be part of a `use`; going on past it ends the loop on broken text.
                name if !self.source.tokens.get(at).is_some_and(super::source::Token::is_name) => {
                    return at + usize::from(!matches!(name, ";" | "}" | ","));
                }
                name => parts.push(name.to_owned()),
            }
            if self.source.at(at + 1) == "::" {
                at += 2;
                continue;
            }
            if parts.len() > 1 && parts.last().is_some_and(|last| last == "self") {
                parts.pop();
            }
            let renamed = self.source.at(at + 1) == "as";
            let alias = if renamed { Some(self.source.at(at + 2).to_owned()) } else { parts.last().cloned() };
            self.note(start, parts, alias);
            return at + if renamed { 3 } else { 1 };
        }
    }

    fn note(&mut self, at: usize, parts: Vec<String>, alias: Option<String>) {
        let line = self.source.tokens.get(at).map_or(0, |token| token.line);
        let target = self.resolve(parts);
        self.found.push(Path { target, alias, line, in_test: self.source.is_test(at) });
    }

    fn resolve(&self, parts: Vec<String>) -> Target {
        let mut module: Vec<String> =
            self.module.iter().chain(self.inner.iter().map(|(name, _)| name)).cloned().collect();
        let mut rest = parts.as_slice();
        match rest.first().map(String::as_str) {
            Some("crate" | "callout") => return Target::Inside(rest[1..].to_vec()),
            Some("self" | "super") => {}
            _ => return Target::Outside(parts),
        }
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "self" => {}
                "super" => {
                    module.pop();
                }
                _ => break,
            }
            rest = after;
        }
        module.extend_from_slice(rest);
        Target::Inside(module)
    }
}

fn named(path: &str, text: &str) -> Vec<String> {
    paths(&Source::new(path, text)).iter().map(|path| path.target.text()).collect()
}

#[test]
fn nested_groups_of_a_use_are_taken_apart() {
    let text = "use crate::{run::{self, decide as d, event::*}, base};\npub use ::std::{fs, io::Write as _};";
    assert_eq!(named("src/engine/loop.rs", text), {
        ["crate::run", "crate::run::decide", "crate::run::event::*", "crate::base", "std::fs", "std::io::Write"]
    });
}

#[test]
fn paths_in_expressions_types_and_macros_are_found() {
    let text = "fn f(x: &crate::run::RunId) -> Vec<tokio::Time> { select!(crate::world::go::<sim::A>(), x.y); \
                $crate::cli::go(); Vec::<u8>::new(); <T as clap::Parser>::parse() }\n#[tokio::main] fn g() -> ::git2::Oid {}";
    assert_eq!(named("src/engine/loop.rs", text), {
        [
            "crate::run::RunId",
            "tokio::Time",
            "crate::world::go",
            "sim::A",
            "crate::cli::go",
            "clap::Parser",
            "tokio::main",
            "git2::Oid",
        ]
    });
}

#[test]
fn super_is_counted_from_the_module_that_it_stands_in() {
    let text = "use super::super::world::Arm;\nmod tests { use super::super::super::sim; fn f() { self::g::h() } }\n\
                use self::x as y; use super::z;";
    assert_eq!(named("src/engine/deep/handle.rs", text), {
        [
            "crate::engine::world::Arm",
            "crate::engine::sim",
            "crate::engine::deep::handle::tests::g::h",
            "crate::engine::deep::handle::x",
            "crate::engine::deep::z",
        ]
    });
    assert_eq!(named("src/engine/mod.rs", "use super::world;"), ["crate::world"]);
    assert_eq!(named("src/main.rs", "use callout::cli;"), ["crate::cli"]);
}

#[test]
fn a_name_is_followed_to_where_it_was_brought_in_from() {
    let text = "use crate::{run as r}; use std::thread; fn f() { r::RunState::new(); thread::sleep(x) }";
    assert_eq!(named("src/tui/view.rs", text), {
        ["crate::run", "std::thread", "crate::run::RunState::new", "std::thread::sleep"]
    });
}

#[test]
fn what_only_looks_like_a_path_is_none() {
    let text =
        "// crate::cli\n/// [`crate::cli`]\nfn f() -> impl T + use<'a> { \"crate::cli\"; x.tokio(); pub(crate) }";
    assert_eq!(named("src/engine/loop.rs", text), Vec::<String>::new());
}
