use std::io::Write;

use crate::base::{ClockSource, Commitment, Entropy as _, Timestamp};
use crate::cli::entry::draft;
use crate::cli::{Exit, Failure, Setting, store as stores};
use crate::journal::{Batch, Channel, Draft, Fact, Journal as _, LogEvent, Payload, Stage};
use crate::world::SystemEntropy;

/// Lets a run of which entries are lost go on. What was found stands on its timeline.
pub(super) fn release(setting: &Setting, run: &str, reason: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage("the reason is empty").hint("write what was found in the estate"));
    }
    let mut journal = stores::writer(setting)?;
    let row = stores::find_run(&journal, run)?;
    let short = row.run.short();
    if row.stage != Stage::Cut {
        return Err(Failure::usage(format!("nothing is lost of the run {short}: it is {}", row.stage.word())));
    }
    let entropy = SystemEntropy::open()?;
    let salt = entropy.salt();
    let commitment = Commitment::to_text(reason, &salt);
    let fact = Fact::Log(LogEvent::Released { reason: commitment.clone() });
    let last = journal.of_run(row.run, row.last)?.pop();
    let draft = Draft { run: Some(row.run), ..draft(setting, &entropy, Channel::Cli, fact) };
    let draft = match last {
        // The estate's clock stands still while nobody serves it, and a cut run is driven by nobody.
        Some(last) => Draft { clock: last.draft.clock, occurred_at: at(&last.draft, &draft), ..draft },
        None => draft,
    };
    let payloads = vec![Payload { commitment, salt, text: reason.to_owned() }];
    journal.append(&Batch { drafts: vec![draft], payloads, ..Batch::default() })?;
    writeln!(out, "Run {short} may go on: `callout resume {short}`. What is in doubt is probed first.")?;
    Ok(Exit::Success)
}

fn at(last: &Draft, now: &Draft) -> Timestamp {
    match last.clock {
        ClockSource::System => now.occurred_at,
        ClockSource::Simulated => last.occurred_at,
    }
}
