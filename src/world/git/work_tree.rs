use std::iter;
use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, ObjectType, Oid, Repository, RepositoryOpenFlags};

use super::{HISTORY_MOST, Last, Tags, history};
use crate::base::Timestamp;
use crate::world::{Signed, WorldError};

/// A git work tree in which something is committed, opened for reading.
///
/// Nothing that stands in it or in its own configuration is run or believed: no hook, filter, or signing setting of the
/// repository takes part. A repository that belongs to another user is refused, as git's `safe.directory` says.
pub struct WorkTree {
    repository: Repository,
    /// The top of the work tree, with every link followed.
    root: PathBuf,
    head: Oid,
    branch: Option<String>,
}

/// What a text is to the commit that is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitState {
    /// The commit that is checked out, 40 hexadecimal digits.
    pub commit: String,
    /// The file's blob in that commit; nothing if the commit does not have the file.
    pub blob: Option<String>,
    /// Whether the text is other than the commit's. Line endings alone make no difference, because git may have been
    /// told to translate them.
    pub dirty: bool,
}

/// A file as a commit has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The commit, 40 hexadecimal digits.
    pub commit: String,
    /// The blob, 40 hexadecimal digits.
    pub blob: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The id that git gives to a blob of these bytes, 40 hexadecimal digits; there need be no repository.
///
/// # Errors
/// Only if the library itself fails.
pub fn blob_id(bytes: &[u8]) -> Result<String, WorldError> {
    let id = Oid::hash_object(ObjectType::Blob, bytes);
    id.map(|id| id.to_string()).map_err(|source| WorldError::Git { path: PathBuf::new(), source })
}

impl WorkTree {
    /// The work tree in which that folder lies; nothing if it lies in none, in a bare repository, or in one without a
    /// commit.
    ///
    /// # Errors
    /// There is a repository, but it cannot be read: damaged, of a format that libgit2 does not know, or owned by another
    /// user.
    pub fn around(folder: &Path) -> Result<Option<Self>, WorldError> {
        open(folder).map_err(|source| WorldError::Git { path: folder.to_owned(), source })
    }

    /// The commit that is checked out, 40 hexadecimal digits.
    pub fn head(&self) -> String {
        self.head.to_string()
    }

    /// The branch; nothing if a commit is checked out directly.
    pub fn branch(&self) -> Option<&str> {
        self.branch.as_deref()
    }

    /// Tells whether the clone is shallow, so that its history ends before it began.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }

