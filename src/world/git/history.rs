use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, ObjectType, Oid, Repository, Tree};

use crate::base::Timestamp;

/// How many commits are looked at for the last ones that changed some files.
pub const HISTORY_MOST: usize = 10_000;

/// The last commit that changed a file's text, as far as the history is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// This one.
    Commit(CommitFacts),
    /// This one or one before it: a shallow clone has its text, and ends there.
    Boundary(CommitFacts),
    /// One that is older than so many commits.
    Older(usize),
    /// None: the file is in no commit that was asked about.
    Never,
}

/// Who made a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFacts {
    /// The id, 40 hexadecimal digits.
    pub id: String,
    /// The author's name, as the author gave it: nobody has checked it.
    pub author: String,
    /// The author's address, likewise.
    pub email: String,
    /// When the author wrote it, likewise.
    pub date: Timestamp,
}

impl CommitFacts {
    pub(super) fn of(commit: &Commit<'_>) -> Self {
        let author = commit.author();
        Self {
            id: commit.id().to_string(),
            author: String::from_utf8_lossy(author.name_bytes()).into_owned(),
            email: String::from_utf8_lossy(author.email_bytes()).into_owned(),
            date: Timestamp::from_seconds(author.when().seconds()),
        }
    }
}

/// Files that are at the same commit, by the number of their folder. They go on together.
type Together = BTreeMap<usize, Vec<usize>>;

/// One walk for all files: each file goes from a commit to the first parent that has the same text, and ends at the
/// commit none of whose parents has it. A folder that is the same as a whole takes all its files along unseen, so that a
/// commit costs the same for one file and for a thousand.
pub(super) fn last_changes(
    repository: &Repository,
    from: Oid,
    files: &[PathBuf],
    most: usize,
) -> Result<Vec<Last>, git2::Error> {
    let folders: Vec<&Path> = files.iter().map(|file| parent(file)).collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = vec![Last::Never; files.len()];
    let first = repository.find_commit(from)?;
    let shallow = repository.is_shallow();
    // The newest commit is taken first, so that a commit is looked at once all files that pass it have arrived.
    let mut ahead =
        BTreeMap::from([((Reverse(first.time().seconds()), from), known(repository, &first, files, &folders)?)]);
    let mut looked = 0;
    while let Some(((_, id), here)) = ahead.pop_first() {
        if looked == most {
            for file in ahead.into_values().chain([here]).flatten().flat_map(|(_, files)| files) {
                found[file] = Last::Older(most);
            }
            break;
        }
        looked += 1;
        let commit = repository.find_commit(id)?;
        let mut left = here;
        for parent in parents(repository, &commit, shallow)? {
            let mut same = Together::new();
            for (folder, wanted) in &mut left {
                let now = folder_of(repository, &commit, folders[*folder])?;
                let before = folder_of(repository, &parent, folders[*folder])?;
                same.insert(*folder, take_same(wanted, files, now.as_ref(), before.as_ref()));
            }
            same.retain(|_, files| !files.is_empty());
            left.retain(|_, files| !files.is_empty());
            if !same.is_empty() {
                let next: &mut Together = ahead.entry((Reverse(parent.time().seconds()), parent.id())).or_default();
                for (folder, files) in same {
                    next.entry(folder).or_default().extend(files);
                }
            }
            if left.is_empty() {
                break;
            }
        }
        for file in left.into_values().flatten() {
            let facts = CommitFacts::of(&commit);
            found[file] = if is_boundary(&commit) { Last::Boundary(facts) } else { Last::Commit(facts) };
        }
    }
    Ok(found)
}

/// The files that a commit has.
fn known(
    repository: &Repository,
    commit: &Commit<'_>,
    files: &[PathBuf],
    folders: &[&Path],
) -> Result<Together, git2::Error> {
    let mut known = Together::new();
    for (number, folder) in folders.iter().enumerate() {
        let Some(tree) = folder_of(repository, commit, folder)? else { continue };
        let inside = (0..files.len()).filter(|file| parent(&files[*file]) == *folder);
        known.insert(number, inside.filter(|file| id_of(&tree, &files[*file]).is_some()).collect());
    }
    Ok(known)
}

/// Takes out of `wanted` the files whose texts are the same in both versions of their folder.
fn take_same(
    wanted: &mut Vec<usize>,
    files: &[PathBuf],
    now: Option<&Tree<'_>>,
    before: Option<&Tree<'_>>,
) -> Vec<usize> {
    let (Some(now), Some(before)) = (now, before) else { return Vec::new() };
    if now.id() == before.id() {
        return std::mem::take(wanted);
    }
    let is_same = |file: &usize| id_of(now, &files[*file]) == id_of(before, &files[*file]);
    let (same, changed) = std::mem::take(wanted).into_iter().partition(is_same);
    *wanted = changed;
    same
}

