use std::fs::DirBuilder;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entry::draft;
use super::environment::estate;
use super::{Exit, Failure, Setting};
use crate::base::{IncidentId, RunId, did_you_mean};
use crate::engine::EngineError;
use crate::journal::{
    Access, AppendError, Channel, HandOverError, LeaseError, OpenError, Opening, ReadError, RunRow, SqliteJournal,
    Stage, StoreKind, SwapError,
};
use crate::runbook::EstateKind;
use crate::world::{SystemEntropy, WorldError, network_file_system};

/// What a person can do about a store that is damaged.
pub(crate) const DAMAGED: &str = "`callout store restore BACKUP` puts a copy in its place; without one, `callout store succeed` begins a new log \
     that names this one and takes its open runs over. Both keep this file";

/// Another writer is waited for this long.
const BUSY: Duration = Duration::from_secs(5);

/// The store that a command works on: the one that was named, or that of the environment. It need not be there.
///
/// To read what was recorded in an environment, or to end what was begun there, takes no trust in the library that brings
/// it along.
///
/// # Errors
/// No store was named, and the environment cannot be told.
pub(crate) fn place(setting: &Setting) -> Result<PathBuf, Failure> {
    match &setting.store {
        Some(path) => Ok(path.clone()),
        None => Ok(setting.store_for(estate(setting)?)),
    }
}

