use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde_json::{Value as Json, json};

use super::drill::proofs;
use super::playbook;
use crate::cli::environment::environment;
use crate::cli::library::{Library, Source};
use crate::cli::nesting::checked;
use crate::cli::policy::{Refusal, objection, unlisted};
use crate::cli::signers::Signers;
use crate::cli::text::{body, columns, count};
use crate::cli::version::{Bearer, Trees, Version, versions};
use crate::cli::{Exit, Failure, Setting};
use crate::plan::Origin;
use crate::projection::Proof;
use crate::runbook::{Checked, Environment, RevisionRule, Runbook};
use crate::world::{CommitFacts, Last, Signature};

/// Lists the runbooks of the library, each with its version, and then its playbooks. One that has errors, or whose repository cannot be read, is
/// listed too, and says so. With `--env`, what that environment's policy refuses is said.
pub(crate) fn list(setting: &Setting, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let environment = setting.environment.is_some().then(|| environment(setting)).transpose()?;
    let library = Library::of(setting)?;
    let sources = library.sources(setting)?;
    let signers = Signers::find(setting, environment.as_ref().map(|environment| &environment.policy));
    let mut trees = Trees::default();
    let versions = versions(&sources, &mut trees, &signers);
    let lines = checked(setting, sources).into_iter().zip(versions).map(|((source, checked), version)| {
        let origin = source.revision(&mut trees).map(|revision| revision.origin);
        Line::of(&source, checked, origin, version, environment.as_ref(), &signers)
    });
    let mut lines: Vec<Line> = lines.collect();
    // What a drill has proven is told where there is a store; the list is there without one.
    for (runbook, proof) in proofs(setting).unwrap_or_default() {
        lines.iter_mut().filter(|line| line.runbook == runbook).for_each(|line| line.proof = Some(proof.clone()));
    }
    let checked: Vec<Runbook> = lines.iter().filter_map(|line| line.checked.clone()).collect();
    let find = |name: &str| checked.iter().find(|runbook| runbook.id == name);
    for line in &mut lines {
        line.standing = standing(line.proof.as_ref(), line.checked.as_ref(), &find);
    }
    let playbooks = playbook::Line::all(setting, &library, &mut trees)?;
    if as_json {
        let playbooks = playbooks.iter().map(playbook::Line::document);
        writeln!(out, "{:#}", lines.iter().map(Line::document).chain(playbooks).collect::<Json>())?;
        return Ok(Exit::Success);
    }
    if lines.is_empty() {
        writeln!(out, "The library has no runbooks.")?;
    }
    out.write_all(columns(lines.iter().map(Line::cells)).as_bytes())?;
    let notes = notes(&lines, environment.as_ref(), &signers);
    if !notes.is_empty() {
        writeln!(out)?;
    }
    for note in notes {
        writeln!(out, "{}", body(&note, 2))?;
    }
    playbook::Line::print(playbooks, out)?;
    Ok(Exit::Success)
}

struct Line {
    runbook: String,
    version: String,
    title: String,
    file: String,
    usable: bool,
    /// The runbook as it is checked, unless it has errors.
    checked: Option<Runbook>,
    /// The last drill that proved it, whatever it was then.
    proof: Option<Proof>,
    /// Whether that proves what it is today, and what is said of it.
    standing: (bool, String),
    /// Where its text is from, and what git says of it; or why that cannot be told.
    git: Result<(Origin, Option<Version>), String>,
    /// Why the environment's policy does not let the runbook run.
    unlisted: Option<Refusal>,
    /// Why it does not let this text of it run.
    refusal: Option<Refusal>,
}

impl Line {
    fn of(
        source: &Source,
        checked: Checked,
        origin: Result<Origin, Failure>,
        version: Result<Option<Version>, Failure>,
        environment: Option<&Environment>,
        signers: &Signers,
    ) -> Self {
        let told = |failure: Failure| [failure.what].into_iter().chain(failure.causes).collect::<Vec<_>>().join(": ");
        let git = origin.and_then(|origin| Ok((origin, version?))).map_err(told);
        let refusal = match (&git, environment) {
            (_, None) | (Ok((Origin::Shipped, _)), _) => None,
            (Ok((_, version)), Some(environment)) => objection(environment, source, version.as_ref(), signers),
            (Err(why), Some(environment)) if environment.policy.revision != RevisionRule::Any => {
                Some(Refusal { why: why.clone(), hint: String::new() })
            }
            (Err(_), Some(_)) => None,
        };
        let file = source.shown.clone();
        let usable = checked.runbook.is_some();
        let bare = checked.runbook.clone();
        let (runbook, version, title) = match checked.runbook {
            Some(runbook) => (runbook.id, runbook.version, runbook.title),
            None => (source.name(), "-".to_owned(), "cannot be used: `callout check` says why".to_owned()),
        };
        let unlisted = environment.and_then(|environment| unlisted(environment, &runbook));
        let standing = standing(None, None, &|_| None);
        Self { runbook, version, title, file, usable, checked: bare, proof: None, standing, git, unlisted, refusal }
    }

