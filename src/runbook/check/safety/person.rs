//! Gates and manual steps, and how a run without anybody gets past them.

use super::Subject;
use super::places::Down;
use crate::runbook::fields::list;
use crate::runbook::{Choice, Code, Finding, Findings, Leads, ManualField, Step, StepKind};

pub(super) fn look(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for step in subject.steps {
        match &step.kind {
            StepKind::Gate { choices, headless, .. } => gate(subject, step, choices, headless.as_deref(), findings),
            StepKind::Manual { fields, .. } => manual(subject, step, fields, findings),
            _ => {}
        }
    }
}

fn gate(subject: &Subject<'_>, step: &Step, choices: &[Choice], headless: Option<&str>, findings: &mut Findings<'_>) {
    let ends = headless.filter(|word| choices.iter().any(|choice| choice.name == *word && choice.leads == Leads::End));
    let mut going = choices.iter().filter(|choice| choice.leads != Leads::End).peekable();
    // Where every choice ends the run, that is the finding.
    if let (Some(word), Some(_)) = (ends, going.peek()) {
        let going = list(going.map(|choice| choice.name.as_str()));
        let message = format!("a run without a person always ends here, because `{word}` ends the run");
        let place = subject.places.within(&step.id, &[Down::Key("gate"), Down::Key("headless")]);
        let help = format!(
            "with {going} it goes on; if only a person may decide, leave `headless` out, and such a run waits for one"
        );
        findings.add(Finding::new(Code::HeadlessEnds, place, message).help(help));
    }
}

/// One note for a step, however many fields it has.
fn manual(subject: &Subject<'_>, step: &Step, fields: &[ManualField], findings: &mut Findings<'_>) {
    // A value that could not be read has its own finding.
    let is_open = |field: &&ManualField| {
        field.headless.is_none()
            && !subject.places.is_written(&step.id, &[&at(&field.name)[..], &[Down::Key("headless")]].concat())
    };
    let open: Vec<&str> = fields.iter().filter(is_open).map(|field| field.name.as_str()).collect();
    let Some(first) = open.first() else { return };
    let message = format!("a headless run waits at this step for {}", list(open.iter().copied()));
    let help = "say what such a run takes: `headless: VALUE` (never for a secret or for evidence)";
    let place = subject.places.within(&step.id, &at(first));
    findings.add(Finding::new(Code::NeedsPerson, place, message).help(help));
}

/// Where a field stands in a manual step.
const fn at(field: &str) -> [Down<'_>; 3] {
    [Down::Key("manual"), Down::Key("fields"), Down::Key(field)]
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{codes, step};
    use super::*;
    use crate::runbook::{FieldKind, Template};

    fn at_gate(choices: &[(&str, Leads)], headless: Option<&str>) -> Vec<Code> {
        let choices =
            choices.iter().map(|(name, leads)| Choice { name: (*name).into(), leads: leads.clone() }).collect();
        let question = Template::parse("Go on?").unwrap();
        codes(&[step("gate", [], StepKind::Gate { question, choices, headless: headless.map(str::to_owned) })], None)
    }

    #[test]
    fn a_headless_value_that_ends_the_run_is_worth_a_second_thought() {
        let choices = [("a", Leads::On), ("b", Leads::End)];
        assert_eq!(at_gate(&choices, Some("b")), [Code::HeadlessEnds]);
        assert_eq!(at_gate(&choices, Some("a")), []);
        assert_eq!(at_gate(&choices, None), [], "that it waits is said where the gate is read");
    }

    #[test]
    fn a_manual_step_gets_one_note_for_all_its_fields() {
        let field = |name: &str, headless: Option<&str>| ManualField {
            name: name.to_owned(),
            kind: FieldKind::String { pattern: None },
            description: None,
            default: None,
            headless: headless.map(|text| Template::parse(text).unwrap()),
        };
        let manual = |fields| {
            codes(&[step("note", [], StepKind::Manual { instruction: Template::parse("Do.").unwrap(), fields })], None)
        };
        assert_eq!(manual(vec![field("a", None), field("b", None)]), [Code::NeedsPerson]);
        assert_eq!(manual(vec![field("a", Some("x"))]), []);
        assert_eq!(manual(Vec::new()), []);
    }
}
