use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::library::{Found, Source};
use super::signers::Signers;
use super::{Exit, Failure};
use crate::world::{Last, Signature, Tags, WorkTree, WorldError};

/// The git work trees around some files, each opened once.
#[derive(Default)]
pub(crate) struct Trees(BTreeMap<PathBuf, Option<WorkTree>>);

/// What git says of a runbook's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// Whether the text is other than that of the commit it was compared with.
    pub(crate) dirty: bool,
    /// The last commit that changed the file.
    pub(crate) last: Last,
    /// The tags that name the text, the most telling first; none for a dirty one.
    pub(crate) tags: Vec<String>,
    /// The signature that speaks for the text, and what bears it; nothing for a dirty one, which nobody has signed.
    pub(crate) signature: Option<(Signature, Bearer)>,
    /// Whether the clone is shallow.
    pub(crate) shallow: bool,
}

/// What bears a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// A commit, 40 hexadecimal digits. It may be a later one than the file's last: it signs the file all the same.
    Commit(String),
    /// A tag, by name.
    Tag(String),
}

impl Trees {
    /// The work tree in which a file lies, and its path there; nothing if it lies in none.
    pub(crate) fn around(&mut self, file: &Path) -> Result<Option<(&WorkTree, PathBuf)>, WorldError> {
        // A link is followed first: the text is that of the file behind it.
        let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let folder = real.parent().unwrap_or(&real).to_owned();
        if !self.0.contains_key(&folder) {
            self.0.insert(folder.clone(), WorkTree::around(&folder)?);
        }
        let tree = self.0.get(&folder).and_then(Option::as_ref);
        Ok(tree.and_then(|tree| Some((tree, tree.inside(&real)?))))
    }
}

/// What git says of each text; nothing for one that is in no repository. The history is walked once for all files of a
/// folder.
///
/// # Errors
/// Each for itself: the repository of that one cannot be read.
pub(crate) fn versions(
    sources: &[Source],
    trees: &mut Trees,
    signers: &Signers,
) -> Vec<Result<Option<Version>, Failure>> {
    let mut all: Vec<Result<Option<Version>, Failure>> = sources.iter().map(|_| Ok(None)).collect();
    // By folder and commit: of these one walk is made.
    let mut groups: BTreeMap<(PathBuf, String), Vec<Member>> = BTreeMap::new();
    for (number, source) in sources.iter().enumerate() {
        match member(number, source, trees) {
            Ok(Some((folder, start, member))) => groups.entry((folder, start)).or_default().push(member),
            Ok(None) => {}
            Err(error) => all[number] = Err(unreadable(&source.shown, &error)),
        }
    }
    for ((folder, start), members) in groups {
        let Some(tree) = trees.0.get(&folder).and_then(Option::as_ref) else { continue };
        match of_group(tree, &start, &members, signers) {
            Ok(found) => found.into_iter().for_each(|(number, version)| all[number] = Ok(Some(version))),
            Err(error) => {
                for member in members {
                    all[member.number] = Err(unreadable(&sources[member.number].shown, &error));
                }
            }
        }
    }
    all
}

/// What git says of one text.
///
/// # Errors
/// As [`versions`].
pub(crate) fn version(source: &Source, signers: &Signers) -> Result<Option<Version>, Failure> {
    versions(std::slice::from_ref(source), &mut Trees::default(), signers).pop().unwrap_or(Ok(None))
}

/// The failure that an unreadable repository is.
pub(crate) fn unreadable(shown: &str, error: &WorldError) -> Failure {
    Failure::of(Exit::Usage, error)
        .hint(format!("is the repository of `{shown}` yours, and whole? git's `safe.directory` holds here too; `git fsck` looks for damage"))
}

struct Member {
    number: usize,
    inside: PathBuf,
    dirty: bool,
}

type Placed = (PathBuf, String, Member);