    /// What is known of it, in the order of the columns: name, version, title, proof, state, commit, date, author, tag,
    /// signature.
    fn cells(&self) -> [String; 10] {
        let own = [self.runbook.clone(), self.version.clone(), self.title.clone()];
        let empty = String::new;
        let git = match &self.git {
            Err(_) => ["UNKNOWN".to_owned(), empty(), empty(), empty(), empty(), empty()],
            Ok((origin, None)) => [origin.to_string(), empty(), empty(), empty(), empty(), empty()],
            Ok((_, Some(version))) => {
                let (commit, date, author) = last_cells(&version.last);
                let tag = version.tags.first().cloned().unwrap_or_else(|| "-".to_owned());
                let signature = signature_words(version).unwrap_or_else(|| "-".to_owned());
                [version.state().to_owned(), commit, date, author, tag, signature]
            }
        };
        let [name, number, title] = own;
        let [state, commit, date, author, tag, signature] = git;
        [name, number, title, self.standing.1.clone(), state, commit, date, author, tag, signature]
    }

    fn document(&self) -> Json {
        let (origin, version) = match &self.git {
            Ok((origin, version)) => (Some(origin), version.as_ref()),
            Err(_) => (None, None),
        };
        let state = match (origin, version) {
            (_, Some(version)) => version.state(),
            (Some(Origin::Shipped), None) => "built_in",
            (Some(_), None) => "not_in_git",
            (None, None) => "unknown",
        };
        json!({
            "runbook": self.runbook,
            "version": self.version,
            "title": self.title,
            "revision": origin.map_or_else(|| "unknown".to_owned(), ToString::to_string),
            "file": self.file,
            "usable": self.usable,
            "state": state,
            "proven": self.standing.0,
            "last_drill": self.proof.as_ref().map(|proof| json!({"at": proof.at, "simulated": proof.simulated})),
            "trouble": self.git.as_ref().err(),
            "last_commit": version.map(|version| last_document(&version.last)),
            "shallow": version.map(|version| version.shallow),
            "tag": version.and_then(|version| version.tags.first()),
            "tags": version.map(|version| &version.tags),
            "signature": version.and_then(|version| version.signature.as_ref()).map(signature_document),
            "refused": self.unlisted.as_ref().or(self.refusal.as_ref()).map(|refusal| &refusal.why),
        })
    }
}

/// Whether the last proof of a runbook proves what it is today, and what is said of it.
pub(super) fn standing<'a>(
    proof: Option<&Proof>,
    runbook: Option<&Runbook>,
    find: &'a dyn Fn(&str) -> Option<&'a Runbook>,
) -> (bool, String) {
    match (proof, runbook) {
        (Some(proof), Some(runbook)) => (proof.holds(runbook, find), proof.words(runbook, find)),
        _ => (false, "not proven".to_owned()),
    }
}

/// What is said of the last proof of each runbook of the library, by its name. Without a library or a store nothing is, and
/// whoever shows a runbook does so all the same.
pub(in crate::cli) fn drilled(setting: &Setting) -> BTreeMap<String, String> {
    let sources = Library::of(setting).and_then(|library| library.sources(setting)).unwrap_or_default();
    let checked: Vec<Runbook> = checked(setting, sources).into_iter().filter_map(|(_, one)| one.runbook).collect();
    let proofs = proofs(setting).unwrap_or_default();
    let find = |name: &str| checked.iter().find(|runbook| runbook.id == name);
    let said = checked.iter().map(|runbook| {
        let proof = proofs.iter().find(|(name, _)| *name == runbook.id).map(|(_, proof)| proof);
        (runbook.id.clone(), standing(proof, Some(runbook), &find).1)
    });
    said.collect()
}

