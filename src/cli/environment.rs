use std::fs;
use std::io::ErrorKind;

use super::setting::Config;
use super::{Exit, Failure, Setting, findings};
use crate::base::did_you_mean;
use crate::runbook::{Environment, EstateKind, SignIn, parse_environments};
use crate::world;

/// Every environment: the built-in simulated one, then those that are configured.
///
/// # Errors
/// The configuration was named and is not there, cannot be read, or has findings.
pub(crate) fn environments(setting: &Setting) -> Result<Vec<Environment>, Failure> {
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
/// As [`environments`]; there is none of that name; or a live one is configured and none was named, because then there
/// is no default that could not be the wrong one.
pub(crate) fn environment(setting: &Setting) -> Result<Environment, Failure> {
    choose(environments(setting)?, setting.environment.as_deref())
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