/// The parents that are here. In a shallow clone those of the last commits are not, and libgit2 says there are none.
fn parents<'r>(repository: &'r Repository, commit: &Commit<'r>, shallow: bool) -> Result<Vec<Commit<'r>>, git2::Error> {
    let mut parents = Vec::new();
    for id in commit.parent_ids() {
        match repository.find_commit(id) {
            Ok(parent) => parents.push(parent),
            Err(error) if shallow && error.code() == ErrorCode::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(parents)
}

/// Whether the commit itself names more parents than are here.
fn is_boundary(commit: &Commit<'_>) -> bool {
    let header = commit.raw_header_bytes();
    let named = header.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"parent ")).count();
    named > commit.parent_ids().count()
}

fn parent(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

fn folder_of<'r>(
    repository: &'r Repository,
    commit: &Commit<'r>,
    folder: &Path,
) -> Result<Option<Tree<'r>>, git2::Error> {
    let top = commit.tree()?;
    if folder.as_os_str().is_empty() {
        return Ok(Some(top));
    }
    match top.get_path(folder) {
        Ok(entry) if entry.kind() == Some(ObjectType::Tree) => repository.find_tree(entry.id()).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn id_of(folder: &Tree<'_>, file: &Path) -> Option<Oid> {
    folder.get_name_bytes(file.file_name()?.as_encoded_bytes()).map(|entry| entry.id())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::work_tree::tests::{commit, repository};
    use super::*;

    fn change(repository: &Repository, file: &str, text: &str, at: i64) -> Oid {
        fs::write(repository.workdir().unwrap().join(file), text).unwrap();
        commit(repository, file, at)
    }

    fn ids(found: &[Last]) -> Vec<Option<String>> {
        let id = |last: &Last| if let Last::Commit(facts) = last { Some(facts.id.clone()) } else { None };
        found.iter().map(id).collect()
    }

    #[test]
    fn each_file_finds_its_own_last_commit_in_one_walk() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        fs::create_dir(folder.path().join("sub")).unwrap();
        let a = change(&repository, "a", "1", 1);
        change(&repository, "sub/b", "1", 2);
        let b = change(&repository, "sub/b", "2", 3);
        // A clock that went back does not confuse the order.
        let c = change(&repository, "c", "1", 0);
        let files = ["a", "sub/b", "c", "absent", "sub"].map(PathBuf::from);
        let found = last_changes(&repository, c, &files, 100).unwrap();
        assert_eq!(ids(&found)[..3], [a, b, c].map(|id| Some(id.to_string())));
        assert_eq!(found[3], Last::Never);
        let earlier = last_changes(&repository, a, &files, 100).unwrap();
        assert_eq!(earlier[1..3], [Last::Never, Last::Never]);
    }

    #[test]
    fn a_walk_that_is_cut_short_says_so_and_guesses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        change(&repository, "a", "1", 0);
        for at in 1..5 {
            change(&repository, "b", &at.to_string(), at);
        }
        let head = change(&repository, "c", "1", 9);
        let files = ["a", "b", "c"].map(PathBuf::from);
        let found = last_changes(&repository, head, &files, 2).unwrap();
        assert_eq!(found[0], Last::Older(2));
        assert!(
            matches!(&found[1], Last::Commit(_)) && matches!(&found[2], Last::Commit(facts) if facts.author == "Ada")
        );
    }

    #[test]
    fn a_merge_is_followed_to_the_side_that_already_had_the_text() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        let base = change(&repository, "a", "1", 0);
        let side = change(&repository, "a", "2", 1);
        repository.set_head_detached(base).unwrap();
        repository.reset(repository.find_commit(base).unwrap().as_object(), git2::ResetType::Hard, None).unwrap();
        let other = change(&repository, "b", "1", 2);
        let (side_commit, other_commit) =
            (repository.find_commit(side).unwrap(), repository.find_commit(other).unwrap());
        let mut index = repository.merge_commits(&other_commit, &side_commit, None).unwrap();
        let tree = repository.find_tree(index.write_tree_to(&repository).unwrap()).unwrap();
        let who = git2::Signature::new("Ada", "ada@example.com", &git2::Time::new(3, 0)).unwrap();
        let merge = repository.commit(None, &who, &who, "m", &tree, &[&other_commit, &side_commit]).unwrap();
        let found = last_changes(&repository, merge, &["a", "b"].map(PathBuf::from), 100).unwrap();
        assert_eq!(ids(&found), [side, other].map(|id| Some(id.to_string())));
    }
}
