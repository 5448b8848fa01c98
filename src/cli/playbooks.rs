//! Playbooks of a library: where their files are, and what of them can be planned.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::environment::environment;
use super::library::{Found, Library, Loaded, RUNBOOKS, Source, files_of, is_file};
use super::nesting::together;
use super::version::Trees;
use super::{Exit, Failure, Setting};
use crate::base::{Value, did_you_mean};
use crate::runbook::{
    CheckedPlaybook, Environment, Playbook, Runbook, Shelf, Target, check_playbook, is_playbook, shipped_playbooks,
    target_kind,
};

/// The folder of a library in which its playbooks stand, beside its runbooks.
pub(crate) const PLAYBOOKS: &str = "playbooks";

/// The files of a library's playbooks, sorted by name. A library need not have any.
///
/// # Errors
/// The folder, or a file in it, cannot be read.
pub(crate) fn sources(setting: &Setting, library: &Library) -> Result<Vec<Source>, Failure> {
    match library {
        Library::BuiltIn => Ok(shipped_playbooks().iter().map(|(file, text)| Source::built_in(file, text)).collect()),
        Library::Folder(folder) if folder.join(PLAYBOOKS).is_dir() => {
            files_of(&folder.join(PLAYBOOKS))?.iter().map(|path| Source::read(setting, path)).collect()
        }
        Library::Folder(_) => Ok(Vec::new()),
    }
}

/// Checks playbooks, each beside the runbooks of its own library.
pub(crate) struct Checker<'a> {
    setting: &'a Setting,
    /// The shelves that have been filled, by the folder of their runbooks; none is the library's of the setting.
    shelves: BTreeMap<Option<PathBuf>, Filled>,
}

/// A shelf, and the files with which it was filled.
struct Filled {
    sources: Vec<Source>,
    shelf: Shelf,
}

impl<'a> Checker<'a> {
    /// A checker that has read nothing yet.
    pub(crate) const fn new(setting: &'a Setting) -> Self {
        Self { setting, shelves: BTreeMap::new() }
    }

    /// Tells whether a file that somebody named is a playbook: by its folder, or else by what it says of itself.
    pub(crate) fn is_one(source: &Source) -> bool {
        let file = source.file();
        match file.parent().and_then(Path::file_name).and_then(|name| name.to_str()) {
            Some(PLAYBOOKS) => true,
            Some(RUNBOOKS) => false,
            _ => is_playbook(&source.bytes),
        }
    }

    /// Checks a playbook.
    ///
    /// # Errors
    /// The runbooks beside it cannot be read.
    pub(crate) fn check(&mut self, source: &Source) -> Result<CheckedPlaybook, Failure> {
        let file = source.file();
        Ok(check_playbook(&file.to_string_lossy(), &source.bytes, &self.filled(source)?.shelf))
    }

    /// Checks a playbook that is to be used.
    ///
    /// # Errors
    /// There is an error among the findings; all of them are shown, each with its place.
    fn load(&mut self, source: &Source) -> Result<Playbook, Failure> {
        let CheckedPlaybook { playbook, findings } = self.check(source)?;
        playbook.ok_or_else(|| source.refused(&findings, self.setting))
    }

    fn filled(&mut self, source: &Source) -> Result<&Filled, Failure> {
        Ok(match self.shelves.entry(runbooks_beside(source)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let sources = runbooks(self.setting, new.key().as_deref())?;
                let files = sources.iter().map(|source| (source.shown.as_str(), source.bytes.as_slice()));
                new.insert(Filled { shelf: Shelf::of(files), sources })
            }
        })
    }
}

/// `../runbooks` as the file lies, if there is such a folder.
fn runbooks_beside(source: &Source) -> Option<PathBuf> {
    let Found::File(path) = &source.found else { return None };
    Some(path.parent()?.parent()?.join(RUNBOOKS)).filter(|beside| beside.is_dir())
}

/// The runbooks of a folder; without one, those of the library of the setting.
fn runbooks(setting: &Setting, folder: Option<&Path>) -> Result<Vec<Source>, Failure> {
    match folder {
        Some(folder) => files_of(folder)?.iter().map(|path| Source::read(setting, path)).collect(),
        None => Library::of(setting)?.sources(setting),
    }
}

/// The playbook of that name, or in that file; none if there is none, which may mean that a runbook is meant.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn find(setting: &Setting, name: &str) -> Result<Option<Source>, Failure> {
    if is_file(name) {
        let path = setting.here.join(name);
        return if path.is_file() { Ok(Some(Source::read(setting, &path)?).filter(Checker::is_one)) } else { Ok(None) };
    }
    let all = sources(setting, &Library::of(setting)?)?;
    Ok(all.into_iter().find(|source| source.name() == name))
}

/// Checks a playbook that is to be used.
///
/// # Errors
/// There is an error among the findings; all of them are shown, each with its place.
pub(crate) fn load(setting: &Setting, source: &Source) -> Result<Playbook, Failure> {
    Checker::new(setting).load(source)
}

/// What can be planned: a runbook, or the runbook that a drill programme compiles to.
pub(crate) struct Startable {
    /// The runbook, with the revision and the text of the file that was found.
    pub(crate) loaded: Loaded,
    /// The programme's playbook, if it is one.
    pub(crate) drill: Option<Playbook>,
}

