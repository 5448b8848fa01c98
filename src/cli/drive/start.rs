use std::io::Write;
use std::sync::Arc;

use super::held::Held;
use super::session::{Session, new_run};
use super::wish::{Protection, Wish};
use crate::base::{IncidentId, RunId, Seq};
use crate::cli::args::{self, Headless};
use crate::cli::environment::environment;
use crate::cli::ledger::Ledger;
use crate::cli::policy::refusal_to_go_on;
use crate::cli::prepare::{Prepared, prepare};
use crate::cli::{Exit, Failure, Setting, playbooks, store};
use crate::engine::fold;
use crate::incident::Word;
use crate::journal::{Journal as _, RunRow, SqliteJournal};
use crate::plan::{Mode, Place};
use crate::runbook::{Environment, Role};
use crate::world::{Redactor, StillClock};

/// `callout run`.
///
/// Everything that can be wrong with the runbook, its inputs and the answers is said before anything is opened.
pub(crate) async fn run(
    args: &args::Run,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let prepared = prepare(setting, &args.runbook, &args.inputs.named()?, args.mode.mode())?;
    let incident = args.incident.as_deref().map(|text| incident_of(setting, text)).transpose()?;
    begin(prepared, incident, &[], &args.headless, setting, redactor, out).await
}

/// `callout drill run`: a programme, and nothing but a programme.
pub(crate) async fn drill(
    programme: &str,
    who: &[(Role, String)],
    inputs: &args::Inputs,
    headless: &Headless,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    if playbooks::find(setting, programme)?.is_none() {
        let hint =
            format!("`callout run {programme} --mode drill` drills a single runbook; `callout list` names programmes");
        return Err(Failure::usage(format!("there is no drill programme `{programme}`")).hint(hint));
    }
    let prepared = prepare(setting, programme, &inputs.named()?, Mode::Drill)?;
    begin(prepared, None, who, headless, setting, redactor, out).await
}

/// The incident to which a run is to belong; it must be there before anything is begun.
fn incident_of(setting: &Setting, text: &str) -> Result<IncidentId, Failure> {
    match store::reader(setting)? {
        Some(journal) => store::find_incident(&journal, text),
        None => Err(store::nothing_yet(setting)?),
    }
}

pub(super) async fn begin(
    prepared: Prepared,
    incident: Option<IncidentId>,
    who: &[(Role, String)],
    headless: &Headless,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let Prepared { plan, texts, environment, refusal } = prepared;
    if let Some(refusal) = refusal {
        return Err(refusal.into_failure());
    }
    let wish = Wish::read(setting, headless)?;
    let channel = wish.channel();
    let digest = plan.digest().map_err(|error| Failure::of(Exit::Usage, &error))?;
    let face = wish.face(Protection::of(&plan.place, &environment), &environment.policy, digest, setting.input)?;
    let session = Session::open(setting, &environment, channel, redactor.clone()).await?;
    let id = new_run(&session.ports);
    let (path, clock) = (session.store.clone(), Arc::clone(&session.ports.clock));
    let mut held = Held::begin(session, id, plan, texts)?;
    if let Some(incident) = incident {
        // Beside the run's own entries, as anybody may: the run knows nothing of it.
        let mut ledger = Ledger::of(setting, store::to_append(setting, &path)?, incident, channel);
        let now = StillClock { now: clock.now(), source: clock.source() };
        for remark in ledger.say(Word::Attach(id), Vec::new(), now)? {
            writeln!(out, "Note that {remark}.")?;
        }
    }
    held.stand_ready(who).await?;
    held.drive(face, setting, environment.colour, out).await
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
    let Some((mut journal, row)) = wanted(setting, run)? else {
        writeln!(out, "No run is open: nothing to resume.")?;
        return Ok(Exit::Success);
    };
    store::refuse_cut(&row)?;
    // What the run was planned to be never changes, so it is judged before anybody signs in for it.
    let entries = journal.of_run(row.run, Seq(0))?;
    let plan = fold(journal.log(), row.run, &entries)?.plan;
    drop(journal);
    same_environment(row.run, &plan.place, &environment.name)?;
    same_place(row.run, &plan.place, &environment)?;
    if let Some(refusal) = refusal_to_go_on(setting, &environment, &plan)? {
        return Err(refusal.into_failure());
    }
    let wish = Wish::read(setting, headless)?;
    let session = Session::open(setting, &environment, wish.channel(), redactor.clone()).await?;
    // Opening the store to write may have found that it was put back.
    store::refuse_cut(&store::find_run(&session.journal, &row.run.to_string())?)?;
    let mut held = Held::take_up(session, row.run)?;
    held.stand_ready(&[]).await?;
    let digest = held.engine.state().digest;
    let face = wish.face(Protection::of(&plan.place, &environment), &environment.policy, digest, setting.input)?;
    held.drive(face, setting, environment.colour, out).await
}

/// Refuses a run of another environment.
pub(super) fn same_environment(run: RunId, place: &Place, name: &str) -> Result<(), Failure> {
    if place.environment == name {
        return Ok(());
    }
    let what = format!("the run {} belongs to the environment `{}`", run.short(), place.environment);
    Err(Failure::usage(what).hint(format!("add `--env {}`", place.environment)))
}

/// Refuses to go on in another place than the one that the run was planned for, though it may bear the same name.
pub(super) fn same_place(run: RunId, place: &Place, environment: &Environment) -> Result<(), Failure> {
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
fn wanted(setting: &Setting, run: Option<&str>) -> Result<Option<(SqliteJournal, RunRow)>, Failure> {
    let Some(journal) = store::reader(setting)? else {
        return match run {
            None => Ok(None),
            Some(_) => Err(store::nothing_yet(setting)?),
        };
    };
    if let Some(text) = run {
        let row = store::find_run(&journal, text)?;
        return Ok(Some((journal, row)));
    }
    let mut rows = journal.open_runs()?;
    if rows.len() > 1 {
        let names: Vec<String> = rows.iter().map(|row| format!("{} ({})", row.run.short(), row.runbook)).collect();
        let hint = format!("name one of them: {}", names.join(", "));
        return Err(Failure::usage("more than one run is open").hint(hint));
    }
    Ok(rows.pop().map(|row| (journal, row)))
}
