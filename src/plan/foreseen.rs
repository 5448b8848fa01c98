use std::collections::BTreeMap;

use super::Plan;
use super::arguments::given;
use super::items::list;
use super::known::{Given, Known};
use crate::runbook::{
    Argument, DefaultFrom, InputProblem, NestedCall, Resources, Runbook, StepKind, Template, fit_input, input_order,
};

/// What is wrong with the inputs of the nested runbooks, as far as they are known before anything has run, each problem
/// once; so that it is said before a run begins and not when it has come to the step. With more steps than
/// [`Runbook::EXPANDED_MAX`], those of each item of a known list counted, that is the only problem.
pub fn nested_problems(plan: &Plan) -> Vec<InputProblem> {
    let mut look = Look { plan, within: vec![&plan.runbook.id], steps: 0, problems: Vec::new() };
    let inputs = plan.inputs.iter().map(|input| (input.name.clone(), Given::Now(input.value.clone()))).collect();
    if look.runbook(&plan.runbook, &inputs) == Outcome::TooMany {
        let most = Runbook::EXPANDED_MAX;
        let message = format!("with what is nested for each item of the lists there are more than {most} steps");
        let help = "shorten the lists, or start the nested runbook by itself for some of the items".to_owned();
        return vec![InputProblem { parameter: plan.runbook.id.clone(), message, help: Some(help) }];
    }
    look.problems
}

/// What a nested runbook is given, and what it takes by itself, as far as that is known. What does not fit is told, and
/// stays as it was given.
pub(super) fn inputs(
    runbook: &Runbook,
    call: &NestedCall,
    known: &Known<'_>,
    resources: Option<&Resources>,
    tell: &mut dyn FnMut(InputProblem),
) -> BTreeMap<String, Given> {
    let mut inputs = BTreeMap::new();
    for parameter in input_order(&runbook.parameters) {
        let input = match (call.with.get(&parameter.name), &parameter.default, &parameter.default_from) {
            (Some(argument), ..) => given(argument, known),
            (None, Some(value), _) => Given::Now(value.clone()),
            (None, None, Some(default)) => made(default, &Known::new(runbook, &inputs, "", "")),
            (None, None, None) => continue,
        };
        let input = match (input, resources) {
            (Given::Now(value), Some(resources)) => match fit_input(&parameter.kind, &value, resources) {
                Ok(value) => Given::Now(value),
                Err(why) => {
                    let message =
                        format!("the input `{}` of the nested `{}` is wrong: {why}", parameter.name, runbook.id);
                    tell(InputProblem { parameter: parameter.name.clone(), message, help: None });
                    Given::Now(value)
                }
            },
            (input, _) => input,
        };
        inputs.insert(parameter.name.clone(), input);
    }
    inputs
}

fn made(default: &DefaultFrom, known: &Known<'_>) -> Given {
    let of = |text: &Template| Argument::Template { text: text.clone() };
    let argument = match default {
        DefaultFrom::Whole(text) => of(text),
        DefaultFrom::Items(items) => Argument::List { items: items.iter().map(of).collect() },
    };
    given(&argument, known)
}

/// Goes through every nested runbook, in its place, with its inputs.
struct Look<'a> {
    plan: &'a Plan,
    /// The runbooks around the one that is looked at, and itself; none is nested in itself.
    within: Vec<&'a str>,
    steps: usize,
    problems: Vec<InputProblem>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    TooMany,
}

impl<'a> Look<'a> {
    fn runbook(&mut self, runbook: &'a Runbook, inputs: &BTreeMap<String, Given>) -> Outcome {
        self.steps += runbook.steps.len();
        if self.steps > Runbook::EXPANDED_MAX {
            return Outcome::TooMany;
        }
        let known = Known::new(runbook, inputs, "", "");
        for step in &runbook.steps {
            let StepKind::Runbook(call) = &step.kind else { continue };
            let Some(nested) = self.plan.nested(&call.runbook) else { continue };
            if self.within.contains(&nested.runbook.id.as_str()) {
                continue;
            }
            self.within.push(&nested.runbook.id);
            for item in list(step.for_each.as_ref(), &known).1 {
                let problems = &mut self.problems;
                let mut tell = |problem| {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                };
                let known = known.with_item(item.value);
                let inner = self::inputs(&nested.runbook, call, &known, self.plan.resources.as_ref(), &mut tell);
                if self.runbook(&nested.runbook, &inner) == Outcome::TooMany {
                    return Outcome::TooMany;
                }
            }
            self.within.pop();
        }
        Outcome::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Digest, Value};
    use crate::plan::{Input, Mode, Nested, Origin, Outlook, Place, Revision};
    use crate::runbook::{Environment, check_all};

