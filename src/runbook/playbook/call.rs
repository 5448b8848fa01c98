//! A runbook that a playbook names, and the inputs that the playbook gives it.

use super::Programme;
use super::programme::target_kind;
use super::shelf::{Listed, Shelf};
use crate::base::{Value, did_you_mean};
use crate::runbook::fields::list;
use crate::runbook::inputs::given;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, Parameter, ParameterType, Place, Runbook, read};

/// The runbook of that name; that there is none is a finding.
pub(super) fn runbook<'s>(
    written: &Written,
    shelf: &'s Shelf,
    findings: &mut Findings<'_>,
) -> Option<(String, Listed<'s>)> {
    let name = &read::scalar(written, "a runbook's name", findings)?.text;
    let found = shelf.find(name);
    if found.is_none() {
        let message = format!("there is no runbook `{name}`");
        findings.add(Finding::new(Code::NoSuchRunbook, written.place, message).help(shelf.hint(name)));
    }
    Some((name.clone(), found?))
}

/// The resources that a call may name.
#[derive(Clone, Copy)]
pub(super) enum Bounds<'a> {
    /// Any.
    Open,
    /// Those that are bound to a drill.
    Drill(&'a [String]),
}

/// The inputs under `with`, in the order of the runbook's parameters. A secret is never among them.
pub(super) fn inputs(
    runbook: &Runbook,
    with: Option<&Written>,
    bounds: Bounds<'_>,
    findings: &mut Findings<'_>,
) -> Vec<(String, Value)> {
    let entries = match with.map(|written| (&written.form, written)) {
        Some((Form::Mapping(entries), _)) => entries.as_slice(),
        Some((Form::Scalar(_) | Form::List(_), written)) => {
            let message = format!("`with` is a mapping, and here stands {}", written.described());
            findings.add(Finding::new(Code::WrongType, written.head(), message).help("write `with: {NAME: VALUE}`"));
            &[]
        }
        Some((Form::Refused, _)) | None => &[],
    };
    let parameters = &runbook.parameters;
    let mut found: Vec<(usize, Value)> = Vec::new();
    for entry in entries {
        let Some(at) = parameters.iter().position(|parameter| parameter.name == entry.key) else {
            unknown(runbook, &entry.key, entry.key_place, findings);
            continue;
        };
        if let Some(value) = value(&parameters[at].kind, &entry.value, findings) {
            bound(&parameters[at], &entry.value, bounds, findings);
            found.push((at, value));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(at, value)| (parameters[at].name.clone(), value)).collect()
}

fn unknown(runbook: &Runbook, name: &str, place: Place, findings: &mut Findings<'_>) {
    let names = || runbook.parameters.iter().map(|parameter| parameter.name.as_str());
    let help = match did_you_mean(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its parameters are {}", list(names())),
    };
    let message = format!("the runbook `{}` has no parameter `{name}`", runbook.id);
    findings.add(Finding::new(Code::NoSuchParameter, place, message).help(help));
}

fn value(kind: &ParameterType, written: &Written, findings: &mut Findings<'_>) -> Option<Value> {
    if let ParameterType::List { of, .. } = kind {
        let items = read::list(written, "a list", findings)?;
        let values: Vec<Option<Value>> = items.iter().map(|item| value(of, item, findings)).collect();
        return values.into_iter().collect::<Option<Vec<_>>>().map(Value::List);
    }
    let text = &read::scalar(written, "a fixed value", findings)?.text;
    // Whoever writes a playbook is not to choose which of the operator's secrets goes where.
    if matches!(kind, ParameterType::Secret) {
        let message = "a playbook says no secret, and not where one is kept either";
        let help = "leave it out; the operator or the environment gives a reference";
        findings.add(Finding::new(Code::SecretInClear, written.place, message).help(help));
        return None;
    }
    let unfit = |message: String| Finding::new(Code::InputUnfit, written.place, message);
    if text.contains("${{") {
        let message = "an input that a playbook gives is a fixed value".to_owned();
        findings.add(unfit(message).help("leave it out; the operator gives what is known only in the incident"));
        return None;
    }
    given(kind, text).map_err(|wrong| findings.add(unfit(wrong.message).maybe_help(wrong.help))).ok()
}

/// Finds the resources that are not bound to the drill.
fn bound(parameter: &Parameter, written: &Written, bounds: Bounds<'_>, findings: &mut Findings<'_>) {
    let Bounds::Drill(targets) = bounds else { return };
    if target_kind(parameter).is_none() {
        return;
    }
    let items = if let Form::List(items) = &written.form { items.as_slice() } else { std::slice::from_ref(written) };
    for item in items {
        let Some(name) = item.scalar().map(|scalar| scalar.text.trim()) else { continue };
        if !Programme::binds(targets, name) {
            let message = format!("the drill would touch `{name}`, which is not bound to it");
            let help = match did_you_mean(name, targets.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? Else add it to `targets`"),
                None => "add it to `targets`, if it is there to be drilled on".to_owned(),
            };
            findings.add(Finding::new(Code::NotBound, item.place, message).help(help));
        }
    }
}
