use std::iter;

use super::library::{Found, Source};
use super::signers::Signers;
use super::version::{Version, version};
use super::{Exit, Failure, Setting};
use crate::plan::{Origin, Plan};
use crate::runbook::{Environment, RevisionRule};
use crate::world::{Last, Signature};

/// Why an environment's policy does not let a text run, and how to get one that it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Why, as a lower-case sentence without its full stop.
    pub(crate) why: String,
    /// What to do about it.
    pub(crate) hint: String,
}

impl Refusal {
    /// The failure that it is where the text is to run.
    pub(crate) fn into_failure(self) -> Failure {
        Failure::new(Exit::Refused, self.why).hint(self.hint)
    }
}

/// Asks whether the environment's policy lists a runbook. Only the outer one is asked about: one that it nests is part of
/// it.
pub(crate) fn unlisted(environment: &Environment, runbook: &str) -> Option<Refusal> {
    if environment.policy.allows(runbook) {
        return None;
    }
    let listed = environment.policy.runbooks.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
    let why = format!("the policy of the environment `{}` does not let `{runbook}` run", environment.name);
    let hint = if listed.is_empty() { "it lists none".to_owned() } else { format!("it lists {listed}") };
    Some(Refusal { why, hint })
}

/// Asks the environment's policy about a text. The text that is built into the program satisfies every rule.
///
/// There is no way around it: a rule that could be waved off would not be one.
///
/// # Errors
/// The rule needs to know of signatures, and the repository cannot be read.
pub(crate) fn refusal(
    environment: &Environment,
    source: &Source,
    origin: &Origin,
    signers: &Signers,
) -> Result<Option<Refusal>, Failure> {
    let rule = environment.policy.revision;
    if rule == RevisionRule::Any || *origin == Origin::Shipped {
        return Ok(None);
    }
    let version = version(source, signers)?;
    Ok(objection(environment, source, version.as_ref(), signers))
}

/// Asks the environment's policy, as it is today, about the texts with which a run was begun.
///
/// A signature is judged by the commit that the run is pinned to, if the library still has it.
///
/// # Errors
/// As [`refusal`].
pub(crate) fn refusal_to_go_on(
    setting: &Setting,
    environment: &Environment,
    plan: &Plan,
) -> Result<Option<Refusal>, Failure> {
    let refused = |why: String| {
        let hint = "`callout abort` ends the run; `callout run` begins another, of a text that may run";
        Some(Refusal { why, hint: hint.to_owned() })
    };
    if let Some(Refusal { why, .. }) = unlisted(environment, &plan.runbook.id) {
        return Ok(refused(why));
    }
    let rule = environment.policy.revision;
    if rule == RevisionRule::Any {
        return Ok(None);
    }
    let demands = format!("the environment `{}` demands a {} revision today", environment.name, rule.word());
    let outer = (&plan.runbook, &plan.revision.origin);
    let nested = plan.nested.iter().map(|nested| (&nested.runbook, &nested.revision.origin));
    for (runbook, origin) in iter::once(outer).chain(nested) {
        let objection = match origin {
            Origin::Shipped => None,
            Origin::File => Some("was in no git repository".to_owned()),
            Origin::Git { dirty: true, .. } => Some("had changes that were not committed".to_owned()),
            Origin::Git { .. } if rule == RevisionRule::Committed => None,
            Origin::Git { commit, blob, .. } => unsigned(setting, environment, &runbook.id, commit, blob)?,
        };
        if let Some(why) = objection {
            return Ok(refused(format!("{demands}, and the run's `{}` {why}", runbook.id)));
        }
    }
    Ok(None)
}

/// Why the text of a run's runbook does not count as signed; nothing if it does.
fn unsigned(
    setting: &Setting,
    environment: &Environment,
    name: &str,
    commit: &str,
    blob: &str,
) -> Result<Option<String>, Failure> {
    let unjudged = |why: &str| Ok(Some(format!("cannot be judged: {why}; `--library DIR` names its library")));
    let source = match Source::at(setting, name, commit) {
        Ok(source) => source,
        Err(failure) => return unjudged(&failure.what),
    };
    if !matches!(&source.found, Found::Commit { blob: found, .. } if found == blob) {
        return unjudged("the library has another text in that commit");
    }
    let signers = Signers::find(setting, Some(&environment.policy));
    let version = version(&source, &signers)?;
    let objection = objection(environment, &source, version.as_ref(), &signers);
    Ok(objection.map(|refusal| format!("is refused: {}", refusal.why)))
}

/// As [`refusal`], with what git says of the text.
pub(crate) fn objection(
    environment: &Environment,
    source: &Source,
    version: Option<&Version>,
    signers: &Signers,
) -> Option<Refusal> {
    let (name, rule) = (source.name(), environment.policy.revision);
    let place = if environment.protected { "the protected environment" } else { "the environment" };
    let demands = format!("{place} `{}` demands a {} revision", environment.name, rule.word());
    let refused = |why: &str, hint: String| Some(Refusal { why: format!("{demands}, and {why}"), hint });
    if rule == RevisionRule::Any {
        return None;
    }
    let Some(version) = version else {
        let hint = "put the library into git and commit the file: `git init`, `git add`, `git commit`";
        return refused(&format!("`{}` is in no git repository with a commit", source.shown), hint.to_owned());
    };
    if version.dirty {
        let file = &source.shown;
        return if version.last == Last::Never {
            let hint = format!("commit it: `git add {file} && git commit {file}`");
            refused(&format!("`{file}` was never committed"), hint)
        } else {
            let hint = format!("commit it (`git commit {file}`), or run what is committed: `callout run {name}@HEAD`");
            refused(&format!("`{file}` has changes that are not committed"), hint)
        };
    }
    if rule == RevisionRule::Committed || version.is_verified() {
        return None;
    }
    let why = match version.signature.as_ref().map_or(&Signature::Unsigned, |(signature, _)| signature) {
        Signature::Verified { .. } => return None,
        Signature::Unsigned => "this one is not signed".to_owned(),
        Signature::Bad { .. } => {
            "the signature of this one does NOT MATCH it: somebody has changed one of the two".to_owned()
        }
        Signature::NotAllowed { why, .. } => format!("this one is signed, but {why}"),
        Signature::NotVerified { why } => format!("this one has {why}"),
        Signature::NoSigners { .. } => {
            let why = signers.unknown().unwrap_or("it is not known who may sign");
            let hint = "name the keys that may sign, under `policy: {allowed_signers: FILE}` of the environment or \
                        `gpg.ssh.allowedSignersFile` of your own git configuration";
            return refused(&format!("this one's signature cannot be judged: {why}"), hint.to_owned());
        }
    };
    let at = match &source.found {
        Found::Commit { .. } => "name another",
        Found::BuiltIn | Found::File(_) => "name one",
    };
    let hint = format!(
        "have it signed by somebody who may (`git commit -S`, with `gpg.format=ssh`), or {at} that is: \
         `callout run {name}@TAG`"
    );
    refused(&why, hint)
}
