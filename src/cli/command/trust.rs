use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::base::Value;
use crate::cli::args::Trust;
use crate::cli::environment::own;
use crate::cli::library::{ENVIRONMENTS, Library, RUNBOOKS};
use crate::cli::setting::Terminal;
use crate::cli::text::{columns, count, field, printable};
use crate::cli::trust::{Brought, Standing, book, unbelievable};
use crate::cli::{Exit, Failure, Setting};
use crate::effect::TargetKind;
use crate::runbook::{Environment, RevisionRule, Target, is_reference};
use crate::world::{forget_typed, is_open_to_all};

/// Shows what a library's environments would allow, and lets them take effect once the user says so.
pub(crate) fn trust(setting: &Setting, wish: &Trust, out: &mut dyn Write) -> Result<Exit, Failure> {
    if wish.list {
        return list(setting, out);
    }
    let folder = folder(setting, wish)?;
    if wish.revoke {
        return revoke(setting, folder, out);
    }
    let Some(brought) = Brought::in_folder(&folder)? else {
        writeln!(
            out,
            "The library `{}` has no environments: there is nothing to trust.",
            printable(&folder.display().to_string())
        )?;
        return Ok(Exit::Success);
    };
    let environments = brought.environments(setting)?;
    show(setting, &brought, &environments, out)?;
    let standing = brought.standing(setting)?;
    if standing == Standing::Trusted {
        writeln!(out, "\nIt is trusted already.")?;
        return Ok(Exit::Success);
    }
    if let Standing::Changed(changes) = &standing {
        writeln!(out, "\nIt was trusted with other content: {}.", printable(&changes.join(", ")))?;
    }
    consent(setting, wish, &brought, out)?;
    brought.trust(setting)?;
    writeln!(out, "\nTrusted: {}, as long as nothing of it changes.", count(environments.len(), "environment"))?;
    Ok(Exit::Success)
}

/// The library's folder: the one that is named, or that of the current folder.
fn folder(setting: &Setting, wish: &Trust) -> Result<PathBuf, Failure> {
    if let Some(path) = &wish.path {
        let folder = setting.here.join(path);
        // A library that is gone can still be revoked.
        if wish.revoke || folder.join(RUNBOOKS).is_dir() || folder.join(ENVIRONMENTS).is_dir() {
            return Ok(folder);
        }
        return Err(Failure::usage(format!("`{}` is not a library", folder.display()))
            .hint(format!("name the folder that holds `{RUNBOOKS}/` and `{ENVIRONMENTS}/`")));
    }
    match Library::of(setting)? {
        Library::Folder(folder) => Ok(folder),
        Library::BuiltIn => Err(Failure::usage("there is no library here: what is built in needs no trust")
            .hint("name a library's folder: `callout trust PATH`")),
    }
}

/// Asks for the user's word, or takes the digest for it.
fn consent(setting: &Setting, wish: &Trust, brought: &Brought, out: &mut dyn Write) -> Result<(), Failure> {
    let refused = |what: &str| Failure::new(Exit::Refused, format!("{what}; nothing was trusted"));
    let digest = brought.digest();
    if let Some(meant) = wish.digest {
        if meant == digest {
            return Ok(());
        }
        return Err(refused("the content is not the one that the digest is of").hint("look at what it is now"));
    }
    if setting.input == Terminal::No || setting.output == Terminal::No {
        let folder = brought.folder.display();
        return Err(refused("nobody is there to be asked")
            .hint(format!("once somebody has looked at it: `callout trust {folder} --digest {digest}`")));
    }
    let name = brought.folder.file_name().map_or_else(|| "/".into(), std::ffi::OsStr::to_string_lossy);
    // What was typed before the question is no answer to it; once it is shown, a quick answer must not be lost.
    forget_typed();
    write!(out, "\nType `{}` to trust it, anything else to leave it: ", printable(&name))?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| refused("the answer cannot be read").because(&error))?;
    if line.trim_end_matches(['\r', '\n']) == name { Ok(()) } else { Err(refused("that is not its name")) }
}

