use std::io::Write;
use std::time::{Duration, Instant};

use super::post::{Holder, Post};
use crate::base::Seq;
use crate::cli::text::body;
use crate::cli::{Exit, Failure};
use crate::engine::{Engine, EngineError, Said, Word, WordError, allows};
use crate::journal::{Entry, Fact, Journal as _, Relation, RunLease};
use crate::projection::{Timeline, TimelineLine};
use crate::run::{Event, Request};

/// How long the holder of a run may take to answer. It looks ten times a second; longer than this only a holder takes that
/// hangs or waits for the disk.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(50);

/// How often a holder that has not answered is looked for.
const ALIVE: Duration = Duration::from_secs(1);

/// Gets a word to a run, and says what came of it: its holder is asked, and if nobody holds it this process takes it for that
/// moment and leaves it as it was.
///
/// # Errors
/// The run does not allow it, which is found out before anything is written; or its holder declines it, or does not answer.
pub(super) async fn deliver(mut post: Post<'_>, word: Word, out: &mut dyn Write) -> Result<Exit, Failure> {
    let now = post.clock().await?.now;
    allows(&post.state, &word.request, now)?;
    let short = post.short();
    match post.holder()? {
        Holder::Us(lease) => {
            let said = say_here(post, lease, vec![word]).await?;
            tell(&said.lines, out)?;
            if said.board.ended.is_none() && !said.board.header.state.starts_with("abort") {
                writeln!(out, "Nobody holds run {short}: `callout resume {short}` goes on from here.")?;
            }
        }
        Holder::Other(holder) => {
            let Word { request, payloads, texts } = word;
            let asked = if matches!(request, Request::Abort { .. }) { "asked to end" } else { "asked" };
            let seq = post.append(Fact::Request(request), payloads, texts).await?;
            writeln!(out, "Run {short} is {asked} ({holder}).")?;
            out.flush()?;
            tell(&answer(post, seq).await?, out)?;
        }
    }
    Ok(Exit::Success)
}

/// Says words to a run that this process holds for as long.
///
/// # Errors
/// The run does not allow one of them, or the store cannot be written.
pub(super) async fn say_here(mut post: Post<'_>, lease: RunLease, words: Vec<Word>) -> Result<Said, Failure> {
    let (ports, who) = post.apart().await?;
    let (run, short) = (post.row.run, post.short());
    let engine = Engine::resume(Box::new(post.journal), ports, &who, run).map_err(|error| match error {
        EngineError::Over => Failure::usage(format!("run {short} has ended already")),
        other => other.into(),
    })?;
    let said = engine.say_apart(words)?;
    drop(lease);
    Ok(said)
}

/// Waits until the holder has answered a request, and gives what it says. A holder that is gone is not waited for: the
/// request stands in the journal, and this process takes the run to do what it says.
async fn answer(mut post: Post<'_>, seq: Seq) -> Result<Vec<TimelineLine>, Failure> {
    let began = Instant::now();
    let mut looked = began;
    loop {
        if let Some(lines) = answered(&mut post, seq)? {
            return Ok(lines);
        }
        if looked.elapsed() > ALIVE {
            looked = Instant::now();
            if let Holder::Us(lease) = post.holder()? {
                // It may have answered with its last breath.
                if let Some(lines) = answered(&mut post, seq)? {
                    return Ok(lines);
                }
                let (setting, run) = (post.setting, post.row.run.to_string());
                let said = say_here(post, lease, Vec::new()).await?;
                return Ok(answered(&mut Post::find(setting, &run)?, seq)?.unwrap_or(said.lines));
            }
        }
        if began.elapsed() > PATIENCE {
            let what = format!("the process that holds run {} has not answered yet", post.short());
            let hint = "the request stands in the journal, and is answered by whoever holds the run next; `callout timeline` \
                        tells";
            return Err(Failure::new(Exit::Paused, what).hint(hint));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the holder has said to a request, if it has said anything.
fn answered(post: &mut Post<'_>, seq: Seq) -> Result<Option<Vec<TimelineLine>>, Failure> {
    let is_answer = |entry: &Entry| entry.draft.refs.iter().any(|to| to.rel == Relation::CausedBy && to.seq == seq);
    let run = post.row.run;
    if !post.journal.of_run(run, seq)?.iter().any(is_answer) {
        return Ok(None);
    }
    let mut timeline = Timeline::default();
    let mut lines = Vec::new();
    for entry in post.journal.of_run(run, Seq(0))? {
        let before = timeline.lines().len();
        timeline.push(&entry, &mut |commit| post.journal.payload(commit).ok().flatten());
        if !is_answer(&entry) {
            continue;
        }
        if let Fact::Run(Event::Declined { why }) = &entry.draft.fact {
            return Err(refused(why));
        }
        lines.extend_from_slice(&timeline.lines()[before..]);
    }
    Ok(Some(lines))
}

fn tell(lines: &[TimelineLine], out: &mut dyn Write) -> Result<(), Failure> {
    for line in lines {
        let step = line.step.as_ref().map(|step| format!("{step} ")).unwrap_or_default();
        writeln!(out, "{} {step}{}", line.at.clock_face(), body(&line.text, 10))?;
    }
    Ok(())
}

fn refused(why: &str) -> Failure {
    Failure::usage(format!("the run does not allow it: {why}")).hint("nothing has changed")
}

impl From<WordError> for Failure {
    fn from(error: WordError) -> Self {
        match &error {
            WordError::Refused(why) => refused(why),
            WordError::Store(_) => Self::of(Exit::Paused, &error),
        }
    }
}
