use super::bind::arguments;
use super::{BindError, Input, Plan};
use crate::runbook::{InputProblem, NestedCall, Resources, Scope, bind_nested};

/// Every input of a nested runbook, in the order of its parameters: the step's arguments worked out now, and for the rest
/// its defaults; resources by name are those of the plan's environment.
///
/// # Errors
/// An argument cannot be worked out; or an input is not of its parameter's type, or names what is not there: all of these
/// are said at once.
pub fn nested_inputs(plan: &Plan, call: &NestedCall, names: &dyn Scope) -> Result<Vec<Input>, BindError> {
    let unknown = || BindError::Inputs(format!("the plan does not hold the runbook `{}`", call.runbook));
    let runbook = &plan.nested(&call.runbook).ok_or_else(unknown)?.runbook;
    let nothing = Resources::default();
    let resources = plan.resources.as_ref().unwrap_or(&nothing);
    let given = arguments(&call.with, names)?;
    let mut bound = bind_nested(runbook, &given, resources).map_err(|problems| BindError::Inputs(said(&problems)))?;
    let input = |name: &String| bound.remove(name).map(|value| Input { name: name.clone(), value });
    Ok(runbook.parameters.iter().map(|parameter| &parameter.name).filter_map(input).collect())
}

fn said(problems: &[InputProblem]) -> String {
    problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::base::{Digest, Value};
    use crate::effect::TargetKind;
    use crate::plan::{Mode, Names, Nested, Origin, Outlook, Place, Revision};
    use crate::runbook::{Environment, Runbook, StepKind, check_all};

    const OUTER: &str = "runbook: outer\nformat: 1\nversion: 1.0.0\ntitle: Outer\nparameters:\n\
        \x20 site: {type: string}\n\
        steps:\n  - {id: inner, title: Nest, runbook: inner, with: {site: '${{ inputs.site }}', times: 3}}\n";
    const INNER: &str = "runbook: inner\nformat: 1\nversion: 1.0.0\ntitle: Inner\nparameters:\n\
        \x20 app: {type: webapp, default: chatbot-web}\n\
        \x20 other: {type: webapp, default: '${{ inputs.site }}-worker'}\n\
        \x20 site: {type: string, pattern: '[a-z]+'}\n\
        \x20 times: {type: integer, max: 5}\n\
        steps:\n  - {id: restart, title: Restart, action: webapp.restart, with: {app: '${{ inputs.app }}'}, verify: [{check: http.get, with: {url: 'https://a.example'}}]}\n";

    fn runbooks() -> (Runbook, Runbook) {
        let files: [(&str, &[u8]); 2] = [("outer.yaml", OUTER.as_bytes()), ("inner.yaml", INNER.as_bytes())];
        let mut checked = check_all(&files).into_iter().map(|one| {
            let findings = one.findings;
            one.runbook.unwrap_or_else(|| panic!("{findings:?}"))
        });
        (checked.next().unwrap(), checked.next().unwrap())
    }

    fn plan(site: &str) -> Plan {
        let (runbook, inner) = runbooks();
        let environment = Environment::simulated();
        let revision = Revision { text: Digest::of("text-v1", b""), origin: Origin::File };
        Plan {
            runbook,
            revision: revision.clone(),
            inputs: vec![Input { name: "site".into(), value: Value::text(site) }],
            place: Place {
                environment: environment.name.clone(),
                estate: environment.estate,
                tenant: environment.tenant.clone(),
                subscription: environment.subscription.clone(),
                protected: false,
                drill: Vec::new(),
            },
            mode: Mode::Live,
            nested: vec![Nested { runbook: inner, revision }],
            resources: Some(environment.resources()),
            exercise: None,
        }
    }

    fn inputs(plan: &Plan) -> Result<BTreeMap<String, Value>, BindError> {
        let StepKind::Runbook(call) = &plan.runbook.steps[0].kind else { panic!("it nests") };
        let outputs = BTreeMap::new();
        let inputs = nested_inputs(plan, call, &Names::new(plan, &outputs))?;
        Ok(inputs.into_iter().map(|input| (input.name, input.value)).collect())
    }

    #[test]
    fn defaults_that_name_resources_are_resolved_and_may_be_made_from_what_is_given() {
        let inputs = inputs(&plan("chatbot")).unwrap();
        let environment = Environment::simulated();
        let target = |name: &str| environment.target(TargetKind::Webapp, name).unwrap().value();
        assert_eq!(inputs["app"], target("chatbot-web"));
        assert_eq!(inputs["other"], target("chatbot-worker"));
        assert_eq!(inputs["times"], Value::Integer(3));
    }

    #[test]
    fn every_input_that_does_not_fit_is_said_at_once() {
        let why = inputs(&plan("CHATBOT")).unwrap_err().to_string();
        assert!(why.contains("`site`") && why.contains("does not match the pattern"), "{why}");
        let why = inputs(&plan("nothing")).unwrap_err().to_string();
        assert!(why.contains("no webapp `nothing-worker`"), "{why}");
    }

    #[test]
    fn the_plan_shows_the_request_to_a_resource_that_only_a_default_names() {
        let shown = format!("{:?}", Outlook::of(&plan("chatbot")));
        assert!(shown.contains("/sites/chatbot-web/restart"), "{shown}");
    }
}
