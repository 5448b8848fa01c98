use std::collections::BTreeMap;

use super::known::{Given, Known};
use super::{CallPreview, Input, items};
use crate::base::Span;
use crate::effect::Risk;
use crate::runbook::{CallSpec, Runbook, Step, StepKind};

/// What a step would do, as far as it can be known before anything has run, in the few words that a board has room for.
/// The whole of it is an [`Outlook`](super::Outlook).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The operation or kind.
    pub operation: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Method, address and body, secrets masked; what only an earlier step can tell stands as `«steps.…»`.
    pub sends: Option<String>,
    /// Why `sends` cannot be said, if the step has something to send.
    pub unknown: Option<String>,
    /// The risk.
    pub risk: Risk,
    /// How it is undone: the runbook's own undo if it has one, else the row's sentence.
    pub undo: Option<String>,
    /// How long it usually takes.
    pub expect: Option<Span>,
    /// What is checked afterwards.
    pub verify: Vec<String>,
}

/// Previews a step of a runbook that was given `inputs`.
pub fn preview(runbook: &Runbook, inputs: &[Input], step: &Step) -> Preview {
    let verify = step.verify.iter().map(|check| check.call.action.clone()).collect();
    let blank = |operation: &str, summary: String| Preview {
        operation: operation.to_owned(),
        summary,
        sends: None,
        unknown: None,
        risk: Risk::Read,
        undo: None,
        expect: step.expect,
        verify,
    };
    match &step.kind {
        StepKind::Action(spec) => of_call((runbook, inputs), step, spec, blank(&spec.action, String::new())),
        StepKind::Check(check) | StepKind::WaitCheck(check) => {
            of_call((runbook, inputs), step, &check.call, blank(&check.call.action, String::new()))
        }
        StepKind::Manual { instruction, .. } => blank("manual", instruction.source().to_owned()),
        StepKind::Gate { question, choices, .. } => {
            let names: Vec<_> = choices.iter().map(|choice| choice.name.as_str()).collect();
            blank("gate", format!("{} ({})", question.source(), names.join(" | ")))
        }
        StepKind::Wait { span } => {
            blank("wait", format!("Waits {span} by the estate's clock; no process needs to live."))
        }
        StepKind::WaitUntil { at } => {
            blank("wait", format!("Waits until {} by the estate's clock; no process needs to live.", at.source()))
        }
        StepKind::Runbook(nested) => blank("runbook", format!("Does what the runbook `{}` says.", nested.runbook)),
    }
}

fn of_call((runbook, inputs): (&Runbook, &[Input]), step: &Step, spec: &CallSpec, blank: Preview) -> Preview {
    let inputs: BTreeMap<String, Given> =
        inputs.iter().map(|input| (input.name.clone(), Given::Now(input.value.clone()))).collect();
    let known = Known::new(runbook, &inputs, "", step.id.as_str());
    // Where the list is known already, its first item shows what every item will do.
    let call = CallPreview::of(spec, &known.with_item(items::first_item(step, &known)));
    let change = call.row.and_then(|row| row.change.as_ref());
    let undo = if step.undo.is_empty() {
        change.map(|change| change.undo.to_owned())
    } else {
        Some(step.undo.iter().map(|undo| undo.call.action.as_str()).collect::<Vec<_>>().join(", then "))
    };
    Preview {
        summary: call.row.map(|row| row.summary.to_owned()).unwrap_or_default(),
        sends: call.requests.into_iter().next(),
        unknown: call.unknown,
        risk: super::risk(step),
        undo,
        expect: blank.expect.or_else(|| change.map(|change| change.expect)),
        ..blank
    }
}
