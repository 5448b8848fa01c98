//! The rules of the house that a compiler does not hold: the order of the rooms, above all.

mod outside;
mod path;
mod river;
mod rules;
mod source;

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use source::Source;

/// The files of the house that are Rust.
struct House {
    sources: Vec<Source>,
}

impl House {
    fn of(files: &[(&str, &str)]) -> Self {
        Self { sources: files.iter().map(|(path, text)| Source::new(path, text)).collect() }
    }
}

/// Where a rule is broken, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    path: String,
    line: usize,
    say: String,
}

impl Violation {
    fn new(path: &str, line: usize, say: String) -> Self {
        Self { path: path.to_owned(), line, say }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.say)
    }
}

#[test]
fn the_house_is_tidy() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = files(top);
    // What is not text, such as a picture, has nothing to say here.
    let texts: Vec<(&str, String)> =
        paths.iter().filter_map(|path| Some((path.as_str(), fs::read_to_string(top.join(path)).ok()?))).collect();
    let is_rust = |path: &str| {
        Path::new(path).extension().is_some_and(|end| end == "rs")
            && (path.starts_with("src/") || path.starts_with("tests/"))
    };
    let rust: Vec<(&str, &str)> =
        texts.iter().filter(|(path, _)| is_rust(path)).map(|(path, text)| (*path, text.as_str())).collect();
    let house = House::of(&rust);
    assert!(house.sources.iter().any(|source| source.path == "src/lib.rs"), "the sources were not found");

    let mut found = river::violations(&house);
    found.extend(rules::top(&paths));
    for (path, text) in texts.iter().filter(|(path, _)| *path != "Cargo.lock") {
        found.extend(rules::traces(path, text));
        if *path == "Cargo.toml" {
            found.extend(outside::strange(text));
        }
    }
    for source in &house.sources {
        found.extend(rules::size(source));
        found.extend(rules::door(source));
        found.extend(rules::words(source));
        if let Some(wish) = rules::size_wish(source) {
            // Written past the test harness, which keeps the output of a test that passes to itself.
            writeln!(std::io::stderr(), "wish: {wish}").unwrap();
        }
    }
    found.sort();
    found.dedup();
    let list: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "the house is not tidy, in {} places:\n{}", list.len(), list.join("\n"));
}

/// The files of the repository, by their paths from `top`: what git tracks or would, or without git all there are.
fn files(top: &Path) -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(top)
        .output()
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty());
    let mut files: Vec<String> = match listed {
        Some(output) => String::from_utf8_lossy(&output.stdout).split_terminator('\0').map(str::to_owned).collect(),
        None => walk(top, ""),
    };
    files.retain(|path| top.join(path).is_file());
    files.sort();
    files.dedup();
    files
}

fn walk(folder: &Path, prefix: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        match entry.file_type().unwrap() {
            kind if kind.is_dir() && ![".git", "target"].contains(&path.as_str()) => {
                files.extend(walk(&entry.path(), &format!("{path}/")));
            }
            kind if kind.is_file() => files.push(path),
            _ => {}
        }
    }
    files
}

#[test]
fn the_files_are_found_without_git_too() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["src/a/b.rs", "target/c.rs", ".ci/run", "README.md"] {
        fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
        fs::write(folder.path().join(path), "x").unwrap();
    }
    assert_eq!(files(folder.path()), [".ci/run", "README.md", "src/a/b.rs"]);
}
