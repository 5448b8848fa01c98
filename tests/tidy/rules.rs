//! The rules of the house that look at one file: its size, its door, its words, its place.

use super::Violation;
use super::path::{Target, paths};
use super::source::{Source, after_closing};

const LINES_WISHED: usize = 400;
const LINES_MAX: usize = 600;
const ESSAY_LINES_MIN: usize = 4;

/// What may stand at the top of the repository, beside names that begin with a dot.
const TOP: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "assets",
    "playbooks",
    "runbooks",
    "src",
    "tests",
];

/// A file that is too long.
pub(crate) fn size(source: &Source) -> Option<Violation> {
    let lines = source.lines_without_tests();
    (lines > LINES_MAX).then(|| {
        let say = format!("{lines} lines without tests; split it, {LINES_WISHED} are wished and {LINES_MAX} allowed");
        Violation::new(&source.path, lines, say)
    })
}

/// A file that is longer than is wished.
pub(crate) fn size_wish(source: &Source) -> Option<String> {
    let lines = source.lines_without_tests();
    (lines > LINES_WISHED && lines <= LINES_MAX)
        .then(|| format!("{}: {lines} lines without tests, {LINES_WISHED} are wished", source.path))
}

/// A door without its essay, or with more than essay, `mod` and `pub use`.
pub(crate) fn door(source: &Source) -> Vec<Violation> {
    let Some(inside) = source.path.strip_prefix("src/") else { return Vec::new() };
    let is_room = inside.matches('/').count() == 1 && inside.ends_with("/mod.rs");
    let is_crate = inside == "lib.rs";
    if !is_crate && !inside.ends_with("/mod.rs") {
        return Vec::new();
    }
    let essay = source.text.lines().take_while(|line| line.starts_with("//!")).count();
    let wanted = if is_room || is_crate { ESSAY_LINES_MIN } else { 1 };
    let mut found = Vec::new();
    if essay < wanted {
        let say = format!(
            "the essay has {essay} lines of at least {wanted}; say in `//!` what comes in, what goes out, and what is absent"
        );
        found.push(Violation::new(&source.path, 1, say));
    }
    if let Some(at) = first_beside_doors(source) {
        let say = format!("`{}` in a door; it holds only `mod` and `pub use`, so move this to a file", source.at(at));
        found.push(Violation::new(&source.path, source.tokens[at].line, say));
    }
    found
}

/// The first token of the first item that is neither `mod name;` nor `pub use …;`.
fn first_beside_doors(source: &Source) -> Option<usize> {
    let mut at = 0;
    while at < source.tokens.len() {
        if source.at(at) == "#" {
            at = after_closing(&source.tokens, at + 1 + usize::from(source.at(at + 1) == "!"));
            continue;
        }
        let start = at;
        let is_public = source.at(at) == "pub";
        at += usize::from(is_public);
        if is_public && source.at(at) == "(" {
            at = after_closing(&source.tokens, at);
        }
        let is_door = match source.at(at) {
            "mod" => source.at(at + 2) == ";",
            "use" => is_public,
            _ => false,
        };
        if !is_door {
            return Some(start);
        }
        while at < source.tokens.len() && source.at(at) != ";" {
            at += 1;
        }
        at += 1;
    }
    None
}

/// Attributes, macros and calls that the house does without.
pub(crate) fn words(source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut add = |line, say: &str| found.push(Violation::new(&source.path, line, say.to_owned()));
    for (at, token) in source.tokens.iter().enumerate() {
        if token.text == "#" {
            let open = at + 1 + usize::from(source.at(at + 1) == "!");
            if let Some(say) = attribute_complaint(source, open) {
                add(token.line, say);
            }
        }
        if source.at(at + 1) == "!" && source.at(at + 2) != "=" {
            match token.text.as_str() {
                "todo" | "unimplemented" => add(token.line, "it is not finished; finish it, or leave it out"),
                "include" => add(token.line, "code comes in by `mod`, so that its room is known"),
                _ => {}
            }
        }
    }
    for path in paths(source).iter().filter(|path| path.in_test) {
        let (Target::Inside(parts) | Target::Outside(parts)) = &path.target;
        if parts.last().is_some_and(|last| ["sleep", "sleep_until", "sleep_ms", "nanosleep"].contains(&last.as_str())) {
            add(path.line, "a test that sleeps is slow and still guesses; wait for what is to happen");
        }
    }
    found
}

fn attribute_complaint(source: &Source, open: usize) -> Option<&'static str> {
    if source.at(open) != "[" {
        return None;
    }
    let end = after_closing(&source.tokens, open);
    let within = |pattern: &[&str]| (open..end).any(|at| source.reads(at, pattern));
    let is = |name: &str| within(&["[", name]) || (within(&["[", "cfg_attr"]) && within(&[",", name]));
    if is("allow") {
        Some("an exception is `#[expect(…, reason = \"…\")]`, which fails when it is no longer needed")
    } else if is("ignore") {
        Some("a test that does not run proves nothing; make it run, or remove it")
    } else if is("should_panic") {
        Some("a test says what goes wrong; compare the error, or catch the panic and read it")
    } else if is("path") || is("macro_use") || is("macro_export") {
        Some("it carries code past the order of the rooms; use `mod`, and `pub(crate) use` for a macro")
    } else {
        None
    }
}

