use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::base::Seq;
use crate::cli::args::{Audit, ExportFormat};
use crate::cli::entry::draft;
use crate::cli::{Exit, Failure, Setting, store};
use crate::journal::{Batch, Channel, Fact, Journal as _, Line, LogEvent, Mark, Remembered, SqliteJournal};
use crate::projection::{
    AuditFormat, BundleFile, BundleWriter, CHECKPOINT, LEAVES, RECORDS, StoreVerdict, VerifyError, verify_bundle,
    verify_store,
};
use crate::world::SystemEntropy;

/// So many lines are read at once.
const PAGE: u32 = 1000;

/// Exports the audit log, or verifies one.
pub(crate) fn audit(setting: &Setting, audit: &Audit, out: &mut dyn Write) -> Result<Exit, Failure> {
    match audit {
        Audit::Verify { bundle: Some(folder) } => verify_folder(&setting.here.join(folder), out),
        Audit::Verify { bundle: None } => verify(setting, out),
        Audit::Export { format, out: path } => {
            let path = path.as_ref().map(|path| setting.here.join(path));
            export(setting, *format, path.as_deref(), out)
        }
    }
}

fn verify(setting: &Setting, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(journal) = store::reader(setting)? else {
        let place = store::place(setting)?;
        if !place.exists() {
            return Err(store::nothing_yet(setting)?);
        }
        // A kill can leave a file without tables: a new store.
        writeln!(out, "{}: intact: no entries yet", place.display())?;
        return Ok(Exit::Success);
    };
    match whole(&journal) {
        Ok(verdict) => {
            if let Remembered::Lost(mark) = journal.remembered()? {
                return Err(put_back(journal.path(), &mark));
            }
            writeln!(out, "{}: {verdict}", journal.path().display())?;
            Ok(Exit::Success)
        }
        Err(VerifyError::Fault(fault)) => Err(refused(journal.path(), &fault)),
        Err(VerifyError::Read(error)) => Err(error.into()),
    }
}

/// Verifies a store from its first entry to its last.
pub(super) fn whole(journal: &SqliteJournal) -> Result<StoreVerdict, VerifyError> {
    let lines = |from| journal.lines(from, PAGE);
    let salted = |commit: &_| journal.salted_payload(commit);
    verify_store(journal.log(), lines, salted, |digest| journal.text_bytes(digest))
}

/// The store was put back, and nobody has said so in it yet.
fn put_back(path: &Path, mark: &Mark) -> Failure {
    let point = mark.point;
    let what =
        format!("refused: the store does not hold the {} entries of the log {} that it had", point.entries, point.log);
    Failure::new(Exit::Failed, what).hint(format!(
        "`{}.mark` remembers them; put the right file back, or go on from this one: the next command that writes says in the log that it was put back",
        path.display()
    ))
}

fn verify_folder(folder: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    if !folder.is_dir() {
        return Err(Failure::usage(format!("there is no folder `{}`", folder.display()))
            .hint("a bundle is a folder, made by `callout audit export --format bundle --out DIR`"));
    }
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::new(Exit::Failed, format!("refused: `{}` is not there", path.display())),
            _ => Failure::usage(format!("`{}` cannot be read", path.display())).because(&error),
        })
    };
    let intact =
        verify_bundle(&read(RECORDS)?, &read(LEAVES)?, &read(CHECKPOINT)?).map_err(|fault| refused(folder, &fault))?;
    writeln!(out, "{}: {intact}", folder.display())?;
    Ok(Exit::Success)
}

fn refused(path: &Path, fault: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Failed, format!("refused: {fault}"))
        .hint(format!("keep `{}` as it is, for whoever looks into it", path.display()))
}

