use super::Places;
use super::order::Order;
use crate::base::Span;
use crate::effect::{self, ChangeFacts, Class, Row};
use crate::runbook::{Step, StepKind};

/// What the safety findings are about: a runbook's lowered steps, and where they stand in its text.
pub(in crate::runbook::check) struct Subject<'a> {
    /// The steps that could be lowered, in an order in which they can run.
    pub(super) steps: &'a [Step],
    /// How many steps were written.
    pub(super) written: usize,
    pub(super) rto: Option<Span>,
    pub(super) rpo: Option<Span>,
    pub(super) places: Places<'a>,
}

impl<'a> Subject<'a> {
    /// `written` is the number of steps in the text, of which `steps` are those that could be lowered. The objectives are
    /// those of time and of data.
    pub(in crate::runbook::check) const fn new(
        (steps, written): (&'a [Step], usize),
        (rto, rpo): (Option<Span>, Option<Span>),
        places: Places<'a>,
    ) -> Self {
        Self { steps, written, rto, rpo, places }
    }

    /// Which steps wait for which; none if a step is missing or the needs go round in a circle, because then nothing can
    /// be said of the whole.
    pub(super) fn order(&self) -> Option<Order<'a>> {
        if self.steps.len() < self.written { None } else { Order::new(self.steps) }
    }
}

/// The row of a step that changes something, and what is known of the change.
pub(super) fn change(step: &Step) -> Option<(&'static Row, &'static ChangeFacts)> {
    let StepKind::Action(call) = &step.kind else { return None };
    let row = effect::find(&call.action).filter(|row| row.class != Class::R)?;
    row.change.as_ref().map(|facts| (row, facts))
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::super::inspect;
    use super::*;
    use crate::base::StepId;
    use crate::runbook::{Argument, CallSpec, CheckSpec, Code, Findings, Template};

    /// A call whose arguments are templates.
    pub(in super::super) fn call<const N: usize>(action: &str, with: [(&str, &str); N]) -> CallSpec {
        let argument = |text| Argument::Template { text: Template::parse(text).unwrap() };
        let with: BTreeMap<_, _> = with.into_iter().map(|(name, text)| (name.to_owned(), argument(text))).collect();
        CallSpec { action: action.to_owned(), with }
    }

    /// A check without `until`.
    pub(in super::super) fn look(call: CallSpec) -> CheckSpec {
        CheckSpec { call, until: None }
    }

    /// A step of that kind which needs `needs`.
    pub(in super::super) fn step<const N: usize>(id: &str, needs: [&str; N], kind: StepKind) -> Step {
        let needs = needs.into_iter().map(StepId::new).collect();
        Step { needs, ..Step::new(StepId::new(id), "A step", kind) }
    }

    /// A step that refreshes `app` and is verified, so that nothing is to be said of it alone.
    pub(in super::super) fn refresh<const N: usize>(id: &str, needs: [&str; N], app: &str) -> Step {
        let kind = StepKind::Action(call("webapp.references.refresh", [("app", app)]));
        Step { verify: vec![health(app)], ..step(id, needs, kind) }
    }

    /// A check that `app` is well.
    pub(in super::super) fn health(app: &str) -> CheckSpec {
        look(call("webapp.health", [("app", app), ("path", "/health")]))
    }

    /// The codes of what is found in these steps.
    pub(in super::super) fn codes(steps: &[Step], rto: Option<Span>) -> Vec<Code> {
        codes_under(steps, (rto, None))
    }

    /// The codes of what is found in these steps under these objectives of time and of data.
    pub(in super::super) fn codes_under(steps: &[Step], objectives: (Option<Span>, Option<Span>)) -> Vec<Code> {
        let mut findings = Findings::new("");
        let subject = Subject::new((steps, steps.len()), objectives, Places::default());
        inspect(&subject, &mut findings);
        findings.into_sorted().into_iter().map(|finding| finding.code).collect()
    }
}