/// What stands at the top of the repository and does not belong there.
pub(crate) fn top(paths: &[String]) -> Vec<Violation> {
    let mut names: Vec<&str> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    names.dedup();
    names
        .into_iter()
        .filter(|name| !name.starts_with('.') && !TOP.contains(name))
        .map(|name| {
            let say = "it may not stand at the top; move it into a folder that is there, or remove it";
            Violation::new(name, 1, say.to_owned())
        })
        .collect()
}

/// Traces of the machine on which a file was written.
pub(crate) fn traces(path: &str, text: &str) -> Vec<Violation> {
    // Written in pieces, so that this file passes its own rule.
    const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    const HOSTS: [&str; 5] = [
        concat!("index.crates", ".io"),
        concat!("static.crates", ".io"),
        concat!("crates.io", "-index"),
        concat!("pypi", ".org"),
        concat!("registry.npmjs", ".org"),
    ];
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut add = |say: String| found.push(Violation::new(path, line, say));
        for folder in FOLDERS {
            // `api/work/x` and `${root}/home/x` are no paths of a machine.
            let starts =
                |at: usize| !text[..at].ends_with(|before: char| before.is_alphanumeric() || "._-}".contains(before));
            if text.match_indices(folder).any(|(at, _)| starts(at)) {
                add(format!("`{folder}…` is a path of one machine; make it relative, or ask for it"));
            }
        }
        for host in HOSTS.iter().filter(|host| text.contains(**host)) {
            add(format!("`{host}` belongs to a machine's configuration; leave the registry to it"));
        }
    }
    found
}

fn lines(found: &[Violation]) -> Vec<usize> {
    found.iter().map(|violation| violation.line).collect()
}

#[test]
fn a_long_file_is_found_and_its_tests_are_not_counted() {
    let code = |lines: usize| "fn f() {}\n".repeat(lines);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", code(700));
    let found = |text: &str| size(&Source::new("src/base/id.rs", text)).map(|violation| violation.to_string());
    assert_eq!(found(&(code(600) + &tests)), None);
    assert!(found(&(tests + &code(601))).is_some_and(|say| say.contains("601 lines")), "601 lines are too many");
    assert!(size(&Source::new("tests/cli.rs", &code(601))).is_some(), "files of tests are counted whole");
    assert!(size_wish(&Source::new("src/base/id.rs", &code(401))).is_some(), "401 lines are more than wished");
    assert_eq!(size_wish(&Source::new("src/base/id.rs", &code(400))), None);
}

#[test]
fn a_door_holds_an_essay_and_doors() {
    let essay = "//! a\n//! b\n//! c\n//! d\n";
    let found = |text: &str| lines(&door(&Source::new("src/plan/mod.rs", text)));
    assert_eq!(
        found(&format!("{essay}#[cfg(test)]\nmod tests;\npub mod a;\npub(crate) use a::{{b, c as d}};")),
        [0; 0]
    );
    assert_eq!(found("//! a\n//! b\n//! c\n\nmod a;"), [1], "an essay of three lines");
    for logic in ["fn f() {}", "use a::b;", "const A: u8 = 1;", "mod tests { fn f() {} }", "pub struct A;", "a!();"] {
        assert_eq!(found(&format!("{essay}mod a;\n{logic}\n")), [6], "{logic}");
    }
    assert_eq!(lines(&door(&Source::new("src/world/azure/mod.rs", "//! a\nmod b;"))), [0; 0]);
    assert_eq!(lines(&door(&Source::new("src/world/arm.rs", "fn f() {}"))), [0; 0], "a file is no door");
}

#[test]
fn words_that_the_house_does_without_are_found() {
    for text in [
        "#[allow(dead_code)] fn f() {}",
        "#![allow(dead_code)]",
        "#[cfg_attr(test, allow(dead_code))] fn f() {}",
        "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
        "#[test] #[should_panic] fn f() {}",
        "fn f() { todo!() }",
        "fn f() { unimplemented!(\"x\") }",
        "#[path = \"x.rs\"] mod y;",
        "include!(\"x.rs\");",
        "#[cfg(test)] mod tests { fn f() { std::thread::sleep(x) } }",
        "#[cfg(test)] mod tests { use tokio::time; async fn f() { time::sleep(x).await } }",
    ] {
        assert_eq!(words(&Source::new("src/world/arm.rs", text)).len(), 1, "{text}");
    }
    assert_eq!(words(&Source::new("tests/cli.rs", "use std::thread::sleep;")).len(), 1);
    let fine =
        "// todo!() #[allow(x)]\n#[expect(a, reason = \"allow(b)\")] fn f() { tokio::time::sleep(x); todo != y }";
    assert_eq!(words(&Source::new("src/world/arm.rs", fine)).len(), 0);
}

#[test]
fn traces_of_a_machine_are_found() {
    for text in [concat!("a \"/wo", "rk/x\""), concat!("file:///ho", "me/x"), concat!("index.crates", ".io")] {
        assert_eq!(lines(&traces("README.md", &format!("first\n{text}\n"))), [2], "{text}");
    }
    assert_eq!(lines(&traces("README.md", concat!("https://x/api/wo", "rk/1 $HOME ${d}/ho", "me/"))), [0; 0]);
}

#[test]
fn only_what_belongs_there_stands_at_the_top() {
    let paths = ["src/lib.rs", "src/main.rs", ".ci/run", "justfile", "scripts/a", "scripts/b", "LICENSE-APACHE"];
    let found = top(&paths.map(str::to_owned));
    assert_eq!(found.iter().map(|violation| violation.path.as_str()).collect::<Vec<_>>(), ["justfile", "scripts"]);
}
