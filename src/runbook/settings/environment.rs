use std::collections::BTreeMap;

use uuid::Uuid;

use super::sign_in::sign_in;
use super::target::{Place, targets};
use crate::base::{StepId, Value};
use crate::effect::Risk;
use crate::runbook::fields::Fields;
use crate::runbook::grammar::{POLICY, RISKS};
use crate::runbook::written::{Form, Written};
use crate::runbook::{
    BannerColour, Code, Environment, EstateKind, Finding, Findings, Policy, RevisionRule, SignIn, read,
};

/// An environment, from the keys that a configuration and a library's file share.
pub(super) fn environment(
    fields: &Fields<'_>,
    name: Option<String>,
    findings: &mut Findings<'_>,
) -> Option<Environment> {
    if let Some(written) = fields.get("cloud") {
        read::word(written, "a cloud that this version knows", &[("public", ())], findings);
    }
    let title = fields.get("title").and_then(|written| read::title(written, findings));
    let tenant = fields.get("tenant").and_then(|written| guid(written, "a tenant's id", findings));
    let subscription = fields.get("subscription").and_then(|written| guid(written, "a subscription's id", findings));
    let subscriptions = fields.get("subscriptions").map(|written| subscriptions(written, findings)).unwrap_or_default();
    let resource_group = fields.get("resource_group").and_then(|written| resource_group(written, findings));
    let protected = fields.get("protected").and_then(|written| read::boolean(written, "`protected`", findings));
    let protected = protected.unwrap_or(false);
    let sign_in = fields.get("sign_in").and_then(|written| {
        let sign_in = sign_in(written, findings)?;
        if sign_in == SignIn::Auto && protected {
            let message = "a protected environment says who signs in, and does not try one after the other";
            let finding = Finding::new(Code::GuessedSignIn, written.place, message);
            findings.add(finding.help("write the one that is meant, for example `sign_in: cli`"));
        }
        Some(sign_in)
    });
    let colour = fields
        .get("colour")
        .and_then(|written| read::word(written, "a colour of a terminal", &BannerColour::WORDS, findings));
    let policy = policy(fields.get("policy"), protected, findings);
    let inputs = fields.get("inputs").map(|written| inputs(written, findings)).unwrap_or_default();
    let (subscription, resource_group) = (subscription?, resource_group?);
    let items = read::list(fields.get("targets")?, "a list of targets", findings)?;
    let place = Place { subscription: &subscription, others: &subscriptions, resource_group: &resource_group };
    let targets = targets(items, &place, findings);
    Some(Environment {
        name: name?,
        title,
        estate: EstateKind::Live,
        tenant: tenant?,
        subscription,
        subscriptions,
        resource_group,
        sign_in: sign_in?,
        protected,
        colour,
        policy,
        targets,
        inputs,
    })
}

/// An environment's name.
pub(super) fn name(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let name = &read::scalar(written, "an environment's name", findings)?.text;
    if name == "sim" {
        let message = "`sim` is the simulator, which needs no configuration";
        findings.add(Finding::new(Code::WrongValue, written.place, message).help("choose another name"));
        return None;
    }
    let fine = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.len() > 63 || !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(fine) {
        let message = format!("`{name}` is not a name for an environment");
        let help = "write lower-case letters, digits and hyphens, beginning with a letter";
        findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
        return None;
    }
    Some(name.clone())
}

/// An id of 36 characters.
pub(super) fn guid(written: &Written, what: &str, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, what, findings)?.text;
    match Uuid::try_parse(text) {
        Ok(id) if text.len() == 36 => Some(id.as_hyphenated().to_string()),
        _ => {
            let message = format!("`{text}` is not {what}");
            let help = "write 36 characters, as `az account show` prints them";
            findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
            None
        }
    }
}

pub(super) fn resource_group(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let name = &read::scalar(written, "a resource group's name", findings)?.text;
    // Resource Manager, "naming rules": letters, digits, underscores, hyphens, periods and parentheses, up to 90.
    let fine = |letter: char| letter.is_alphanumeric() || "_-.()".contains(letter);
    if name.is_empty() || name.chars().count() > 90 || !name.chars().all(fine) || name.ends_with('.') {
        let message = format!("`{name}` is not a name for a resource group");
        findings.add(Finding::new(Code::WrongValue, written.place, message));
        return None;
    }
    Some(name.clone())
}

