use std::collections::BTreeMap;

use super::address::{address, id, own_url};
use super::environment::resource_group;
use crate::base::did_you_mean;
use crate::effect::{Address, TargetKind};
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::TARGET;
use crate::runbook::written::Written;
use crate::runbook::{Code, Finding, Findings, Target, read};

/// Where the targets of an environment are, unless one says otherwise.
pub(super) struct Place<'a> {
    pub(super) subscription: &'a str,
    /// The other subscriptions, by name.
    pub(super) others: &'a BTreeMap<String, String>,
    pub(super) resource_group: &'a str,
}

/// The targets. No name or other name may mean two of one kind.
pub(super) fn targets(items: &[Written], place: &Place<'_>, findings: &mut Findings<'_>) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for item in items {
        let Some(target) = target(item, place, findings) else { continue };
        let names = |target: &Target| [target.name.clone()].into_iter().chain(target.aliases.iter().cloned()).collect();
        let own: Vec<String> = names(&target);
        let same = targets.iter().filter(|known| known.kind == target.kind);
        if let Some(name) = same.flat_map(|known| -> Vec<String> { names(known) }).find(|name| own.contains(name)) {
            let message = format!("two targets are called `{name}`");
            findings.add(Finding::new(Code::DuplicateName, item.head(), message).help("remove one of the two"));
        }
        targets.push(target);
    }
    targets
}

fn target(written: &Written, place: &Place<'_>, findings: &mut Findings<'_>) -> Option<Target> {
    let fields = Fields::read(written, &TARGET, findings)?;
    let kinds = TargetKind::ALL.map(|kind| (kind.word(), kind));
    let kind = fields.get("kind").and_then(|written| read::word(written, "a kind of target", &kinds, findings));
    let id = fields.get("id").and_then(|written| Some((written, id(written, findings)?)));
    let url = fields.get("url").and_then(|written| Some((written, address(written, kind, findings)?)));
    let aliases = fields.get("aliases").map(|written| aliases(written, findings)).unwrap_or_default();
    let subscription = fields.get("subscription").map(|written| subscription(written, place, findings));
    let drill =
        fields.get("drill").and_then(|written| read::boolean(written, "whether it is bound to drills", findings));
    let group = fields.get("resource_group").map(|written| resource_group(written, findings));
    let kind = kind?;
    let written = fields.get("name")?;
    let name = read::scalar(written, "a target's name", findings)?.text.clone();
    // What another resource is called, only its id says.
    if kind != TargetKind::Resource && !kind.is_name(&name) {
        let message = format!("`{name}` is not a name for a {kind}");
        let help = format!("write {}", kind.naming());
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
        return None;
    }
    let group = group.map_or(Some(place.resource_group.to_owned()), |group| group)?;
    let usual = kind.id(&name, subscription.unwrap_or(Some(place.subscription))?, &group);
    if let Some((written, id)) = &id {
        let allowed = subscription.unwrap_or(None);
        let fits = is_own_id(kind, &name, id, |found| match allowed {
            Some(only) => only.eq_ignore_ascii_case(found),
            None => {
                let all = place.others.values().map(String::as_str).chain([place.subscription]);
                all.into_iter().any(|known| known.eq_ignore_ascii_case(found))
            }
        });
        if !fits {
            let message = format!("`{id}` is not the id of the {kind} `{name}` in this environment's subscription");
            let usual = usual.as_ref();
            let help =
                usual.map(|usual| format!("leave `id` out, or write `{usual}`, in whatever resource group it is"));
            findings.add(Finding::new(Code::WrongValue, written.place, message).maybe_help(help));
        }
    } else if usual.is_none() && fields.get("id").is_none() {
        let message = format!("the {kind} `{name}` needs the key `id`: its id does not follow from its name");
        findings.add(Finding::new(Code::MissingKey, fields.head, message).help("add `id: /subscriptions/…`"));
    }
    if let Some((written, url)) = &url {
        own_url(kind, &name, url, written, findings);
    } else if matches!(kind.address(), Address::Given(_)) && fields.get("url").is_none() {
        let message = format!("the {kind} `{name}` needs the key `url`: its address does not follow from its name");
        findings.add(Finding::new(Code::MissingKey, fields.head, message).help("add `url: https://…`"));
    }
    let url = url.map(|(_, url)| url).or_else(|| kind.url(&name));
    let id = id.map(|(_, id)| id).or(usual)?;
    Some(Target { name, kind, id, url, aliases, drill: drill.unwrap_or_default() })
}

/// Tells whether an id is that of the resource that the name says, in an allowed subscription and whatever group.
fn is_own_id(kind: TargetKind, name: &str, id: &str, allowed: impl Fn(&str) -> bool) -> bool {
    let parts: Vec<&str> = id.split('/').collect();
    let (Some(subscription), Some(group), Some(last)) = (parts.get(2), parts.get(4), parts.last()) else {
        return false;
    };
    let is_it = match kind.id(name, subscription, group) {
        Some(own) => own.eq_ignore_ascii_case(id),
        None => last.eq_ignore_ascii_case(name),
    };
    kind.is_id(id) && allowed(subscription) && is_it
}

/// One of the environment's other subscriptions, by its name.
fn subscription<'p>(written: &Written, place: &Place<'p>, findings: &mut Findings<'_>) -> Option<&'p str> {
    let name = &read::scalar(written, "a subscription's name", findings)?.text;
    if let Some(id) = place.others.get(name) {
        return Some(id);
    }
    let names = || place.others.keys().map(String::as_str);
    let help = match did_you_mean(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`subscriptions` has {}", list(names())),
    };
    let message = format!("the environment has no subscription `{name}`");
    findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
    None
}

fn aliases(written: &Written, findings: &mut Findings<'_>) -> Vec<String> {
    let items = read::list(written, "a list of names", findings).unwrap_or_default();
    let mut aliases = Vec::new();
    for item in items {
        let Some(text) = read::text(item, "a name", findings) else { continue };
        // A comma would end it in a list of inputs, and a slash would make it look like an id or a slot.
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if text.len() > 63 || !text.bytes().all(fine) {
            let message = format!("`{text}` is not another name for a target");
            let help = "write up to 63 letters, digits, hyphens, underscores and points";
            findings.add(Finding::new(Code::MalformedName, item.place, message).help(help));
        } else {
            aliases.push(text);
        }
    }
    aliases
}
