use super::super::*;
use super::chance::Chance;
use crate::plan::Nested;
use crate::runbook::{
    CallRole, Choice, DrillSubstitute, Expression, FieldKind, ForEach, Items, Leads, ManualField, NestedCall,
    OnFailure, Retry, RetryCause, UndoStep, UndoUntil,
};

/// A plan as an author might have written it who uses everything that the language has, and whom the checker lets pass.
pub(super) fn random(chance: &mut Chance) -> Plan {
    let mut plan = plan(Vec::new());
    plan.inputs.push(Given { name: "wanted".into(), value: Value::Boolean(true) });
    let nests = chance.percent(30);
    plan.runbook.steps = steps(chance, if nests { Some("inner") } else { None });
    if nests {
        let deeper = chance.percent(30).then_some("innermost");
        plan.nested.push(nested(chance, "inner", deeper));
        if let Some(name) = deeper {
            plan.nested.push(nested(chance, name, None));
        }
    }
    plan.mode = match chance.below(10) {
        0 => Mode::Rehearsal,
        1 => Mode::Drill,
        _ => Mode::Live,
    };
    plan
}

fn nested(chance: &mut Chance, name: &str, deeper: Option<&str>) -> Nested {
    let outer = plan(Vec::new());
    let steps = steps(chance, deeper);
    let runbook = Runbook { id: name.into(), steps, parameters: parameters(), ..outer.runbook };
    Nested { runbook, revision: outer.revision }
}

fn steps(chance: &mut Chance, nests: Option<&str>) -> Vec<Step> {
    let count = 2 + chance.below(6);
    let mut steps: Vec<Step> = Vec::new();
    for at in 0..count {
        let mut one = any_step(chance, &format!("s{at}"), nests.filter(|_| at == 1));
        for earlier in steps.iter().skip(at.saturating_sub(4)) {
            if chance.percent(40) {
                one.needs.push(earlier.id.clone());
            }
        }
        if chance.percent(15) {
            let text = *chance.pick(&["inputs.full", "inputs.wanted"]).unwrap();
            one.when = Some(Expression::parse(text).unwrap());
        }
        steps.push(one);
    }
    let mut taken = vec![false; count];
    for at in 0..count {
        lead(chance, &mut steps, at, &mut taken);
        answer(chance, &mut steps, at, &mut taken);
    }
    steps
}

/// Lets a gate's choices lead to some of the later steps.
fn lead(chance: &mut Chance, steps: &mut [Step], at: usize, taken: &mut [bool]) {
    if !matches!(steps[at].kind, StepKind::Gate { .. }) || !chance.percent(60) {
        return;
    }
    let mut ways = vec![Vec::new(), Vec::new()];
    for later in at + 1..steps.len() {
        if !taken[later] && chance.percent(50) {
            taken[later] = true;
            let gate = steps[at].id.clone();
            if !steps[later].needs.contains(&gate) {
                steps[later].needs.push(gate);
            }
            ways[chance.below(2)].push(steps[later].id.clone());
        }
    }
    let leads = |way: Vec<StepId>| if way.is_empty() { Leads::On } else { Leads::To(way) };
    let mut ways = ways.into_iter().map(leads);
    if let StepKind::Gate { choices, .. } = &mut steps[at].kind {
        *choices = ["left", "right"]
            .into_iter()
            .zip(&mut ways)
            .map(|(name, leads)| Choice { name: name.into(), leads })
            .chain([Choice { name: "end".into(), leads: Leads::End }])
            .collect();
    }
}

/// Lets a later step, which does not need this one, answer its failure.
fn answer(chance: &mut Chance, steps: &mut [Step], at: usize, taken: &mut [bool]) {
    let can_fail = matches!(steps[at].kind, StepKind::Action(_) | StepKind::Check(_));
    if !can_fail || !chance.percent(20) {
        return;
    }
    let graph = Graph::from(steps.to_vec());
    let later = (at + 1..steps.len()).filter(|later| !taken[*later] && !graph.precedes(at, *later));
    if let Some(&later) = chance.pick(&later.collect::<Vec<_>>()) {
        taken[later] = true;
        steps[at].on_failure = OnFailure::GoTo(steps[later].id.clone());
    }
}

fn any_step(chance: &mut Chance, id: &str, nests: Option<&str>) -> Step {
    if let Some(runbook) = nests {
        let inputs = ["app", "vault", "full", "names", "wanted"];
        let given =
            |name: &str| Argument::Template { text: Template::parse(&format!("${{{{ inputs.{name} }}}}")).unwrap() };
        let with = inputs.iter().map(|name| ((*name).to_owned(), given(name))).collect();
        let mut one = step(id, StepKind::Runbook(NestedCall { runbook: runbook.to_owned(), with }));
        one.for_each = chance.percent(50).then(|| each(chance));
        return one;
    }
    let mut one = match chance.below(12) {
        0..=5 => action(chance, id),
        6 => step(id, StepKind::Check(ready_check(until(chance)))),
        7 => gate_step(id),
        8 => manual_step(id),
        9 => step(id, StepKind::Wait { span: Span::seconds(chance.up_to(4_000)) }),
        10 => step(id, StepKind::WaitCheck(ready_check(Some(every_five_seconds(chance))))),
        _ => step(id, StepKind::Action(read_versions())),
    };
    let may_repeat = matches!(one.kind, StepKind::Action(_) | StepKind::Check(_) | StepKind::Manual { .. });
    if may_repeat && chance.percent(30) {
        one.for_each = Some(each(chance));
    }
    if chance.percent(20) && !matches!(one.kind, StepKind::Wait { .. } | StepKind::WaitCheck(_)) {
        one.timeout = Some(Span::minutes(1 + chance.up_to(30)));
    }
    if matches!(one.kind, StepKind::Action(_) | StepKind::Check(_)) {
        one.drill = match chance.below(8) {
            0 => Some(DrillSubstitute::Skip { why: "not in a drill".into() }),
            1 => Some(DrillSubstitute::Manual { instruction: Template::parse("Say so.").unwrap(), fields: vec![] }),
            _ => None,
        };
    }
    one
}

