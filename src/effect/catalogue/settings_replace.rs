//! Changing app settings. The service knows only how to replace all of them at once, and asks for no `If-Match`: whoever
//! writes last wins, and whatever they did not know of is gone.
//!
//! So every setting that is there is part of the request, by name: the ones that change with their new text, every other
//! one as a reference, "the value that it has" ([`SecretRef::Setting`]). The hand reads the values in the moment before it
//! writes, compares the names with those in the request, and sends nothing if they differ; no value enters a plan, the
//! journal or the screen, and what is confirmed is what runs. That the site was not modified since a person looked is an
//! observed field.
//!
//! What is left: between the hand's read and its write, some milliseconds, a foreign write would be lost, and nothing that
//! the service offers can prevent that.

use super::super::by_hand::line;
use super::super::{
    Answers, Args, ChangeFacts, Class, Field, Json, Line, Method, Piece, Probe, ProbeContext, ProbeVerdict,
    RenderError, Request, Risk, Row, Script, Service, TargetKind, Type,
};
use super::argument::{optional, read_back, required, target};
use super::place::split_slot;
use super::reading::{field, last_segment, list};
use super::settings::{differences, names, pairs, settings_of};
use super::webapp::{API, APP, lock, request};
use crate::base::{SecretRef, Span, Value};

/// `webapp.settings.replace`.
pub(super) static REPLACE: Row = Row {
    name: "webapp.settings.replace",
    summary: "Changes some app settings of a site and keeps every other one as it is.",
    parameters: &[
        APP,
        required("names", Type::List(&Type::String), "The names that are there now, as `webapp.settings` gave them."),
        optional(
            "set",
            Type::List(&Type::Record),
            "Settings to add or change, as `{name, value}`; never a secret, but a Key Vault reference to one.",
        ),
        optional("remove", Type::List(&Type::String), "Names of settings to remove."),
    ],
    outputs: &[],
    risk: Risk::Destructive,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_UpdateApplicationSettings"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/update-application-settings",
    permissions: &["Microsoft.Web/sites/config/write", "Microsoft.Web/sites/config/list/Action"],
    render,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "app"),
        locks: |args| lock(args).into_iter().collect(),
        observe: |args| vec![settings_of(args)],
        observed,
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![settings_of(args)],
            judge,
            settles: Span::minutes(2),
        },
        undo: "Set the former values again, which must be known: nothing here keeps them.",
        touches: "The site restarts its instances and fetches every Key Vault reference anew. The service replaces all settings at \
                  once: what somebody else writes in the moment between our read and our write is lost.",
        expect: Span::minutes(1),
        loses: None,
    }),
    by_hand: Some(by_hand),
};

fn render(args: &Args) -> Result<Request, RenderError> {
    let (set, remove) = (pairs(args, "set")?, names(args, "remove")?);
    if !args.contains_key("names") {
        return Err(RenderError::Missing("names"));
    }
    if set.is_empty() && remove.is_empty() {
        return Err(RenderError::Missing("set"));
    }
    if let Some((both, _)) = set.iter().find(|(name, _)| remove.contains(name)) {
        let wanted = "names that are not set at the same time";
        return Err(RenderError::Shape { name: "remove", wanted, found: (*both).to_owned() });
    }
    let site = target(args, "app", TargetKind::Webapp)?.id;
    let mut settings: Vec<(String, Json)> = Vec::new();
    for name in names(args, "names")? {
        let is_changed = remove.contains(&name) || set.iter().any(|(changed, _)| *changed == name);
        if !is_changed && !settings.iter().any(|(known, _)| known == name) {
            let kept = SecretRef::Setting { site: site.to_owned(), name: name.to_owned() };
            settings.push((name.to_owned(), Json::Secret(kept)));
        }
    }
    settings.extend(set.into_iter().map(|(name, value)| (name.to_owned(), Json::text(value))));
    settings.sort_by(|(one, _), (other, _)| one.cmp(other));
    let body = Json::object([("properties", Json::Object(settings))]);
    Ok(request(args, Method::Put, "/config/appsettings")?.with_body(body))
}

/// `az` reads, changes and writes in the same way. It is kept from printing the values.
fn by_hand(args: &Args) -> Result<Script, RenderError> {
    render(args)?;
    let id = target(args, "app", TargetKind::Webapp)?.id;
    let (site, slot) = split_slot(id).map_or((id, None), |(site, slot)| (site, Some(slot)));
    let group = id.split('/').nth(4).unwrap_or_default();
    let command = |verb: &'static str| -> Line {
        let mut line = line([(verb, group), (" --name ", last_segment(site))]);
        if let Some(slot) = slot {
            line.extend([Piece::Shell(" --slot "), Piece::Text(slot.to_owned())]);
        }
        line
    };
    let mut commands: Vec<Line> = Vec::new();
    let (set, remove) = (pairs(args, "set")?, names(args, "remove")?);
    if !set.is_empty() {
        let mut setting = command("az webapp config appsettings set --resource-group ");
        setting.push(Piece::Shell(" --output none --settings"));
        for (name, value) in set {
            setting.extend([Piece::Shell(" "), Piece::Text(format!("{name}={value}"))]);
        }
        commands.push(setting);
    }
    if !remove.is_empty() {
        let mut removing = command("az webapp config appsettings delete --resource-group ");
        removing.push(Piece::Shell(" --output none --setting-names"));
        for name in remove {
            removing.extend([Piece::Shell(" "), Piece::Text(name.to_owned())]);
        }
        commands.push(removing);
    }
    let last = commands.pop().ok_or(RenderError::Missing("set"))?;
    Ok(Script { before: commands, command: last, good: None })
}

