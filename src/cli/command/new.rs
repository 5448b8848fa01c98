use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};

use crate::base::StepId;
use crate::cli::library::{Library, RUNBOOKS, shown};
use crate::cli::{Exit, Failure, Setting};
use crate::runbook::skeleton;

/// Writes the skeleton of a runbook into the library, which is made in the current folder if there is none. Never
/// overwrites.
pub(crate) fn new_runbook(setting: &Setting, name: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    if !StepId::is_well_formed(name) {
        let hint = "write lower-case letters, digits and hyphens, beginning with a letter, at most 63";
        return Err(Failure::usage(format!("`{name}` is not a name for a runbook")).hint(hint));
    }
    let library = match Library::of(setting)? {
        Library::Folder(folder) => folder,
        Library::BuiltIn => setting.here.clone(),
    };
    let folder = library.join(RUNBOOKS);
    let failed = |what: &str, error: &std::io::Error| Failure::usage(what.to_owned()).because(error);
    fs::create_dir_all(&folder)
        .map_err(|error| failed(&format!("the folder `{}` cannot be made", shown(setting, &folder)), &error))?;
    let path = folder.join(format!("{name}.yaml"));
    let file = shown(setting, &path);
    let mut open = OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::usage(format!("`{file}` is there already")).hint("choose another name, or edit that file")
        }
        _ => failed(&format!("`{file}` cannot be written"), &error),
    })?;
    open.write_all(skeleton(name).as_bytes())
        .map_err(|error| failed(&format!("`{file}` cannot be written"), &error))?;
    writeln!(out, "Wrote {file}. It checks clean and changes nothing yet.")?;
    writeln!(out, "`callout actions` lists what a step can ask of the world; `callout check` says what is wrong.")?;
    Ok(Exit::Success)
}
