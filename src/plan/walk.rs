use std::collections::{BTreeMap, BTreeSet};

use super::arguments::{given, told};
use super::forecast::{Time, times};
use super::foreseen::inputs;
use super::items::{Item, list};
use super::known::{Given, Known, Worked};
use super::outlook::{Branch, CheckPreview, Consent, Each, Kind, StepInstance, StepPreview, UndoPreview, When};
use super::{CallPreview, Mode, Plan, risk};
use crate::base::{Span, StepId, Value};
use crate::effect::Risk;
use crate::runbook::{
    CallSpec, CheckSpec, DrillSubstitute, Expression, FieldKind, Leads, ManualField, NestedCall, OnFailure, Runbook,
    Step, StepKind, Template, UndoStep, UndoUntil,
};

/// Goes through a plan's graph once, nested runbooks in their place, and previews each step.
pub(super) struct Walk<'a> {
    plan: &'a Plan,
    steps: Vec<StepPreview>,
    /// The runbooks that are being gone through, the outermost first; none nests itself.
    within: Vec<&'a str>,
    /// How many steps those runbooks have that were gone into, however often.
    room_taken: usize,
    /// Whether one was left out because there are too many.
    is_cut: bool,
}

/// What a step finds around it.
struct Surroundings {
    prefix: String,
    inputs: BTreeMap<String, Given>,
    /// What the first steps of a nested runbook need: the step that nests it.
    entry: Option<usize>,
    only_if: Vec<Branch>,
    when: Option<When>,
}

impl<'a> Walk<'a> {
    /// The preview of every step, each after those that it needs; and whether there are more than
    /// [`Runbook::EXPANDED_MAX`], so that runbooks of which no step is among them are nested.
    pub(super) fn steps(plan: &'a Plan) -> (Vec<StepPreview>, bool) {
        let room_taken = plan.runbook.steps.len();
        let mut walk = Self { plan, steps: Vec::new(), within: Vec::new(), room_taken, is_cut: false };
        let inputs = plan.inputs.iter().map(|input| (input.name.clone(), Given::Now(input.value.clone())));
        let around = Surroundings {
            prefix: String::new(),
            inputs: inputs.collect(),
            entry: None,
            only_if: Vec::new(),
            when: None,
        };
        walk.runbook(&plan.runbook, &around);
        (walk.steps, walk.is_cut)
    }

    /// Adds a runbook's steps; gives those after which all of it has ended.
    fn runbook(&mut self, runbook: &'a Runbook, around: &Surroundings) -> Vec<usize> {
        self.within.push(&runbook.id);
        let mut ends: BTreeMap<&StepId, Vec<usize>> = BTreeMap::new();
        let mut only_if: BTreeMap<&StepId, Vec<Branch>> = BTreeMap::new();
        for step in &runbook.steps {
            let mut branches = branches(runbook, step, &around.prefix, &only_if);
            let mut needs: Vec<usize> =
                step.needs.iter().filter_map(|need| ends.get(need)).flatten().copied().collect();
            // What answers a failure follows the step that failed, and is done only then.
            for failing in runbook.steps.iter().filter(|other| other.on_failure == OnFailure::GoTo(step.id.clone())) {
                needs.extend(ends.get(&failing.id).into_iter().flatten());
                let gate = format!("{}{}", around.prefix, failing.id);
                branches.push(Branch { gate, choices: vec!["has failed".to_owned()] });
            }
            needs.sort_unstable();
            needs.dedup();
            if needs.is_empty() {
                needs.extend(around.entry);
            }
            let mut own = around.only_if.clone();
            own.extend(branches.iter().filter(|branch| !around.only_if.contains(branch)).cloned());
            let last = self.step(runbook, step, needs, &own, around);
            ends.insert(&step.id, last);
            only_if.insert(&step.id, branches);
        }
        self.within.pop();
        let needed: BTreeSet<&StepId> = runbook.steps.iter().flat_map(|step| &step.needs).collect();
        let last = runbook.steps.iter().filter(|step| !needed.contains(&step.id));
        last.filter_map(|step| ends.get(&step.id)).flatten().copied().collect()
    }

