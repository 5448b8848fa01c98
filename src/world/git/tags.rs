use std::collections::BTreeMap;

use git2::{ObjectType, Odb, Oid, Reference, Repository};

use crate::base::Timestamp;
use crate::world::Signed;

/// The tags of a repository, by the commit to which they point.
#[derive(Clone, Debug, Default)]
pub struct Tags(BTreeMap<String, Vec<Tag>>);

/// A tag.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// When it was made; of a lightweight tag, when its commit was.
    pub at: Timestamp,
    /// What its own signature says it signs; nothing if it has none.
    pub signed: Option<Signed>,
}

impl Tags {
    /// The tags that point at a commit (40 hexadecimal digits), the newest first.
    pub fn at(&self, commit: &str) -> &[Tag] {
        self.0.get(commit).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn read(repository: &Repository) -> Result<Self, git2::Error> {
        let odb = repository.odb()?;
        let mut tags: BTreeMap<String, Vec<Tag>> = BTreeMap::new();
        for reference in repository.references_glob("refs/tags/*")?.flatten() {
            let Some((commit, tag)) = tag(&reference, &odb) else { continue };
            tags.entry(commit.to_string()).or_default().push(tag);
        }
        for tags in tags.values_mut() {
            tags.sort_by(|a, b| (b.at, &b.name).cmp(&(a.at, &a.name)));
        }
        Ok(Self(tags))
    }
}

/// The commit to which a tag points, directly or by a tag object.
fn tag(reference: &Reference<'_>, odb: &Odb<'_>) -> Option<(Oid, Tag)> {
    let name = String::from_utf8_lossy(reference.shorthand_bytes()).into_owned();
    let commit = reference.peel_to_commit().ok()?;
    let committed = Timestamp::from_seconds(commit.time().seconds());
    let object = reference.peel_to_tag().ok().filter(|tag| tag.target_type() == Some(ObjectType::Commit));
    let Some(object) = object else { return Some((commit.id(), Tag { name, at: committed, signed: None })) };
    let at = object.tagger().map_or(committed, |tagger| Timestamp::from_seconds(tagger.when().seconds()));
    // A signed tag that was put under another name says what nobody signed.
    let own_name = object.name_bytes() == reference.shorthand_bytes();
    let signed = own_name.then(|| odb.read(object.id()).ok()).flatten().and_then(|raw| signed(raw.data(), at));
    Some((commit.id(), Tag { name, at, signed }))
}

/// A tag's signature stands at its end, and signs all that is before it (git's `parse_signed_buffer`).
fn signed(raw: &[u8], at: Timestamp) -> Option<Signed> {
    const HEADS: [&str; 4] = [
        "-----BEGIN SSH SIGNATURE-----",
        "-----BEGIN PGP SIGNATURE-----",
        "-----BEGIN PGP MESSAGE-----",
        "-----BEGIN SIGNED MESSAGE-----",
    ];
    let is_head = |at: &usize| {
        (*at == 0 || raw[at - 1] == b'\n') && HEADS.iter().any(|head| raw[*at..].starts_with(head.as_bytes()))
    };
    let begin = (0..raw.len()).rev().find(is_head)?;
    let armour = String::from_utf8_lossy(&raw[begin..]).into_owned();
    Some(Signed { armour, data: raw[..begin].to_vec(), at })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::work_tree::tests::{commit, repository};
    use super::*;

    #[test]
    fn the_newest_tag_comes_first_and_a_signature_ends_a_tag() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        fs::write(folder.path().join("a"), "1").unwrap();
        let id = commit(&repository, "a", 5);
        let target = repository.find_commit(id).unwrap().into_object();
        let who = |at| git2::Signature::new("Ada", "ada@example.com", &git2::Time::new(at, 0)).unwrap();
        repository.tag_lightweight("light", &target, false).unwrap();
        repository.tag("v1", &target, &who(7), "one\n-----BEGIN SSH SIGNATURE-----\nx\n", false).unwrap();
        repository.tag("v2", &target, &who(9), "two", false).unwrap();
        let tags = Tags::read(&repository).unwrap();
        let names: Vec<&str> = tags.at(&id.to_string()).iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names, ["v2", "v1", "light"]);
        let signed = tags.at(&id.to_string())[1].signed.as_ref().unwrap();
        assert_eq!(signed.armour, "-----BEGIN SSH SIGNATURE-----\nx\n");
        assert!(signed.data.starts_with(b"object ") && signed.data.ends_with(b"one\n"));
        assert!(tags.at(&id.to_string())[0].signed.is_none(), "it has none");
    }

    #[test]
    fn a_signed_tag_under_another_name_has_no_signature() {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        fs::write(folder.path().join("a"), "1").unwrap();
        let id = commit(&repository, "a", 5);
        let target = repository.find_commit(id).unwrap().into_object();
        let who = git2::Signature::new("Ada", "ada@example.com", &git2::Time::new(7, 0)).unwrap();
        let tag = repository.tag("test", &target, &who, "one\n-----BEGIN SSH SIGNATURE-----\nx\n", false).unwrap();
        repository.reference("refs/tags/production", tag, false, "").unwrap();
        let tags = Tags::read(&repository).unwrap();
        let signed =
            |name: &str| tags.at(&id.to_string()).iter().find(|tag| tag.name == name).unwrap().signed.is_some();
        assert!(signed("test") && !signed("production"));
    }
}
