use std::collections::BTreeSet;

use super::breakage::{breaks, recovered};
use super::call::{self, Bounds};
use super::forecast::{Forecast, Forecaster};
use super::grammar::{DRILL_OBJECTIVES, DRILL_STEP, EVERY, PARTICIPANTS, PROGRAMME};
use super::guide::{filled, roles, sentences};
use super::programme::{Cadence, DrillStep, Programme, target_kind};
use super::shelf::{Listed, Shelf};
use crate::base::{Span, StepId};
use crate::runbook::check::{Ordered, STEPS, beyond, ordered};
use crate::runbook::expanded::Expanded;
use crate::runbook::fields::Fields;
use crate::runbook::written::{Form, Written};
use crate::runbook::{
    Code, Environment, Finding, Findings, Longest, ParameterType, Place, Runbook, StepKind, plus, read,
};

/// The programme; whatever could not be read has a finding.
pub(super) fn programme(written: &Written, shelf: &Shelf, findings: &mut Findings<'_>) -> Option<Programme> {
    let fields = Fields::read(written, &PROGRAMME, findings)?;
    let scenario = fields.get("scenario").and_then(|written| read::text(written, "a scenario", findings));
    let environment = fields.get("environment").and_then(|written| environment(written, findings));
    let targets = fields.get("targets").and_then(|written| sentences(written, "a resource", findings));
    let objectives = fields.get("objectives").and_then(|written| objectives(written, findings));
    let participants = fields.get("participants").and_then(|written| roles(written, &PARTICIPANTS, findings));
    let cadence = fields.get("cadence").and_then(|written| cadence(written, findings));
    let criteria = fields.get("success_criteria");
    let success_criteria = criteria.and_then(|written| sentences(written, "a criterion", findings));
    let bounds = targets.as_deref().map_or(Bounds::Open, Bounds::Drill);
    let place = Surroundings { environment: environment.as_deref(), bounds, shelf };
    let steps = fields.get("steps").and_then(|written| steps(written, &place, objectives.as_ref(), findings));
    let not_tested = fields.get("not_tested");
    let not_tested = not_tested.map_or_else(|| Some(Vec::new()), |written| sentences(written, "a sentence", findings));
    let broken = fields.get("breaks");
    let broken = broken.map_or_else(|| Some(Vec::new()), |written| breaks(written, bounds, findings));
    let Objectives { rto, rpo, coverage, recovered: written, .. } = objectives?;
    let known = steps.as_deref().zip(written);
    let recovered = known.and_then(|(steps, written)| recovered(written, steps, shelf, findings));
    Some(Programme {
        scenario: scenario?,
        environment: environment?,
        targets: targets?,
        breaks: broken?,
        rto,
        rpo,
        recovered,
        coverage,
        participants: participants?,
        cadence: cadence?,
        success_criteria: success_criteria?,
        not_tested: not_tested?,
        steps: steps?,
    })
}

/// The name of an environment; whether there is one is known where the user's configuration is.
fn environment(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let name = &read::scalar(written, "an environment's name", findings)?.text;
    if StepId::is_well_formed(name) {
        return Some(name.clone());
    }
    let message = format!("`{name}` is not a name for an environment");
    let help = "write lower-case letters, digits and hyphens, beginning with a letter";
    findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
    None
}

struct Objectives<'w> {
    rto: Span,
    place: Place,
    rpo: Option<Span>,
    /// What is read once the steps are known.
    recovered: Option<&'w Written>,
    coverage: Option<u8>,
}

fn objectives<'w>(written: &'w Written, findings: &mut Findings<'_>) -> Option<Objectives<'w>> {
    let fields = Fields::read(written, &DRILL_OBJECTIVES, findings)?;
    let coverage = fields.get("coverage").and_then(|written| percentage(written, findings));
    let span = |name: &str, findings: &mut Findings<'_>| {
        let written = fields.get(name)?;
        Some((read::span(written, "a length of time", findings)?, written.place))
    };
    let rpo = span("rpo", findings);
    let (rto, place) = span("rto", findings)?;
    Some(Objectives { rto, place, rpo: rpo.map(|(rpo, _)| rpo), recovered: fields.get("recovered"), coverage })
}