/// Opens the store to read; nothing if there is none yet, or nothing in it. Creates nothing.
///
/// # Errors
/// It is not a store, newer, damaged, or cannot be read.
pub(crate) fn reader(setting: &Setting) -> Result<Option<SqliteJournal>, Failure> {
    match at(setting, &place(setting)?) {
        Ok(journal) => Ok(Some(journal)),
        Err(OpenError::Missing(_) | OpenError::Empty(_) | OpenError::NoFolder(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Opens the store in that very file to read it.
///
/// # Errors
/// As [`reader`]; and it is not there, or there is nothing in it.
pub(crate) fn at(setting: &Setting, path: &Path) -> Result<SqliteJournal, OpenError> {
    open(setting, path, Access::ReadOnly(None), Channel::Cli)
}

/// Opens a store that is there, to append to it.
///
/// # Errors
/// As [`reader`]; and it is not there, or cannot be written.
pub(crate) fn writer(setting: &Setting) -> Result<SqliteJournal, Failure> {
    match open(setting, &place(setting)?, Access::Existing(None), Channel::Cli) {
        Err(OpenError::Missing(_) | OpenError::NoFolder(_)) => Err(nothing_yet(setting)?),
        opened => Ok(opened?),
    }
}

/// Opens the store in that very file to append to it.
///
/// # Errors
/// As [`writer`].
pub(crate) fn to_append(setting: &Setting, path: &Path) -> Result<SqliteJournal, Failure> {
    Ok(open(setting, path, Access::Existing(None), Channel::Cli)?)
}

/// Opens the store in that very file after a copy was put there, and writes down that it was.
///
/// # Errors
/// As [`writer`].
pub(crate) fn restored(setting: &Setting, path: &Path) -> Result<SqliteJournal, Failure> {
    Ok(open(setting, path, Access::Restored, Channel::Cli)?)
}

/// Makes a store in that very file, which is there and empty.
///
/// # Errors
/// As [`writer`].
pub(crate) fn make(setting: &Setting, path: &Path, kind: StoreKind) -> Result<SqliteJournal, Failure> {
    Ok(open(setting, path, Access::Create(kind), Channel::Cli)?)
}

/// Opens the store for a run in an estate of that kind, and makes it if there is none.
///
/// # Errors
/// As [`writer`]; and it belongs to the other kind of estate, or cannot be made. Nothing has been created then but,
/// perhaps, the data folder.
pub(crate) fn for_run(setting: &Setting, estate: EstateKind, channel: Channel) -> Result<SqliteJournal, Failure> {
    make_usual_folder(setting)?;
    let kind = match estate {
        EstateKind::Live => StoreKind::Live,
        EstateKind::Simulated => StoreKind::Simulated,
    };
    Ok(open(setting, &setting.store_for(estate), Access::Create(kind), channel)?)
}

/// The place for a simulated world, after making sure that it does not stand beside a live store or something that is
/// no store at all. The data folder is made; nothing else is.
///
/// # Errors
/// As [`reader`]; and the store is live, or its folder cannot be had.
pub(crate) fn for_world(setting: &Setting) -> Result<PathBuf, Failure> {
    make_usual_folder(setting)?;
    let path = setting.store_for(EstateKind::Simulated);
    match open(setting, &path, Access::ReadOnly(Some(StoreKind::Simulated)), Channel::Cli) {
        Ok(_) | Err(OpenError::Missing(_) | OpenError::Empty(_)) => Ok(path),
        Err(error) => Err(error.into()),
    }
}

/// Makes the data folder, unless the store was named: then its folder must be there already, because a slip of the key
/// must not begin a second history.
///
/// # Errors
/// The folder cannot be made.
fn make_usual_folder(setting: &Setting) -> Result<(), Failure> {
    if setting.store.is_some() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&setting.data).map_err(|error| {
        Failure::usage(format!("the folder `{}` cannot be made", setting.data.display()))
            .because(&error)
            .hint("name a store in another folder with `--store FILE`")
    })
}

/// The run that a person means.
///
/// # Errors
/// None, or more than one.
pub(crate) fn find_run(journal: &SqliteJournal, text: &str) -> Result<RunRow, Failure> {
    let mut found = journal.find_runs(text)?;
    let short = |row: &RunRow| row.run.short();
    match (found.pop(), found.len()) {
        (Some(row), 0) => Ok(row),
        (Some(_), others) => {
            Err(Failure::usage(format!("`{text}` is the beginning of {} runs", others + 1))
                .hint("write more of its id"))
        }
        (None, _) => {
            let shorts: Vec<String> = journal.runs()?.iter().map(short).collect();
            let near =
                did_you_mean(text, shorts.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            let hint = near.unwrap_or_else(|| "`callout runs` lists them".to_owned());
            Err(Failure::usage(format!("there is no run `{text}` in `{}`", journal.path().display())).hint(hint))
        }
    }
}

/// The incident that a person means.
///
/// # Errors
/// None, or more than one.
pub(crate) fn find_incident(journal: &SqliteJournal, text: &str) -> Result<IncidentId, Failure> {
    let mut found = journal.find_incidents(text)?;
    match (found.pop(), found.len()) {
        (Some(incident), 0) => Ok(incident),
        (Some(_), others) => {
            let what = format!("`{text}` is the beginning of {} incidents", others + 1);
            Err(Failure::usage(what).hint("write more of its id"))
        }
        (None, _) => {
            let shorts: Vec<String> = journal.incidents()?.into_iter().map(IncidentId::short).collect();
            let near = did_you_mean(text, shorts.iter().map(String::as_str));
            let hint = near.map_or_else(
                || "`callout incident list` names them".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Err(Failure::usage(format!("there is no incident `{text}` in `{}`", journal.path().display())).hint(hint))
        }
    }
}

/// A run or an incident.
pub(crate) enum Found {
    /// A run.
    Run(RunRow),
    /// An incident.
    Incident(IncidentId),
}

/// The run or the incident that a person means.
///
/// # Errors
/// Neither, or more than one.
pub(crate) fn find(journal: &SqliteJournal, text: &str) -> Result<Found, Failure> {
    let incidents = journal.find_incidents(text)?;
    match (incidents.first(), journal.find_runs(text)?.is_empty()) {
        (Some(_), true) => Ok(Found::Incident(find_incident(journal, text)?)),
        (Some(incident), false) => {
            let what = format!("`{text}` is the beginning of a run and of the incident {}", incident.short());
            Err(Failure::usage(what).hint("write more of its id"))
        }
        (None, _) => Ok(Found::Run(find_run(journal, text)?)),
    }
}

/// Refuses to go on with a run of which entries are lost and that nobody has looked at.
///
/// # Errors
/// It is one.
pub(crate) fn refuse_cut(row: &RunRow) -> Result<(), Failure> {
    if row.stage != Stage::Cut {
        return Ok(());
    }
    let error = AppendError::Cut { run: row.run };
    Err(Failure::of(Exit::Paused, &error).hint(how_to_look(row.run)))
}

/// What a person does about a run of which entries are lost.
pub(crate) fn how_to_look(run: RunId) -> String {
    let run = run.short();
    format!(
        "`callout show {run}` has what is known of it; compare every step after that with the estate, then \
         `callout store release {run} --reason TEXT` and `callout resume {run}`, or `callout abort {run}`"
    )
}

/// Nobody has recorded anything yet.
pub(crate) fn nothing_yet(setting: &Setting) -> Result<Failure, Failure> {
    let place = place(setting)?;
    Ok(Failure::usage(format!("there is no store `{}` yet", place.display())).hint("`callout run RUNBOOK` makes it"))
}

fn open(setting: &Setting, path: &Path, access: Access, channel: Channel) -> Result<SqliteJournal, OpenError> {
    let failed = |source: WorldError| OpenError::Open { path: path.to_owned(), source: source.into() };
    let entropy = SystemEntropy::open().map_err(failed)?;
    SqliteJournal::open(&Opening {
        path,
        access,
        busy: BUSY,
        entropy: &entropy,
        first: &|fact| draft(setting, &entropy, channel, fact),
        network: &network_file_system,
    })
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let failure = Self::of(Exit::Usage, &error);
        match error {
            OpenError::ReadOnly(_) | OpenError::Full(_) => {
                failure.hint("`--store FILE` names a store in another place")
            }
            OpenError::NotAStore { .. } => failure.hint("it was left untouched; name another file with `--store FILE`"),
            OpenError::Empty(_) | OpenError::Missing(_) => failure.hint("`callout run RUNBOOK` records the first run"),
            OpenError::Damaged { .. } => failure.hint(DAMAGED),
            OpenError::NoFolder(_)
            | OpenError::Newer { .. }
            | OpenError::OtherKind { .. }
            | OpenError::Network { .. }
            | OpenError::Busy(_)
            | OpenError::Library { .. }
            | OpenError::Open { .. } => failure,
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let failure = Self::of(Exit::Usage, &error);
        match error {
            ReadError::Entry { .. } => failure.hint("`callout audit verify` says whether the log is whole"),
            ReadError::Store(_) => failure.hint("`callout doctor` looks at the store"),
        }
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Entry(_) => Self::of(Exit::Internal, &error),
            AppendError::Cut { run } => Self::of(Exit::Paused, &error).hint(how_to_look(run)),
            AppendError::Superseded
            | AppendError::Held { .. }
            | AppendError::Busy
            | AppendError::Full
            | AppendError::Write(_) => Self::of(Exit::Usage, &error).hint("nothing was written"),
        }
    }
}

impl From<SwapError> for Failure {
    fn from(error: SwapError) -> Self {
        let failure = Self::of(Exit::Usage, &error);
        match error {
            SwapError::Read(error) => error.into(),
            SwapError::Open(_) => failure.hint("leave the screens and commands that look at it, and try again"),
            SwapError::There(_) => failure.hint("nothing is ever written over; name another file"),
            SwapError::AtWork(_) => failure.hint("`callout store backup --store FILE` makes a copy of it"),
            SwapError::File { .. } => failure,
        }
    }
}

impl From<HandOverError> for Failure {
    fn from(error: HandOverError) -> Self {
        match error {
            HandOverError::Read(error) => error.into(),
            HandOverError::Append(error) => error.into(),
        }
    }
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        Self::of(Exit::Usage, &error).hint("may this user write beside the store?")
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let exit = match error {
            EngineError::Begin(_) | EngineError::Read(_) | EngineError::Unknown | EngineError::Over => Exit::Usage,
            EngineError::Fold(_) | EngineError::Plan(_) => Exit::Failed,
        };
        Self::of(exit, &error)
    }
}

impl From<WorldError> for Failure {
    fn from(error: WorldError) -> Self {
        Self::of(Exit::Failed, &error)
    }
}
