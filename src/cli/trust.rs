//! What a library brings along beside its runbooks, and whether it may take effect.
//!
//! Nothing that was found in the current folder is trusted by itself: a clone must not be able to have a token fetched, or
//! sent to an address of its choice. A library's environments say which tenant is signed in to, how, and where requests
//! go; so they take effect only while the user has trusted their very content (`callout trust`). The files are read once;
//! what was read is hashed, compared, and then used, so a file that is exchanged meanwhile changes nothing. Links are
//! not followed, because what they lead to is not in the library.
//!
//! What was begun while a library was trusted does not depend on its trust afterwards: the environments of a library are
//! always live, so its runs are read in the live store, and ended without signing in.
//!
//! A library's runbooks need no trust, in whatever environment of the user's own: each request is shown as it would be
//! sent and each change is confirmed by a person, or by `--yes` for a runbook that the command line names; a token goes to
//! Azure's own hosts alone; a secret stays a reference that the operator or the environment gives, never the runbook; and
//! an address that a runbook asks by itself gets no token. What it could learn that way are names and versions.

use std::path::{Path, PathBuf};

use super::library::{ENVIRONMENTS, Library};
use super::{Exit, Failure, Setting, findings};
use crate::base::{Digest, StepId};
use crate::runbook::{Environment, check_environment};
use crate::world::{TrustBook, Trusted, TrustedFile, WorldError, read_plain};

/// As for runbooks: the checker takes at most 4 MiB, and a byte more is enough for it to say so.
const READ_AT_MOST: u64 = (4 << 20) + 1;
/// More environments than anybody has; a folder with more is something else.
const FILES_MAX: usize = 200;

/// The environment files of a library, as they were when they were read.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    /// The library's folder, with every link followed.
    pub(crate) folder: PathBuf,
    /// The files, sorted by name.
    pub(crate) files: Vec<BroughtFile>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct BroughtFile {
    /// Its path below the library's folder.
    pub(crate) name: String,
    /// The name of the environment that it should hold.
    pub(crate) environment: String,
    bytes: Vec<u8>,
    digest: Digest,
}

/// Whether a library's environments may take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The user has looked at exactly this content.
    Trusted,
    /// The user has looked at other content; what is different, file by file.
    Changed(Vec<String>),
    /// The user has never looked at it.
    Unknown,
}

impl Brought {
    /// Reads what a library brings along; nothing if it is built in or brings nothing.
    ///
    /// # Errors
    /// A file cannot be read, is a link, or has a name that no environment has or that another file gives too.
    pub(crate) fn by(library: &Library) -> Result<Option<Self>, Failure> {
        let Library::Folder(folder) = library else { return Ok(None) };
        Self::in_folder(folder)
    }