fn percentage(written: &Written, findings: &mut Findings<'_>) -> Option<u8> {
    let number = read::integer(written, "a percentage", findings)?;
    let percent = u8::try_from(number).ok().filter(|percent| (1..=100).contains(percent));
    if percent.is_none() {
        let message = format!("{number} is no share of the steps that a drill could have to prove");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write a number from 1 to 100"));
    }
    percent
}

fn cadence(written: &Written, findings: &mut Findings<'_>) -> Option<Cadence> {
    if !matches!(written.form, Form::Mapping(_)) {
        return read::word(written, "a cadence", &Cadence::WORDS, findings);
    }
    let written = Fields::read(written, &EVERY, findings)?.get("every")?;
    let text = &read::scalar(written, "a number of days", findings)?.text;
    let cadence = Cadence::parse(text);
    if cadence.is_none() {
        let message = format!("`{text}` is not a number of days or weeks up to two years");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("write for example `90d` or `6w`"));
    }
    cadence
}

/// What a step finds around it.
struct Surroundings<'a> {
    environment: Option<&'a str>,
    bounds: Bounds<'a>,
    shelf: &'a Shelf,
}

fn steps(
    written: &Written,
    around: &Surroundings<'_>,
    objectives: Option<&Objectives<'_>>,
    findings: &mut Findings<'_>,
) -> Option<Vec<DrillStep>> {
    let items = filled(written, "a step", findings)?;
    if let Some(first_beyond) = items.get(STEPS) {
        let message = format!("the programme has {} steps, and at most {STEPS} are allowed", items.len());
        findings.add(Finding::new(Code::TooManySteps, first_beyond.head(), message).help("split the programme"));
    }
    let nodes = ordered(&items[..items.len().min(STEPS)], &DRILL_STEP, findings);
    let mut steps = Vec::new();
    let mut forecasts = Vec::new();
    let mut forecaster = Forecaster::new(around.shelf);
    for node in &nodes {
        let (step, runbook) = step(node, &nodes, around, findings).unzip();
        steps.push(step);
        forecasts.push(runbook.map(|runbook| forecaster.of(runbook)).unwrap_or_default());
    }
    if let Some(objectives) = objectives {
        let recovers: Vec<bool> =
            steps.iter().map(|step: &Option<DrillStep>| step.as_ref().is_none_or(|step| !step.is_cleanup)).collect();
        in_time(&nodes, &forecasts, &recovers, objectives, findings);
    }
    count(&nodes, around.shelf, findings);
    steps.into_iter().collect()
}

