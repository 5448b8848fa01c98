use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::version::{Trees, unreadable};
use super::{Failure, Setting, findings, nesting, revision};
use crate::base::did_you_mean;
use crate::journal::text_digest;
use crate::plan::{Origin, Revision};
use crate::runbook::{self, Checked, Finding, Runbook};
use crate::world::blob_id;

/// The folder of a library in which its runbooks stand.
pub(crate) const RUNBOOKS: &str = "runbooks";
/// The folder of a library in which its environments stand.
pub(crate) const ENVIRONMENTS: &str = "environments";
/// The checker takes at most 4 MiB, so a byte more is enough for it to say so; a larger file is not read further.
pub(super) const READ_AT_MOST: u64 = (4 << 20) + 1;

/// Where runbooks are found by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// The set that is built into the program.
    BuiltIn,
    /// A folder with `runbooks/`.
    Folder(PathBuf),
}

/// A runbook's file, not yet read for what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The file as a person knows it: relative to the current folder where it is below it, or `(built in)/NAME.yaml`.
    pub(crate) shown: String,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Where they were found.
    pub(crate) found: Found,
}

/// Where a runbook's bytes were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// In the program.
    BuiltIn,
    /// In a file on the disk.
    File(PathBuf),
    /// In a commit. On the disk the file may be another, or not there at all.
    Commit {
        /// Where the file would be on the disk.
        path: PathBuf,
        /// The commit, 40 hexadecimal digits.
        commit: String,
        /// The blob, 40 hexadecimal digits.
        blob: String,
    },
}

/// A runbook that can be planned: checked, with its revision and its text, both of which travel with a run.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// The runbook.
    pub(crate) runbook: Runbook,
    /// Which text it is.
    pub(crate) revision: Revision,
    /// The text.
    pub(crate) text: String,
    /// Where it was found.
    pub(crate) source: Source,
    /// Those that it was checked beside, where it nests any, as they were read and checked then.
    pub(crate) beside: Vec<(Source, Checked)>,
}

impl Library {
    /// The library: the one that was named, else the nearest folder with `runbooks/`, else what is built in.
    ///
    /// # Errors
    /// The folder that was named has no `runbooks/`.
    pub(crate) fn of(setting: &Setting) -> Result<Self, Failure> {
        if let Some(folder) = &setting.library {
            return if folder.join(RUNBOOKS).is_dir() {
                Ok(Self::Folder(folder.clone()))
            } else {
                Err(Failure::usage(format!("`{}` is not a library: it has no folder `{RUNBOOKS}`", folder.display()))
                    .hint(format!("name the folder that holds `{RUNBOOKS}/`")))
            };
        }
        let nearest = setting.here.ancestors().find(|folder| folder.join(RUNBOOKS).is_dir());
        Ok(nearest.map_or(Self::BuiltIn, |folder| Self::Folder(folder.to_owned())))
    }

    /// Every runbook's file, sorted by name.
    ///
    /// # Errors
    /// The folder, or a file in it, cannot be read.
    pub(crate) fn sources(&self, setting: &Setting) -> Result<Vec<Source>, Failure> {
        match self {
            Self::BuiltIn => Ok(runbook::shipped().iter().map(|(file, text)| Source::built_in(file, text)).collect()),
            Self::Folder(folder) => {
                files_of(&folder.join(RUNBOOKS))?.iter().map(|path| Source::read(setting, path)).collect()
            }
        }
    }

    /// The runbook of that name.
    fn named(&self, setting: &Setting, name: &str) -> Result<Source, Failure> {
        let known: Vec<String> = match self {
            Self::BuiltIn => {
                let is_it = |(file, _): &&(&str, &str)| stem(Path::new(file)) == name;
                if let Some((file, text)) = runbook::shipped().iter().find(is_it) {
                    return Ok(Source::built_in(file, text));
                }
                runbook::shipped().iter().map(|(file, _)| stem(Path::new(file))).collect()
            }
            Self::Folder(folder) => {
                let files = files_of(&folder.join(RUNBOOKS))?;
                if let Some(path) = files.iter().find(|path| stem(path) == name) {
                    return Source::read(setting, path);
                }
                files.iter().map(|path| stem(path)).collect()
            }
        };
        Err(self.unknown(setting, name, &known))
    }