const MODIFIED: &str = "last modified";
const NAMES: &str = "settings";

fn observed(_: &Args, seen: &[Value]) -> Vec<Field> {
    let Some(outputs) = seen.first() else { return Vec::new() };
    let mut fields = vec![
        Field::new(NAMES, Value::List(list(outputs, "names").to_vec()).to_string()),
        Field::new(MODIFIED, field(outputs, "modified")),
    ];
    let references = list(outputs, "references").iter();
    fields.extend(references.map(|reference| Field::new(field(reference, "name"), field(reference, "reference"))));
    fields
}

fn judge(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some(outputs) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "the settings could not be read".into() };
    };
    let now = observed(context.args, seen);
    let asked = settings_of(context.args).args;
    let wrong = differences(&asked, outputs);
    let modified = format!("the site was last modified {}", field(outputs, "modified"));
    if wrong.is_empty() {
        let seen = format!("every setting stands as wanted; {modified}");
        return ProbeVerdict::Happened { outputs: Value::record([]), seen };
    }
    let seen = format!("{}; {modified}", wrong.join("; "));
    if now == context.before {
        ProbeVerdict::DidNot { seen }
    } else {
        ProbeVerdict::Unknown { seen: format!("{seen}: somebody has written since, perhaps over what we wrote") }
    }
}

#[cfg(test)]
mod tests {
    use super::super::argument::tests::{app, args};
    use super::super::settings::tests::{setting, texts};
    use super::*;
    use crate::base::Timestamp;
    use serde_json::json;

    fn of(more: &[(&str, Value)]) -> Args {
        let mut args =
            args([("app", app("chatbot-web")), ("names", texts(&["SEARCH_INDEX", "SESSION_SECRET", "OLD"]))]);
        args.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        args
    }

    fn index(value: &str) -> (&'static str, Value) {
        ("set", Value::List(vec![setting("SEARCH_INDEX", value)]))
    }

    fn seen(modified: &str, stands: bool) -> Value {
        let index = Value::record([("name", Value::text("SEARCH_INDEX")), ("matches", Value::Boolean(stands))]);
        Value::record([
            ("names", texts(&["OLD", "SEARCH_INDEX", "SESSION_SECRET"])),
            ("references", Value::List(Vec::new())),
            ("modified", Value::text(modified)),
            ("matches", Value::List(vec![index])),
        ])
    }

    #[test]
    fn every_setting_is_in_the_request_and_only_the_changed_one_by_value() {
        let request = (REPLACE.render)(&of(&[index("chat-v2"), ("remove", texts(&["OLD"]))])).unwrap();
        assert_eq!(request.method, Method::Put);
        assert!(
            request.url.ends_with("/sites/chatbot-web/config/appsettings?api-version=2023-12-01"),
            "{}",
            request.url
        );
        let body = request.body.unwrap();
        let kept = "«secret: the value that SESSION_SECRET has»";
        assert_eq!(body.masked(), json!({"properties": {"SEARCH_INDEX": "chat-v2", "SESSION_SECRET": kept}}));
        assert!(body.holds_secret());
    }

    #[test]
    fn nothing_to_change_or_two_wishes_for_one_setting_are_refused() {
        assert!((REPLACE.render)(&of(&[])).is_err());
        assert!((REPLACE.render)(&of(&[index("x"), ("remove", texts(&["SEARCH_INDEX"]))])).is_err());
        let mut unseen = of(&[index("x")]);
        unseen.remove("names");
        assert_eq!((REPLACE.render)(&unseen), Err(RenderError::Missing("names")));
    }

    #[test]
    fn a_write_by_somebody_else_changes_what_was_consented_to() {
        let facts = REPLACE.change.as_ref().unwrap();
        let fields = |modified| (facts.observed)(&of(&[index("chat-v2")]), &[seen(modified, false)]);
        assert_eq!(fields("03:10"), fields("03:10"));
        assert_ne!(fields("03:10"), fields("03:11"));
    }

    #[test]
    fn it_happened_if_every_wish_stands_and_did_not_if_nothing_moved() {
        let facts = REPLACE.change.as_ref().unwrap();
        let args = of(&[index("chat-v2")]);
        let before = (facts.observed)(&args, &[seen("03:10", false)]);
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &before };
        let probed = |seen: &[Value]| (facts.probe.judge)(&context, seen);
        assert!(matches!(probed(&[seen("03:11", true)]), ProbeVerdict::Happened { .. }));
        assert!(matches!(probed(&[seen("03:10", false)]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probed(&[seen("03:11", false)]), ProbeVerdict::Unknown { .. }));
        assert!(matches!(probed(&[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn by_hand_no_value_is_printed() {
        let script = (REPLACE.by_hand.unwrap())(&of(&[index("chat-v2"), ("remove", texts(&["OLD"]))])).unwrap();
        let shown = format!("{script:?}");
        assert_eq!(shown.matches("--output none").count(), 2, "{shown}");
    }
}
