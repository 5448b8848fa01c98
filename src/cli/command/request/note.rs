use std::io::Write;

use super::deliver::say_here;
use super::post::{Holder, Post};
use crate::cli::{Exit, Failure, Setting};
use crate::engine::Word;
use crate::journal::Fact;
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

/// Asks the holder of a run to start nothing more. A run that nobody holds is paused here and now, so that `callout tick`
/// leaves it alone too.
pub(crate) async fn pause(setting: &Setting, run: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut post = Post::find_open(setting, run)?;
    let short = post.short();
    match post.holder()? {
        Holder::Other(holder) => {
            post.append(Fact::Request(Request::Pause {}), Vec::new(), Vec::new()).await?;
            writeln!(out, "Run {short} is asked to pause ({holder}); what is in flight is waited for.")?;
        }
        Holder::Us(lease) => {
            let word = |request| Word { request, payloads: Vec::new(), texts: Vec::new() };
            // One that was paused for another reason is now paused because somebody asked for it.
            let words = match post.state.phase {
                RunPhase::Paused(PauseReason::Asked) | RunPhase::Planned | RunPhase::Aborting => Vec::new(),
                RunPhase::Paused(_) => vec![word(Request::Continue {}), word(Request::Pause {})],
                RunPhase::Running | RunPhase::RollingBack | RunPhase::Ended(_) => vec![word(Request::Pause {})],
            };
            if !words.is_empty() {
                say_here(post, lease, words).await?;
            }
            writeln!(out, "Nobody holds run {short}: nothing is started before `callout resume {short}`.")?;
        }
    }
    Ok(Exit::Success)
}
