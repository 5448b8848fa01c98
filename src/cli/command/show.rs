use std::io::Write;

use super::drill::proofs;
use super::list::{last_sentence, signature_words, standing};
use super::playbook;
use crate::base::Seq;
use crate::cli::ledger::outline;
use crate::cli::library::{Loaded, Source};
use crate::cli::signers::Signers;
use crate::cli::text::{body, columns, count, field, paragraph, printable};
use crate::cli::version::{Version, version};
use crate::cli::{Exit, Failure, Setting, playbooks, store};
use crate::engine;
use crate::journal::{Journal as _, RunRow, SqliteJournal};
use crate::projection::{Answer, Board, FormField, Mark, Need, Question, Timeline};
use crate::runbook::{Parameter, ParameterType, Runbook};

/// Shows a run as it stands, if there is one of that id, or else a playbook or a runbook.
pub(crate) fn show(setting: &Setting, what: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let could_be_id = what.len() >= 4 && what.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if could_be_id
        && let Some(mut journal) = store::reader(setting)?
        && !journal.find_runs(what)?.is_empty()
    {
        let row = store::find_run(&journal, what)?;
        return run(&mut journal, &row, out);
    }
    if let Some(source) = playbooks::find(setting, what)? {
        playbook::show(setting, &source, out)?;
        return Ok(Exit::Success);
    }
    let source = Source::find(setting, what).map_err(|failure| playbooks::nearest(setting, what, failure))?;
    let Loaded { runbook, revision, source, beside, .. } = source.load(setting)?;
    let signers = Signers::find(setting, None);
    let version = version(&source, &signers)?;
    let proofs = proofs(setting).unwrap_or_default();
    let proof = proofs.iter().find(|(name, _)| *name == runbook.id).map(|(_, proof)| proof);
    let beside: Vec<Runbook> = beside.into_iter().filter_map(|(_, checked)| checked.runbook).collect();
    let find = |name: &str| beside.iter().find(|nested| nested.id == name);
    let proven = standing(proof, Some(&runbook), &find).1;
    show_runbook(&runbook, &revision.origin.to_string(), version.as_ref(), &proven, out)?;
    Ok(Exit::Success)
}

fn run(journal: &mut SqliteJournal, row: &RunRow, out: &mut dyn Write) -> Result<Exit, Failure> {
    let entries = journal.of_run(row.run, Seq(0))?;
    let state = engine::fold(journal.log(), row.run, &entries)?;
    // Nobody looks at a running clock here: the run is shown as of its last entry.
    let board = Board::of(&state, &[], "", state.changed);
    let header = &board.header;
    writeln!(out, "Run {} of {} ({})", row.run, header.runbook, header.revision)?;
    let mut timeline = Timeline::default();
    for entry in &entries {
        timeline.push(entry, &mut |_| None);
    }
    for incident in timeline.incidents() {
        let incident = outline(journal, *incident)?;
        let state = format!("{} {}, {}: {}", incident.id.short(), incident.severity, incident.status, incident.title);
        field(out, "Incident", &state)?;
    }
    let watermark = if header.simulated { " (simulated: no evidence of production recovery)" } else { " (LIVE)" };
    field(out, "Where", &format!("{}{watermark}", header.environment))?;
    let doubt =
        if header.in_doubt > 0 { format!(", {} IN DOUBT", count(header.in_doubt, "step")) } else { String::new() };
    field(out, "State", &format!("{}{doubt}", header.state))?;
    field(out, "Elapsed", &header.elapsed.to_string())?;
    writeln!(out)?;
    let steps = board.steps.iter().map(|line| {
        let indent = "  ".repeat(usize::from(line.depth));
        let took = line.took.map(|span| span.to_string()).unwrap_or_default();
        let remark = [line.title.as_str(), line.remark.as_str()].into_iter().filter(|part| !part.is_empty());
        [format!("{indent}{}", line.id), word(line.mark).to_owned(), took, remark.collect::<Vec<_>>().join("; ")]
    });
    out.write_all(columns(steps).as_bytes())?;
    for need in &board.needs {
        writeln!(out, "\n{} needs you: {}", need.step, printable(&need.title))?;
        for fact in &need.facts {
            paragraph(out, &fact.label, &fact.text)?;
        }
        let question = match &need.question {
            Question::Acknowledge { .. } => "to be acknowledged".to_owned(),
            Question::ReadBack { expected, risk, .. } => format!("{risk}: to be confirmed by typing `{expected}`"),
            Question::Choose { question, .. } => question.clone(),
        };
        paragraph(out, "Asked", &question)?;
        if let Some(words) = said_by(need, &header.run) {
            field(out, "Said by", &words)?;
        }
    }
    if let Some(ended) = &board.ended {
        writeln!(out, "\n{}", body(ended, 2))?;
    }
    Ok(Exit::Success)
}

