use std::io::Write;

use super::deliver::deliver;
use super::post::{Holder, Post, payload};
use crate::base::InstanceId;
use crate::cli::args::Abort;
use crate::cli::drive::{Ending, show_way_back};
use crate::cli::{Exit, Failure, Setting, drive};
use crate::engine::EngineError;
use crate::engine::Word;
use crate::run::{Event, Request, way_back};
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
    // Whoever takes the run up to end it takes what was sent and not answered for doubtful.
    let state = match ending {
        Some(_) => post
            .state
            .clone()
            .evolve(now, &Event::Taken { fence: post.state.fence + 1, pid: 0 })
            .map_err(EngineError::Fold)?,
        None => post.state.clone(),
    };
    let way = way_back(&state, now);
    let list = |ids: &[InstanceId]| ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ");
    let in_flight: Vec<InstanceId> =
        state.instances().filter(|one| one.in_flight()).map(|one| one.id.clone()).collect();
    let (standing, in_flight, in_doubt) = (list(&state.standing()), list(&in_flight), list(&way.in_doubt));
    if standing.is_empty() && in_flight.is_empty() && in_doubt.is_empty() {
        writeln!(out, "Nothing was changed so far, so nothing is left to undo.")?;
    } else if args.undo {
        show_way_back(&way, out)?;
    } else if !standing.is_empty() {
        writeln!(
            out,
            "Stays as it is, and is not undone: {standing}. `callout plan {}` says how each is.",
            post.row.runbook
        )?;
        if !way.undone.is_empty() {
            let undone: Vec<InstanceId> = way.undone.iter().map(|one| one.step.clone()).collect();
            writeln!(out, "`--undo` would undo, in this order: {}.", list(&undone))?;
        }
    }
    if !in_flight.is_empty() {
        let then = match ending {
            Some(Ending::Apart { .. }) => "In flight, and left in doubt, as nobody can follow it from here",
            _ if args.undo => "In flight, and waited for; what comes of it is undone too, if the runbook says how",
            _ => "In flight, and waited for; what comes of it stays as it is",
        };
        writeln!(out, "{then}: {in_flight}.")?;
    }
    match ending {
        Some(Ending::Apart { why }) => {
            writeln!(out, "Nobody signs in, and nothing is sent or probed: {why}.")?;
            if !in_doubt.is_empty() {
                writeln!(out, "Stays in doubt: {in_doubt}.")?;
            }
        }
        Some(Ending::Within(_)) | None if !in_doubt.is_empty() => {
            writeln!(out, "In doubt, and probed once more before the end: {in_doubt}.")?;
        }
        Some(Ending::Within(_)) | None => {}
    }
    Ok(out.flush()?)
}