fn gate_step(id: &str) -> Step {
    Step { id: StepId::new(id), ..gate() }
}

fn manual_step(id: &str) -> Step {
    let field = |name: &str, kind: FieldKind, default: Option<&str>| ManualField {
        name: name.into(),
        kind,
        description: None,
        default: default.map(|text| Template::parse(text).unwrap()),
        headless: None,
    };
    let fields = vec![
        field("who", FieldKind::String { pattern: None }, Some("on-call")),
        field("how_many", FieldKind::Number { min: Some("0".into()), max: Some("9".into()) }, None),
    ];
    step(id, StepKind::Manual { instruction: Template::parse("Call them.").unwrap(), fields })
}

fn read_versions() -> CallSpec {
    call("keyvault.secret.versions", &[("vault", "${{ inputs.vault }}"), ("name", "one")])
}

/// A change: of each class there is one.
fn change(chance: &mut Chance, name: &str) -> CallSpec {
    let of_secret = |action: &str| call(action, &[("vault", "${{ inputs.vault }}"), ("name", name)]);
    match chance.below(6) {
        0 => call("webapp.slot.swap", &[("app", "${{ inputs.app }}")]),
        1 => call("webapp.restart", &[("app", "${{ inputs.app }}")]),
        2 => call("webapp.references.refresh", &[("app", "${{ inputs.app }}")]),
        3 => {
            let mut disable = of_secret("keyvault.secret.disable");
            let version = Template::parse(&"a1".repeat(16)).unwrap();
            disable.with.insert("version".into(), Argument::Template { text: version });
            disable
        }
        _ => {
            let mut set = of_secret("keyvault.secret.set");
            let value = Argument::Generate { bytes: 32, encoding: crate::base::Encoding::Base64url };
            set.with.insert("value".into(), value);
            set
        }
    }
}

fn action(chance: &mut Chance, id: &str) -> Step {
    let name = *chance.pick(&["one", "two", "three"]).unwrap();
    let spec = change(chance, name);
    let is_once = matches!(spec.action.as_str(), "webapp.slot.swap" | "webapp.restart");
    let mut one = step(id, StepKind::Action(spec));
    if chance.percent(30) {
        one.verify = vec![ready_check(until(chance))];
    }
    if chance.percent(50) {
        one.undo = (0..=chance.below(2)).map(|_| undo_entry(chance, name)).collect();
        one.undo_until = match chance.below(6) {
            0 => Some(UndoUntil::For(Span::minutes(chance.up_to(60)))),
            _ => None,
        };
        one.point_of_no_return = chance.percent(10).then(|| "it is gone".to_owned());
    }
    if !is_once && chance.percent(40) {
        one.retry = Some(Retry {
            attempts: 2 + u8::try_from(chance.below(3)).unwrap(),
            delay: Retry::DELAY,
            max_delay: Retry::MAX_DELAY,
            only_on: vec![RetryCause::NotSent, RetryCause::Throttled, RetryCause::Conflict],
        });
    }
    one.on_failure = match chance.below(8) {
        0 | 1 => OnFailure::Continue,
        2 if !one.undo.is_empty() => OnFailure::Undo,
        3 if one.retry.is_some() => OnFailure::Retry,
        _ => OnFailure::Ask,
    };
    one
}

fn undo_entry(chance: &mut Chance, name: &str) -> UndoStep {
    let mut entry = if chance.percent(20) {
        let ready = ready_check(until(chance));
        UndoStep { role: CallRole::Check, until: ready.until, ..UndoStep::new(ready.call) }
    } else {
        UndoStep::new(change(chance, name))
    };
    if chance.percent(25) {
        entry.for_each = Some(each(chance));
    }
    if entry.role == CallRole::Action && chance.percent(25) {
        entry.verify = vec![ready_check(until(chance))];
    }
    entry
}

fn each(chance: &mut Chance) -> ForEach {
    let all = ["x", "y", "z", "w"];
    let some = all.iter().take(chance.below(5)).map(|text| Value::text(*text)).collect();
    let list = if chance.percent(30) {
        Items::Expression(Expression::parse("inputs.names").unwrap())
    } else {
        Items::Values(some)
    };
    let max_parallel = 1 + chance.up_to(2);
    // Some lists are longer than their author thought.
    let at_most = if max_parallel == 3 { 3 } else { ForEach::AT_MOST };
    ForEach { at_most, max_parallel, ..ForEach::of(list) }
}

fn until(chance: &mut Chance) -> Option<Until> {
    chance.percent(60).then(|| every_five_seconds(chance))
}

fn every_five_seconds(chance: &mut Chance) -> Until {
    Until { every: Span::seconds(5), timeout: Span::seconds(30 + chance.up_to(600)) }
}
