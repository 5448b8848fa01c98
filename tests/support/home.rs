use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use tempfile::TempDir;

use super::callout::Callout;

/// A home of the test's own: nothing of the machine reaches the program but `PATH`, and nothing of it stays.
///
/// Clones share the folder; it is removed with the last of them.
#[derive(Clone)]
pub(crate) struct Home {
    folder: Arc<TempDir>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { folder: Arc::new(tempfile::tempdir().unwrap()) };
        for folder in ["config", "data", "state", "cache", "tmp", "desk"] {
            fs::create_dir(home.path(folder)).unwrap();
        }
        home
    }

    /// A path below the home; nothing need be there.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder in which the program is started; empty at first, and no library is above it.
    pub(crate) fn desk(&self) -> PathBuf {
        self.path("desk")
    }

    /// A place for a store, to be given with `--store`; without that, the program puts it below `data` by itself.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("store.db")
    }

    /// The program with `args`, in this home.
    pub(crate) fn callout<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Callout {
        Callout::at(self.clone()).args(args)
    }

    /// The files below the home in which `needle` occurs, as bytes; for secrets that must be nowhere.
    pub(crate) fn files_with(&self, needle: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(self.folder.path(), needle, &mut found);
        found
    }

    /// The whole environment of a program in this home.
    pub(super) fn variables(&self) -> Vec<(OsString, OsString)> {
        let folders = [
            ("HOME", ""),
            ("TMPDIR", "tmp"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
        ];
        let words = [("LANG", "C.UTF-8"), ("TERM", "xterm-256color"), ("TZ", "UTC")];
        folders
            .map(|(name, folder)| (name.into(), self.path(folder).into_os_string()))
            .into_iter()
            .chain(words.map(|(name, value)| (name.into(), value.into())))
            .chain(env::var_os("PATH").map(|path| ("PATH".into(), path)))
            .collect()
    }
}

fn collect(folder: &Path, needle: &[u8], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            collect(&entry.path(), needle, found);
        } else if kind.is_file() && fs::read(entry.path()).unwrap().windows(needle.len()).any(|part| part == needle) {
            found.push(entry.path());
        }
    }
}

#[test]
fn a_planted_word_is_found_wherever_it_lies() {
    let home = Home::new();
    fs::create_dir(home.desk().join("deep")).unwrap();
    fs::write(home.desk().join("deep/file"), b"\xffa canary\x00").unwrap();
    assert_eq!(home.files_with(b"canary"), [home.path("desk/deep/file")]);
    assert!(home.files_with(b"sparrow").is_empty(), "no file has it");
}