fn show(
    setting: &Setting,
    brought: &Brought,
    environments: &[Environment],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    field(out, "Library", &brought.folder.display().to_string())?;
    field(out, "Digest", &brought.digest().to_string())?;
    let open = |name: &&str| is_open_to_all(&brought.folder.join(name));
    let names = brought.files.iter().map(|file| file.name.as_str());
    for name in [ENVIRONMENTS].into_iter().chain(names).filter(open) {
        field(out, "Beware", &format!("anybody on this machine may change {name}; once changed it is refused"))?;
    }
    let own = own(setting)?;
    for environment in environments {
        writeln!(out)?;
        let hidden = own.iter().any(|known| known.name == environment.name);
        for (label, text) in facts(environment, hidden) {
            field(out, label, &text)?;
        }
    }
    Ok(())
}

/// What an environment would allow.
fn facts(environment: &Environment, hidden: bool) -> Vec<(&'static str, String)> {
    let protected = if environment.protected { ", protected" } else { "" };
    let title = environment.title.as_ref().map(|title| format!(": {title}")).unwrap_or_default();
    let mut facts = vec![("Environment", format!("{}{title} (live{protected})", environment.name))];
    if hidden {
        facts.push(("Hidden", "your own configuration has an environment of this name, and yours holds".to_owned()));
    }
    facts.push(("Tenant", environment.tenant.clone()));
    facts.push(("In", format!("subscription {}", environment.subscription)));
    facts.extend(environment.subscriptions.iter().map(|(name, id)| ("In", format!("subscription {id} ({name})"))));
    facts.push(("Signs in", format!("by {}", environment.sign_in)));
    let is_vault = |target: &Target| target.kind == TargetKind::Keyvault;
    let addresses = |vaults: bool| -> BTreeSet<String> {
        let targets = environment.targets.iter().filter(|target| is_vault(target) == vaults);
        targets.filter_map(|target| target.url.clone()).collect()
    };
    facts.push(("Token to", "https://management.azure.com".to_owned()));
    facts.extend(addresses(true).into_iter().map(|address| ("Token to", address)));
    facts.extend(addresses(false).into_iter().map(|address| ("No token to", address)));
    for (runbook, inputs) in &environment.inputs {
        facts.extend(
            inputs.iter().map(|(name, value)| ("Input", format!("{runbook}: {name} = {}", said(value, environment)))),
        );
    }
    if environment.policy.revision != RevisionRule::Any {
        let rule = environment.policy.revision.word();
        facts.push(("Policy", format!("demands a {rule} revision of a runbook")));
    }
    if let Some(risk) = environment.policy.yes {
        facts.push(("Policy", format!("`--yes` confirms up to {risk}")));
    }
    if let Some(runbooks) = &environment.policy.runbooks {
        facts.push(("Policy", format!("runs only {}", runbooks.join(", "))));
    }
    facts
}

/// An input's value, if it names a target or where a secret is kept. Anything else may be a secret that somebody wrote
/// down: which type the runbook gives it is not known here.
fn said(value: &Value, environment: &Environment) -> String {
    match value {
        Value::List(items) => items.iter().map(|item| said(item, environment)).collect::<Vec<_>>().join(", "),
        Value::Text(text) if is_reference(text) => text.clone(),
        Value::Text(text) if environment.targets.iter().any(|target| target.answers_to(text)) => text.clone(),
        _ => "a fixed value".to_owned(),
    }
}

fn list(setting: &Setting, out: &mut dyn Write) -> Result<Exit, Failure> {
    let trusted = book(setting).read().map_err(|error| unbelievable(&error))?;
    if trusted.is_empty() {
        writeln!(out, "No library is trusted.")?;
    }
    let rows = trusted.into_iter().map(|known| {
        let state = match Brought::in_folder(&known.library) {
            Ok(Some(now)) if now.digest() == known.digest => "as trusted",
            Ok(None) => "gone",
            Ok(Some(_)) | Err(_) => "changed, refused",
        };
        let files: Vec<&str> = known.files.iter().map(|file| file.name.as_str()).collect();
        [state.to_owned(), known.digest.short(), known.library.display().to_string(), files.join(", ")]
    });
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}

fn revoke(setting: &Setting, folder: PathBuf, out: &mut dyn Write) -> Result<Exit, Failure> {
    let folder = folder.canonicalize().unwrap_or(folder);
    let was = book(setting).revoke(&folder).map_err(|error| unbelievable(&error))?;
    let says = if was { "is trusted no longer" } else { "was not trusted" };
    writeln!(out, "`{}` {says}.", printable(&folder.display().to_string()))?;
    Ok(Exit::Success)
}
