use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Redactor;
use crate::base::Digest;
use crate::effect::{Evidence, Files};

/// How large a file of evidence may be.
const MOST: u32 = 1 << 20;

/// How bytes are kept that are no text (RFC 2397).
const IN_BASE64: &str = "data:application/octet-stream;base64,";

/// The bytes that were taken in as evidence and are kept as that text; none if they do not have that hash.
pub fn taken_in(text: &str, sha256: &Digest) -> Option<Vec<u8>> {
    let fits = |bytes: &[u8]| Digest::of_parts(&[bytes]) == *sha256;
    if fits(text.as_bytes()) {
        return Some(text.as_bytes().to_vec());
    }
    let bytes = STANDARD.decode(text.strip_prefix(IN_BASE64)?).ok()?;
    fits(&bytes).then_some(bytes)
}

/// The files of this computer, as this user may read them.
#[derive(Clone, Debug)]
pub struct LocalFiles {
    /// The folder from which a path is meant.
    pub here: PathBuf,
    /// Knows the secrets of this process, and what secrets look like.
    pub redactor: Redactor,
}

impl Files for LocalFiles {
    /// Takes in at most 1 MiB. A pipe or a device is never opened.
    fn take_in(&self, path: &str) -> Result<Evidence, String> {
        let place = self.here.join(path);
        let unreadable = |error: std::io::Error| format!("the file `{path}` cannot be read: {error}");
        let found = fs::metadata(&place).map_err(unreadable)?;
        if !found.is_file() {
            return Err(format!("`{path}` is not a file"));
        }
        let mut bytes = Vec::new();
        // It may have grown since it was looked at.
        File::open(&place)
            .and_then(|file| file.take(u64::from(MOST) + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        let size = u32::try_from(bytes.len()).ok().filter(|size| *size <= MOST);
        let size = size.ok_or_else(|| format!("the file `{path}` is larger than 1 MiB: give the part that matters"))?;
        let sha256 = Digest::of_parts(&[&bytes]);
        let text = match String::from_utf8(bytes) {
            Ok(text) if self.redactor.redact(&text) != text => {
                let what = "holds what looks like a secret; take it out, and give the file again";
                return Err(format!("the file `{path}` {what}"));
            }
            Ok(text) => text,
            Err(not_text) => {
                format!("{IN_BASE64}{}", STANDARD.encode(not_text.as_bytes()))
            }
        };
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Evidence { name, sha256, bytes: size, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &tempfile::TempDir) -> LocalFiles {
        LocalFiles { here: folder.path().to_owned(), redactor: Redactor::new() }
    }

    #[test]
    fn a_text_is_kept_as_it_is_and_other_bytes_in_base64_under_the_digest_that_sha256sum_prints() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("note.txt"), "hello\n").unwrap();
        fs::write(folder.path().join("screen.png"), [0xff, 0x00]).unwrap();
        let note = files(&folder).take_in("note.txt").unwrap();
        assert_eq!((note.name.as_str(), note.bytes, note.text.as_str()), ("note.txt", 6, "hello\n"));
        let known = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(note.sha256.to_string(), known);
        assert_eq!(files(&folder).take_in("screen.png").unwrap().text, "data:application/octet-stream;base64,/wA=");
    }

    #[test]
    fn what_is_too_large_no_file_or_a_secret_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("large"), vec![b'a'; (1 << 20) + 1]).unwrap();
        fs::write(folder.path().join("exact"), vec![b'a'; 1 << 20]).unwrap();
        fs::write(folder.path().join("conf"), "the password is hunter2hunter2").unwrap();
        let files = files(&folder);
        files.redactor.learn("hunter2hunter2");
        assert!(files.take_in("large").unwrap_err().contains("larger than 1 MiB"));
        assert!(files.take_in("exact").is_ok());
        assert!(files.take_in(".").unwrap_err().contains("is not a file"));
        assert!(files.take_in("missing").unwrap_err().contains("cannot be read"));
        let refused = files.take_in("conf").unwrap_err();
        assert!(refused.contains("looks like a secret") && !refused.contains("hunter2"), "{refused}");
    }
}
