use std::fmt;

use super::risk;
use crate::base::StepId;
use crate::effect::{self, Class, Risk};
use crate::runbook::{Fate, KeyChange, Runbook, RunbookDiff, Step, StepKind};

/// What a change of a runbook's text means for what can break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskDiff {
    /// The highest risk of any step, before and after.
    pub highest: (Risk, Risk),
    /// The keys of the parameters whose defaults changed: without an input, the runbook acts on something else.
    pub defaults: Vec<String>,
    /// The steps about which there is something to say, in the order of the difference.
    pub steps: Vec<(StepId, Vec<Concern>)>,
}

/// Something that a reviewer must not overlook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The step is new, and changes something.
    NewChange(Risk),
    /// The step is gone, and changed something.
    ChangeGone(Risk),
    /// A person no longer does or decides something here.
    PersonGone,
    /// Nothing is judged here any more.
    CheckGone,
    /// What consent it needs is another.
    Risk(Risk, Risk),
    /// What sending twice does is another.
    Class(Class, Class),
    /// It does something else, by these keys.
    Does(Deed, Vec<String>),
    /// It is carried out otherwise (after other steps, tried again, given up later), by these keys.
    CarriedOut(Vec<String>),
    /// It is undone otherwise, or no longer.
    Undo(Loss),
    /// What it did is verified otherwise, or no longer.
    Verify(Loss),
}

/// What a step does, as far as a reviewer is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It changes the world.
    Changes,
    /// It reads what others may act on.
    Reads,
    /// It judges, and may end the run.
    Judges,
    /// It asks a person.
    Asks,
    /// It does none of these, such as wait.
    Other,
}

/// Whether something is there at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It is there, and another.
    Changed,
    /// It is not there any more.
    Gone,
}

impl fmt::Display for Concern {
    /// The concern as a lower-case sentence without its full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |loss: &Loss| match loss {
            Loss::Changed => "otherwise",
            Loss::Gone => "no longer",
        };
        match self {
            Self::NewChange(risk) => write!(f, "a new {risk} step"),
            Self::ChangeGone(risk) => write!(f, "a {risk} step less"),
            Self::PersonGone => f.write_str("no person is asked here any more"),
            Self::CheckGone => f.write_str("nothing is checked here any more"),
            Self::Risk(old, new) => write!(f, "the risk was {old} and is {new}"),
            Self::Class(old, new) => write!(f, "the effect's class was {old} and is {new}"),
            Self::Does(deed, keys) => {
                let what = match deed {
                    Deed::Changes => "it changes something else, or elsewhere",
                    Deed::Reads => "it reads something else",
                    Deed::Judges => "what must hold is another",
                    Deed::Asks => "what a person is asked is another",
                    Deed::Other => "it does something else",
                };
                write!(f, "{what}: {}", keys.join(", "))
            }
            Self::CarriedOut(keys) => write!(f, "it is carried out otherwise: {}", keys.join(", ")),
            Self::Undo(loss) => write!(f, "it is {} undone", how(loss)),
            Self::Verify(loss) => write!(f, "it is {} verified", how(loss)),
        }
    }
}

/// Says what a difference means for what can break. The risks are the catalogue's, raised by the runbook; a step of which
/// only words changed is not mentioned.
///
/// Keys that are not known here are taken for ones that matter.
pub fn risk_diff(old: &Runbook, new: &Runbook, diff: &RunbookDiff) -> RiskDiff {
    let highest = |runbook: &Runbook| runbook.steps.iter().map(risk).max().unwrap_or(Risk::Read);
    let is_default = |key: &&String| key.starts_with("parameters.") && key.ends_with(".default");
    let steps = diff.steps.iter().filter_map(|step| {
        let concerns = match (&step.fate, old.step(&step.id), new.step(&step.id)) {
            (Fate::Added(_), _, Some(new)) => changing(new).map(Concern::NewChange).into_iter().collect(),
            (Fate::Removed(_), Some(old), _) => lost(old, None).into_iter().collect(),
            (Fate::Kept { keys, .. }, Some(old), Some(new)) => kept(old, new, keys),
            _ => Vec::new(),
        };
        (!concerns.is_empty()).then(|| (step.id.clone(), concerns))
    });
    RiskDiff {
        highest: (highest(old), highest(new)),
        defaults: diff.header.iter().map(|change| &change.key).filter(is_default).cloned().collect(),
        steps: steps.collect(),
    }
}

fn changing(step: &Step) -> Option<Risk> {
    Some(risk(step)).filter(|risk| *risk > Risk::Read)
}

fn deed(step: &Step) -> Deed {
    if changing(step).is_some() {
        Deed::Changes
    } else if matches!(step.kind, StepKind::Action(_)) {
        Deed::Reads
    } else if matches!(step.kind, StepKind::Check(_) | StepKind::WaitCheck(_)) {
        Deed::Judges
    } else if matches!(step.kind, StepKind::Manual { .. } | StepKind::Gate { .. }) {
        Deed::Asks
    } else {
        Deed::Other
    }
}

/// What is not done any more where a step is gone, or has become another.
fn lost(old: &Step, new: Option<&Step>) -> Option<Concern> {
    if new.is_some_and(|new| deed(new) == deed(old)) {
        return None;
    }
    match deed(old) {
        Deed::Changes => Some(Concern::ChangeGone(risk(old))),
        Deed::Asks => Some(Concern::PersonGone),
        Deed::Judges => Some(Concern::CheckGone),
        Deed::Reads | Deed::Other => None,
    }
}

