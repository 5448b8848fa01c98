use std::fs;
use std::io::ErrorKind;

use super::library::{ENVIRONMENTS, Library};
use super::setting::Config;
use super::trust::{Brought, Standing};
use super::{Exit, Failure, Setting, findings};
use crate::base::{StepId, did_you_mean};
use crate::runbook::{Environment, EstateKind, SignIn, parse_environments};
use crate::world;

/// Every environment that may take effect: the built-in simulated one, those of the user's configuration, and those of a
/// trusted library. Where a library has one of the user's names, the user's own holds and the library's is hidden.
///
/// # Errors
/// The configuration was named and is not there, cannot be read, or has findings; or a trusted library's files have.
pub(crate) fn environments(setting: &Setting) -> Result<Vec<Environment>, Failure> {
    let mut all = own(setting)?;
    if let Some(brought) = trusted(setting) {
        let brought = brought.environments(setting)?.into_iter();
        let hidden = |environment: &Environment| all.iter().any(|known| known.name == environment.name);
        let visible: Vec<Environment> = brought.filter(|environment| !hidden(environment)).collect();
        all.extend(visible);
    }
    Ok(all)
}

/// What the library brings along, if the user has trusted it. What cannot be read is not trusted; that it cannot, is said
/// when one of its environments is asked for.
fn trusted(setting: &Setting) -> Option<Brought> {
    let brought = Brought::by(&Library::of(setting).ok()?).ok()??;
    (brought.standing(setting).ok()? == Standing::Trusted).then_some(brought)
}

/// The simulated environment and those of the user's own configuration.
///
/// # Errors
/// As [`environments`].
pub(crate) fn own(setting: &Setting) -> Result<Vec<Environment>, Failure> {
    let path = setting.config.path();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && matches!(setting.config, Config::Usual(_)) => {
            return Ok(vec![Environment::simulated()]);
        }
        Err(error) => {
            return Err(Failure::usage(format!("the configuration `{}` cannot be read", path.display()))
                .because(&error)
                .hint("name another one with `--config FILE`, or leave it out"));
        }
    };
    let configured = parse_environments(&bytes).map_err(|found| {
        let mut failure = findings::refused(&found, &path.display().to_string(), &bytes, setting.colour);
        failure.exit = Exit::Usage;
        failure
    })?;
    Ok([Environment::simulated()].into_iter().chain(configured).collect())
}

/// The environment to work in: the one that was named, or the simulated one as long as there is no other.
///
/// # Errors
/// As [`environments`]; there is none of that name; it is that of a library which is not trusted; or a live one is
/// configured and none was named, because then there is no default that could not be the wrong one.
pub(crate) fn environment(setting: &Setting) -> Result<Environment, Failure> {
    if let Some(name) = &setting.environment {
        // One of the user's own names never depends on what lies in the current folder.
        if let Some(found) = own(setting)?.into_iter().find(|environment| environment.name == *name) {
            return Ok(found);
        }
        if let Some(brought) = brought(setting, name)? {
            return Ok(brought);
        }
    }
    choose(environments(setting)?, setting.environment.as_deref())
}

/// What can be done with an environment today.
pub(crate) enum Reach {
    /// It may take effect.
    Open(Environment),
    /// It is there, but comes from a library that is not trusted. Nothing that it says is used.
    Closed {
        /// Its name.
        name: String,
        /// Why it may not take effect.
        refusal: Failure,
    },
}

/// The environment that was named, for what may be done even where the library that brings it is not trusted: to read
/// what was recorded, and to end what was begun.
///
/// # Errors
/// As [`environment`], but for an environment of a library that is not trusted.
pub(crate) fn reach(setting: &Setting) -> Result<Reach, Failure> {
    match (environment(setting), &setting.environment) {
        (Ok(environment), _) => Ok(Reach::Open(environment)),
        (Err(refusal), Some(name)) if refusal.exit == Exit::Refused && is_brought(setting, name) => {
            Ok(Reach::Closed { name: name.clone(), refusal })
        }
        (Err(failure), _) => Err(failure),
    }
}

/// The kind of estate of the environment to work in. One that a library brings along is live, trusted or not.
///
/// # Errors
/// As [`reach`].
pub(crate) fn estate(setting: &Setting) -> Result<EstateKind, Failure> {
    Ok(match reach(setting)? {
        Reach::Open(environment) => environment.estate,
        Reach::Closed { .. } => EstateKind::Live,
    })
}

