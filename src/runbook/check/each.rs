use super::limits::{number, within};
use super::scope::{StepNames, expression};
use crate::base::Value;
use crate::runbook::expr::Typing;
use crate::runbook::fields::Fields;
use crate::runbook::grammar::FOR_EACH;
use crate::runbook::written::{Form, Quoting, Written};
use crate::runbook::{Code, Finding, Findings, ForEach, Items, read};

/// A `for_each`, and the type of `item`. Where the list cannot be read, `item` is there all the same, of unknown type, so
/// that it gets no second finding.
pub(super) fn for_each(
    written: &Written,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> (Option<ForEach>, Typing) {
    let Form::Mapping(_) = &written.form else {
        let (list, item) = list(written, ForEach::AT_MOST, names, findings);
        needs_key(written, &item, findings);
        return (list.map(ForEach::of), item);
    };
    let Some(fields) = Fields::read(written, &FOR_EACH, findings) else { return (None, Typing::Unknown) };
    let bound = |name: &str, usual: u32, findings: &mut Findings<'_>| match fields.get(name) {
        Some(_) => number(&fields, &FOR_EACH, name, findings).and_then(|number| u32::try_from(number).ok()),
        None => Some(usual),
    };
    let at_most = bound("at_most", ForEach::AT_MOST, findings);
    let max_parallel = bound("max_parallel", 1, findings);
    let (list, item) = match fields.get("list") {
        Some(written) => list(written, at_most.unwrap_or(ForEach::AT_MOST_MAX), names, findings),
        None => (None, Typing::Unknown),
    };
    let key = match fields.get("key") {
        Some(written) => {
            let names = StepNames { item: Some(item.clone()), ..names.clone() };
            Some(key(written, &names, findings))
        }
        None => {
            needs_key(fields.get("list").unwrap_or(written), &item, findings);
            None
        }
    };
    let each = || {
        let key = key.map_or(Some(None), |key| key.map(Some))?;
        Some(ForEach { list: list?, key, at_most: at_most?, max_parallel: max_parallel? })
    };
    (each(), item)
}

/// The list, and the type of its items.
fn list(
    written: &Written,
    at_most: u32,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> (Option<Items>, Typing) {
    if let Form::List(items) = &written.form {
        return values(written, items, at_most, findings);
    }
    let Some((list, typing)) = expression(written, names, findings) else { return (None, Typing::Unknown) };
    match typing {
        Typing::List(item) => (Some(Items::Expression(list)), *item),
        Typing::Unknown => (Some(Items::Expression(list)), Typing::Unknown),
        _ => {
            let message = format!("`for_each` needs a list, and `{}` is {typing}", list.source());
            findings.add(Finding::new(Code::NotAList, written.place, message));
            (None, Typing::Unknown)
        }
    }
}

/// A list that is written out: whole numbers if all of them are, else texts.
fn values(written: &Written, items: &[Written], at_most: u32, findings: &mut Findings<'_>) -> (Option<Items>, Typing) {
    if items.is_empty() {
        let finding = Finding::new(Code::WrongValue, written.head(), "the list is empty, so nothing would be done");
        findings.add(finding.help("write its items, or remove the step"));
    }
    let items = within(items, at_most as usize, "items", Written::head, findings);
    let scalars: Vec<_> =
        items.iter().filter_map(|item| Some((item, read::scalar(item, "an item", findings)?))).collect();
    let whole = |quoting: Quoting, text: &str| read::whole_number(text).filter(|_| quoting == Quoting::Plain);
    let numbers: Option<Vec<i64>> = scalars.iter().map(|(_, scalar)| whole(scalar.quoting, &scalar.text)).collect();
    for (index, (item, scalar)) in scalars.iter().enumerate() {
        if scalar.text.contains("${{") {
            let finding =
                Finding::new(Code::WrongValue, item.place, "an item of a list that is written out is a fixed text");
            findings.add(finding.help("write the whole list as one expression"));
        } else if scalars[..index].iter().any(|(_, earlier)| earlier.text == scalar.text) {
            let message = format!("`{}` stands twice in the list", scalar.text);
            findings.add(Finding::new(Code::DuplicateName, item.place, message).help("remove one of the two"));
        }
    }
    match numbers {
        Some(numbers) => (Some(Items::Values(numbers.into_iter().map(Value::Integer).collect())), Typing::Integer),
        None => {
            let texts = scalars.iter().map(|(_, scalar)| Value::text(scalar.text.clone()));
            (Some(Items::Values(texts.collect())), Typing::String)
        }
    }
}

fn key(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<crate::runbook::Expression> {
    let (key, typing) = expression(written, names, findings)?;
    if matches!(typing, Typing::Record | Typing::List(_) | Typing::Secret | Typing::Target(_)) {
        let message = format!("an instance is called by a text, and `{}` is {typing}", key.source());
        let code = if typing.is_secret() { Code::SecretLeak } else { Code::NotText };
        findings.add(Finding::new(code, written.place, message).help("write for example `item.name`"));
        return None;
    }
    Some(key)
}

/// Records and secrets have no name of their own that an instance could be called by.
fn needs_key(written: &Written, item: &Typing, findings: &mut Findings<'_>) {
    if matches!(item, Typing::Record | Typing::Secret | Typing::List(_)) {
        let message = format!("each item is {item} and has no name of its own, so `key` must say what it is called");
        let help = "write `for_each: {list: …, key: item.name}`";
        findings.add(Finding::new(Code::MissingKey, written.head(), message).help(help));
    }
}
