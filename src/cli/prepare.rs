use super::library::Loaded;
use super::nesting::nested;
use super::playbooks::Startable;
use super::policy::{Refusal, refusal, unlisted};
use super::signers::Signers;
use super::{Failure, Setting};
use crate::plan::{Input, Mode, Place, Plan, nested_problems};
use crate::runbook::{Environment, InputProblem, Playbook, bind_inputs};

/// A plan, and what a run needs beside it.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// What would happen.
    pub(crate) plan: Plan,
    /// The texts that travel with the run: the runbook's own, and those of the runbooks that it nests.
    pub(crate) texts: Vec<String>,
    /// Where it would happen.
    pub(crate) environment: Environment,
    /// Why the environment's policy does not let this runbook, or this text of it, run; nothing if it does.
    pub(crate) refusal: Option<Refusal>,
}

/// Finds a runbook or a drill programme, checks it, and binds it to the environment and the given inputs. A programme is
/// always planned as a drill. Opens and creates nothing.
///
/// # Errors
/// The runbook, the environment or an input is not as it must be. Everything that is wrong with one of them is said at
/// once.
pub(crate) fn prepare(
    setting: &Setting,
    name: &str,
    given: &[(String, String)],
    mode: Mode,
) -> Result<Prepared, Failure> {
    let startable = Startable::find(setting, name)?;
    let environment = startable.environment(setting)?;
    let mut bound =
        bind_inputs(&startable.loaded.runbook, given, &environment).map_err(|problems| wrong_inputs(&problems))?;
    let mode = if startable.drill.is_some() { Mode::Drill } else { mode };
    let drill = match mode {
        Mode::Drill => startable.bounds(&environment),
        Mode::Live | Mode::Rehearsal => Vec::new(),
    };
    match mode {
        Mode::Drill => startable.refuse_strangers(&bound, &environment)?,
        Mode::Live | Mode::Rehearsal => {}
    }
    let inner = nested(setting, &startable.loaded)?;
    let exercise = startable.drill.as_ref().and_then(Playbook::exercise).map(Box::new);
    let Loaded { runbook, revision, text, source, .. } = startable.loaded;
    let signers = Signers::find(setting, Some(&environment.policy));
    let mut refused = unlisted(&environment, &runbook.id);
    // What is nested runs as well, so the rule about revisions holds for it too.
    let nested_origins = inner.iter().map(|(nested, source)| (source, &nested.revision.origin));
    for (source, origin) in std::iter::once((&source, &revision.origin)).chain(nested_origins) {
        if refused.is_none() {
            refused = refusal(&environment, source, origin, &signers)?;
        }
    }
    let mut texts = vec![text];
    texts.extend(inner.iter().map(|(_, source)| String::from_utf8_lossy(&source.bytes).into_owned()));
    let nested: Vec<_> = inner.into_iter().map(|(nested, _)| nested).collect();
    let inputs = runbook.parameters.iter().filter_map(|parameter| {
        let value = bound.remove(&parameter.name)?;
        Some(Input { name: parameter.name.clone(), value })
    });
    let inputs = inputs.collect();
    let place = Place {
        environment: environment.name.clone(),
        estate: environment.estate,
        tenant: environment.tenant.clone(),
        subscription: environment.subscription.clone(),
        protected: environment.protected,
        drill,
    };
    let resources = (!nested.is_empty()).then(|| environment.resources());
    let plan = Plan { runbook, revision, inputs, place, mode, nested, resources, exercise };
    let problems = nested_problems(&plan);
    if !problems.is_empty() {
        return Err(wrong_inputs(&problems));
    }
    Ok(Prepared { plan, texts, environment, refusal: refused })
}

fn wrong_inputs(problems: &[InputProblem]) -> Failure {
    if let [InputProblem { message, help, .. }] = problems {
        return Failure::usage(message).maybe_hint(help.clone());
    }
    let lines: Vec<String> = problems.iter().map(|problem| format!("{problem}\n")).collect();
    Failure::usage(format!("{} inputs are wrong; nothing was started", problems.len())).below(lines.concat())
}