fn export(setting: &Setting, format: ExportFormat, path: Option<&Path>, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut journal = store::writer(setting)?;
    let (word, entries) = match (format, path) {
        (ExportFormat::Jsonl, None) => ("jsonl", flat(&journal, AuditFormat::Jsonl, out)?),
        (ExportFormat::Csv, None) => ("csv", flat(&journal, AuditFormat::Csv, out)?),
        (ExportFormat::Jsonl, Some(path)) => ("jsonl", flat_file(&journal, AuditFormat::Jsonl, path)?),
        (ExportFormat::Csv, Some(path)) => ("csv", flat_file(&journal, AuditFormat::Csv, path)?),
        (ExportFormat::Bundle, Some(folder)) => ("bundle", bundle(&journal, folder)?),
        (ExportFormat::Bundle, None) => {
            return Err(Failure::usage("a bundle is a folder").hint("name it with `--out DIR`"));
        }
    };
    out.flush()?;
    record(setting, &mut journal, word, entries)?;
    if let Some(path) = path {
        writeln!(out, "{entries} entries of the log are written to {}.", path.display())?;
    }
    Ok(Exit::Success)
}

/// Calls `take` with every line of the log, in its order, and gives their number.
fn each_line(journal: &SqliteJournal, mut take: impl FnMut(&Line) -> Result<(), Failure>) -> Result<u64, Failure> {
    let mut next = 0;
    loop {
        let page = journal.lines(Seq(next), PAGE)?;
        let Some(last) = page.last() else { return Ok(next) };
        next = last.seq.0 + 1;
        for line in &page {
            take(line)?;
        }
    }
}

fn flat(journal: &SqliteJournal, format: AuditFormat, out: &mut dyn Write) -> Result<u64, Failure> {
    out.write_all(format.header().as_bytes())?;
    each_line(journal, |line| Ok(out.write_all(format.record(line).as_bytes())?))
}

fn flat_file(journal: &SqliteJournal, format: AuditFormat, path: &Path) -> Result<u64, Failure> {
    let mut file = BufWriter::new(new_file(path)?);
    let failed = |error: io::Error| unwritten(path, &error);
    file.write_all(format.header().as_bytes()).map_err(failed)?;
    let entries = each_line(journal, |line| file.write_all(format.record(line).as_bytes()).map_err(failed))?;
    finish(file).and_then(|()| sync_folder_of(path)).map_err(failed)?;
    Ok(entries)
}

fn bundle(journal: &SqliteJournal, folder: &Path) -> Result<u64, Failure> {
    let failed = |error: io::Error| unwritten(folder, &error);
    private_folder(folder).map_err(failed)?;
    let long = |name: &str| new_file(&folder.join(name)).map(BufWriter::new);
    let mut writer = BundleWriter::new(journal.log(), long(RECORDS)?, long(LEAVES)?);
    let entries = each_line(journal, |line| writer.add(line).map_err(failed))?;
    let (long, short) = writer.finish().map_err(failed)?;
    long.into_iter().try_for_each(finish).map_err(failed)?;
    for BundleFile { name, text } in short {
        let mut file = BufWriter::new(new_file(&folder.join(name))?);
        file.write_all(text.as_bytes()).and_then(|()| finish(file)).map_err(failed)?;
    }
    // The names of the files, and the name of the folder.
    sync_folder_of(&folder.join(RECORDS)).and_then(|()| sync_folder_of(folder)).map_err(failed)?;
    Ok(entries)
}

/// Makes a folder for its owner only, as the store is; one that is there stays as it is.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Evidence is never written over, and is its owner's to hand on.
pub(super) fn new_file(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        let failure = unwritten(path, &error);
        if error.kind() == ErrorKind::AlreadyExists { failure.hint("name another place with `--out`") } else { failure }
    })
}

/// On the disk, so that the log does not say that something was exported which a power cut then takes away.
pub(super) fn finish(file: BufWriter<File>) -> io::Result<()> {
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// A file's name is on the disk only when its folder is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

pub(super) fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("`{}` cannot be written", path.display())).because(error)
}

/// Records in the log that it was exported.
fn record(setting: &Setting, journal: &mut SqliteJournal, format: &str, entries: u64) -> Result<(), Failure> {
    let fact = Fact::Log(LogEvent::Exported { format: format.to_owned(), entries });
    let draft = draft(setting, &SystemEntropy::open()?, Channel::Cli, fact);
    journal.append(&Batch { drafts: vec![draft], ..Batch::default() })?;
    Ok(())
}
