use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::audit::whole;
use super::store::kind_word;
use crate::cli::environment::{environments, sign_in as by};
use crate::cli::library::{Library, RUNBOOKS, shown};
use crate::cli::nesting::checked;
use crate::cli::text::{columns, count};
use crate::cli::trust::{Brought, Standing};
use crate::cli::{Exit, Failure, Setting, store};
use crate::journal::{OpenError, Point, Remembered, SqliteJournal, Stage};
use crate::projection::VerifyError;
use crate::runbook::{Environment, EstateKind};
use crate::world::{self, Reached, Redactor, WorkTree};

/// A store is read from end to end. Looking through it is given up after this, and making its tables anew never is.
const STORE_LIMIT: Duration = Duration::from_mins(5);
/// For each of the two parts of reaching a host, its name and its port.
const REACH_LIMIT: Duration = Duration::from_millis(1500);
/// The Azure CLI is a large program and may take some seconds to start.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(10);

/// The hosts that every live environment needs.
const AZURE: [&str; 2] = ["management.azure.com", "login.microsoftonline.com"];

/// A question, and what was seen.
struct Answer {
    question: String,
    verdict: Verdict,
    seen: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Pass,
    Fail,
    CannotObserve,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::CannotObserve => "cannot observe",
        }
    }
}

impl Answer {
    fn pass(question: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { question: question.into(), verdict: Verdict::Pass, seen: seen.into() }
    }

    fn fail(question: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { question: question.into(), verdict: Verdict::Fail, seen: seen.into() }
    }

    fn unseen(question: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { question: question.into(), verdict: Verdict::CannotObserve, seen: seen.into() }
    }

    fn failure(question: impl Into<String>, failure: &Failure) -> Self {
        let sentence = [failure.what.clone()].into_iter().chain(failure.causes.iter().cloned());
        Self::fail(question, sentence.collect::<Vec<_>>().join(": "))
    }
}

/// Says what is configured, signed in and reachable from here. All questions are asked side by side, each for a few
/// seconds at most, but for a store, which takes as long as it is long. Creates nothing; with `rebuild` the derived
/// tables of stores that are there are made anew, and it is a failure if one could not be.
pub(crate) async fn doctor(
    setting: &Setting,
    redactor: &Redactor,
    rebuild: bool,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut answers = vec![library(setting)];
    answers.extend(git(setting));
    answers.extend(trusted(setting));
    let environments = environments(setting);
    answers.push(configuration(setting, &environments));
    let wanted = |environment: &Environment| setting.environment.as_ref().is_none_or(|name| *name == environment.name);
    let environments: Vec<Environment> = environments.unwrap_or_default().into_iter().filter(wanted).collect();
    let live: Vec<&Environment> =
        environments.iter().filter(|environment| environment.estate == EstateKind::Live).collect();

    let mut asked = JoinSet::new();
    for path in stores(setting, &live) {
        asked.spawn(store_at(setting.clone(), path, rebuild));
    }
    for environment in &live {
        asked.spawn(sign_in((*environment).clone(), setting.lookup(), redactor.clone()));
    }
    let need = if live.is_empty() { Need::Nobody } else { Need::Live };
    for host in hosts(&live) {
        asked.spawn(reachable(host, need));
    }
    let mut later: Vec<Answer> = asked.join_all().await;
    later.sort_by(|a, b| a.question.cmp(&b.question));
    answers.extend(later);
    report(&answers, as_json, out)
}

fn report(answers: &[Answer], as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    if as_json {
        let document: serde_json::Value = answers
            .iter()
            .map(|Answer { question, verdict, seen }| json!({"question": question, "verdict": verdict, "seen": seen}))
            .collect();
        writeln!(out, "{document:#}")?;
    } else {
        let rows = answers.iter().map(|Answer { question, verdict, seen }| {
            [verdict.word().to_owned(), question.clone(), seen.replace('\n', " ")]
        });
        out.write_all(columns(rows).as_bytes())?;
    }
    let failed = answers.iter().any(|answer| answer.verdict == Verdict::Fail);
    Ok(if failed { Exit::Failed } else { Exit::Success })
}