    const INNER: &str = "runbook: inner\nformat: 1\nversion: 1.0.0\ntitle: I\nparameters:\n\
        \x20 standby: {type: webapp, default: '${{ inputs.app.name }}/staging'}\n\
        \x20 app: {type: webapp, default: chatbot-web}\n\
        \x20 word: {type: string, pattern: '[a-z]+', default: red}\n\
        steps:\n\
        \x20 - {id: look, title: R, check: webapp.health, with: {app: '${{ inputs.standby }}', path: /}}\n";

    /// A plan of a runbook that nests [`INNER`] for each of these words.
    fn plan(with: &str, words: Value) -> Plan {
        let outer = format!(
            "runbook: outer\nformat: 1\nversion: 1.0.0\ntitle: O\nparameters:\n  words: {{type: list, of: string}}\nsteps:\n  \
             - {{id: nest, title: N, runbook: inner, for_each: {{list: '${{{{ inputs.words }}}}', at_most: 1000}}, with: {with}}}\n"
        );
        let mut checked = check_all(&[("outer.yaml", outer.as_bytes()), ("inner.yaml", INNER.as_bytes())]);
        let mut next = || {
            let checked = checked.remove(0);
            checked.runbook.unwrap_or_else(|| panic!("{:?}", checked.findings))
        };
        let environment = Environment::simulated();
        let revision = Revision { text: Digest::of("text-v1", b""), origin: Origin::File };
        Plan {
            runbook: next(),
            revision: revision.clone(),
            inputs: vec![Input { name: "words".into(), value: words }],
            resources: Some(environment.resources()),
            exercise: None,
            place: Place {
                environment: environment.name,
                estate: environment.estate,
                tenant: environment.tenant,
                subscription: environment.subscription,
                protected: false,
                drill: Vec::new(),
            },
            mode: Mode::Live,
            nested: vec![Nested { runbook: next(), revision }],
        }
    }

    fn words(words: &[&str]) -> Value {
        Value::List(words.iter().copied().map(Value::text).collect())
    }

    fn problems(plan: &Plan) -> Vec<String> {
        nested_problems(plan).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_an_item_makes_of_an_input_is_held_to_its_parameter_before_a_run() {
        let with = "{word: '${{ item }}'}";
        assert_eq!(problems(&plan(with, words(&["red", "blue"]))), [""; 0]);
        let found = problems(&plan(with, words(&["red", "RED", "Blue"])));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("the input `word` of the nested `inner` is wrong: `RED` does not match"),
            "{found:?}"
        );
    }

    #[test]
    fn a_default_that_the_environment_does_not_have_is_said_once_however_many_items_there_are() {
        let mut plan = plan("{}", words(&["red", "blue"]));
        plan.resources.as_mut().unwrap().targets.retain(|target| target.name != "chatbot-web/staging");
        let found = problems(&plan);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("`standby`") && found[0].contains("no webapp `chatbot-web/staging`"), "{found:?}");
    }

    #[test]
    fn lists_that_make_too_many_steps_are_refused_and_their_outlook_is_cut() {
        let numbers = |count: usize| Value::List((0..count).map(|word| Value::text(word.to_string())).collect());
        let mut plan = plan("{}", numbers(500));
        let step = plan.nested[0].runbook.steps[0].clone();
        plan.nested[0].runbook.steps = vec![step; 9];
        assert_eq!(problems(&plan), [""; 0]);
        plan.inputs[0].value = numbers(600);
        let found = problems(&plan);
        assert!(found.len() == 1 && found[0].contains("more than 5000 steps"), "{found:?}");
        let outlook = Outlook::of(&plan);
        assert!(outlook.steps.len() <= Runbook::EXPANDED_MAX, "{}", outlook.steps.len());
        assert!(outlook.warnings.iter().any(|warning| warning.contains("are not shown")), "{:?}", outlook.warnings);
    }
}