    fn unknown(&self, setting: &Setting, name: &str, known: &[String]) -> Failure {
        let place = match self {
            Self::BuiltIn => "among those that are built in".to_owned(),
            Self::Folder(folder) => format!("in {}", shown(setting, &folder.join(RUNBOOKS))),
        };
        let hint = match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "there is none at all; `--library DIR` names another library".to_owned(),
            None => format!("there are {}", known.join(", ")),
        };
        Failure::usage(format!("there is no runbook `{name}` {place}")).hint(hint)
    }
}

impl Source {
    /// Finds a runbook by name, or by its file if it is written as one; with `@REV` behind it, as that commit has it.
    ///
    /// # Errors
    /// There is none, its file cannot be read, or there is no such revision.
    pub(crate) fn find(setting: &Setting, name: &str) -> Result<Self, Failure> {
        match revision::split(setting, name) {
            (name, Some(revision)) => Self::at(setting, name, revision),
            (name, None) if is_file(name) => Self::read(setting, &setting.here.join(name)),
            (name, None) => Library::of(setting)?.named(setting, name),
        }
    }

    /// Finds a runbook, by name or by its file, as a commit has it.
    ///
    /// # Errors
    /// As [`Source::find`].
    pub(crate) fn at(setting: &Setting, name: &str, revision: &str) -> Result<Self, Failure> {
        if is_file(name) {
            return revision::read(setting, name, &[setting.here.join(name)], revision);
        }
        match Library::of(setting)? {
            Library::Folder(folder) => {
                let file = |ending: &str| folder.join(RUNBOOKS).join(format!("{name}.{ending}"));
                revision::read(setting, name, &[file("yaml"), file("yml")], revision)
            }
            library @ Library::BuiltIn => {
                library.named(setting, name)?;
                Err(Failure::usage(format!("`{name}` is built in, and has no revision `{revision}`"))
                    .hint("revisions are those of a library in git: `--library DIR` names one"))
            }
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is not there, is no file, or cannot be read.
    pub(crate) fn read(setting: &Setting, path: &Path) -> Result<Self, Failure> {
        let shown = shown(setting, path);
        let wrong = |why: &str| Failure::usage(format!("`{shown}` {why}"));
        let metadata = fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                wrong("is not there").hint("`callout list` lists the runbooks of the library")
            }
            _ => wrong("cannot be read").because(&error),
        })?;
        if !metadata.is_file() {
            return Err(wrong(if metadata.is_dir() { "is a folder, not a runbook" } else { "is not a file" }));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| wrong("cannot be read").because(&error))?;
        file.take(READ_AT_MOST).read_to_end(&mut bytes).map_err(|error| wrong("cannot be read").because(&error))?;
        Ok(Self { shown, bytes, found: Found::File(path.to_owned()) })
    }

    /// The name under which it is found.
    pub(crate) fn name(&self) -> String {
        stem(&self.file())
    }

    /// The file as the checker is to see it, without a revision.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.found {
            Found::BuiltIn => PathBuf::from(&self.shown),
            Found::File(path) | Found::Commit { path, .. } => path.clone(),
        }
    }

    pub(super) fn built_in(file: &str, text: &str) -> Self {
        Self { shown: format!("(built in)/{file}"), bytes: text.into(), found: Found::BuiltIn }
    }

    /// Which text it is. A file that is equal to the built-in one of its name is as good as that one, wherever it is.
    ///
    /// # Errors
    /// The file lies in a git repository that cannot be read.
    pub(crate) fn revision(&self, trees: &mut Trees) -> Result<Revision, Failure> {
        let text = String::from_utf8_lossy(&self.bytes);
        let origin = match &self.found {
            Found::BuiltIn => Origin::Shipped,
            Found::File(path) if is_shipped(path, &text) => Origin::Shipped,
            Found::File(path) => self.origin(path, trees)?,
            Found::Commit { commit, blob, .. } => {
                Origin::Git { commit: commit.clone(), blob: blob.clone(), dirty: false }
            }
        };
        Ok(Revision { text: text_digest(&text), origin })
    }

    fn origin(&self, path: &Path, trees: &mut Trees) -> Result<Origin, Failure> {
        let unknown = |error| unreadable(&self.shown, &error);
        let Some((tree, inside)) = trees.around(path).map_err(unknown)? else { return Ok(Origin::File) };
        let state = tree.state(&inside, &self.bytes).map_err(unknown)?;
        let blob = match state.blob.filter(|_| !state.dirty) {
            Some(blob) => blob,
            None => blob_id(&self.bytes).map_err(unknown)?,
        };
        Ok(Origin::Git { commit: state.commit, blob, dirty: state.dirty })
    }

    /// Checks it.
    ///
    /// # Errors
    /// There is an error among the findings; all of them are shown, each with its place.
    pub(crate) fn load(self, setting: &Setting) -> Result<Loaded, Failure> {
        let mut beside = nesting::checked(setting, vec![self]);
        let (own, checked) = beside.remove(0);
        let runbook = checked.runbook.ok_or_else(|| own.refused(&checked.findings, setting))?;
        let revision = own.revision(&mut Trees::default())?;
        // The checker has refused whatever is not UTF-8.
        let text = String::from_utf8_lossy(&own.bytes).into_owned();
        Ok(Loaded { runbook, revision, text, source: own, beside })
    }

    /// The failure that the file's findings are to whoever wants to use it.
    pub(super) fn refused(&self, found: &[Finding], setting: &Setting) -> Failure {
        findings::refused(found, &self.shown, &self.bytes, setting.colour)
            .hint("`callout check --explain CODE` says more about a code")
    }

    /// The other runbooks of its folder, as its own revision has them, where a runbook that it nests is looked for. What
    /// cannot be read is left out; so is what stood there at the revision and is there no more.
    pub(crate) fn neighbours(&self, setting: &Setting) -> Vec<Self> {
        let beside = |path: &Path| -> Vec<PathBuf> {
            let files = path.parent().and_then(|folder| files_of(folder).ok()).unwrap_or_default();
            files.into_iter().filter(|file| file != path).collect()
        };
        match &self.found {
            Found::BuiltIn => runbook::shipped().iter().map(|(file, text)| Self::built_in(file, text)).collect(),
            Found::File(path) => beside(path).iter().filter_map(|file| Self::read(setting, file).ok()).collect(),
            Found::Commit { path, commit, .. } => {
                let files = beside(path).into_iter();
                files.filter_map(|file| Self::at(setting, &file.to_string_lossy(), commit).ok()).collect()
            }
        }
    }
}

/// The YAML files of a folder, sorted.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!("the folder `{}` cannot be read", folder.display())).because(&error)
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if has_ending(&path) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a runbook is named by its file.
pub(super) fn is_file(name: &str) -> bool {
    name.contains(['/', '\\']) || has_ending(Path::new(name))
}

fn is_shipped(path: &Path, text: &str) -> bool {
    let mut shipped = runbook::shipped().iter().chain(runbook::shipped_playbooks());
    shipped.any(|(file, built_in)| path.file_name() == Some(file.as_ref()) && *built_in == text)
}

/// Whether a path ends as a YAML file does.
pub(super) fn has_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

pub(super) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A path for a person: short where it lies below the current folder.
pub(crate) fn shown(setting: &Setting, path: &Path) -> String {
    path.strip_prefix(&setting.here).unwrap_or(path).display().to_string()
}