fn library(setting: &Setting) -> Answer {
    let question = "library";
    let sources = Library::of(setting).and_then(|library| Ok((library.sources(setting)?, library)));
    match sources {
        Err(failure) => Answer::failure(question, &failure),
        Ok((sources, library)) => {
            let checked = checked(setting, sources);
            let broken: Vec<&str> = checked
                .iter()
                .filter(|(_, checked)| checked.runbook.is_none())
                .map(|(source, _)| source.shown.as_str())
                .collect();
            let place = match library {
                Library::BuiltIn => "built in".to_owned(),
                Library::Folder(folder) => shown(setting, &folder),
            };
            if broken.is_empty() {
                Answer::pass(question, format!("{place}: {}", count(checked.len(), "runbook")))
            } else {
                Answer::fail(question, format!("{place}: cannot be used: {}", broken.join(", ")))
            }
        }
    }
}

/// What a run would record as the revision; nothing where the library is built in.
fn git(setting: &Setting) -> Option<Answer> {
    let Ok(Library::Folder(folder)) = Library::of(setting) else { return None };
    Some(match WorkTree::around(&folder.join(RUNBOOKS)) {
        Ok(Some(tree)) => {
            let branch = tree.branch().unwrap_or("no branch");
            Answer::pass("git", format!("runs record commit {} ({branch})", tree.head()))
        }
        Ok(None) => Answer::pass("git", "the library is not in git: runs record its text, and no revision"),
        Err(error) => Answer::failure("git", &error.into()),
    })
}

/// Whether the environments that the library brings along take effect; nothing if it brings none.
fn trusted(setting: &Setting) -> Option<Answer> {
    let question = "environments of the library";
    let brought = match Library::of(setting).and_then(|library| Brought::by(&library)) {
        Err(failure) => return Some(Answer::failure(question, &failure)),
        Ok(brought) => brought?,
    };
    let names = brought.files.iter().map(|file| file.environment.as_str()).collect::<Vec<_>>().join(", ");
    Some(match brought.standing(setting) {
        Err(failure) => Answer::failure(question, &failure),
        Ok(Standing::Trusted) => Answer::pass(question, format!("trusted: {names}")),
        Ok(Standing::Unknown) => Answer::unseen(question, format!("not trusted: {names}; `callout trust` shows them")),
        Ok(Standing::Changed(changes)) => {
            Answer::unseen(question, format!("not as trusted: {}; `callout trust` shows them", changes.join(", ")))
        }
    })
}

fn configuration(setting: &Setting, environments: &Result<Vec<Environment>, Failure>) -> Answer {
    let question = "configuration";
    match environments {
        Err(failure) => Answer::failure(question, failure),
        Ok(all) => {
            let known = setting.environment.as_ref().is_none_or(|name| all.iter().any(|known| known.name == *name));
            let names: Vec<&str> = all.iter().map(|environment| environment.name.as_str()).collect();
            let file = setting.config.path();
            let there = if file.exists() { "" } else { ", which is not there" };
            let seen = format!("environments {}; file {}{there}", names.join(", "), file.display());
            if known {
                Answer::pass(question, seen)
            } else {
                Answer::fail(question, format!("no such environment; {seen}"))
            }
        }
    }
}

/// The stores to look at: the one that was named, or the usual one of each kind of estate in play.
fn stores(setting: &Setting, live: &[&Environment]) -> BTreeSet<PathBuf> {
    let simulated = [setting.store_for(EstateKind::Simulated)];
    let live = live.iter().map(|_| setting.store_for(EstateKind::Live));
    simulated.into_iter().chain(live).collect()
}

async fn store_at(setting: Setting, path: PathBuf, rebuild: bool) -> Answer {
    let question = format!("store {}", path.display());
    let looked = {
        let question = question.clone();
        tokio::task::spawn_blocking(move || look_at(question, &setting, &path, rebuild))
    };
    if rebuild {
        // A person asked for it, and half of it is nothing.
        return looked.await.unwrap_or_else(|error| Answer::fail(question, format!("not made anew: {error}")));
    }
    match timeout(STORE_LIMIT, looked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answer::unseen(question, error.to_string()),
        Err(_) => Answer::unseen(question, format!("not looked through within {} min", STORE_LIMIT.as_secs() / 60)),
    }
}

