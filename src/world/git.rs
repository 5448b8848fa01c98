use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Oid, Repository, Status};

use super::WorldError;

/// The revision of a file, as git knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitState {
    /// The commit that is checked out, 40 hexadecimal digits.
    pub commit: String,
    /// The file's blob in that commit; nothing if the commit does not have the file.
    pub blob: Option<String>,
    /// Whether the file on disk is other than the one in that commit: changed, staged, or unknown to git.
    pub dirty: bool,
    /// The branch; nothing if a commit is checked out directly.
    pub branch: Option<String>,
}

/// The revision of the file at `path`; nothing if it lies in no repository, in a bare one, or in one without a commit.
///
/// # Errors
/// There is a repository, but it cannot be read: damaged, of a format that libgit2 does not know, or owned by another
/// user.
pub fn revision_of(path: &Path) -> Result<Option<GitState>, WorldError> {
    state(path).map_err(|source| WorldError::Git { path: path.to_owned(), source })
}

/// The id that git gives to a blob of these bytes, 40 hexadecimal digits; there need be no repository.
///
/// # Errors
/// Only if the library itself fails.
pub fn blob_id(bytes: &[u8]) -> Result<String, WorldError> {
    let id = Oid::hash_object(ObjectType::Blob, bytes);
    id.map(|id| id.to_string()).map_err(|source| WorldError::Git { path: PathBuf::new(), source })
}

fn state(path: &Path) -> Result<Option<GitState>, git2::Error> {
    let Ok(path) = path.canonicalize() else { return Ok(None) };
    let folder = path.parent().unwrap_or(&path);
    let repository = match Repository::discover(folder) {
        Ok(repository) => repository,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(root) = repository.workdir().and_then(|root| root.canonicalize().ok()) else { return Ok(None) };
    let Ok(inside) = path.strip_prefix(&root) else { return Ok(None) };
    let head = match repository.head() {
        Ok(head) => head,
        Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let commit = head.peel_to_commit()?;
    let blob = match commit.tree()?.get_path(inside) {
        Ok(entry) => Some(entry.id().to_string()),
        Err(error) if error.code() == ErrorCode::NotFound => None,
        Err(error) => return Err(error),
    };
    // An ignored file has no status that says "changed", but it is not the commit's file either.
    let dirty = blob.is_none() || repository.status_file(inside)? != Status::CURRENT;
    let branch = if head.is_branch() { head.shorthand().ok().map(str::to_owned) } else { None };
    Ok(Some(GitState { commit: commit.id().to_string(), blob, dirty, branch }))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use git2::{RepositoryInitOptions, Signature, Time};

    use super::*;

    fn repository(folder: &Path) -> Repository {
        Repository::init_opts(folder, RepositoryInitOptions::new().initial_head("main")).unwrap()
    }

    fn commit(repository: &Repository, file: &str) {
        let mut index = repository.index().unwrap();
        index.add_path(Path::new(file)).unwrap();
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::new("a", "a@example.com", &Time::new(0, 0)).unwrap();
        repository.commit(Some("HEAD"), &who, &who, "one", &tree, &[]).unwrap();
    }

    #[test]
    fn a_committed_file_is_clean_until_it_is_edited() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        let file = folder.path().join("runbook.yaml");
        fs::write(&file, "one\n").unwrap();
        assert_eq!(revision_of(&file).unwrap(), None, "there is no commit yet");
        commit(&repository, "runbook.yaml");
        let state = revision_of(&file).unwrap().unwrap();
        assert_eq!((state.branch.as_deref(), state.dirty), (Some("main"), false));
        assert_eq!(state.blob.as_deref(), Some("5626abf0f72e58d7a153368ba57db4c673c0e171"));
        assert_eq!(state.blob, Some(blob_id(b"one\n").unwrap()));
        fs::write(&file, "two\n").unwrap();
        let edited = revision_of(&file).unwrap().unwrap();
        assert!(edited.dirty);
        assert_eq!(edited.commit, state.commit);
    }

    #[test]
    fn a_file_that_git_does_not_know_is_dirty_and_has_no_blob() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        fs::write(folder.path().join("known"), "one\n").unwrap();
        commit(&repository, "known");
        let unknown = folder.path().join("unknown");
        fs::write(&unknown, "x").unwrap();
        let state = revision_of(&unknown).unwrap().unwrap();
        assert_eq!((state.blob, state.dirty), (None, true));
    }

    #[test]
    fn outside_of_a_repository_there_is_no_revision_and_a_damaged_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runbook.yaml");
        fs::write(&file, "x").unwrap();
        assert_eq!(revision_of(&file).unwrap(), None);
        repository(folder.path());
        fs::write(folder.path().join(".git/HEAD"), "not a head").unwrap();
        assert!(revision_of(&file).is_err());
    }
}
