use super::given::Wrong;
use crate::base::{SecretRef, Value, did_you_mean};
use crate::effect::TargetKind;
use crate::runbook::fields::list;
use crate::runbook::{ParameterType, Resources, Target};

/// Puts the environment's resources, and the addresses of its vaults, in the place of their names.
pub(super) fn resolve(kind: &ParameterType, value: Value, resources: &Resources) -> Result<Value, Wrong> {
    match (kind, value) {
        (ParameterType::Target { of: TargetKind::Resource }, Value::Text(name)) => resource(&name, resources),
        (ParameterType::Target { of }, Value::Text(name)) => Ok(target(*of, &name, resources)?.value()),
        // What a step has told may be a resource of any kind.
        (ParameterType::Target { of }, value)
            if !value.field("id").and_then(Value::as_text).is_some_and(|id| of.is_id(id)) =>
        {
            Err(format!("`{value}` is not a {of}").into())
        }
        (ParameterType::Secret, Value::Text(text)) => secret(&text, resources),
        (ParameterType::List { of, .. }, Value::List(items)) => {
            items.into_iter().map(|item| resolve(of, item, resources)).collect::<Result<_, _>>().map(Value::List)
        }
        (_, value) => Ok(value),
    }
}

fn target<'e>(kind: TargetKind, name: &str, resources: &'e Resources) -> Result<&'e Target, Wrong> {
    let mut candidates = resources.targets.iter().filter(|target| target.answers_to(name));
    if let Some(found) = candidates.clone().find(|target| target.kind == kind) {
        return Ok(found);
    }
    if let Some(other) = candidates.next() {
        return Err(format!("`{name}` is a {}, and a {kind} is needed", other.kind).into());
    }
    Err(unknown(kind.word(), name, Some(kind), resources))
}

fn unknown(what: &str, name: &str, kind: Option<TargetKind>, resources: &Resources) -> Wrong {
    let names = || {
        let known = resources.targets.iter().filter(|target| kind.is_none_or(|kind| target.kind == kind));
        known.map(|target| target.name.as_str())
    };
    let help = match did_you_mean(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", list(names())),
    };
    Wrong::new(format!("the environment `{}` has no {what} `{name}`", resources.environment), help)
}

/// A resource of whatever kind: one that the environment has, or any of its subscriptions' by its whole id.
fn resource(name: &str, resources: &Resources) -> Result<Value, Wrong> {
    let found = resources.targets.iter().filter(|target| target.answers_to(name));
    let found: Vec<&Target> = found.collect();
    if let Some(first) = found.first() {
        if let Some(other) = found.iter().find(|other| !other.id.eq_ignore_ascii_case(&first.id)) {
            let message = format!("`{name}` is a {} and a {}", first.kind, other.kind);
            return Err(Wrong::new(message, format!("write the resource id: `{}` or `{}`", first.id, other.id)));
        }
        return Ok(record(&first.name, &first.id));
    }
    if !TargetKind::Resource.is_id(name) {
        return Err(unknown("resource", name, None, resources));
    }
    let subscription = name.split('/').nth(2).unwrap_or_default();
    if !resources.subscriptions.iter().any(|known| known.eq_ignore_ascii_case(subscription)) {
        let message = format!("`{name}` is in another subscription than the environment `{}`", resources.environment);
        return Err(Wrong::new(message, "add the subscription to the environment, or name a resource in it"));
    }
    Ok(record(name.rsplit('/').next().unwrap_or(name), name))
}

fn record(name: &str, id: &str) -> Value {
    Value::record([("name", Value::text(name)), ("id", Value::text(id))])
}

/// A version of a secret in one of the environment's vaults: a token never goes to another.
fn secret(text: &str, resources: &Resources) -> Result<Value, Wrong> {
    let Some((vault, name, version)) = parts(text) else {
        return Err("it is not a reference to a secret".to_owned().into());
    };
    let vault = target(TargetKind::Keyvault, vault, resources)?.url.clone().unwrap_or_default();
    Ok(Value::Secret { secret: SecretRef::Version { vault, name: name.to_owned(), version: version.to_owned() } })
}

/// Tells whether a text has the shape `VAULT/SECRET@VERSION`: names as Key Vault allows them, and 32 hexadecimal digits,
/// which no secret ends in by accident.
pub(super) fn is_version(text: &str) -> bool {
    parts(text).is_some()
}

fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (vault, rest) = text.split_once('/')?;
    let (name, version) = rest.split_once('@')?;
    let is_secret =
        (1..=127).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_version = version.len() == 32 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    (TargetKind::Keyvault.is_name(vault) && is_secret && is_version).then_some((vault, name, version))
}