fn member(number: usize, source: &Source, trees: &mut Trees) -> Result<Option<Placed>, WorldError> {
    let (path, commit) = match &source.found {
        Found::BuiltIn => return Ok(None),
        Found::File(path) => (path, None),
        Found::Commit { path, commit, .. } => (path, Some(commit.clone())),
    };
    let Some((tree, inside)) = trees.around(path)? else { return Ok(None) };
    let (start, dirty) = match commit {
        Some(commit) => (commit, false),
        None => (tree.head(), tree.state(&inside, &source.bytes)?.dirty),
    };
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    let folder = real.parent().unwrap_or(&real).to_owned();
    Ok(Some((folder, start, Member { number, inside, dirty })))
}

fn of_group(
    tree: &WorkTree,
    start: &str,
    members: &[Member],
    signers: &Signers,
) -> Result<Vec<(usize, Version)>, WorldError> {
    let files: Vec<PathBuf> = members.iter().map(|member| member.inside.clone()).collect();
    let changes = tree.last_changes(start, &files)?;
    let tags = tree.tags()?;
    let mut judged = BTreeMap::new();
    let mut found = Vec::new();
    for (member, last) in members.iter().zip(changes) {
        let mut commits = match &last {
            Last::Commit(facts) | Last::Boundary(facts) => vec![facts.id.clone()],
            Last::Older(_) => Vec::new(),
            // What no commit has, nobody has tagged or signed.
            Last::Never => {
                found.push((member.number, Version { dirty: member.dirty, last, ..Version::unknown(tree) }));
                continue;
            }
        };
        if !commits.iter().any(|commit| commit == start) {
            commits.push(start.to_owned());
        }
        let mut version = Version { dirty: member.dirty, last, ..Version::unknown(tree) };
        if !member.dirty {
            version.tags = commits.iter().flat_map(|commit| tags.at(commit)).map(|tag| tag.name.clone()).collect();
            version.signature = Some(signature(tree, &commits, &tags, signers, &mut judged)?);
        }
        found.push((member.number, version));
    }
    Ok(found)
}

impl Version {
    fn unknown(tree: &WorkTree) -> Self {
        Self { dirty: true, last: Last::Never, tags: Vec::new(), signature: None, shallow: tree.is_shallow() }
    }

    /// The state of the text in a word.
    pub(crate) const fn state(&self) -> &'static str {
        if self.dirty { "dirty" } else { "clean" }
    }

    /// Whether somebody who may has signed the text.
    pub(crate) const fn is_verified(&self) -> bool {
        matches!(self.signature, Some((Signature::Verified { .. }, _)))
    }
}

/// The signature that speaks for a text: a verified one if there is any, else the first that is there at all.
///
/// A commit signs everything that is in it, so each of the `commits` that has the text speaks for it, and so does a tag
/// that names one of them.
fn signature(
    tree: &WorkTree,
    commits: &[String],
    tags: &Tags,
    signers: &Signers,
    judged: &mut BTreeMap<String, Signature>,
) -> Result<(Signature, Bearer), WorldError> {
    let mut first = None;
    for commit in commits {
        let signature = match judged.get(commit) {
            Some(known) => known.clone(),
            None => {
                let signature = signers.judge(tree.signed(commit)?.as_ref());
                judged.insert(commit.clone(), signature.clone());
                signature
            }
        };
        let own = (signature, Bearer::Commit(commit.clone()));
        let of_tags =
            tags.at(commit).iter().map(|tag| (signers.judge(tag.signed.as_ref()), Bearer::Tag(tag.name.clone())));
        for (signature, bearer) in std::iter::once(own).chain(of_tags) {
            match signature {
                Signature::Verified { .. } => return Ok((signature, bearer)),
                Signature::Unsigned => {}
                _ => first = first.or(Some((signature, bearer))),
            }
        }
    }
    let unsigned = || (Signature::Unsigned, Bearer::Commit(commits.first().cloned().unwrap_or_default()));
    Ok(first.unwrap_or_else(unsigned))
}
