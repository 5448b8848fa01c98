use super::argument::{Takes, inputs};
use super::scope::StepNames;
use crate::runbook::fields::Fields;
use crate::runbook::written::Written;
use crate::runbook::{Findings, NestedCall, StepKind};

/// A runbook inside a runbook; `own` is the name of the outer one.
pub(super) fn nested(
    own: &str,
    written: &Written,
    fields: &Fields<'_>,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<StepKind> {
    let name = crate::runbook::read::scalar(written, "a runbook's name", findings)?.text.as_str();
    let signature = names.outline.library.nest(own, written, findings)?;
    let takes = Takes::runbook(name, &signature.parameters);
    let with = inputs(&takes, fields.get("with"), written.place, names, findings);
    Some(StepKind::Runbook(NestedCall { runbook: name.to_owned(), with }))
}
