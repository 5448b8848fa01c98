use super::limits::{CHOICES, STEPS, items};
use super::outline::{Gives, Outline};
use super::prose::prose;
use super::scope::StepNames;
use crate::runbook::expr::Typing;
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::{CHOICE, GATE};
use crate::runbook::written::{Form, Written};
use crate::runbook::{Choice, Code, Finding, Findings, Leads, Place, StepKind, read};

/// A choice as written.
pub(super) struct Way<'w> {
    pub(super) name: String,
    pub(super) place: Place,
    /// The steps that it leads to, as far as they are names.
    pub(super) leads_to: Vec<(&'w str, Place)>,
    /// Whether the run ends with it.
    pub(super) ends: bool,
    /// The list of the steps that it leads to.
    written: Option<&'w Written>,
}

/// What a gate gives: the choice.
pub(super) fn gives() -> Gives {
    Gives { by: "the gate".to_owned(), outputs: vec![("choice".to_owned(), Typing::String)] }
}

/// The choices of a gate. Of words alone, the first goes on and every other one ends the run; beside a mapping, every word
/// goes on.
pub(super) fn ways<'w>(gate: &'w Written, findings: &mut Findings<'_>) -> Vec<Way<'w>> {
    let Some(written) = gate.entry("choices") else { return Vec::new() };
    let items = items(&written.value, "choices", CHOICES, findings).unwrap_or_default();
    let words_alone = items.iter().all(|item| item.scalar().is_some());
    let way = |(index, item): (usize, &'w Written)| match &item.form {
        Form::Mapping(_) => long(item, findings),
        _ => {
            let name = read::text(item, "a choice", findings)?;
            Some(Way { name, place: item.place, leads_to: Vec::new(), ends: words_alone && index > 0, written: None })
        }
    };
    items.iter().enumerate().filter_map(way).collect()
}

fn long<'w>(item: &'w Written, findings: &mut Findings<'_>) -> Option<Way<'w>> {
    let fields = Fields::read(item, &CHOICE, findings)?;
    let name =
        fields.get("choice").and_then(|written| Some((read::text(written, "a choice", findings)?, written.place)));
    let ends = fields.get("ends").and_then(|written| read::boolean(written, "`ends`", findings));
    let leads = fields.entry("leads_to");
    if let (Some(true), Some(leads)) = (ends, leads) {
        let finding = Finding::new(Code::KeysExclude, leads.key_place, "a choice that ends the run leads to nothing");
        findings.add(finding.help("remove `leads_to`, or `ends`"));
    }
    let written = leads.map(|entry| &entry.value);
    let names = written.and_then(|written| items(written, "steps' names", STEPS, findings));
    let names = names.unwrap_or_default().iter().filter_map(|item| Some((item.scalar()?.text.as_str(), item.place)));
    let leads_to = names.collect();
    let (name, place) = name?;
    Some(Way { name, place, leads_to, ends: ends.unwrap_or(false), written })
}

/// A gate.
pub(super) fn gate(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<StepKind> {
    let fields = Fields::read(written, &GATE, findings)?;
    let question = fields.get("question").and_then(|written| prose(written, "a question", names, findings));
    let choices_written = fields.get("choices")?;
    let ways = ways(written, findings);
    if ways.len() == 1 && matches!(&choices_written.form, Form::List(items) if items.len() == 1) {
        let finding = Finding::new(Code::WrongValue, choices_written.head(), "a gate has at least two choices");
        findings.add(finding.help("write for example `[go, stop]`: the first lets the run go on, any other ends it"));
    }
    for (index, way) in ways.iter().enumerate() {
        if let Some(first) = ways[..index].iter().find(|first| first.name == way.name) {
            let message = format!("the choice `{}` stands twice", way.name);
            let finding = Finding::new(Code::DuplicateName, way.place, message).related(first.place, "the first");
            findings.add(finding.help("remove one of the two"));
        }
    }
    if !ways.is_empty() && ways.iter().all(|way| way.ends) {
        let message = "every choice ends the run, so nobody can pass this gate";
        let finding = Finding::new(Code::NoWayThrough, choices_written.head(), message);
        findings.add(finding.help("let at least one choice go on: remove `ends`, or name steps in `leads_to`"));
    }
    let choices = ways.iter().map(|way| choice(way, names.outline, findings)).collect();
    let headless = match fields.get("headless") {
        Some(written) => {
            let choice = read::text(written, "a choice", findings)?;
            if !ways.iter().any(|way| way.name == choice) {
                let message = format!("`{choice}` is not one of the choices");
                let help = format!("the choices are {}", list(ways.iter().map(|way| way.name.as_str())));
                findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
            }
            Some(choice)
        }
        None => {
            let finding = Finding::new(Code::NeedsPerson, written.head(), "a headless run waits at this gate");
            findings.add(finding.help("say what such a run chooses: `headless: CHOICE`"));
            None
        }
    };
    Some(StepKind::Gate { question: question?, choices, headless })
}

fn choice(way: &Way<'_>, outline: &Outline<'_>, findings: &mut Findings<'_>) -> Choice {
    let items = way.written.map(|written| match &written.form {
        Form::List(items) => items.as_slice(),
        _ => &[],
    });
    let mut steps = Vec::new();
    for item in items.unwrap_or_default() {
        let Some(step) = outline.step(item, findings) else { continue };
        let id = &outline.sketches[step].id;
        if steps.contains(id) {
            let finding = Finding::new(Code::DuplicateName, item.place, format!("`{id}` stands twice in `leads_to`"));
            findings.add(finding.help("remove one of the two"));
        } else {
            steps.push(id.clone());
        }
    }
    let leads = match (way.ends, way.written) {
        (true, _) => Leads::End,
        (false, Some(_)) => Leads::To(steps),
        (false, None) => Leads::On,
    };
    Choice { name: way.name.clone(), leads }
}
