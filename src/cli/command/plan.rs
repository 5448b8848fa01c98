//! `callout plan`: what would happen, with nothing done.
//!
//! What comes in: a runbook, inputs, an environment and a mode. What goes out, the same bytes whenever these are the same:
//! text at 80 columns, a checklist, or JSON with these members (a duration is a number of seconds, its name ends in `_s`;
//! what is not there is left out; a step is named by its path, `outer/inner`):
//!
//! - `runbook version title revision environment simulated protected mode policy:{revision, refused} plan_digest inputs:[{name, value}]
//!   nested:[{runbook, version, revision}]`
//! - `forecast: {restored, whole}`, each `{at_least_s, machine_s, waiting_s, people, not_known, path}`, the last three lists
//!   of steps; `rto_s`, `keeps_rto`
//! - `layers`: lists of steps; `warnings`: sentences
//! - `steps:[{step, runbook, title, why, layer, critical, needs, only_if:[{gate, choices}], when:{expression, holds,
//!   known_after}, for_each:{list, count, known_after, at_most, max_parallel}, kind, does, question, instruction,
//!   choices:[{name, leads}], fields:[{name, what}], wait_s, until, runs:{runbook, inputs:[{name, value}]},
//!   skipped, in_place_of, risk, class, consent:{kind, text, second_person}, instances, expect_s, machine_s, waiting_s, marks,
//!   undo:{sentence, until, point_of_no_return}, on_failure, retry:{attempts, delay_s, max_delay_s, only_on}, timeout_s}]`
//! - an instance: `{key, call, again, verify, probe, undo}`; a call: `{action, requests:[{method, url, body}], then, unknown,
//!   left_out:[{argument, value}], known_after, targets:[{name, id}], locks, permissions, api_version, settles_s}`; a further
//!   call: `{key, for_each, call, again:{every_s, timeout_s}}`
//! - `summary: {steps, reads, changes, destructive, manual, waits, skipped, people, permissions, changed, read}`
//!
//! Deliberately absent: anything that is observed, and so any network, store or sign-in.

mod json;
mod text;

use std::io::Write;

use crate::base::Digest;
use crate::cli::args::PlanFormat;
use crate::cli::prepare::{Prepared, prepare};
use crate::cli::{Exit, Failure, Setting};
use crate::plan::{Mode, Outlook, Plan, checklist};

/// Says exactly what a runbook would do, and does nothing.
pub(crate) fn plan(
    setting: &Setting,
    runbook: &str,
    inputs: &[(String, String)],
    mode: Mode,
    format: PlanFormat,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let prepared = prepare(setting, runbook, inputs, mode)?;
    let plan = &prepared.plan;
    let digest = digest(plan)?;
    match format {
        PlanFormat::Text => {
            out.write_all(text::text(&prepared, &Outlook::of(plan), digest, setting.colour).as_bytes())?;
        }
        PlanFormat::Json => writeln!(out, "{:#}", json::document(&prepared, &Outlook::of(plan), digest))?,
        PlanFormat::Checklist => {
            let refused = prepared.refusal.as_ref().map(|refusal| refusal.why.as_str());
            out.write_all(checklist(plan, digest, refused).as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

/// What a runbook would do exactly, as text without colours.
///
/// # Errors
/// The plan has no digest.
pub(crate) fn plan_page(prepared: &Prepared) -> Result<String, Failure> {
    Ok(text::text(prepared, &Outlook::of(&prepared.plan), digest(&prepared.plan)?, false))
}

fn digest(plan: &Plan) -> Result<Digest, Failure> {
    plan.digest().map_err(|error| Failure::usage("the plan has no digest").because(&error))
}
