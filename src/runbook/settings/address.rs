use url::Url;

use crate::effect::{Address, TargetKind};
use crate::runbook::fields::list;
use crate::runbook::written::Written;
use crate::runbook::{Code, Finding, Findings, read};

/// A resource id of the general form; whose it is, is looked at later.
pub(super) fn id(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "a resource id", findings)?.text;
    let fine = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['?', '#', '%', '\\']);
    let parts: Vec<&str> = text.split('/').skip(1).collect();
    let resource = text.starts_with("/subscriptions/") && parts.len() >= 8 && parts.len().is_multiple_of(2);
    if !resource || !parts.iter().all(|part| fine(part)) || text.contains(char::is_whitespace) {
        let message = format!("`{text}` is not a resource id");
        let help = "write `/subscriptions/…/resourceGroups/…/providers/…`, as `az resource show --query id` prints it";
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
        return None;
    }
    Some(text.clone())
}

/// An address of the kind's own scheme, without a slash at its end.
pub(super) fn address(written: &Written, kind: Option<TargetKind>, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "an address", findings)?.text;
    let scheme = match kind.map(TargetKind::address) {
        Some(Address::OfName(before, _)) => before.trim_end_matches("://"),
        _ => "https",
    };
    let plain = |url: &Url| {
        url.scheme() == scheme
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    match Url::parse(text) {
        Ok(url) if plain(&url) => Some(url.as_str().trim_end_matches('/').to_owned()),
        _ => {
            let message = format!("`{text}` is not an {scheme} address without user, query and fragment");
            let help = format!("write for example `{scheme}://app.example.com`");
            findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
            None
        }
    }
}

/// The address that is given must be one that such a resource can have.
pub(super) fn own_url(kind: TargetKind, name: &str, url: &str, written: &Written, findings: &mut Findings<'_>) {
    let host = url.strip_prefix("https://").unwrap_or_default();
    let (fits, help) = match (kind.address(), kind.url(name)) {
        (Address::OfName(..), Some(own)) => {
            (own.eq_ignore_ascii_case(url), format!("leave `url` out, or write `{own}`"))
        }
        (Address::Given(suffixes), _) if !suffixes.is_empty() => {
            let is_label = |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let fits = suffixes.iter().filter_map(|suffix| host.strip_suffix(suffix)).any(is_label);
            (fits, format!("write `https://SUBDOMAIN` and one of {}", list(suffixes.iter().copied())))
        }
        (Address::Absent, _) => (false, "remove it".to_owned()),
        _ => (true, String::new()),
    };
    if !fits {
        let message = format!("`{url}` is not the address of the {kind} `{name}`");
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
    }
}
