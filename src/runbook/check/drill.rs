use super::call::call;
use super::kind::Kind;
use super::limits::{meaningless, only_one};
use super::manual::manual;
use super::outline::{Gives, Outline, row};
use super::scope::StepNames;
use crate::runbook::expr::Typing;
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::DRILL;
use crate::runbook::written::Written;
use crate::runbook::{Code, DrillSubstitute, Finding, Findings, Place, read};

/// What is done in the place of a step in a drill, and what that gives.
pub(super) fn drill(
    kind: Kind,
    written: &Written,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<(DrillSubstitute, Gives)> {
    let fields = Fields::read(written, &DRILL, findings)?;
    let what = only_one(&fields, &DRILL, &["skip", "action", "check", "manual"], findings)?;
    let entry = fields.entry(what)?;
    let fitting = match what {
        "action" => kind == Kind::Action,
        "check" => kind == Kind::Check,
        "manual" => kind != Kind::Wait,
        _ => true,
    };
    if !fitting {
        let message = format!("`{what}` cannot stand for a step with `{}`", kind.key());
        let help = match kind {
            Kind::Action | Kind::Check => format!("write `{}`, `manual`, or `skip: WHY`", kind.key()),
            Kind::Manual | Kind::Runbook => "write `manual`, or `skip: WHY`".to_owned(),
            Kind::Gate | Kind::Wait => "write `skip: WHY`".to_owned(),
        };
        findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help(help));
        return None;
    }
    let is_call = what == "action" || what == "check";
    if !is_call {
        meaningless(&fields, &["with"], &format!("a substitute with `{what}`"), findings);
    }
    Some(match what {
        "skip" => {
            let why = read::text(&entry.value, "a reason", findings)?;
            (DrillSubstitute::Skip { why }, Gives { by: "nothing".to_owned(), outputs: Vec::new() })
        }
        "manual" => {
            let (instruction, fields) = manual(&entry.value, names, findings)?;
            let outputs = fields.iter().map(|field| (field.name.clone(), Typing::from(&field.kind))).collect();
            (DrillSubstitute::Manual { instruction, fields }, Gives { by: "the manual step".to_owned(), outputs })
        }
        _ => {
            let row = row(&entry.value, what == "check", findings)?;
            let call = call(row, &fields, entry.value.place, names, findings);
            (DrillSubstitute::Call(call), Gives::of_row(row))
        }
    })
}

/// Compares what a substitute gives with what others read of the step. Only possible once all steps have been looked at.
pub(super) fn compare(
    step: usize,
    place: Place,
    substitute: &Gives,
    outline: &Outline<'_>,
    findings: &mut Findings<'_>,
) {
    let Some(own) = &outline.sketches[step].gives else { return };
    let read = outline.outputs_read(step);
    let wrong: Vec<&str> = read
        .iter()
        .map(String::as_str)
        .filter(|name| match (own.output(name), substitute.output(name)) {
            (Some(wanted), Some(given)) => !given.fits(wanted),
            (Some(_), None) => true,
            (None, _) => false,
        })
        .collect();
    if wrong.is_empty() {
        return;
    }
    let typed =
        wrong.iter().filter_map(|name| Some(format!("`{name}` ({})", own.output(name).map(Typing::to_string)?)));
    let message = format!(
        "in a drill, other steps would miss {} of `{}`",
        list(wrong.iter().copied()),
        outline.sketches[step].id
    );
    let help = format!("let the substitute give {}", typed.collect::<Vec<_>>().join(", "));
    findings.add(Finding::new(Code::SubstituteOutputs, place, message).help(help));
}
