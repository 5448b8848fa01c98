use std::collections::{BTreeMap, BTreeSet};

use super::{Content, DrillStep, Playbook, Programme};
use crate::base::Value;
use crate::runbook::{Argument, Environment, NestedCall, Parameter, Runbook, Step, StepKind, Template};

impl Playbook {
    /// The programme, if it is one.
    pub const fn programme(&self) -> Option<&Programme> {
        match &self.content {
            Content::Programme(programme) => Some(programme),
            Content::Guide(_) => None,
        }
    }

    /// The ordinary runbook that a programme is: a graph of `runbook` steps under the playbook's name, to be run in the
    /// mode `drill`. None for a guide, which starts nothing by itself.
    ///
    /// Each parameter of a nested runbook becomes a parameter of this one, `STEP_PARAMETER`, and what the programme gives
    /// its default. So inputs are bound, resolved against the environment and shown in the plan as any others.
    pub fn compile(&self) -> Option<Runbook> {
        let programme = self.programme()?;
        let mut taken = BTreeSet::new();
        let mut parameters = Vec::new();
        let mut steps = Vec::new();
        for step in &programme.steps {
            let mut with = BTreeMap::new();
            for parameter in lifted(step, &mut taken) {
                let hole = Template::parse(&format!("${{{{ inputs.{} }}}}", parameter.lifted.name)).ok()?;
                with.insert(parameter.own, Argument::Template { text: hole });
                parameters.push(parameter.lifted);
            }
            let kind = StepKind::Runbook(NestedCall { runbook: step.runbook.clone(), with });
            let mut own = Step::new(step.id.clone(), step.title.clone(), kind);
            own.why.clone_from(&step.why);
            own.needs.clone_from(&step.needs);
            steps.push(own);
        }
        Some(Runbook {
            id: self.id.clone(),
            format: self.format,
            version: self.version.clone(),
            title: self.title.clone(),
            sop: None,
            owner: Some(self.owner.clone()),
            use_when: vec![programme.scenario.clone()],
            not_when: Vec::new(),
            parameters,
            rto: Some(programme.rto),
            rpo: programme.rpo,
            outputs: Vec::new(),
            steps,
        })
    }

    /// The environment with the inputs that it has for the nested runbooks standing under this playbook's name too, by the
    /// parameters of [`Self::compile`]. What the programme gives itself stays as it gives it.
    #[must_use]
    pub fn supplied(&self, mut environment: Environment) -> Environment {
        let Some(programme) = self.programme() else { return environment };
        let mut taken = BTreeSet::new();
        let mut inputs: BTreeMap<String, Value> = BTreeMap::new();
        for step in &programme.steps {
            let known = environment.inputs.get(&step.runbook);
            for Lifted { own, lifted } in lifted(step, &mut taken) {
                let is_given = step.with.iter().any(|(name, _)| *name == own);
                let value = known.and_then(|known| known.get(&own)).filter(|_| !is_given);
                inputs.extend(value.map(|value| (lifted.name, value.clone())));
            }
        }
        environment.inputs.entry(self.id.clone()).or_default().extend(inputs);
        environment
    }
}

/// A parameter of a nested runbook, and the one that it becomes.
struct Lifted {
    own: String,
    lifted: Parameter,
}

/// Parameters have no hyphens and steps no underscores, so two names can become one; then the later gets a number.
fn lifted(step: &DrillStep, taken: &mut BTreeSet<String>) -> Vec<Lifted> {
    let is_given = |parameter: &Parameter| step.with.iter().any(|(known, _)| *known == parameter.name);
    let of = |parameter: &Parameter| {
        let base = format!("{}_{}", step.id.as_str().replace('-', "_"), parameter.name);
        let names = std::iter::once(base.clone()).chain((2_u32..).map(|number| format!("{base}_{number}")));
        let name = names.into_iter().find(|name| !taken.contains(name)).unwrap_or(base);
        taken.insert(name.clone());
        let given = step.with.iter().find(|(known, _)| *known == parameter.name).map(|(_, value)| value.clone());
        let default = given.or_else(|| parameter.default.clone());
        let lifted = Parameter { name, default, default_from: None, ..parameter.clone() };
        Lifted { own: parameter.name.clone(), lifted }
    };
    // What is made from other inputs of the nested runbook is made there.
    step.parameters.iter().filter(|one| one.default_from.is_none() || is_given(one)).map(of).collect()
}

#[cfg(test)]
mod tests {
    use crate::runbook::{Shelf, check_playbook};

    #[test]
    fn two_inputs_whose_names_become_one_are_told_apart() {
        let runbook = |name: &str, parameter: &str| {
            format!(
                "runbook: {name}\nformat: 1\nversion: 1.0.0\ntitle: R\nparameters: {{{parameter}: {{type: integer}}}}\n\
                 steps:\n  - {{id: s, title: S, wait: {{for: 1s}}}}\n"
            )
        };
        let (one, two) = (runbook("one", "c"), runbook("two", "b_c"));
        let shelf = Shelf::of([("one.yaml", one.as_bytes()), ("two.yaml", two.as_bytes())]);
        let text = "playbook: p\nformat: 1\nversion: 1.0.0\ntitle: P\nowner: o\nprogramme:\n  scenario: S\n  \
                    environment: e\n  targets: [t]\n  objectives: {rto: 1h}\n  participants: {commander: A, operator: B}\n  \
                    cadence: yearly\n  success_criteria: [C]\n  steps:\n    \
                    - {id: a-b, title: A, runbook: one, with: {c: 1}}\n    \
                    - {id: a, title: B, runbook: two, with: {b_c: 2}}\n";
        let checked = check_playbook("p.yaml", text.as_bytes(), &shelf);
        let runbook = checked.playbook.unwrap().compile().unwrap();
        let inputs: Vec<String> = runbook
            .parameters
            .iter()
            .map(|parameter| format!("{}={}", parameter.name, parameter.default.as_ref().unwrap()))
            .collect();
        assert_eq!(inputs, ["a_b_c=1", "a_b_c_2=2"]);
    }
}