/// Whether the library has a file for an environment of that name, whatever it holds and wherever it leads.
fn is_brought(setting: &Setting, name: &str) -> bool {
    let Ok(Library::Folder(folder)) = Library::of(setting) else { return false };
    let file = |ending: &str| folder.join(ENVIRONMENTS).join(format!("{name}.{ending}"));
    StepId::is_well_formed(name) && ["yaml", "yml"].iter().any(|ending| file(ending).symlink_metadata().is_ok())
}

/// The library's environment of that name; nothing if it has none.
///
/// # Errors
/// The library is not trusted, or its content has changed since it was; the file has findings.
fn brought(setting: &Setting, name: &str) -> Result<Option<Environment>, Failure> {
    let Some(brought) = Brought::by(&Library::of(setting)?)? else { return Ok(None) };
    let Some(file) = brought.file(name) else { return Ok(None) };
    let why = match brought.standing(setting)? {
        Standing::Trusted => return file.check(setting).map(Some),
        Standing::Unknown => "is not trusted".to_owned(),
        Standing::Changed(changes) => format!("is not what was trusted: {}", changes.join(", ")),
    };
    let folder = brought.folder.display();
    let what = format!("the environment `{name}` comes from the library `{folder}`, which {why}; nothing was started");
    Err(Failure::new(Exit::Refused, what).hint(format!("`callout trust {folder}` shows what it would allow, and asks")))
}

fn choose(all: Vec<Environment>, wanted: Option<&str>) -> Result<Environment, Failure> {
    let names: Vec<String> = all.iter().map(|environment| environment.name.clone()).collect();
    let some_live = all.iter().any(|environment| environment.estate == EstateKind::Live);
    let name = match wanted {
        Some(name) => name,
        None if some_live => {
            let what = "it is not said in which environment; with a live one configured there is no default";
            return Err(Failure::usage(what).hint(format!("add `--env NAME`: {}", names.join(", "))));
        }
        None => "sim",
    };
    all.into_iter().find(|environment| environment.name == name).ok_or_else(|| {
        let hint = match did_you_mean(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", names.join(", ")),
        };
        Failure::usage(format!("there is no environment `{name}`")).hint(hint)
    })
}

/// How the hands sign in to an environment.
pub(crate) fn sign_in(environment: &Environment) -> world::SignIn {
    let tenant = environment.tenant.clone();
    match environment.sign_in.clone() {
        SignIn::Cli => world::SignIn::Cli { tenant },
        SignIn::Azd => world::SignIn::Azd { tenant },
        SignIn::ManagedIdentity { client } => world::SignIn::ManagedIdentity { tenant, client },
        SignIn::WorkloadIdentity { client } => world::SignIn::WorkloadIdentity { tenant, client },
        SignIn::ClientSecret { client, secret } => world::SignIn::ClientSecret { tenant, client, variable: secret },
        SignIn::Auto => world::SignIn::Auto { tenant },
        SignIn::Simulated => world::SignIn::Simulated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(name: &str) -> Environment {
        Environment { name: name.into(), estate: EstateKind::Live, ..Environment::simulated() }
    }

    #[test]
    fn without_a_configuration_it_is_the_simulated_one() {
        assert_eq!(choose(vec![Environment::simulated()], None).unwrap().name, "sim");
    }

    #[test]
    fn as_soon_as_there_is_a_live_one_it_must_be_said_which() {
        let all = || vec![Environment::simulated(), live("production")];
        let failure = choose(all(), None).unwrap_err();
        assert_eq!(failure.hint.as_deref(), Some("add `--env NAME`: sim, production"));
        assert_eq!(choose(all(), Some("sim")).unwrap().estate, EstateKind::Simulated);
        assert_eq!(choose(all(), Some("production")).unwrap().estate, EstateKind::Live);
    }

    #[test]
    fn a_slip_of_the_key_is_answered_with_the_word_that_was_meant() {
        let failure = choose(vec![Environment::simulated(), live("production")], Some("prodution")).unwrap_err();
        assert_eq!(failure.hint.as_deref(), Some("did you mean `production`?"));
    }
}