fn look_at(question: String, setting: &Setting, path: &std::path::Path, rebuild: bool) -> Answer {
    let mut journal = match store::at(setting, path) {
        Ok(journal) => journal,
        Err(OpenError::Missing(_) | OpenError::NoFolder(_) | OpenError::Empty(_)) => {
            return Answer::pass(question, "nothing yet; the first run makes it");
        }
        Err(error @ (OpenError::Damaged { .. } | OpenError::NotAStore { .. })) => {
            let Failure { what, causes, .. } = error.into();
            let sentence = [what].into_iter().chain(causes).collect::<Vec<_>>().join(": ");
            return Answer::fail(question, format!("{sentence}; {}", store::DAMAGED));
        }
        Err(error) => return Answer::failure(question, &error.into()),
    };
    match soundness(&mut journal, setting, path, rebuild) {
        Ok(Ok(seen)) => Answer::pass(question, seen),
        Ok(Err(wrong)) => Answer::fail(question, wrong),
        Err(failure) => Answer::failure(question, &failure),
    }
}

/// What is right with a store, or what is wrong with it.
fn soundness(
    journal: &mut SqliteJournal,
    setting: &Setting,
    path: &std::path::Path,
    rebuild: bool,
) -> Result<Result<String, String>, Failure> {
    if let Some(fault) = journal.quick_check()?.first() {
        return Ok(Err(format!("damaged: {fault}; {}", store::DAMAGED)));
    }
    match whole(journal) {
        Ok(_) => {}
        Err(VerifyError::Fault(fault)) => return Ok(Err(format!("the chain is broken: {fault}; {}", store::DAMAGED))),
        Err(VerifyError::Read(error)) => return Err(error.into()),
    }
    if let Remembered::Lost(mark) = journal.remembered()? {
        let Point { log, entries, .. } = mark.point;
        return Ok(Err(format!(
            "put back: it had {entries} entries of the log {log}; the next command that writes says so in the log"
        )));
    }
    let mut tables = "derived tables as the log says";
    if rebuild {
        store::to_append(setting, path)?.rebuild_derived()?;
        tables = "derived tables made anew";
    } else if !journal.derived_is_right()? {
        return Ok(Err(
            "the derived tables are not what the log says; `callout doctor --rebuild` makes them anew".into()
        ));
    }
    let entries = journal.frontier()?.size();
    let cut = journal.open_runs()?.iter().filter(|row| row.stage == Stage::Cut).count();
    let cut = if cut == 0 { String::new() } else { format!("; {} cut: `callout store release`", count(cut, "run")) };
    Ok(Ok(format!("{entries} entries, {}, sound, {tables}{cut}", kind_word(journal.kind()))))
}

async fn sign_in(environment: Environment, lookup: world::Environment, redactor: Redactor) -> Answer {
    let question = format!("sign-in for {}", environment.name);
    let tenant = environment.tenant.clone();
    let world = match world::open_live(by(&environment), redactor, lookup) {
        Ok(world) => world,
        Err(error) => return Answer::failure(question, &error.into()),
    };
    match timeout(SIGN_IN_LIMIT, world.credential.identity()).await {
        Ok(Ok(identity)) => {
            let who = identity.name.unwrap_or(identity.object);
            Answer::pass(question, format!("{who}, tenant {tenant} as configured, by {}", environment.sign_in))
        }
        Ok(Err(error)) => Answer::failure(question, &error.into()),
        Err(_) => Answer::unseen(question, format!("no token within {} s", SIGN_IN_LIMIT.as_secs())),
    }
}

/// Whether anybody needs a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// A live environment does.
    Live,
    /// Nobody does: all that is configured is simulated.
    Nobody,
}

fn hosts(live: &[&Environment]) -> BTreeSet<String> {
    let targets = live.iter().flat_map(|environment| &environment.targets);
    let of_target =
        targets.filter_map(|target| url::Url::parse(target.url.as_ref()?).ok()?.host_str().map(str::to_owned));
    AZURE.iter().map(|host| (*host).to_owned()).chain(of_target).collect()
}

async fn reachable(host: String, need: Need) -> Answer {
    let question = format!("reach {host}");
    let reach = world::reach(&host, 443, REACH_LIMIT).await;
    let seen = reach.sentence();
    match (reach.reached, need) {
        (Reached::Connected, _) => Answer::pass(question, seen),
        (_, Need::Live) => Answer::fail(question, seen),
        (_, Need::Nobody) => Answer::unseen(question, format!("{seen} (no live environment needs it)")),
    }
}
