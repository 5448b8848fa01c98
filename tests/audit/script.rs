//! The script in the bundle, run by a Python that knows nothing of the program.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Bundle, bundle, store};
use crate::support::require::skip;

/// Imports the script, and answers a verdict for each line of hexadecimal files.
const DRIVER: &str = "
import json, sys
sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import verify
for line in sys.stdin:
    print(json.dumps(verify.verdict(*(bytes.fromhex(part) for part in line.rstrip('\\n').split(' ')))))
";

/// Tells whether there is a Python; if not, says so.
pub(crate) fn is_runnable() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        skip("there is no python3 to run the bundle's script");
    }
    found
}

/// What the script says of each bundle, by one process for all of them.
pub(crate) fn verdicts(bundles: &[&Bundle]) -> Vec<String> {
    let mut input = String::new();
    for Bundle { records, leaves, checkpoint } in bundles {
        writeln!(input, "{} {} {}", hex::encode(records), hex::encode(leaves), hex::encode(checkpoint)).unwrap();
    }
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let mut command = Command::new("python3");
    command.args(["-c", DRIVER]).arg(assets).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feed = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs the script of a bundle's folder as its README says, and gives the exit code with what was printed.
fn run(folder: &Path) -> (Option<i32>, String) {
    let output = Command::new("python3").arg(folder.join("verify.py")).arg(folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_script_of_the_bundle_ends_as_its_verdict_says() {
    if !is_runnable() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let whole = Bundle::export(&store(folder.path()), folder.path());
    assert_eq!(run(folder.path()), (Some(0), format!("{}\n", whole.verdict())));
    let strikes: [fn(&mut Bundle); 4] = [
        |bundle| bundle.records[2000] ^= 1,
        |bundle| bundle.leaves.truncate(bundle.leaves.len() - 1),
        |bundle| bundle.checkpoint.push(b'\n'),
        |bundle| bundle.records.clear(),
    ];
    for strike in strikes {
        let mut changed = whole.clone();
        strike(&mut changed);
        changed.write(folder.path());
        assert_eq!(run(folder.path()), (Some(1), format!("{}\n", changed.verdict())));
    }
    fs::remove_file(folder.path().join("leaves.txt")).unwrap();
    assert_eq!(run(folder.path()), (Some(1), String::new()), "the reason stands on standard error");
    let alone = Command::new("python3").arg(folder.path().join("verify.py")).output().unwrap();
    assert_eq!(alone.status.code(), Some(1));
}

#[test]
fn the_script_is_short_enough_to_be_read_first() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/verify.py")).unwrap();
    assert!(text.lines().count() <= 40);
    assert!(text.lines().all(|line| line.len() <= 120));
    let imports: Vec<&str> = text.lines().filter(|line| line.contains("import ")).collect();
    assert_eq!(imports, ["import base64, hashlib, json, os, sys"]);
}

#[test]
fn the_commands_of_the_readme_give_the_leaf_of_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Bundle::export(&store(folder.path()), folder.path());
    assert_eq!(whole, Bundle::read(folder.path()));
    let readme = fs::read_to_string(folder.path().join("README.txt")).unwrap();
    let commands: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("    sed ")).collect();
    assert_eq!(commands.len(), 2);
    let printed = commands.into_iter().map(|command| {
        let output =
            Command::new("sh").current_dir(folder.path()).args(["-c", &format!("sed {command}")]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    });
    let printed: Vec<String> = printed.collect();
    assert_eq!(printed[0], printed[1]);
    assert_eq!(printed[0].trim().len(), 64);
    assert_eq!(bundle().leaves.len(), super::ENTRIES * 65);
}