/// What is to be said below the list.
fn notes(lines: &[Line], environment: Option<&Environment>, signers: &Signers) -> Vec<String> {
    let mut notes: Vec<String> =
        lines.iter().filter_map(|line| line.git.as_ref().err()).collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let versions: Vec<&Version> =
        lines.iter().filter_map(|line| line.git.as_ref().ok().and_then(|(_, version)| version.as_ref())).collect();
    if versions.iter().any(|version| matches!(version.last, Last::Boundary(_))) {
        notes.push(
            "The clone is shallow: a commit marked `or before` is only where its history ends. \
             `git fetch --unshallow` gets the rest."
                .to_owned(),
        );
    }
    if versions.iter().any(|version| matches!(version.signature, Some((Signature::NoSigners { .. }, _)))) {
        notes.extend(signers.unknown().map(|why| format!("Signatures cannot be judged: {why}.")));
    }
    notes.extend(signers.faults());
    if let Some(environment) = environment {
        let unlisted: Vec<&str> =
            lines.iter().filter(|line| line.unlisted.is_some()).map(|line| line.runbook.as_str()).collect();
        if !unlisted.is_empty() {
            let all = count(lines.len(), "runbook");
            let name = &environment.name;
            notes.push(format!("{name} does not let {} of {all} run: {}.", unlisted.len(), unlisted.join(", ")));
        }
        let rule = environment.policy.revision;
        let refused: Vec<&str> =
            lines.iter().filter(|line| line.refusal.is_some()).map(|line| line.runbook.as_str()).collect();
        if rule != RevisionRule::Any {
            let verdict = match refused.len() {
                0 => "every one of them is".to_owned(),
                number => format!("refuses {} of {}: {}", number, count(lines.len(), "runbook"), refused.join(", ")),
            };
            notes.push(format!("{} demands a {} revision: {verdict}.", environment.name, rule.word()));
        }
    }
    notes
}

fn last_cells(last: &Last) -> (String, String, String) {
    let of = |facts: &CommitFacts| (short(&facts.id).to_owned(), facts.date.day(), facts.author.clone());
    match last {
        Last::Commit(facts) => of(facts),
        Last::Boundary(facts) => {
            let (commit, date, author) = of(facts);
            (format!("{commit} or before"), date, author)
        }
        Last::Older(looked) => (format!("older than {looked} commits"), String::new(), String::new()),
        Last::Never => ("never committed".to_owned(), String::new(), String::new()),
    }
}

/// The last commit that changed a file, in a sentence.
pub(super) fn last_sentence(last: &Last) -> String {
    let (commit, date, author) = last_cells(last);
    if author.is_empty() { commit } else { format!("{commit}, {date}, {author}") }
}

fn last_document(last: &Last) -> Json {
    let (known, facts) = match last {
        Last::Commit(facts) => ("this", Some(facts)),
        Last::Boundary(facts) => ("this_or_before", Some(facts)),
        Last::Older(_) => ("older", None),
        Last::Never => ("never", None),
    };
    json!({
        "known": known,
        "looked_at": if let Last::Older(looked) = last { Some(looked) } else { None },
        "id": facts.map(|facts| &facts.id),
        "author": facts.map(|facts| &facts.author),
        "email": facts.map(|facts| &facts.email),
        "date": facts.map(|facts| facts.date),
    })
}

/// The signature in a few words, and what bears it unless that is the last commit; nothing for a dirty text.
pub(super) fn signature_words(version: &Version) -> Option<String> {
    let (signature, bearer) = version.signature.as_ref()?;
    let words = match signature {
        Signature::Verified { principals, .. } => format!("signed by {principals}"),
        Signature::NotAllowed { why, .. } => format!("NOT ALLOWED: {why}"),
        Signature::Bad { .. } => "BAD: the signature does not match".to_owned(),
        Signature::NoSigners { .. } => "signed, not verified: no allowed signers".to_owned(),
        Signature::NotVerified { why } => format!("not verified: {why}"),
        Signature::Unsigned => return Some("unsigned".to_owned()),
    };
    Some(match (bearer, &version.last) {
        (Bearer::Tag(tag), _) => format!("{words} (tag {tag})"),
        (Bearer::Commit(commit), Last::Commit(facts) | Last::Boundary(facts)) if facts.id == *commit => words,
        (Bearer::Commit(commit), _) => format!("{words} (commit {})", short(commit)),
    })
}

fn signature_document((signature, bearer): &(Signature, Bearer)) -> Json {
    let (state, key, why) = match signature {
        Signature::Verified { key, .. } => ("verified", Some(key), None),
        Signature::NotAllowed { key, why } => ("not_allowed", Some(key), Some(why)),
        Signature::Bad { key } => ("bad", Some(key), None),
        Signature::NoSigners { key } => ("no_allowed_signers", Some(key), None),
        Signature::NotVerified { why } => ("not_verified", None, Some(why)),
        Signature::Unsigned => ("unsigned", None, None),
    };
    let principals = if let Signature::Verified { principals, .. } = signature { Some(principals) } else { None };
    let (on, name) = match bearer {
        Bearer::Commit(commit) => ("commit", commit),
        Bearer::Tag(tag) => ("tag", tag),
    };
    json!({"state": state, "principals": principals, "key": key, "why": why, "on": on, "name": name})
}

fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}
