use std::path::{Path, PathBuf};

use super::library::{Found, READ_AT_MOST, Source, has_ending, is_file, shown, stem};
use super::version::unreadable;
use super::{Exit, Failure, Setting};
use crate::base::did_you_mean;
use crate::world::{WorkTree, WorldError};

/// Takes `RUNBOOK@REV` apart. A name has no `@`, and of a file the part behind its ending is the revision; a file that is
/// there by the whole name is meant as a whole.
///
/// An `@` in the name of a folder is not taken for the sign. What has a `/` only behind its first `@`, and no ending, is a
/// runbook's name with a revision such as `feature/next`.
pub(super) fn split<'n>(setting: &Setting, name: &'n str) -> (&'n str, Option<&'n str>) {
    const FOLDERS: [char; 2] = ['/', '\\'];
    if is_file(name) && setting.here.join(name).is_file() {
        return (name, None);
    }
    let behind = |ending: &str| Some(name.rfind(ending)? + ending.len() - 1);
    let behind_ending = [".yaml@", ".yml@"].into_iter().filter_map(behind).max();
    let first = name.find('@');
    let has_folders = first.is_some_and(|at| name[..at].contains(FOLDERS)) || has_ending(Path::new(name));
    let behind_folders = || {
        let start = name.rfind(FOLDERS).map_or(0, |at| at + 1);
        Some(start + name[start..].find('@')?)
    };
    match behind_ending.or_else(|| if has_folders { behind_folders() } else { first }) {
        Some(at) => (&name[..at], Some(&name[at + 1..])),
        None => (name, None),
    }
}

/// Reads a runbook as a commit has it, from the object database: the first of the `files` that is in it.
///
/// # Errors
/// There is no repository, no such revision, or none of the files in it.
pub(super) fn read(setting: &Setting, name: &str, files: &[PathBuf], revision: &str) -> Result<Source, Failure> {
    if revision.is_empty() {
        return Err(Failure::usage(format!("it is not said at which revision `{name}` is wanted"))
            .hint(format!("write `{name}@REV`, where REV is a tag, a branch, a commit, or `HEAD~1`")));
    }
    let folder = files.first().and_then(|file| file.parent()).unwrap_or(&setting.here);
    let tree = WorkTree::around(folder).map_err(|error| unreadable(name, &error))?.ok_or_else(|| {
        let place = shown(setting, folder);
        Failure::usage(format!(
            "`{place}` is in no git repository with a commit, so `{name}` has no revision `{revision}`"
        ))
        .hint(format!("`{name}` alone is the file as it is"))
    })?;
    let commit = tree.resolve(revision).map_err(|error| unknown(&tree, name, revision, &error))?;
    let mut absent = None;
    for file in files {
        let Some(inside) = tree.inside(file) else { continue };
        match tree.file_at(&commit, &inside, READ_AT_MOST) {
            Ok(committed) => {
                return Ok(Source {
                    shown: format!("{}@{revision}", shown(setting, file)),
                    bytes: committed.bytes,
                    found: Found::Commit { path: file.clone(), commit: committed.commit, blob: committed.blob },
                });
            }
            Err(error @ WorldError::NoFile { .. }) => absent = absent.or(Some((error, inside))),
            Err(error) => return Err(unreadable(name, &error)),
        }
    }
    let Some((error, inside)) = absent else {
        return Err(Failure::usage(format!("`{name}` is not in the repository around `{}`", shown(setting, folder))));
    };
    let others = tree.names_at(&commit, inside.parent().unwrap_or(Path::new("")));
    let others: Vec<String> = others.iter().map(|other| stem(Path::new(other))).collect();
    let near = did_you_mean(&stem(&inside), others.iter().map(String::as_str));
    Err(Failure::of(Exit::Usage, &error).hint(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if others.is_empty() => "its folder is not in that commit either".to_owned(),
        None => format!("that commit has {}", others.join(", ")),
    }))
}

fn unknown(tree: &WorkTree, name: &str, revision: &str, error: &WorldError) -> Failure {
    let names = tree.names();
    let hint = match did_you_mean(revision, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{name}@{near}`?"),
        None if tree.is_shallow() => {
            "this clone is shallow, and may lack it: `git fetch --unshallow --tags` gets the rest".to_owned()
        }
        None => "a tag, a branch, the beginning of a commit's id and `HEAD~1` are revisions; `git log` lists commits"
            .to_owned(),
    };
    Failure::of(Exit::Usage, error).hint(hint)
}
