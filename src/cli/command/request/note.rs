use std::io::Write;

use super::deliver::deliver;
use super::post::Post;
use crate::cli::{Exit, Failure, Setting};
use crate::engine::Word;
use crate::run::{PauseReason, Request, RunPhase};

/// Puts a note on a run's timeline. Anybody may, at any time, also after its end.
pub(crate) async fn note(setting: &Setting, run: &str, text: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage("the note is empty").hint("write what happened"));
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