/// More steps with all that is nested than there may be are a finding.
fn count(nodes: &[Ordered<'_>], shelf: &Shelf, findings: &mut Findings<'_>) {
    let mut expanded = Expanded::default();
    let (mut sum, mut first) = (nodes.len(), None);
    for written in nodes.iter().filter_map(|node| node.fields.get("runbook")) {
        let Some(name) = written.scalar().and_then(|name| shelf.name(&name.text)) else { continue };
        sum = sum.saturating_add(expanded.steps(name, &|name| shelf.parts(name)));
        if sum > Runbook::EXPANDED_MAX {
            first = first.or(Some(written.place));
        }
    }
    if let Some(place) = first {
        beyond(sum, place, findings);
    }
}

fn step<'s>(
    node: &Ordered<'_>,
    nodes: &[Ordered<'_>],
    around: &Surroundings<'s>,
    findings: &mut Findings<'_>,
) -> Option<(DrillStep, &'s Runbook)> {
    let fields = &node.fields;
    let title = fields.get("title").and_then(|written| read::title(written, findings));
    let why = fields.get("why").and_then(|written| read::text(written, "a text", findings));
    let written = fields.get("runbook")?;
    let (name, listed) = call::runbook(written, around.shelf, findings)?;
    let Listed::Usable(runbook) = listed else {
        let message = format!("the runbook `{name}` has errors of its own");
        let help = format!("repair `{name}.yaml` first; `callout check` finds what is wrong with it");
        findings.add(Finding::new(Code::RunbookBroken, written.place, message).help(help));
        return None;
    };
    let with = call::inputs(runbook, fields.get("with"), around.bounds, findings);
    let given = fields.get("with").map(|written| move |name: &str| written.entry(name).is_some());
    for parameter in &runbook.parameters {
        if given.as_ref().is_some_and(|given| given(&parameter.name)) {
            continue;
        }
        // Which resource a default made from others names, nobody has compared with those that are bound.
        if parameter.default_from.is_some() && target_kind(parameter).is_some() {
            let message = format!("`{name}` makes its input `{}` from others", parameter.name);
            let help = format!("add `{}: …` to `with`, so that it is one of the bound targets", parameter.name);
            findings.add(Finding::new(Code::NotBound, written.place, message).help(help));
        } else if parameter.is_required() && !supplies(around.environment, &name, &parameter.name) {
            let message = format!("nothing here gives `{name}` its input `{}`", parameter.name);
            let help = if takes_secret(&parameter.kind) {
                "see that the environment has it; a playbook says no secret".to_owned()
            } else {
                format!("add `{}: …` to `with`, or see that the environment has it", parameter.name)
            };
            findings.add(Finding::new(Code::InputOpen, written.place, message).help(help));
        }
    }
    made_further_down(runbook, around.shelf, written.place, findings);
    let is_cleanup = fields.get("cleanup").and_then(|written| read::boolean(written, "`cleanup`", findings));
    let step = DrillStep {
        id: node.id.clone(),
        title: title?,
        why,
        needs: node.needs.iter().map(|need| nodes[*need].id.clone()).collect(),
        runbook: name,
        parameters: runbook.parameters.clone(),
        with,
        is_cleanup: is_cleanup.unwrap_or(false),
    };
    Some((step, runbook))
}

/// A runbook further down that leaves to a default which resource is touched: nobody has compared that with those that are
/// bound.
fn made_further_down(runbook: &Runbook, shelf: &Shelf, place: Place, findings: &mut Findings<'_>) {
    let mut seen: BTreeSet<&str> = BTreeSet::from([runbook.id.as_str()]);
    let mut open = vec![runbook];
    while let Some(outer) = open.pop() {
        for step in &outer.steps {
            let StepKind::Runbook(call) = &step.kind else { continue };
            let Some(Listed::Usable(inner)) = shelf.find(&call.runbook) else { continue };
            let left = inner.parameters.iter().filter(|one| target_kind(one).is_some());
            for parameter in left.filter(|one| !call.with.contains_key(&one.name)) {
                let (outer, step, inner) = (&outer.id, &step.id, &inner.id);
                let message = format!("`{step}` of `{outer}` leaves `{}` of `{inner}` to a default", parameter.name);
                let help = "pass the target on by `with` at every level, so that it is one of those that are bound";
                findings.add(Finding::new(Code::NotBound, place, message).help(help));
            }
            if seen.insert(&inner.id) {
                open.push(inner);
            }
        }
    }
}

fn takes_secret(kind: &ParameterType) -> bool {
    match kind {
        ParameterType::Secret => true,
        ParameterType::List { of, .. } => takes_secret(of),
        _ => false,
    }
}

/// Tells whether an environment is known to have an input for a runbook. Only the simulated one is known here.
fn supplies(environment: Option<&str>, runbook: &str, parameter: &str) -> bool {
    let simulated = Environment::simulated();
    environment == Some(simulated.name.as_str())
        && simulated.inputs.get(runbook).is_some_and(|inputs| inputs.contains_key(parameter))
}

/// Compares the objective with the longest way: each runbook before the last to its end, the last until it has restored
/// its service. What only clears away recovers nothing.
fn in_time(
    nodes: &[Ordered<'_>],
    forecasts: &[Forecast],
    recovers: &[bool],
    objectives: &Objectives<'_>,
    findings: &mut Findings<'_>,
) {
    let mut longest = Longest::default();
    let mut last: Option<(Span, usize)> = None;
    for (index, (node, forecast)) in nodes.iter().zip(forecasts).enumerate() {
        let needs = || node.needs.iter().copied();
        let restored = plus(longest.start(needs()), forecast.restored);
        longest.add(needs(), forecast.whole);
        if recovers[index] && last.is_none_or(|(latest, _)| restored > latest) {
            last = Some((restored, index));
        }
    }
    let Some((forecast, last)) = last.filter(|(forecast, _)| *forecast > objectives.rto) else { return };
    let way: Vec<&str> = longest.way(last).into_iter().map(|step| nodes[step].id.as_str()).collect();
    let message = format!(
        "{forecast} are expected until the last service is restored ({}), and the RTO is {}",
        way.join(" → "),
        objectives.rto
    );
    let finding = Finding::new(Code::ObjectiveShort, objectives.place, message);
    findings.add(finding.help("raise the objective, shorten the runbooks, or let them run side by side"));
}