    /// The path of a file from the top of the work tree, with every link followed; nothing if it is not in it. The file
    /// itself need not be there, its folder must be.
    pub fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().or_else(|_| {
            let folder = path.parent().unwrap_or(path).canonicalize()?;
            Ok::<_, std::io::Error>(folder.join(path.file_name().unwrap_or_default()))
        });
        real.ok()?.strip_prefix(&self.root).ok().map(Path::to_owned)
    }

    /// What `bytes`, read from the file `inside`, are to the commit that is checked out.
    ///
    /// The bytes themselves are compared and not what the index says of the file, so that neither a file that git was
    /// told to overlook nor one that changes while it is looked at counts as clean.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn state(&self, inside: &Path, bytes: &[u8]) -> Result<GitState, WorldError> {
        let blob = self.head_blob(inside).map_err(|source| self.broken(inside, source))?;
        let same = match blob {
            Some(blob) => [bytes, &unix_lines(bytes)].into_iter().any(|bytes| is_blob(blob, bytes)),
            None => false,
        };
        Ok(GitState { commit: self.head(), blob: blob.map(|blob| blob.to_string()), dirty: !same })
    }

    /// The commit that `revision` names, 40 hexadecimal digits: anything that `git rev-parse` takes for a commit, such as
    /// `HEAD~2`, a branch, a tag, or the beginning of an id.
    ///
    /// # Errors
    /// It names none, or more than one.
    pub fn resolve(&self, revision: &str) -> Result<String, WorldError> {
        let commit = self.repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        commit
            .map(|commit| commit.id().to_string())
            .map_err(|source| WorldError::NoRevision { revision: revision.to_owned(), source })
    }

    /// The file `inside` as that commit has it, read from the object database.
    ///
    /// # Errors
    /// The commit does not have it; it is a link, a folder or a submodule there; it has more than `most` bytes; the
    /// repository is damaged.
    pub fn file_at(&self, commit: &str, inside: &Path, most: u64) -> Result<Committed, WorldError> {
        let broken = |source| self.broken(inside, source);
        let unusable = |why: String| {
            let commit = commit.get(..7).unwrap_or(commit).to_owned();
            WorldError::NoFile { file: inside.to_owned(), commit, why }
        };
        let tree = self.commit(commit).and_then(|commit| commit.tree()).map_err(broken)?;
        let entry = match tree.get_path(inside) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => return Err(unusable("is not in".to_owned())),
            Err(error) => return Err(broken(error)),
        };
        if entry.kind() != Some(ObjectType::Blob) || entry.filemode() & LINK == LINK {
            return Err(unusable("is a link, a folder or a submodule, and no file, in".to_owned()));
        }
        let odb = self.repository.odb().map_err(broken)?;
        let (size, _) = odb.read_header(entry.id()).map_err(broken)?;
        if u64::try_from(size).is_ok_and(|size| size > most) {
            return Err(unusable(format!("has {size} bytes, and {most} are the most, in")));
        }
        let bytes = odb.read(entry.id()).map_err(broken)?.data().to_vec();
        Ok(Committed { commit: commit.to_owned(), blob: entry.id().to_string(), bytes })
    }

    /// The names of the files of a folder, as that commit has it; none if it does not have the folder.
    pub fn names_at(&self, commit: &str, folder: &Path) -> Vec<String> {
        let tree = self.commit(commit).and_then(|commit| commit.tree());
        let folder = tree.and_then(|tree| tree.get_path(folder)?.to_object(&self.repository)?.peel_to_tree());
        let Ok(folder) = folder else { return Vec::new() };
        folder.iter().map(|entry| String::from_utf8_lossy(entry.name_bytes()).into_owned()).collect()
    }

    /// The names of all tags and branches, for a person who mistyped one.
    pub fn names(&self) -> Vec<String> {
        let Ok(references) = self.repository.references() else { return Vec::new() };
        let names = references.flatten().filter(|reference| reference.is_tag() || reference.is_branch());
        names.filter_map(|reference| reference.shorthand().ok().map(str::to_owned)).collect()
    }

    /// For each file, the last commit that changed it, as seen from `commit`: one walk for all of them, which looks at
    /// [`HISTORY_MOST`] commits and then says that it did.
    ///
    /// Where two lines of history meet, the line that already had the text is followed, as `git log FILE` does.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn last_changes(&self, commit: &str, files: &[PathBuf]) -> Result<Vec<Last>, WorldError> {
        let from = Oid::from_str(commit).map_err(|source| self.broken(&self.root, source))?;
        history::last_changes(&self.repository, from, files, HISTORY_MOST)
            .map_err(|source| self.broken(&self.root, source))
    }

    /// Every tag, by the commit to which it points. A tag that points to something else, or to nothing, is left out.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn tags(&self) -> Result<Tags, WorldError> {
        Tags::read(&self.repository).map_err(|source| self.broken(&self.root, source))
    }

    /// What a commit's signature says it signs; nothing if it is unsigned.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn signed(&self, commit: &str) -> Result<Option<Signed>, WorldError> {
        let signed = || -> Result<Option<Signed>, git2::Error> {
            let commit = self.commit(commit)?;
            match self.repository.extract_signature(&commit.id(), None) {
                Ok((armour, data)) => {
                    let at = Timestamp::from_seconds(commit.committer().when().seconds());
                    let armour = String::from_utf8_lossy(&armour).into_owned();
                    Ok(Some(Signed { armour, data: data.to_vec(), at }))
                }
                Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        signed().map_err(|source| self.broken(&self.root, source))
    }

    fn commit(&self, id: &str) -> Result<Commit<'_>, git2::Error> {
        self.repository.find_commit(Oid::from_str(id)?)
    }

    fn head_blob(&self, inside: &Path) -> Result<Option<Oid>, git2::Error> {
        match self.repository.find_commit(self.head)?.tree()?.get_path(inside) {
            Ok(entry) => Ok(Some(entry.id())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn broken(&self, inside: &Path, source: git2::Error) -> WorldError {
        WorldError::Git { path: self.root.join(inside), source }
    }
}

/// The bits of a tree entry's mode that say that it is a symbolic link: `S_IFLNK`, 0120000.
const LINK: i32 = 0o120_000;

fn open(folder: &Path) -> Result<Option<WorkTree>, git2::Error> {
    let Ok(folder) = folder.canonicalize() else { return Ok(None) };
    let Some(repository) = folder.ancestors().find_map(|folder| repository(folder).transpose()).transpose()? else {
        return Ok(None);
    };
    let Some(root) = repository.workdir().and_then(|root| root.canonicalize().ok()) else { return Ok(None) };
    let (head, branch) = {
        let head = match repository.head() {
            Ok(head) => head,
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let branch = if head.is_branch() { head.shorthand().ok().map(str::to_owned) } else { None };
        (head.peel_to_commit()?.id(), branch)
    };
    Ok(Some(WorkTree { repository, root, head, branch }))
}

/// The repository of which that folder is the top: it has a `.git` of its own, a folder or, as in a worktree or a
/// submodule, a file.
///
/// A folder with the contents of a bare repository is none, though libgit2 would take it for one: unlike a `.git`, such a
/// folder can be committed, and would have the clone's own files judged by a history that its author made up.
fn repository(folder: &Path) -> Result<Option<Repository>, git2::Error> {
    let itself = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
    match Repository::open_ext(folder.join(".git"), itself, iter::empty::<&Path>()) {
        Ok(repository) => Ok(Some(repository)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_blob(blob: Oid, bytes: &[u8]) -> bool {
    Oid::hash_object(ObjectType::Blob, bytes).is_ok_and(|id| id == blob)
}

/// The bytes with each carriage return before a newline left out.
fn unix_lines(bytes: &[u8]) -> Vec<u8> {
    let ends_line = |at: usize| bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
    (0..bytes.len()).filter(|at| !ends_line(*at)).map(|at| bytes[at]).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use git2::{RepositoryInitOptions, Signature, Time};

    use super::*;

    pub(crate) fn repository(folder: &Path) -> Repository {
        Repository::init_opts(folder, RepositoryInitOptions::new().initial_head("main")).unwrap()
    }

    /// Commits what stands on the disk under that name, so many seconds after 1970, on top of what is checked out.
    pub(crate) fn commit(repository: &Repository, file: &str, at: i64) -> Oid {
        let mut index = repository.index().unwrap();
        index.add_path(Path::new(file)).unwrap();
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::new("Ada", "ada@example.com", &Time::new(at, 0)).unwrap();
        let parent = repository.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        repository.commit(Some("HEAD"), &who, &who, file, &tree, &parents).unwrap()
    }

    fn state(file: &Path) -> GitState {
        let tree = WorkTree::around(file.parent().unwrap()).unwrap().unwrap();
        tree.state(&tree.inside(file).unwrap(), &fs::read(file).unwrap()).unwrap()
    }

    #[test]
    fn a_committed_file_is_clean_until_it_is_edited_whatever_the_index_says() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        let file = folder.path().join("runbook.yaml");
        fs::write(&file, "one\n").unwrap();
        assert!(WorkTree::around(folder.path()).unwrap().is_none(), "there is no commit yet");
        commit(&repository, "runbook.yaml", 0);
        let clean = state(&file);
        assert!(!clean.dirty);
        assert_eq!(clean.blob.as_deref(), Some("5626abf0f72e58d7a153368ba57db4c673c0e171"));
        assert_eq!(clean.blob, Some(blob_id(b"one\n").unwrap()));
        assert_eq!(WorkTree::around(folder.path()).unwrap().unwrap().branch(), Some("main"));

        let mut index = repository.index().unwrap();
        let mut entry = index.get_path(Path::new("runbook.yaml"), 0).unwrap();
        entry.flags |= 0x8000; // git update-index --assume-unchanged
        index.add(&entry).unwrap();
        index.write().unwrap();
        fs::write(&file, "two\n").unwrap();
        assert!(state(&file).dirty);
        assert_eq!(state(&file).commit, clean.commit);
        fs::write(&file, "one\r\n").unwrap();
        assert!(!state(&file).dirty, "git may have been told to write lines so");
    }

    #[test]
    fn a_file_that_git_does_not_know_is_dirty_and_has_no_blob() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        fs::write(folder.path().join("known"), "one\n").unwrap();
        commit(&repository, "known", 0);
        let unknown = folder.path().join("unknown");
        fs::write(&unknown, "x").unwrap();
        let state = state(&unknown);
        assert_eq!((state.blob, state.dirty), (None, true));
    }

    #[test]
    fn a_bare_repository_has_no_work_tree_and_a_damaged_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        Repository::init_bare(folder.path().join("bare")).unwrap();
        assert!(WorkTree::around(&folder.path().join("bare")).unwrap().is_none());
        let damaged = folder.path().join("damaged");
        repository(&damaged);
        fs::write(damaged.join(".git/HEAD"), "not a head").unwrap();
        assert!(WorkTree::around(&damaged).is_err());
    }

    #[test]
    fn a_folder_that_looks_like_a_repository_but_is_only_committed_is_not_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let outer = repository(folder.path());
        fs::write(folder.path().join("own"), "one\n").unwrap();
        commit(&outer, "own", 0);
        // `lib` is the `.git` of another work tree, which has committed the text that stands in `lib` itself.
        let made_up = tempfile::tempdir().unwrap();
        let inner = repository(made_up.path());
        fs::write(made_up.path().join("evil"), "two\n").unwrap();
        commit(&inner, "evil", 0);
        let lib = folder.path().join("lib");
        fs::rename(made_up.path().join(".git"), &lib).unwrap();
        fs::write(lib.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n")
            .unwrap();
        fs::write(lib.join("evil"), "two\n").unwrap();

        let tree = WorkTree::around(&lib).unwrap().unwrap();
        assert_eq!(tree.head(), outer.head().unwrap().target().unwrap().to_string());
        assert!(state(&lib.join("evil")).dirty);
    }

    #[test]
    fn a_link_or_a_folder_of_a_commit_is_no_file_and_a_huge_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        fs::create_dir(folder.path().join("runbooks")).unwrap();
        fs::write(folder.path().join("runbooks/a.yaml"), "one\n").unwrap();
        std::os::unix::fs::symlink("a.yaml", folder.path().join("runbooks/link.yaml")).unwrap();
        commit(&repository, "runbooks/a.yaml", 0);
        commit(&repository, "runbooks/link.yaml", 1);
        let tree = WorkTree::around(folder.path()).unwrap().unwrap();
        let read = |file: &str, most| tree.file_at(&tree.head(), Path::new(file), most).map(|file| file.bytes);
        assert_eq!(read("runbooks/a.yaml", 4).unwrap(), b"one\n");
        for (file, most) in [("runbooks/a.yaml", 3), ("runbooks/link.yaml", 9), ("runbooks", 9), ("b.yaml", 9)] {
            assert!(matches!(read(file, most), Err(WorldError::NoFile { .. })), "{file}");
        }
        assert_eq!(tree.names_at(&tree.head(), Path::new("runbooks")), ["a.yaml", "link.yaml"]);
    }
}
