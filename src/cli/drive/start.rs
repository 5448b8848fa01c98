use std::io::Write;

use super::closing::close;
use super::face::drive;
use super::session::{Session, new_run};
use super::wish::{Protection, Wish};
use crate::base::RunId;
use crate::cli::args::{self, Headless};
use crate::cli::environment::environment;
use crate::cli::prepare::{Prepared, prepare};
use crate::cli::{Exit, Failure, Setting, store};
use crate::engine::{Ask, Engine, EngineError};
use crate::journal::RunRow;
use crate::plan::{Mode, Place, Plan};
use crate::run::{self, Beyond};
use crate::runbook::Environment;
use crate::world::Redactor;

/// `callout run`.
///
/// Everything that can be wrong with the runbook, its inputs and the answers is said before anything is opened.
pub(crate) async fn run(
    args: &args::Run,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    if args.mode.mode() != Mode::Live {
        return Err(Failure::usage("this version runs in the mode `live` only; drills and rehearsals are to come"));
    }
    let Prepared { plan, text, environment, refusal } =
        prepare(setting, &args.runbook, &args.inputs.named()?, Mode::Live)?;
    refuse_what_is_beyond(&plan)?;
    if let Some(refusal) = refusal {
        return Err(refusal.into_failure());
    }
    refuse_what_is_not_listed(&environment, &plan.runbook.id)?;
    let wish = Wish::read(setting, &args.headless)?;
    let channel = wish.channel();
    let digest = plan.digest().map_err(|error| Failure::of(Exit::Usage, &error))?;
    let face = wish.face(Protection::of(&plan.place, &environment), &environment.policy, digest, setting.input)?;
    let session = Session::open(setting, &environment, channel, redactor.clone()).await?;
    let id = new_run(&session.ports);
    let lease = session.lease(id)?;
    let Session { journal, ports, who, estate, .. } = session;
    let engine = Engine::begin(Box::new(journal), ports.clone(), &who, id, plan, text)
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    let driven = drive(engine, face, setting, environment.colour, &ports, out).await?;
    drop(lease);
    if let Some(estate) = estate {
        estate.stop().await;
    }
    close(id, driven, out)
}

/// Refuses a runbook that asks for what this version checks and plans, but does not do.
fn refuse_what_is_beyond(plan: &Plan) -> Result<(), Failure> {
    let beyond = run::beyond(&plan.runbook);
    if beyond.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = beyond.iter().map(|Beyond { step, what }| format!("  {step}: `{what}`\n")).collect();
    let what = format!("this version checks and plans `{}`, but cannot run it; nothing was started", plan.runbook.id);
    Err(Failure::new(Exit::Refused, what).below(lines.concat()))
}

/// Refuses a runbook that the environment's policy does not list.
fn refuse_what_is_not_listed(environment: &Environment, runbook: &str) -> Result<(), Failure> {
    if environment.policy.allows(runbook) {
        return Ok(());
    }
    let listed = environment.policy.runbooks.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
    let what = format!("the policy of the environment `{}` does not let `{runbook}` run", environment.name);
    Err(Failure::new(Exit::Refused, what).hint(format!("it lists {listed}; nothing was started")))
}

/// `callout resume`.
pub(crate) async fn resume(
    run: Option<&str>,
    headless: &Headless,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let environment = environment(setting)?;
    let Some(row) = wanted(setting, run)? else {
        writeln!(out, "No run is open: nothing to resume.")?;
        return Ok(Exit::Success);
    };
    let wish = Wish::read(setting, headless)?;
    take_up(row.run, &environment, wish, setting, redactor, None, out).await
}

/// Ends a run that nobody holds: `callout abort` where there is no process to ask.
///
/// # Errors
/// As [`resume`]; and the run is held by now.
pub(crate) async fn abort(
    run: RunId,
    environment: &Environment,
    reason: Option<String>,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    take_up(run, environment, Wish::Silent, setting, redactor, Some(Ask::Abort { reason }), out).await
}

async fn take_up(
    run: RunId,
    environment: &Environment,
    wish: Wish,
    setting: &Setting,
    redactor: &Redactor,
    first: Option<Ask>,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let session = Session::open(setting, environment, wish.channel(), redactor.clone()).await?;
    let lease = session.lease(run)?;
    let Session { journal, ports, who, estate, .. } = session;
    let engine = Engine::resume(Box::new(journal), ports.clone(), &who, run).map_err(|error| match error {
        EngineError::Over => Failure::usage(format!("the run {} has ended", run.short()))
            .hint("`callout timeline` tells it; `callout run` begins another"),
        other => Failure::of(Exit::Usage, &other),
    })?;
    let state = engine.state();
    let place = &state.plan.place;
    if place.environment != environment.name {
        let what = format!("the run {} belongs to the environment `{}`", run.short(), place.environment);
        return Err(Failure::usage(what).hint(format!("add `--env {}`", place.environment)));
    }
    // Ending a run sends nothing, so it works wherever the environment's name has been moved to.
    if !matches!(wish, Wish::Silent) {
        same_place(run, place, environment)?;
        refuse_what_is_not_listed(environment, &state.plan.runbook.id)?;
    }
    let face = wish.face(Protection::of(place, environment), &environment.policy, state.digest, setting.input)?;
    if let Some(ask) = first {
        engine.handle().ask(ask);
    }
    let driven = drive(engine, face, setting, environment.colour, &ports, out).await?;
    drop(lease);
    if let Some(estate) = estate {
        estate.stop().await;
    }
    close(run, driven, out)
}

/// Refuses to go on in another place than the one that the run was planned for, though it may bear the same name.
fn same_place(run: RunId, place: &Place, environment: &Environment) -> Result<(), Failure> {
    let pairs = [
        ("tenant", &place.tenant, &environment.tenant),
        ("subscription", &place.subscription, &environment.subscription),
    ];
    for (what, planned, today) in pairs {
        if planned != today {
            let what = format!(
                "the run {} was planned for the {what} {planned}, and the environment `{}` now has {today}",
                run.short(),
                environment.name
            );
            let hint = "put the environment back as it was, or end the run with `callout abort` and begin another";
            return Err(Failure::new(Exit::Refused, what).hint(hint));
        }
    }
    Ok(())
}

/// The run that is meant: by name, else the only open one.
fn wanted(setting: &Setting, run: Option<&str>) -> Result<Option<RunRow>, Failure> {
    let Some(journal) = store::reader(setting)? else {
        return match run {
            None => Ok(None),
            Some(_) => Err(store::nothing_yet(setting)?),
        };
    };
    if let Some(text) = run {
        return store::find_run(&journal, text).map(Some);
    }
    let mut rows = journal.open_runs()?;
    if rows.len() > 1 {
        let names: Vec<String> = rows.iter().map(|row| format!("{} ({})", row.run.short(), row.runbook)).collect();
        let hint = format!("name one of them: {}", names.join(", "));
        return Err(Failure::usage("more than one run is open").hint(hint));
    }
    Ok(rows.pop())
}