impl Startable {
    /// Finds it by name or by its file.
    ///
    /// # Errors
    /// There is none, it has errors, or it is a playbook that starts nothing by itself.
    pub(crate) fn find(setting: &Setting, name: &str) -> Result<Self, Failure> {
        let Some(source) = find(setting, name)? else {
            let loaded =
                Source::find(setting, name).map_err(|failure| nearest(setting, name, failure))?.load(setting)?;
            return Ok(Self { loaded, drill: None });
        };
        let mut checker = Checker::new(setting);
        let playbook = checker.load(&source)?;
        let Some(runbook) = playbook.compile() else {
            let what = format!("`{}` says what to do in a kind of incident, and starts nothing by itself", playbook.id);
            let hint = format!("`callout show {}` names the runbooks that help, in order", playbook.id);
            return Err(Failure::usage(what).hint(hint));
        };
        let revision = source.revision(&mut Trees::default())?;
        let text = String::from_utf8_lossy(&source.bytes).into_owned();
        let beside = together(checker.filled(&source)?.sources.clone());
        Ok(Self { loaded: Loaded { runbook, revision, text, source, beside }, drill: Some(playbook) })
    }

    /// The environment to work in. A programme says its own, and is drilled in no other.
    ///
    /// # Errors
    /// As [`environment`]; and another one than the programme's was named.
    pub(crate) fn environment(&self, setting: &Setting) -> Result<Environment, Failure> {
        let Some((playbook, programme)) = self.drill.as_ref().and_then(|one| one.programme().map(|own| (one, own)))
        else {
            return environment(setting);
        };
        let own = &programme.environment;
        if let Some(other) = setting.environment.as_ref().filter(|named| *named != own) {
            let what = format!("`{}` is drilled in the environment `{own}`, and `{other}` was named", playbook.id);
            let hint = format!("leave `--env` out, or write a programme for `{other}`");
            return Err(Failure::new(Exit::Refused, what).hint(hint));
        }
        let setting = Setting { environment: Some(own.clone()), ..setting.clone() };
        Ok(playbook.supplied(environment(&setting)?))
    }

    /// Refuses a drill of which an input names a resource that is not bound to it, wherever the input came from.
    ///
    /// # Errors
    /// There is such a resource.
    pub(crate) fn refuse_strangers(
        &self,
        bound: &BTreeMap<String, Value>,
        environment: &Environment,
    ) -> Result<(), Failure> {
        let Some(programme) = self.drill.as_ref().and_then(Playbook::programme) else {
            return self.refuse_unmarked(bound, environment);
        };
        let Runbook { id, parameters, .. } = &self.loaded.runbook;
        let mut lines = String::new();
        for parameter in parameters {
            let strangers = bound.get(&parameter.name).map(|input| programme.strangers(parameter, input));
            for stranger in strangers.unwrap_or_default() {
                lines.push_str(&format!("  {}: `{stranger}`\n", parameter.name));
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        let what = format!("the drill `{id}` would touch what is not bound to it; nothing was started");
        let hint = "a drill touches only the resources under its `targets`";
        Err(Failure::new(Exit::Refused, what).below(lines).hint(hint))
    }
}

impl Startable {
    /// The ids of the resources that a drill may change: those that its programme binds, or without a programme those that
    /// the environment marks. In lower case, as Resource Manager compares ids.
    pub(crate) fn bounds(&self, environment: &Environment) -> Vec<String> {
        let programme = self.drill.as_ref().and_then(Playbook::programme);
        let is_bound = |target: &&Target| match programme {
            Some(programme) => programme.is_bound(&target.name) || programme.is_bound(&target.id),
            None => target.drill,
        };
        let marked = environment.targets.iter().filter(is_bound).map(|target| target.id.clone());
        let named = programme.into_iter().flat_map(|programme| programme.targets.iter().cloned());
        let ids = marked.chain(named.filter(|name| name.starts_with('/'))).map(|id| id.to_ascii_lowercase());
        ids.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Refuses a drill of a single runbook of which an input names a resource that the environment does not mark for drills.
    fn refuse_unmarked(&self, bound: &BTreeMap<String, Value>, environment: &Environment) -> Result<(), Failure> {
        let bounds = self.bounds(environment);
        let mut lines = String::new();
        for parameter in self.loaded.runbook.parameters.iter().filter(|parameter| target_kind(parameter).is_some()) {
            let Some(input) = bound.get(&parameter.name) else { continue };
            for item in input.as_list().map_or_else(|| vec![input], |items| items.iter().collect()) {
                let id = item.field("id").and_then(Value::as_text).map(str::to_ascii_lowercase);
                if id.is_none_or(|id| !bounds.contains(&id)) {
                    lines.push_str(&format!("  {}: `{item}`\n", parameter.name));
                }
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        let what = format!(
            "the drill of `{}` would touch what the environment `{}` does not bind to drills; nothing was started",
            self.loaded.runbook.id, environment.name
        );
        let hint = "name targets that have `drill: true` in the environment, or mark these if they are not production";
        Err(Failure::new(Exit::Refused, what).below(lines).hint(hint))
    }
}

/// The failure of a search among the runbooks, with the playbook that was perhaps meant.
pub(crate) fn nearest(setting: &Setting, name: &str, failure: Failure) -> Failure {
    let playbooks = Library::of(setting).and_then(|library| sources(setting, &library)).unwrap_or_default();
    let names: Vec<String> = playbooks.iter().map(Source::name).collect();
    let near = did_you_mean(name, names.iter().map(String::as_str));
    failure.maybe_hint(near.map(|near| format!("did you mean the playbook `{near}`?")))
}