fn kept(old: &Step, new: &Step, keys: &[KeyChange]) -> Vec<Concern> {
    let mut concerns: Vec<Concern> = lost(old, Some(new)).into_iter().collect();
    if risk(old) != risk(new) {
        concerns.push(Concern::Risk(risk(old), risk(new)));
    }
    match (class(old), class(new)) {
        (Some(old), Some(new)) if old != new => concerns.push(Concern::Class(old, new)),
        _ => {}
    }
    let (mut does, mut carried_out) = (Vec::new(), Vec::new());
    let (mut undo, mut verify) = (false, false);
    for KeyChange { key, .. } in keys {
        match key.split(['.', '[']).next().unwrap_or(key) {
            // Words, and what has been said already.
            "title" | "why" | "expect" | "marks" | "confirm" => {}
            "undo" => undo = true,
            "verify" => verify = true,
            "action" | "check" | "manual" | "gate" | "wait" | "runbook" | "with" | "for_each" | "when" | "headless" => {
                does.push(key.clone());
            }
            _ => carried_out.push(key.clone()),
        }
    }
    concerns.extend(Some(does).filter(|keys| !keys.is_empty()).map(|keys| Concern::Does(deed(new), keys)));
    concerns.extend(Some(carried_out).filter(|keys| !keys.is_empty()).map(Concern::CarriedOut));
    // What is undone or verified for the first time is no loss.
    let loss = |is_there| if is_there { Loss::Changed } else { Loss::Gone };
    concerns.extend((undo && !old.undo.is_empty()).then(|| Concern::Undo(loss(!new.undo.is_empty()))));
    concerns.extend((verify && !old.verify.is_empty()).then(|| Concern::Verify(loss(!new.verify.is_empty()))));
    concerns
}

fn class(step: &Step) -> Option<Class> {
    let StepKind::Action(spec) = &step.kind else { return None };
    effect::find(&spec.action).map(|row| row.class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{check, diff};

    const OLD: &str = "\
runbook: r
format: 1
version: 1.0.0
title: R
parameters:
  app: {type: webapp}
  other: {type: webapp}
steps:
  - {id: ask, title: Ask, gate: {question: Go?, choices: ['yes', 'no'], headless: 'yes'}}
  - id: act
    title: Act
    needs: [ask]
    action: webapp.references.refresh
    with: {app: '${{ inputs.app }}'}
    verify:
      - {check: http.get, with: {url: '${{ inputs.app.url }}', expect: {status: 200}}}
";

    fn concerns(change: impl Fn(&str) -> String) -> (Vec<String>, (Risk, Risk)) {
        let new = change(OLD);
        let runbook = |text: &str| {
            let checked = check("r.yaml", text.as_bytes());
            checked.runbook.unwrap_or_else(|| panic!("{:?}\n{text}", checked.findings))
        };
        let found = risk_diff(&runbook(OLD), &runbook(&new), &diff(OLD, &new).unwrap());
        let told = found.steps.iter().map(|(step, concerns)| {
            let texts: Vec<String> = concerns.iter().map(ToString::to_string).collect();
            format!("{step}: {}", texts.join("; "))
        });
        (told.collect(), found.highest)
    }

    #[test]
    fn words_alone_are_no_concern() {
        assert_eq!(concerns(|old| old.replace("title: Act", "title: Act now\n    why: Because.")).0, [""; 0]);
    }

    #[test]
    fn another_target_another_operation_and_a_lost_check_are_told() {
        let (found, _) = concerns(|old| old.replace("{app: '${{ inputs.app }}'}", "{app: '${{ inputs.other }}'}"));
        assert_eq!(found, ["act: it changes something else, or elsewhere: with.app"]);
        let (found, highest) = concerns(|old| old.replace("webapp.references.refresh", "webapp.restart"));
        assert!(found[0].starts_with("act: the risk was ") || found[0].contains("class was"), "{found:?}");
        assert!(found[0].contains("it changes something else, or elsewhere: action"), "{found:?}");
        assert!(highest.1 >= highest.0);
        let (found, _) = concerns(|old| old.split("    verify:").next().unwrap().to_owned());
        assert_eq!(found, ["act: it is no longer verified"]);
    }

    #[test]
    fn a_raised_consent_is_told() {
        let (found, highest) = concerns(|old| old.replace("title: Act", "title: Act\n    confirm: irreversible"));
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("and is irreversible"), "{found:?}");
        assert_eq!(highest.1, Risk::Irreversible);
    }

    #[test]
    fn a_step_that_no_longer_waits_for_the_decision_and_a_decision_that_is_another_are_told() {
        let (found, _) = concerns(|old| old.replace("    needs: [ask]\n", ""));
        assert_eq!(found, ["act: it is carried out otherwise: needs"]);
        let (found, _) = concerns(|old| old.replace("['yes', 'no']", "['yes', 'later']"));
        assert_eq!(found, ["ask: what a person is asked is another: gate.choices"]);
    }

    #[test]
    fn a_gate_that_goes_and_a_change_that_comes_are_told() {
        let gate = "  - {id: ask, title: Ask, gate: {question: Go?, choices: ['yes', 'no'], headless: 'yes'}}\n";
        let (found, _) = concerns(|old| old.replace(gate, "").replace("    needs: [ask]\n", ""));
        assert_eq!(found, ["ask: no person is asked here any more", "act: it is carried out otherwise: needs"]);
        let again = "  - {id: again, title: Again, needs: [act], action: webapp.references.refresh, \
                     with: {app: '${{ inputs.app }}'}}\n";
        let (found, _) = concerns(|old| format!("{old}{again}"));
        assert!(found[0].starts_with("again: a new ") && found[0].ends_with(" step"), "{found:?}");
    }
}
