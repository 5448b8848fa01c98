use std::io::Write;

use super::deliver::deliver;
use super::post::Post;
use crate::cli::command::incident;
use crate::cli::store::Found;
use crate::cli::{Exit, Failure, Setting, store};
use crate::engine::Word;
use crate::run::{PauseReason, Request, RunPhase};

/// Puts a note on the timeline of a run or an incident. Anybody may, at any time, also after its end.
pub(crate) async fn note(setting: &Setting, run: &str, text: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage("the note is empty").hint("write what happened"));
    }
    if let Some(journal) = store::reader(setting)?
        && matches!(store::find(&journal, run)?, Found::Incident(_))
    {
        drop(journal);
        return incident::note(setting, run, text, None, out).await;
    }
    let mut post = Post::find(setting, run)?;
    post.note(text).await?;
    writeln!(out, "Noted on run {} of {}.", post.short(), post.row.runbook)?;
    Ok(Exit::Success)
}

/// Lets a run start nothing more, and waits until that is so. A run that nobody holds is paused here and now, so that
/// `callout tick` leaves it alone too.
pub(crate) async fn pause(setting: &Setting, run: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let post = Post::find_open(setting, run)?;
    let short = post.short();
    if post.state.phase != RunPhase::Paused(PauseReason::Asked) {
        let word = Word { request: Request::Pause {}, payloads: Vec::new(), texts: Vec::new() };
        deliver(post, word, out).await?;
    }
    writeln!(
        out,
        "Run {short} is paused: what is in flight is waited for, and nothing is started before `callout resume {short}`."
    )?;
    Ok(Exit::Success)
}
