use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::sync::OnceLock;

use uuid::{Builder, Uuid};

use super::platform;
use crate::base::{Digest, Entropy, HostId};

/// The file in which the id of this user's place on this computer is kept.
const FILE: &str = "host";

/// The id of this user's place on this computer: drawn once, and kept in `folder` from then on, in a file that only its
/// owner reads. Two programs that draw at once agree on what the first of them kept.
///
/// Never the computer's name, which may be a person's, nor an id that other programs know. None if it cannot be kept or
/// read; nothing is lost by that but the id.
pub fn host_id(folder: &Path, entropy: &dyn Entropy) -> Option<HostId> {
    let path = folder.join(FILE);
    match fs::read_to_string(&path) {
        // What is there and is no id was put there by somebody; it is not ours to replace.
        Ok(text) => text.trim().parse().ok(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let drawn = draw(entropy);
            match keep(folder, &path, drawn) {
                Ok(()) => Some(HostId::new(drawn)),
                // Another program was faster, or this folder takes no files.
                Err(_) => fs::read_to_string(&path).ok()?.trim().parse().ok(),
            }
        }
        Err(_) => None,
    }
}

/// The SHA-256 of this process's executable file; none if it cannot be read. Read once in a process, when first asked for.
pub fn program_digest() -> Option<Digest> {
    static DIGEST: OnceLock<Option<Digest>> = OnceLock::new();
    *DIGEST.get_or_init(|| platform::program_file().and_then(Digest::of_stream).ok())
}

/// A UUID of version 4 (RFC 9562): one of version 7 would say when this computer was first worked on.
fn draw(entropy: &dyn Entropy) -> Uuid {
    let salt = entropy.salt();
    let (random, _) = salt.split_at(16);
    Builder::from_random_bytes(random.try_into().unwrap_or_default()).into_uuid()
}

/// Writes the id beside its place and then links it there, which fails if something is there by now: nobody ever reads half
/// of it, and nobody replaces it.
fn keep(folder: &Path, path: &Path, id: Uuid) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let beside = folder.join(format!("{FILE}.{}", id.simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    let kept = writeln!(file, "{id}").and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&beside, path));
    fs::remove_file(&beside).and(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::SystemEntropy;
    use std::collections::BTreeSet;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn the_id_is_drawn_once_and_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data/callout");
        let entropy = SystemEntropy::open().unwrap();
        let id = host_id(&folder, &entropy).unwrap();
        assert_eq!(host_id(&folder, &entropy), Some(id));
        assert_eq!(id.uuid().get_version_num(), 4);
        assert_eq!(names(&folder), [FILE], "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder.join(FILE)), mode(&folder)), (0o600, 0o700));
        }
        let elsewhere = tempfile::tempdir().unwrap();
        assert_ne!(host_id(elsewhere.path(), &entropy), Some(id));
    }

    #[test]
    fn programs_that_draw_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let ids: BTreeSet<Option<HostId>> = std::thread::scope(|scope| {
            let draw = || host_id(folder.path(), &SystemEntropy::open().unwrap());
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.len() == 1 && !ids.contains(&None), "{ids:?}");
        assert_eq!(names(folder.path()), [FILE]);
    }

    #[test]
    fn without_a_place_for_it_there_is_no_id() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "not a folder").unwrap();
        let entropy = SystemEntropy::open().unwrap();
        assert_eq!(host_id(&file, &entropy), None);
        fs::write(folder.path().join(FILE), "my computer\n").unwrap();
        assert_eq!(host_id(folder.path(), &entropy), None);
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), "my computer\n");
    }

    #[test]
    fn the_digest_is_that_of_the_file_that_runs() {
        let digest = program_digest().unwrap();
        let file = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(digest, Digest::of_parts(&[&file]));
    }
}
