use super::{Subject, change, failure, generated, hard_coded, objective, parallel, patience, person, undo};
use crate::runbook::Findings;

/// Adds every safety finding.
///
/// What is missing from a step is looked for in the text, and what holds for the whole graph only if every step could be
/// read: a step with another fault gets no second finding because of it.
pub(in crate::runbook::check) fn inspect(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    change::look(subject, findings);
    patience::look(subject, findings);
    person::look(subject, findings);
    undo::look(subject, findings);
    objective::look_for_loss(subject, findings);
    let order = subject.order();
    generated::look(subject, order.as_ref(), findings);
    if let Some(order) = &order {
        parallel::look(subject, order, findings);
        failure::look(subject, order, findings);
        objective::look(subject, order, findings);
        change::look_for_no_return(subject, order, findings);
    }
    hard_coded::look(findings);
}
