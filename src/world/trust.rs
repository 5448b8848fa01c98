use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::WorldError;
use crate::base::Digest;

/// The list of what a user trusts: libraries by their real path, each with the digest of the content that was looked at.
///
/// It is one file of JSON, readable and writable by the user alone, and replaced whole: a reader sees the list before a
/// change or after it. Changes of several processes wait for each other.
#[derive(Clone, Debug)]
pub struct TrustBook {
    path: PathBuf,
}

/// A library that is trusted as long as its content is what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// The library's folder, with every link followed.
    pub library: PathBuf,
    /// The digest of all of its files together.
    pub digest: Digest,
    /// The files, so that it can be said which of them has changed.
    pub files: Vec<TrustedFile>,
}

/// A file of a trusted library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedFile {
    /// Its path below the library's folder.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    trusted: Vec<Trusted>,
}

const FORMAT: u32 = 1;
/// A list of thousands of libraries is smaller.
const LIST_MAX: u64 = 16 << 20;

impl TrustBook {
    /// The list in that file, which need not be there.
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// What is trusted; nothing if there is no list yet.
    ///
    /// # Errors
    /// The list cannot be read, is not one, or could have been written by somebody else than this user: then it says
    /// nothing about what this user has looked at.
    pub fn read(&self) -> Result<Vec<Trusted>, WorldError> {
        let failed = |source| WorldError::ReadTrust { path: self.path.clone(), source };
        let file = match open_plain(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened.map_err(failed)?,
        };
        if is_of_others(&file).map_err(failed)? {
            return Err(WorldError::ForeignTrust(self.path.clone()));
        }
        let mut text = Vec::new();
        file.take(LIST_MAX).read_to_end(&mut text).map_err(failed)?;
        let written: Written = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
        if written.format != FORMAT {
            let why = format!("its format is {}, and this program reads {FORMAT}", written.format);
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        Ok(written.trusted)
    }

    /// Trusts a library from now on, in place of what was trusted of it before.
    ///
    /// # Errors
    /// As [`TrustBook::read`]; and the list cannot be written.
    pub fn trust(&self, library: Trusted) -> Result<(), WorldError> {
        self.change(|all| {
            all.retain(|known| known.library != library.library);
            all.push(library);
        })
    }

    /// Trusts a library no longer; tells whether it was trusted.
    ///
    /// # Errors
    /// As [`TrustBook::trust`].
    pub fn revoke(&self, library: &Path) -> Result<bool, WorldError> {
        let mut found = false;
        self.change(|all| {
            let before = all.len();
            all.retain(|known| known.library != library);
            found = all.len() < before;
        })?;
        Ok(found)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Trusted>)) -> Result<(), WorldError> {
        let failed = |source| WorldError::WriteTrust { path: self.path.clone(), source };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        make_own_folder(folder).map_err(failed)?;
        // The lock file stays: removing it would let two processes hold a lock each.
        let lock = own_file().create(true).truncate(false).open(self.path.with_extension("lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut trusted = self.read()?;
        change(&mut trusted);
        trusted.sort_by(|a, b| a.library.cmp(&b.library));
        self.replace(&Written { format: FORMAT, trusted }).map_err(failed)
    }

    /// Writes the list beside itself and puts it in its place once it is on the disk.
    fn replace(&self, written: &Written) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut text = serde_json::to_vec_pretty(written)?;
        text.push(b'\n');
        let mut file = own_file().create(true).truncate(true).open(&new)?;
        // A leftover of a crash may have had another mode.
        own_mode(&file)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

/// Reads a file that is neither a link nor anything else than a file, up to `limit` bytes. Whoever goes on with these
/// bytes need not fear that the file is exchanged meanwhile.
///
/// # Errors
/// It is not there, is no plain file, or cannot be read.
pub fn read_plain(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_plain(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn open_plain(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // A link is not followed, and a pipe does not keep anybody waiting; both are refused below by what they are.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "it is a link or no plain file");
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(refused());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused()) }
}

/// Tells whether somebody else than this user may have written the file.
fn is_of_others(file: &File) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = file.metadata()?;
        Ok(metadata.mode() & 0o022 != 0 || metadata.uid() != rustix::process::getuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok(false)
    }
}

/// Tells whether anybody on this machine may write to what is there. What is not there, nobody may.
pub fn is_open_to_all(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::symlink_metadata(path)
            .is_ok_and(|metadata| !metadata.is_symlink() && metadata.permissions().mode() & 0o002 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

fn make_own_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn own_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn own_mode(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = (file, None::<Permissions>);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn library(path: &str) -> Trusted {
        let digest = Digest::of("test", path.as_bytes());
        Trusted {
            library: path.into(),
            digest,
            files: vec![TrustedFile { name: "environments/a.yaml".into(), digest }],
        }
    }

    #[test]
    fn what_is_trusted_is_read_again_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let book = TrustBook::at(folder.path().join("deep/trusted.json"));
        assert_eq!(book.read().unwrap(), []);
        book.trust(library("/b")).unwrap();
        book.trust(library("/a")).unwrap();
        let newer = Trusted { digest: Digest::of("test", b"newer"), ..library("/b") };
        book.trust(newer.clone()).unwrap();
        assert_eq!(book.read().unwrap(), [library("/a"), newer]);
        assert!(book.revoke(Path::new("/a")).unwrap() && !book.revoke(Path::new("/a")).unwrap());
        assert_eq!(book.read().unwrap().len(), 1);
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("deep/trusted.json"), mode("deep")), (0o600, 0o700));
    }

    #[test]
    fn a_list_that_others_could_have_written_trusts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trusted.json");
        let book = TrustBook::at(path.clone());
        book.trust(library("/a")).unwrap();
        for mode in [0o620, 0o602] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(matches!(book.read(), Err(WorldError::ForeignTrust(_))), "{mode:o}");
            assert!(book.trust(library("/b")).is_err(), "{mode:o}");
        }
        let real = folder.path().join("real.json");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::rename(&path, &real).unwrap();
        symlink(&real, &path).unwrap();
        assert!(book.read().is_err(), "a link was followed");
        fs::remove_file(&path).unwrap();
        fs::write(&path, "{\"format\": 2, \"trusted\": []}").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(book.read().is_err(), "a newer list was read as if it were known");
    }

    #[test]
    fn a_link_a_folder_and_a_pipe_are_no_plain_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "text").unwrap();
        symlink(at("file"), at("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
        assert_eq!(read_plain(&at("file"), 3).unwrap(), b"tex");
        for name in ["link", "pipe", "", "missing"] {
            assert!(read_plain(&at(name), 3).is_err(), "{name}");
        }
    }
}
