use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use super::Setting;
use crate::world::{RedactingWriter, Redactor};

/// A log that is longer than this when the program starts is put aside, and a new one is begun.
const LARGEST: u64 = 10 << 20;

/// What is logged unless `RUST_LOG` says otherwise.
const USUAL: &str = "callout=info,warn";

/// Sends what the rooms say to the log file, through the redactor. Nothing of it ever reaches a terminal.
///
/// A log that cannot be written is gone without: the program's own log is a help, and no reason not to work. The record
/// of a run is the journal.
pub(crate) fn begin(setting: &Setting, redactor: &Redactor) {
    let path = setting.log_file();
    let Ok(file) = open(&path) else { return };
    let filter = EnvFilter::builder().parse_lossy(setting.log.as_deref().unwrap_or(USUAL));
    let begun = tracing_subscriber::fmt()
        .with_writer(Mutex::new(RedactingWriter::new(file, redactor.clone())))
        .with_ansi(false)
        .with_env_filter(filter)
        .try_init();
    // Only a test that calls the program twice in one process finds one that is there already.
    let _ = begun;
    tell_of_panics(path);
}

/// Names the log below a panic's own text, and puts the panic into it. The screen gives the terminal back
/// before it lets this be done.
fn tell_of_panics(path: PathBuf) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        before(info);
        // If standard error is gone as well, there is nobody left to tell.
        let _ = writeln!(io::stderr(), "This is a fault of callout itself; its log is {}", path.display());
        // Last, because it is the log itself that may have panicked.
        tracing::error!("{info}");
    }));
}

fn open(path: &Path) -> io::Result<fs::File> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    if fs::metadata(path).is_ok_and(|found| found.len() > LARGEST) {
        // One older log is kept. Two programs that start at once may both do this; then the older of the two is lost.
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_has_grown_large_is_put_aside_and_a_small_one_is_continued() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/callout.log");
        open(&path).unwrap().set_len(LARGEST).unwrap();
        assert_eq!(open(&path).unwrap().metadata().unwrap().len(), LARGEST);
        open(&path).unwrap().set_len(LARGEST + 1).unwrap();
        assert_eq!(open(&path).unwrap().metadata().unwrap().len(), 0);
        assert_eq!(fs::metadata(path.with_extension("log.1")).unwrap().len(), LARGEST + 1);
    }
}