    /// Adds a step, and what it nests; gives those after which it has ended.
    fn step(
        &mut self,
        runbook: &Runbook,
        step: &'a Step,
        needs: Vec<usize>,
        only_if: &[Branch],
        around: &Surroundings,
    ) -> Vec<usize> {
        let path = format!("{}{}", around.prefix, step.id);
        let known = Known::new(runbook, &around.inputs, &around.prefix, &path);
        let substitute = step.drill.as_ref().filter(|_| self.plan.mode == Mode::Drill);
        let own = step.when.as_ref().map(|when| condition(when, &known));
        let when = both(around.when.clone(), own);
        let (each, items) = list(step.for_each.as_ref(), &known);
        let call = match substitute {
            None => step.kind.call(),
            Some(DrillSubstitute::Call(call)) => Some(call),
            Some(DrillSubstitute::Skip { .. } | DrillSubstitute::Manual { .. }) => None,
        };
        let instances: Vec<StepInstance> =
            items.iter().map(|item| instance(step, call, substitute.is_some(), &known, item)).collect();
        let first = known.with_item(items.first().and_then(|item| item.value.clone()));
        let kind = kind(step, substitute, &first);
        let risk = if substitute.is_some() { substituted_risk(step, call) } else { risk(step) };
        let consent = consent(self.plan, step, risk, &instances);
        let mut preview = StepPreview {
            runbook: runbook.id.clone(),
            title: step.title.clone(),
            why: step.why.clone(),
            needs,
            layer: 0,
            is_critical: false,
            only_if: only_if.to_vec(),
            when: when.clone(),
            each,
            kind,
            stands_for: substitute.and(step.kind.call()).map(|call| call.action.clone()),
            consent,
            risk,
            instances,
            time: Time::default(),
            expect: None,
            marks: step.marks.clone(),
            undo: if substitute.is_some() { UndoPreview::default() } else { undo(step, &around.prefix) },
            on_failure: step.on_failure.clone(),
            retry: step.retry.clone(),
            timeout: step.timeout,
            path: path.clone(),
        };
        (preview.time, preview.expect) = time(step, &preview);
        let header = self.steps.len();
        self.steps.push(preview);
        let StepKind::Runbook(nested) = &step.kind else { return vec![header] };
        let Some(inner) = self.plan.nested(&nested.runbook).filter(|_| substitute.is_none()) else {
            return vec![header];
        };
        if self.within.contains(&inner.runbook.id.as_str()) {
            return vec![header];
        }
        let mut ends = Vec::new();
        for item in &items {
            if self.room_taken + inner.runbook.steps.len() > Runbook::EXPANDED_MAX {
                self.is_cut = true;
                break;
            }
            self.room_taken += inner.runbook.steps.len();
            let known = known.with_item(item.value.clone());
            let key = if step.for_each.is_some() { format!("[{}]", item.name()) } else { String::new() };
            let around = Surroundings {
                prefix: format!("{path}{key}/"),
                inputs: inputs(&inner.runbook, nested, &known, self.plan.resources.as_ref(), &mut |_| {}),
                entry: Some(header),
                only_if: only_if.to_vec(),
                when: when.clone(),
            };
            ends.extend(self.runbook(&inner.runbook, &around));
        }
        if ends.is_empty() { vec![header] } else { ends }
    }
}

fn instance(
    step: &Step,
    call: Option<&CallSpec>,
    is_substituted: bool,
    known: &Known<'_>,
    item: &Item,
) -> StepInstance {
    let known = known.with_item(item.value.clone());
    let check = |check: &CheckSpec| CheckPreview {
        call: CallPreview::of(&check.call, &known),
        until: check.until,
        key: None,
        each: None,
    };
    // What stands for a step in a drill is neither verified nor undone as the step would be.
    let is_own = call.is_some() && !is_substituted;
    let until = match &step.kind {
        StepKind::Check(check) | StepKind::WaitCheck(check) if !is_substituted => check.until,
        _ => None,
    };
    StepInstance {
        key: item.key.clone(),
        call: call.map(|call| CallPreview::of(call, &known)),
        until,
        verify: if is_own { step.verify.iter().map(check).collect() } else { Vec::new() },
        probe: step.probe.as_ref().filter(|_| is_own).map(check),
        undo: if is_own { step.undo.iter().flat_map(|undo| undo_calls(undo, &known)).collect() } else { Vec::new() },
    }
}

/// An entry of an undo, for each of its items as far as they are known.
fn undo_calls(undo: &UndoStep, known: &Known<'_>) -> Vec<CheckPreview> {
    let Some(each) = &undo.for_each else {
        return vec![CheckPreview {
            call: CallPreview::of(&undo.call, known),
            until: undo.until,
            key: None,
            each: None,
        }];
    };
    let (told, items) = list(Some(each), known);
    let unknown = told.filter(|each| each.count.is_none()).map(|each| each.source);
    let of = |item: Item| CheckPreview {
        call: CallPreview::of(&undo.call, &known.with_item(item.value)),
        until: undo.until,
        key: item.key,
        each: unknown.clone(),
    };
    items.into_iter().map(of).collect()
}