/// The other subscriptions, by names of the author's own.
fn subscriptions(written: &Written, findings: &mut Findings<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let Form::Mapping(entries) = &written.form else {
        members(written, "`subscriptions`", findings);
        return all;
    };
    for entry in entries {
        if !StepId::is_well_formed(&entry.key) {
            let message = format!("`{}` is not a name for a subscription", entry.key);
            let help = "write lower-case letters, digits and hyphens, beginning with a letter";
            findings.add(Finding::new(Code::MalformedName, entry.key_place, message).help(help));
        }
        if let Some(id) = guid(&entry.value, "a subscription's id", findings) {
            all.insert(entry.key.clone(), id);
        }
    }
    all
}

/// What is not said of the revision follows from whether the environment is protected: then a text must at least be in a
/// commit.
fn policy(written: Option<&Written>, protected: bool, findings: &mut Findings<'_>) -> Policy {
    let usual = if protected { RevisionRule::Committed } else { RevisionRule::Any };
    let Some(fields) = written.and_then(|written| Fields::read(written, &POLICY, findings)) else {
        return Policy { revision: usual, ..Policy::default() };
    };
    let rules = [RevisionRule::Any, RevisionRule::Committed, RevisionRule::Signed].map(|rule| (rule.word(), rule));
    let revision = fields.get("revision").and_then(|written| read::word(written, "a rule", &rules, findings));
    let file = fields.get("allowed_signers").and_then(|written| read::scalar(written, "a file", findings));
    let risks: Vec<(&'static str, Risk)> =
        RISKS.into_iter().filter_map(|word| Some((word, Risk::parse(word)?))).collect();
    let yes = fields.get("yes").and_then(|written| read::word(written, "a risk", &risks, findings));
    let runbooks = fields.get("runbooks").map(|written| runbook_names(written, findings));
    Policy { revision: revision.unwrap_or(usual), allowed_signers: file.map(|file| file.text.clone()), yes, runbooks }
}

/// The names of runbooks; what cannot be one would allow nothing.
fn runbook_names(written: &Written, findings: &mut Findings<'_>) -> Vec<String> {
    let items = read::list(written, "a list of runbooks", findings).unwrap_or_default();
    let mut names = Vec::new();
    for item in items {
        let Some(name) = read::text(item, "a runbook's name", findings) else { continue };
        if !StepId::is_well_formed(&name) {
            let message = format!("`{name}` cannot be the name of a runbook");
            let help = "write a lower-case letter, then lower-case letters, digits and hyphens";
            findings.add(Finding::new(Code::MalformedName, item.place, message).help(help));
        }
        names.push(name);
    }
    names
}

/// Inputs by runbook and parameter. They are kept as text: what they must be is known when a runbook is bound.
fn inputs(written: &Written, findings: &mut Findings<'_>) -> BTreeMap<String, BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    for (runbook, written) in members(written, "`inputs`", findings) {
        let mut inputs = BTreeMap::new();
        for (parameter, written) in members(written, "the inputs of a runbook", findings) {
            let value = match &written.form {
                Form::List(_) => {
                    let items = read::texts(written, "a list", findings).into_iter().map(Value::Text);
                    Some(Value::List(items.collect()))
                }
                _ => read::text(written, "an input", findings).map(Value::Text),
            };
            inputs.extend(value.map(|value| (parameter.clone(), value)));
        }
        all.insert(runbook.clone(), inputs);
    }
    all
}

fn members<'w>(written: &'w Written, what: &str, findings: &mut Findings<'_>) -> Vec<(&'w String, &'w Written)> {
    match &written.form {
        Form::Mapping(entries) => return entries.iter().map(|entry| (&entry.key, &entry.value)).collect(),
        Form::Refused => {}
        Form::Scalar(_) | Form::List(_) => {
            let message = format!("{what} is a mapping, and here stands {}", written.described());
            findings.add(Finding::new(Code::WrongType, written.head(), message));
        }
    }
    Vec::new()
}
