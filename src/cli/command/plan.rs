use std::io::Write;

use serde_json::{Value as Json, json};

use crate::cli::args::Format;
use crate::cli::prepare::{Prepared, prepare};
use crate::cli::text::{field, printable};
use crate::cli::{Exit, Failure, Setting};
use crate::plan::{Mode, Plan, Preview, preview};
use crate::projection::revision;
use crate::runbook::{EstateKind, RevisionRule, Step};

/// Says exactly what a runbook would do, and does nothing.
pub(crate) fn plan(
    setting: &Setting,
    runbook: &str,
    inputs: &[(String, String)],
    format: Format,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let prepared = prepare(setting, runbook, inputs, Mode::Live)?;
    match format {
        Format::Text => text(&prepared, out)?,
        Format::Json => writeln!(out, "{:#}", document(&prepared)?)?,
    }
    Ok(Exit::Success)
}

fn text(prepared: &Prepared, out: &mut dyn Write) -> Result<(), Failure> {
    let Prepared { plan, environment, refusal, .. } = prepared;
    let Plan { runbook, place, .. } = plan;
    writeln!(out, "{} {}: {}\n", runbook.id, runbook.version, printable(&runbook.title))?;
    let real = match place.estate {
        EstateKind::Live => "LIVE",
        EstateKind::Simulated => "simulated: no evidence of production recovery",
    };
    field(out, "Where", &format!("{} ({real})", place.environment))?;
    field(out, "Revision", &revision(plan))?;
    match refusal {
        Some(refusal) => field(out, "Policy", &format!("REFUSED: {} ({})", refusal.why, refusal.hint))?,
        None if environment.policy.revision == RevisionRule::Any => {}
        None => field(out, "Policy", &format!("a {} revision, and this is one", environment.policy.revision.word()))?,
    }
    field(out, "Plan digest", &digest(plan)?)?;
    for input in &plan.inputs {
        field(out, "Input", &format!("{} = {}", input.name, input.value))?;
    }
    for (number, step) in (1..).zip(&runbook.steps) {
        writeln!(out, "\n{number}. {}  {}", step.id, printable(&step.title))?;
        for (label, text) in facts(step, &preview(plan, step)) {
            let text = printable(&text).replace('\n', "\n               ");
            writeln!(out, "   {label:<12}{text}")?;
        }
    }
    Ok(())
}

fn facts(step: &Step, preview: &Preview) -> Vec<(&'static str, String)> {
    let names = |ids: &[crate::base::StepId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut facts = vec![("Does", format!("{}: {}", preview.operation, preview.summary))];
    facts.extend(step.why.clone().map(|why| ("Why", why)));
    facts.extend((!step.needs.is_empty()).then(|| ("After", names(&step.needs))));
    facts.extend(step.when.as_ref().map(|when| ("Only if", when.source().to_owned())));
    facts.extend(step.for_each.as_ref().map(|each| ("For each of", each.list.source().into_owned())));
    facts.extend(preview.sends.clone().map(|sends| ("Sends", sends)));
    facts.extend(preview.unknown.clone().map(|why| ("Sends", format!("known once earlier steps have run ({why})"))));
    facts.push(("Risk", preview.risk.to_string()));
    facts.extend(preview.undo.clone().map(|undo| ("Undo", undo)));
    facts.extend(preview.expect.map(|span| ("Expected", span.to_string())));
    facts.extend((!preview.verify.is_empty()).then(|| ("Then", preview.verify.join(", "))));
    facts
}

fn document(prepared: &Prepared) -> Result<Json, Failure> {
    let Prepared { plan, environment, refusal, .. } = prepared;
    let Plan { runbook, place, .. } = plan;
    let steps = runbook.steps.iter().map(|step| {
        let preview = preview(plan, step);
        json!({
            "step": step.id,
            "title": step.title,
            "why": step.why,
            "needs": step.needs,
            "for_each": step.for_each.as_ref().map(|each| each.list.source()),
            "operation": preview.operation,
            "summary": preview.summary,
            "sends": preview.sends,
            "unknown": preview.unknown,
            "risk": preview.risk,
            "undo": preview.undo,
            "expect_s": preview.expect.map(|span| span.std().as_secs()),
            "verify": preview.verify,
        })
    });
    let inputs = plan.inputs.iter().map(|input| json!({"name": input.name, "value": input.value}));
    Ok(json!({
        "runbook": runbook.id,
        "version": runbook.version,
        "title": runbook.title,
        "revision": revision(plan),
        "environment": place.environment,
        "simulated": place.estate == EstateKind::Simulated,
        "policy": {
            "revision": environment.policy.revision.word(),
            "refused": refusal.as_ref().map(|refusal| &refusal.why),
        },
        "plan_digest": digest(plan)?,
        "inputs": inputs.collect::<Json>(),
        "steps": steps.collect::<Json>(),
    }))
}

fn digest(plan: &Plan) -> Result<String, Failure> {
    let digest = plan.digest();
    digest.map(|digest| digest.to_string()).map_err(|error| Failure::usage("the plan has no digest").because(&error))
}
