use super::call::Bounds;
use super::exercise::{Breakage, Given, Recovered, Trouble};
use super::grammar::{BREAK, RECOVERED};
use super::guide::filled;
use super::programme::{DrillStep, Programme};
use super::shelf::{Listed, Shelf};
use crate::base::{InstanceId, did_you_mean};
use crate::effect::{self, Type};
use crate::runbook::fields::{Fields, list};
use crate::runbook::written::Written;
use crate::runbook::{Code, FieldKind, Finding, Findings, ParameterType, Runbook, StepKind, read};

/// What is broken before the drill begins. A resource that is not bound to the drill is not broken for it either.
pub(super) fn breaks(written: &Written, bounds: Bounds<'_>, findings: &mut Findings<'_>) -> Option<Vec<Breakage>> {
    let items = filled(written, "a breakage", findings)?;
    items.iter().map(|item| breakage(item, bounds, findings)).collect()
}

fn breakage(item: &Written, bounds: Bounds<'_>, findings: &mut Findings<'_>) -> Option<Breakage> {
    let fields = Fields::read(item, &BREAK, findings)?;
    let trouble = fields.get("break").and_then(|written| read::word(written, "a trouble", &Trouble::WORDS, findings));
    let of = fields.get("of").and_then(|written| read::text(written, "a resource", findings));
    let name = fields.get("name").map(|written| read::text(written, "a name", findings));
    if let (Some(of), Some(written), Bounds::Drill(targets)) = (&of, fields.get("of"), bounds)
        && !Programme::binds(targets, of)
    {
        let message = format!("the drill would break `{of}`, which is not bound to it");
        findings.add(Finding::new(Code::NotBound, written.place, message).help("add it to `targets`"));
    }
    match (trouble?.is_of_a_part(), fields.get("name")) {
        (true, None) => {
            let message = "it is not said which part of the resource is meant";
            findings.add(Finding::new(Code::MissingKey, item.head(), message).help("add `name: …`"));
        }
        (false, Some(written)) => {
            let message = "this trouble is about the whole resource, and no part of it";
            findings.add(Finding::new(Code::WrongValue, written.place, message).help("leave `name` out"));
        }
        (true, Some(_)) | (false, None) => {}
    }
    Some(Breakage { trouble: trouble?, of: of?, name: name.flatten() })
}

/// What the loss of data is measured by: outputs that the steps' runbooks have, each a moment.
pub(super) fn recovered(
    written: &Written,
    steps: &[DrillStep],
    shelf: &Shelf,
    findings: &mut Findings<'_>,
) -> Option<Recovered> {
    let fields = Fields::read(written, &RECOVERED, findings)?;
    let point = fields.get("point").map(|written| given(written, steps, shelf, findings));
    let newest = given(fields.get("newest")?, steps, shelf, findings);
    Some(Recovered { newest: newest?, point: point.flatten() })
}

fn given(written: &Written, steps: &[DrillStep], shelf: &Shelf, findings: &mut Findings<'_>) -> Option<Given> {
    let text = &read::scalar(written, "an output of a step", findings)?.text;
    let (path, output) = text.split_once('.').unwrap_or((text, ""));
    let (step, inner) = path.split_once('/').map_or((path, None), |(step, inner)| (step, Some(inner)));
    let Some(step) = steps.iter().find(|known| known.id.as_str() == step) else {
        let message = format!("the programme has no step `{step}`");
        let near = did_you_mean(step, steps.iter().map(|known| known.id.as_str()));
        let finding = Finding::new(Code::UnknownStep, written.place, message);
        findings.add(finding.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `STEP.OUTPUT`, or `STEP/INNER.OUTPUT`".to_owned(),
        }));
        return None;
    };
    let moments = match shelf.find(&step.runbook) {
        Some(Listed::Usable(runbook)) => moments(runbook, inner),
        _ => Vec::new(),
    };
    if !moments.contains(&output) {
        let who = inner.map_or_else(String::new, |inner| format!("step `{inner}` of the "));
        let message = format!("the {who}runbook `{}` gives no moment `{output}`", step.runbook);
        let finding = Finding::new(Code::UnknownOutput, written.place, message);
        findings.add(finding.help(format!("its moments are {}", list(moments))));
        return None;
    }
    Some(Given { step: InstanceId::from(path), output: output.to_owned() })
}

/// The moments that a runbook gives, or one of its steps.
fn moments<'r>(runbook: &'r Runbook, inner: Option<&str>) -> Vec<&'r str> {
    let Some(inner) = inner else {
        let own = runbook.outputs.iter().filter(|one| one.kind == ParameterType::Timestamp);
        return own.map(|one| one.name.as_str()).collect();
    };
    match runbook.steps.iter().find(|step| step.id.as_str() == inner).map(|step| &step.kind) {
        Some(StepKind::Manual { fields, .. }) => {
            let moments = fields.iter().filter(|field| field.kind == FieldKind::Timestamp);
            moments.map(|field| field.name.as_str()).collect()
        }
        Some(kind) => {
            let row = kind.call().and_then(|call| effect::find(&call.action));
            let outputs = row.map(|row| row.outputs).unwrap_or_default().iter();
            outputs.filter(|output| output.kind == Type::Timestamp).map(|output| output.name).collect()
        }
        None => Vec::new(),
    }
}