    /// The same for the library in that folder.
    ///
    /// # Errors
    /// As [`Brought::by`].
    pub(crate) fn in_folder(folder: &Path) -> Result<Option<Self>, Failure> {
        let shown = folder.join(ENVIRONMENTS);
        let unreadable =
            |error: std::io::Error| Failure::usage(format!("`{}` cannot be read", shown.display())).because(&error);
        let folder = folder.canonicalize().map_err(unreadable)?;
        let place = folder.join(ENVIRONMENTS);
        match place.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                return Err(Failure::new(Exit::Refused, format!("`{}` is a link or no folder", shown.display()))
                    .hint("a library's environments stand in the library itself"));
            }
        }
        let mut files = Vec::new();
        for entry in place.read_dir().map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
                files.push(BroughtFile::read(&path)?);
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        // Sorted, `prod.yaml` and `prod.yml` stand side by side: no other name can come between them.
        if let Some([one, other]) = files.array_windows().find(|[one, other]| one.environment == other.environment) {
            let what = format!("both {} and {} would be the environment {}", one.name, other.name, one.environment);
            return Err(Failure::new(Exit::Refused, what).hint("keep one of the two"));
        }
        if files.len() > FILES_MAX {
            let what = format!("`{}` has {} files, and at most {FILES_MAX} are read", shown.display(), files.len());
            return Err(Failure::usage(what));
        }
        Ok(Some(Self { folder, files }).filter(|brought| !brought.files.is_empty()))
    }

    /// The digest of all files together: of the lines that `sha256sum` prints for them in the library's folder, under a
    /// domain word.
    pub(crate) fn digest(&self) -> Digest {
        let lines: Vec<String> = self.files.iter().map(|file| format!("{}  {}\n", file.digest, file.name)).collect();
        Digest::of("environments-v1", lines.concat().as_bytes())
    }

    /// Whether it may take effect.
    ///
    /// # Errors
    /// The list of what is trusted cannot be read, or is not this user's alone.
    pub(crate) fn standing(&self, setting: &Setting) -> Result<Standing, Failure> {
        let trusted = book(setting).read().map_err(|error| unbelievable(&error))?;
        let Some(known) = trusted.into_iter().find(|known| known.library == self.folder) else {
            return Ok(Standing::Unknown);
        };
        Ok(if known.digest == self.digest() { Standing::Trusted } else { Standing::Changed(self.changes(&known)) })
    }

    fn changes(&self, known: &Trusted) -> Vec<String> {
        let before = |name: &str| known.files.iter().find(|file| file.name == name);
        let changed = self.files.iter().filter_map(|file| match before(&file.name) {
            None => Some(format!("{} is new", file.name)),
            Some(before) if before.digest != file.digest => Some(format!("{} has changed", file.name)),
            Some(_) => None,
        });
        let gone = known.files.iter().filter(|before| self.files.iter().all(|file| file.name != before.name));
        changed.chain(gone.map(|file| format!("{} is gone", file.name))).collect()
    }

    /// Trusts exactly what was read.
    ///
    /// # Errors
    /// The list cannot be written.
    pub(crate) fn trust(&self, setting: &Setting) -> Result<(), Failure> {
        let files = self.files.iter().map(|file| TrustedFile { name: file.name.clone(), digest: file.digest });
        let trusted = Trusted { library: self.folder.clone(), digest: self.digest(), files: files.collect() };
        book(setting).trust(trusted).map_err(|error| unbelievable(&error))
    }

    /// The file of the environment of that name.
    pub(crate) fn file(&self, environment: &str) -> Option<&BroughtFile> {
        self.files.iter().find(|file| file.environment == environment)
    }

    /// Every environment, from the bytes that were read.
    ///
    /// # Errors
    /// One of the files has errors among its findings; they are shown.
    pub(crate) fn environments(&self, setting: &Setting) -> Result<Vec<Environment>, Failure> {
        self.files.iter().map(|file| file.check(setting)).collect()
    }
}

impl BroughtFile {
    fn read(path: &Path) -> Result<Self, Failure> {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| StepId::is_well_formed(stem));
        let file = path.file_name().and_then(|file| file.to_str());
        let (Some(environment), Some(file)) = (stem, file) else {
            return Err(Failure::usage(format!("`{}` is not called as an environment is", path.display()))
                .hint("name it with lower-case letters, digits and hyphens, as `environments/production.yaml`"));
        };
        let bytes = read_plain(path, READ_AT_MOST).map_err(|error| {
            Failure::new(Exit::Refused, format!("`{}` cannot be taken", path.display()))
                .because(&error)
                .hint("a library's environments are plain files in the library itself")
        })?;
        let digest = Digest::of_parts(&[&bytes]);
        Ok(Self { name: format!("{ENVIRONMENTS}/{file}"), environment: environment.to_owned(), bytes, digest })
    }

    /// The environment, from the bytes that were read.
    ///
    /// # Errors
    /// There are errors among its findings; they are shown.
    pub(crate) fn check(&self, setting: &Setting) -> Result<Environment, Failure> {
        let checked = check_environment(&self.name, &self.bytes);
        checked.environment.ok_or_else(|| {
            let mut failure = findings::refused(&checked.findings, &self.name, &self.bytes, setting.colour);
            failure.exit = Exit::Usage;
            failure
        })
    }
}

/// The user's list.
pub(crate) fn book(setting: &Setting) -> TrustBook {
    TrustBook::at(setting.trust_file())
}

/// A list that cannot be believed trusts nothing.
pub(crate) fn unbelievable(error: &WorldError) -> Failure {
    Failure::of(Exit::Refused, error).hint("look at who may write to it; `callout trust` makes it anew once it is gone")
}
