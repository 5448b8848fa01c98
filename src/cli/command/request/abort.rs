use std::io::Write;

use super::deliver::deliver;
use super::post::{Holder, Post, payload};
use crate::base::InstanceId;
use crate::cli::args::Abort;
use crate::cli::drive::{Ending, show_way_back};
use crate::cli::{Exit, Failure, Setting, drive};
use crate::engine::{EngineError, Word};
use crate::journal::Stage;
use crate::run::{Event, Request, RunState, way_back};
use crate::world::Redactor;

/// Ends a run: its holder is asked to, and if nobody holds it this process takes it and does so itself.
pub(crate) async fn abort(
    setting: &Setting,
    redactor: &Redactor,
    args: &Abort,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let mut post = Post::find_open(setting, &args.run)?;
    let (run, place) = (post.row.run, post.state.plan.place.clone());
    let held = match post.holder()? {
        Holder::Us(_) => None,
        Holder::Other(holder) => Some(holder),
    };
    let ending = if held.is_none() { Some(Ending::of(run, &place, setting)?) } else { None };
    if let (true, Some(Ending::Apart { why })) = (args.undo, &ending) {
        let what = format!("run {} cannot be undone from here: {why}", post.short());
        return Err(
            Failure::new(Exit::Refused, what).hint("without `--undo` it can be ended, and everything stays as it is")
        );
    }
    foretell(&mut post, args, ending.as_ref(), out).await?;
    let Some(ending) = ending else {
        let reason = args.reason.as_deref().map(payload).transpose()?;
        let commitment = reason.as_ref().map(|reason| reason.commitment.clone());
        let request = Request::Abort { reason: commitment, undo: args.undo };
        let word = Word { request, payloads: reason.into_iter().collect(), texts: Vec::new() };
        deliver(post, word, out).await?;
        writeln!(out, "What is in flight is waited for.")?;
        return Ok(Exit::Success);
    };
    drop(post);
    drive::abort(run, ending, args, setting, redactor, out).await
}

/// Says what an abort does and what it leaves as it is, before it is done. With `ending` this process ends the run, else its
/// holder does.
async fn foretell(
    post: &mut Post<'_>,
    args: &Abort,
    ending: Option<&Ending>,
    out: &mut (dyn Write + Send),
) -> Result<(), Failure> {
    let now = post.clock().await?.now;
    let mut state = post.state.clone();
    if ending.is_some() {
        // Whoever takes the run up to end it takes what was sent and not answered for doubtful.
        let taken = Event::Taken { fence: state.fence + 1, pid: 0 };
        state = state.evolve(now, &taken).map_err(EngineError::Fold)?;
    }
    let way = way_back(&state, now);
    let in_flight: Vec<InstanceId> =
        state.instances().filter(|one| one.in_flight()).map(|one| one.id.clone()).collect();
    let standing = state.standing();
    let untouched = standing.is_empty() && way.in_doubt.is_empty();
    if post.row.stage == Stage::Cut {
        writeln!(out, "Entries of this run are lost, and nobody knows what it did after those that are left.")?;
    } else if untouched && in_flight.is_empty() && way.by_hand.is_empty() {
        writeln!(out, "Nothing was changed so far, so nothing is left to undo.")?;
    } else if untouched && in_flight.is_empty() {
        writeln!(out, "This run itself has changed nothing so far, so it has nothing to undo.")?;
    }
    if args.undo && !untouched {
        show_way_back(&way, out)?;
    } else if !standing.is_empty() {
        let (standing, runbook) = (list(&standing), &post.row.runbook);
        writeln!(out, "Stays as it is, and is not undone: {standing}. `callout plan {runbook}` says how each is.")?;
        if !way.undone.is_empty() {
            let undone: Vec<InstanceId> = way.undone.iter().map(|one| one.step.clone()).collect();
            writeln!(out, "`--undo` would undo, in this order: {}.", list(&undone))?;
        }
    }
    if !way.by_hand.is_empty() && (!args.undo || untouched) {
        let by_hand = list(&way.by_hand);
        writeln!(out, "Done by people, who alone can take back what it changed: {by_hand}.")?;
    }
    if !in_flight.is_empty() {
        let then = match ending {
            Some(Ending::Apart { .. }) => "In flight, and left in doubt, as nobody can follow it from here",
            _ if args.undo => "In flight, and waited for; what comes of it is undone too, if the runbook says how",
            _ => "In flight, and waited for; what comes of it stays as it is",
        };
        writeln!(out, "{then}: {}.", list(&in_flight))?;
    }
    foretell_doubts(&state, &way.in_doubt, ending, out)?;
    Ok(out.flush()?)
}

fn foretell_doubts(
    state: &RunState,
    in_doubt: &[InstanceId],
    ending: Option<&Ending>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (mut stays, mut probed) = (in_doubt.to_vec(), Vec::new());
    if let Some(Ending::Apart { why }) = ending {
        writeln!(out, "Nobody signs in, and nothing is sent or probed: {why}.")?;
    } else {
        let has_spoken = |id: &InstanceId| state.instance(id).is_none_or(|one| one.was_probed() || one.phase.is_over());
        (stays, probed) = stays.into_iter().partition(has_spoken);
    }
    if !probed.is_empty() {
        writeln!(out, "In doubt, and probed before the end: {}.", list(&probed))?;
    }
    if !stays.is_empty() {
        let short = state.id.short();
        writeln!(out, "Stays in doubt: {}; `callout resolve {short}` says what became of it.", list(&stays))?;
    }
    Ok(())
}

fn list(ids: &[InstanceId]) -> String {
    ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ")
}