/// The condition under which both hold: that of the step that nests, and the step's own.
fn both(around: Option<When>, own: Option<When>) -> Option<When> {
    let (Some(around), Some(own)) = (&around, &own) else { return around.or(own) };
    let holds = match (around.holds, own.holds) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    let mut known_after = around.known_after.clone();
    known_after.extend(own.known_after.iter().filter(|step| !around.known_after.contains(step)).cloned());
    Some(When { source: format!("({}) && ({})", around.source, own.source), holds, known_after })
}

fn condition(when: &Expression, known: &Known<'_>) -> When {
    let (holds, known_after) = match known.work(when) {
        Worked::Value(Value::Boolean(holds)) => (Some(holds), Vec::new()),
        Worked::Later(later) => (None, later.after),
        Worked::Value(_) | Worked::Wrong(_) => (None, Vec::new()),
    };
    When { source: when.source().to_owned(), holds, known_after }
}

/// The choices that a step stands behind: those that lead to it; else those of the gates that it needs and that do not
/// end the run; else, if everything that it needs stands behind some, those.
fn branches(runbook: &Runbook, step: &Step, prefix: &str, before: &BTreeMap<&StepId, Vec<Branch>>) -> Vec<Branch> {
    let gates = runbook.steps.iter().filter_map(|gate| match &gate.kind {
        StepKind::Gate { choices, .. } => Some((gate, choices)),
        _ => None,
    });
    let mut found: Vec<Branch> = Vec::new();
    let mut add = |gate: &Step, choices: Vec<String>| {
        if !choices.is_empty() {
            found.push(Branch { gate: format!("{prefix}{}", gate.id), choices });
        }
    };
    let mut is_led_to = false;
    for (gate, choices) in gates.clone() {
        let leads =
            choices.iter().filter(|choice| matches!(&choice.leads, Leads::To(steps) if steps.contains(&step.id)));
        let leading: Vec<String> = leads.map(|choice| choice.name.clone()).collect();
        is_led_to |= !leading.is_empty();
        add(gate, leading);
    }
    if !is_led_to {
        for (gate, choices) in gates.filter(|(gate, _)| step.needs.contains(&gate.id)) {
            if choices.iter().any(|choice| choice.leads == Leads::End) {
                let going_on = choices.iter().filter(|choice| choice.leads != Leads::End);
                add(gate, going_on.map(|choice| choice.name.clone()).collect());
            }
        }
    }
    let all_behind = step.needs.iter().all(|need| before.get(need).is_some_and(|branches| !branches.is_empty()));
    if found.is_empty() && all_behind {
        for branch in step.needs.iter().filter_map(|need| before.get(need)).flatten() {
            if !found.contains(branch) {
                found.push(branch.clone());
            }
        }
    }
    found
}

fn manual(instruction: &Template, fields: &[ManualField], known: &Known<'_>) -> Kind {
    let fields = fields.iter().map(|field| (field.name.clone(), described(field)));
    Kind::Manual { instruction: told(instruction, known), fields: fields.collect() }
}

fn kind(step: &Step, substitute: Option<&DrillSubstitute>, known: &Known<'_>) -> Kind {
    match substitute {
        Some(DrillSubstitute::Skip { why }) => return Kind::Skipped { why: why.clone() },
        Some(DrillSubstitute::Manual { instruction, fields }) => return manual(instruction, fields, known),
        Some(DrillSubstitute::Call(_)) | None => {}
    }
    match &step.kind {
        StepKind::Action(_) => Kind::Action,
        StepKind::Check(_) => Kind::Check,
        StepKind::Manual { instruction, fields } => manual(instruction, fields, known),
        StepKind::Gate { question, choices, .. } => {
            let choices = choices.iter().map(|choice| {
                let leads = match &choice.leads {
                    Leads::On => "the run goes on".to_owned(),
                    Leads::To(steps) => {
                        let steps: Vec<&str> = steps.iter().map(StepId::as_str).collect();
                        format!("leads to {}", steps.join(", "))
                    }
                    Leads::End => "ends the run".to_owned(),
                };
                (choice.name.clone(), leads)
            });
            Kind::Gate { question: told(question, known), choices: choices.collect() }
        }
        StepKind::Wait { span } => Kind::Wait { span: *span },
        StepKind::WaitUntil { at } => Kind::WaitUntil { at: told(at, known) },
        StepKind::WaitCheck(_) => Kind::WaitCheck,
        StepKind::Runbook(NestedCall { runbook, with }) => {
            let inputs = with.iter().map(|(name, argument)| match given(argument, known) {
                Given::Now(value) => (name.clone(), value.to_string()),
                Given::Later(later) => (name.clone(), format!("«{}»", later.label)),
            });
            Kind::Runbook { name: runbook.clone(), inputs: inputs.collect() }
        }
    }
}

