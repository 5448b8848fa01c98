use super::call::{call, deadline, until, verify};
use super::each::for_each;
use super::limits::{UNDO, items, meaningless, only_one};
use super::outline::row;
use super::scope::StepNames;
use crate::runbook::fields::Fields;
use crate::runbook::grammar::{UNDO as TABLE, UNDO_ENTRY};
use crate::runbook::written::{Form, Written};
use crate::runbook::{CallRole, Code, Finding, Findings, UndoStep, UndoUntil, read};

/// How the step number `step` is undone, and until when. `names` are those that hold once it has succeeded.
pub(super) fn undo(
    step: usize,
    written: &Written,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> (Vec<UndoStep>, Option<UndoUntil>) {
    let Form::Mapping(_) = &written.form else { return (entries(written, names, findings), None) };
    let Some(fields) = Fields::read(written, &TABLE, findings) else { return (Vec::new(), None) };
    let steps = fields.get("steps").map(|written| entries(written, names, findings)).unwrap_or_default();
    let chance = fields.get("possible_until").and_then(|written| chance(step, written, names, findings));
    (steps, chance)
}

fn entries(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Vec<UndoStep> {
    let items = items(written, "actions", UNDO, findings).unwrap_or_default();
    items.iter().filter_map(|item| entry(item, names, findings)).collect()
}

fn entry(item: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<UndoStep> {
    let fields = Fields::read(item, &UNDO_ENTRY, findings)?;
    let mut names = names.clone();
    let each = fields.get("for_each").map(|written| {
        let (each, item) = for_each(written, &names, findings);
        names.item = Some(item);
        each
    });
    let what = only_one(&fields, &UNDO_ENTRY, &["action", "check"], findings)?;
    let role = if what == "check" { CallRole::Check } else { CallRole::Action };
    let strange = if role == CallRole::Check { "verify" } else { "until" };
    meaningless(&fields, &[strange], &format!("an entry with `{what}`"), findings);
    let own = |key: &str| fields.get(key).filter(|_| key != strange);
    let until = own("until").and_then(|written| until(written, findings));
    let verify = own("verify").map(|written| verify(written, &names, findings)).unwrap_or_default();
    let written = fields.get(what)?;
    let row = row(written, role == CallRole::Check, findings)?;
    let call = call(row, &fields, written.place, &names, findings);
    let for_each = each.map_or(Some(None), |each| each.map(Some))?;
    Some(UndoStep { call, role, for_each, until, verify })
}

/// Until when it can be undone: for a length of time, or until a later step begins.
fn chance(step: usize, written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<UndoUntil> {
    let text = &read::scalar(written, "a length of time or a step's name", findings)?.text;
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return deadline(written, "possible_until", findings).map(UndoUntil::For);
    }
    let outline = names.outline;
    let end = outline.step(written, findings)?;
    if !outline.graph.precedes(step, end) {
        let (own, end) = (&outline.sketches[step].id, &outline.sketches[end].id);
        let message = format!("`{end}` does not come after `{own}`, so its beginning cannot end the chance to undo");
        let help = format!("name a step that needs `{own}`, or write a length of time, as `1h`");
        findings.add(Finding::new(Code::UndoUntil, written.place, message).help(help));
        return None;
    }
    Some(UndoUntil::Step(outline.sketches[end].id.clone()))
}