/// The command that answers a gate or a manual step from here, with what is to be filled in.
fn said_by(need: &Need, run: &str) -> Option<String> {
    let Question::Choose { choices, .. } = &need.question else { return None };
    let decisions = choices.iter().filter_map(|choice| match &choice.answer {
        Answer::Decide(word) => Some((word.as_str(), &choice.form)),
        _ => None,
    });
    let (words, forms): (Vec<&str>, Vec<&Vec<FormField>>) = decisions.unzip();
    let mut said = vec![format!("callout answer {run} {} {}", need.step, words.join("|"))];
    said.extend(forms.first()?.iter().map(|field| format!("{}=…", field.name)));
    Some(said.join(" "))
}

const fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Pending => "pending",
        Mark::NeedsYou => "needs you",
        Mark::Waiting => "waiting",
        Mark::Retrying => "to be tried again",
        Mark::Running => "running",
        Mark::Succeeded => "succeeded",
        Mark::Failed => "FAILED",
        Mark::InDoubt => "IN DOUBT",
        Mark::Skipped => "skipped",
        Mark::Cancelled => "cancelled",
        Mark::Assumed => "assumed",
        Mark::Undoing => "being undone",
        Mark::Undone => "undone",
        Mark::PartlyUndone => "NOT UNDONE WHOLE",
    }
}

fn show_runbook(
    runbook: &Runbook,
    revision: &str,
    version: Option<&Version>,
    proven: &str,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    writeln!(out, "{} {}: {}\n", runbook.id, runbook.version, printable(&runbook.title))?;
    field(out, "Revision", revision)?;
    if let Some(version) = version {
        field(out, "Last change", &last_sentence(&version.last))?;
        if let Some(tag) = version.tags.first() {
            field(out, "Tag", tag)?;
        }
        if let Some(words) = signature_words(version) {
            field(out, "Signature", &words)?;
        }
    }
    field(out, "Drilled", proven)?;
    for (label, text) in [("SOP", &runbook.sop), ("Owner", &runbook.owner)] {
        if let Some(text) = text {
            field(out, label, text)?;
        }
    }
    for (label, texts) in [("Use when", &runbook.use_when), ("Not when", &runbook.not_when)] {
        for text in texts {
            paragraph(out, label, text)?;
        }
    }
    if let Some(rto) = runbook.rto {
        field(out, "RTO", &rto.to_string())?;
    }
    if !runbook.parameters.is_empty() {
        writeln!(out, "\nParameters")?;
    }
    let parameters = runbook.parameters.iter().map(|parameter| {
        let Parameter { name, kind, description, default, default_from } = parameter;
        let default = default.as_ref().map(ToString::to_string).or(default_from.as_ref().map(ToString::to_string));
        let default = default.map(|default| format!("default {default}")).unwrap_or_default();
        [format!("  {name}"), type_word(kind), default, description.clone().unwrap_or_default()]
    });
    out.write_all(columns(parameters).as_bytes())?;
    writeln!(out, "\nSteps")?;
    let steps = runbook.steps.iter().map(|step| {
        let risk = crate::plan::risk(step);
        [format!("  {}", step.id), risk.to_string(), step.title.clone()]
    });
    out.write_all(columns(steps).as_bytes())?;
    writeln!(out, "\n`callout plan {}` says exactly what they would do.", runbook.id)?;
    Ok(())
}

fn type_word(kind: &ParameterType) -> String {
    match kind {
        ParameterType::String { .. } => "string".to_owned(),
        ParameterType::Integer { .. } => "integer".to_owned(),
        ParameterType::Decimal { .. } => "decimal".to_owned(),
        ParameterType::Timestamp => "timestamp".to_owned(),
        ParameterType::Secret => "secret".to_owned(),
        ParameterType::Boolean => "boolean".to_owned(),
        ParameterType::Duration { .. } => "duration".to_owned(),
        ParameterType::Target { of } => of.to_string(),
        ParameterType::List { of, .. } => format!("list of {}", type_word(of)),
    }
}