/// What a manual field is, in words.
fn described(field: &ManualField) -> String {
    let kind = match &field.kind {
        FieldKind::String { .. } => "text".to_owned(),
        FieldKind::Number { .. } => "a number".to_owned(),
        FieldKind::Choice { choices } => format!("one of {}", choices.join(", ")),
        FieldKind::Date => "a day, as 2026-03-01".to_owned(),
        FieldKind::Timestamp => "a moment, as 2026-03-01T03:10:00Z".to_owned(),
        FieldKind::Secret => "a secret, which is written down nowhere".to_owned(),
        FieldKind::Evidence => "a file, kept as evidence".to_owned(),
    };
    field.description.as_ref().map_or(kind.clone(), |description| format!("{description} ({kind})"))
}

/// The risk of what a drill does instead. A runbook's own word raises it, as it does that of the step.
fn substituted_risk(step: &Step, call: Option<&CallSpec>) -> Risk {
    let Some(call) = call else { return Risk::Read };
    let of_row = crate::effect::find(&call.action).map_or(Risk::Irreversible, |row| row.risk);
    step.confirm.map_or(of_row, |raised| raised.max(of_row))
}

fn consent(plan: &Plan, step: &Step, risk: Risk, instances: &[StepInstance]) -> Consent {
    let texts: Vec<&String> =
        instances.iter().filter_map(|instance| instance.call.as_ref()?.read_back.as_ref()).collect();
    let Some(first) = texts.first() else { return Consent::None };
    match risk {
        Risk::Read => Consent::None,
        Risk::Reversible => Consent::Acknowledge,
        Risk::Destructive | Risk::Irreversible => {
            let is_counted = instances.iter().any(|instance| instance.key.is_some());
            let parent = if texts.iter().all(|text| text == first) { (*first).clone() } else { step.id.to_string() };
            let text = match (&step.for_each, is_counted) {
                (None, _) => (*first).clone(),
                (Some(_), true) => format!("{} {parent}", instances.len()),
                (Some(_), false) => format!("«number of items» {parent}"),
            };
            Consent::ReadBack { text, second_person: risk == Risk::Irreversible && plan.place.protected }
        }
    }
}

fn undo(step: &Step, prefix: &str) -> UndoPreview {
    let row = step.kind.call().and_then(|call| crate::effect::find(&call.action));
    let change = row.and_then(|row| row.change.as_ref());
    let is_told = step.undo.is_empty() && step.point_of_no_return.is_none();
    UndoPreview {
        sentence: change.filter(|_| is_told).map(|change| change.undo.to_owned()),
        until: step.undo_until.as_ref().map(|until| match until {
            UndoUntil::For(span) => format!("for {span} after it has succeeded"),
            UndoUntil::Step(step) => format!("until {prefix}{step} begins"),
        }),
        point_of_no_return: step.point_of_no_return.clone(),
    }
}

/// How long a step takes, and one instance of it. `expect` is of one instance, and of several as many as may run at a
/// time take as long as one.
fn time(step: &Step, preview: &StepPreview) -> (Time, Option<Span>) {
    let asks = matches!(preview.kind, Kind::Manual { .. } | Kind::Gate { .. }) || preview.consent != Consent::None;
    let mut time = Time { person: asks, ..Time::default() };
    let call = preview.instances.first().and_then(|instance| instance.call.as_ref());
    let of_row = call.and_then(|call| call.row?.change.as_ref()).map(|change| change.expect);
    let expect = step.expect.or(of_row);
    if preview.is_skipped() {
        return (Time::default(), expect);
    }
    let rounds = |each: &Each| each.count.unwrap_or(1).div_ceil(usize::try_from(each.max_parallel).unwrap_or(1).max(1));
    let rounds = preview.each.as_ref().map_or(1, rounds);
    match &preview.kind {
        Kind::Action | Kind::Check => {
            time.machine = times(expect.unwrap_or(Span::ZERO), rounds);
            time.unknown = expect.is_none() || preview.each.as_ref().is_some_and(|each| each.count.is_none());
        }
        Kind::Wait { span } => time.waiting = times(*span, rounds),
        Kind::WaitUntil { .. } => time.unknown = true,
        Kind::WaitCheck => {
            time.waiting = times(expect.unwrap_or(Span::ZERO), rounds);
            time.unknown = expect.is_none();
        }
        Kind::Manual { .. } | Kind::Gate { .. } | Kind::Runbook { .. } | Kind::Skipped { .. } => {}
    }
    (time, expect)
}
