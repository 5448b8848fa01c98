/// The text of a new runbook: it checks without a finding, shows the usual parts, and only reads.
///
/// `name` must be well formed as a runbook's name; it is put into the text as it is.
pub fn skeleton(name: &str) -> String {
    format!(
        "\
# What may stand here: `callout schema runbook`. What a step can ask of the world: `callout actions`.
runbook: {name}
format: 1
version: 0.1.0
title: Say in a few words what this does
owner: your-team
use_when:
  - Say by which signs a stranger knows that this is the right one
not_when:
  - Say what must be ruled out first
parameters:
  app:
    type: webapp
    description: App that is in trouble
objectives: {{rto: 30m}}

steps:
  - id: healthy
    title: See whether the app answers
    why: Say here what a stranger needs to know to trust this step.
    check: webapp.health
    with: {{app: '${{{{ inputs.app }}}}', path: /health/ready}}
    until: {{every: 5s, timeout: 1m}}
    expect: 5s

  - id: tell
    title: Tell the others
    needs: [healthy]
    manual:
      instruction: Write into the incident's channel that ${{{{ inputs.app.name }}}} answers again.
    marks: service_restored
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::check;

    #[test]
    fn a_new_runbook_has_nothing_to_be_found_fault_with() {
        let checked = check("my-runbook.yaml", skeleton("my-runbook").as_bytes());
        assert!(checked.runbook.is_some() && checked.findings.is_empty(), "{:?}", checked.findings);
    }
}
