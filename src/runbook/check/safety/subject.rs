use std::collections::BTreeSet;
use std::rc::Rc;

use super::Places;
use super::order::Order;
use crate::base::Span;
use crate::effect::{self, ChangeFacts, Class, Row};
use crate::runbook::check::library::Library;
use crate::runbook::{DefaultFrom, Items, Parameter, ParameterType, Step, StepKind, Template};

/// What the safety findings are about: a runbook's lowered steps, and where they stand in its text.
pub(in crate::runbook::check) struct Subject<'a> {
    /// The steps that could be lowered, in an order in which they can run.
    pub(super) steps: &'a [Step],
    /// How many steps were written.
    pub(super) written: usize,
    pub(super) rto: Option<Span>,
    pub(super) rpo: Option<Span>,
    pub(super) places: Places<'a>,
    parameters: &'a [Parameter],
    library: Option<&'a Library>,
}

impl<'a> Subject<'a> {
    /// `written` is the number of steps in the text, of which `steps` are those that could be lowered. The objectives are
    /// those of time and of data.
    pub(in crate::runbook::check) const fn new(
        (steps, written): (&'a [Step], usize),
        (rto, rpo): (Option<Span>, Option<Span>),
        places: Places<'a>,
    ) -> Self {
        Self { steps, written, rto, rpo, places, parameters: &[], library: None }
    }

    /// The same with what the runbook takes, and the runbooks that it may nest.
    pub(in crate::runbook::check) const fn beside(mut self, parameters: &'a [Parameter], library: &'a Library) -> Self {
        self.parameters = parameters;
        self.library = Some(library);
        self
    }

    /// The parameters of a nested runbook that name what it changes.
    pub(super) fn changed_by(&self, runbook: &str) -> Rc<BTreeSet<String>> {
        self.library.map(|library| library.changes(runbook)).unwrap_or_default()
    }

    /// A text that is the same for two templates that mean one thing, however they are written and as far as that can be
    /// told: an input that nobody has to give stands for its default.
    pub(super) fn meaning(&self, template: &Template) -> String {
        template.normal(&|path| self.alias(path, self.parameters.len()))
    }

    /// The same of a list.
    pub(super) fn meaning_of_list(&self, list: &Items) -> String {
        match list {
            Items::Expression(list) => list.normal(&|path| self.alias(path, self.parameters.len())),
            Items::Values(_) => list.source().into_owned(),
        }
    }

    /// What a path means that begins with an input whose default is another path or the name of a target; `most` bounds how
    /// many defaults lead to each other. One that is made from several keeps its own name: following each could double the
    /// text with every parameter.
    fn alias(&self, path: &[&str], most: usize) -> Option<String> {
        let ["inputs", name, rest @ ..] = path else { return None };
        let parameter = self.parameters.iter().find(|known| known.name == *name)?;
        let mut meaning = match (&parameter.default_from, &parameter.default) {
            (Some(DefaultFrom::Whole(template)), _) => {
                let named = template.whole()?.1.as_path()?;
                most.checked_sub(1).and_then(|most| self.alias(&named, most)).unwrap_or_else(|| named.join("."))
            }
            (None, Some(name)) if matches!(parameter.kind, ParameterType::Target { .. }) => format!("named {name:?}"),
            _ => return None,
        };
        for field in rest {
            meaning.push('.');
            meaning.push_str(field);
        }
        Some(meaning)
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
