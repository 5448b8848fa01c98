//! Resource Manager's locks on a server: what keeps the old one from being deleted while a restore goes on beside it.

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Parameter, Probe, ProbeContext, ProbeVerdict,
    RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, pass_on, read_back, required, target, text};
use super::super::reading::{body, field, items, list, text as member};
use super::server::{SERVER, about, lock as server_lock};
use crate::base::{Span, Value};

/// The version of Microsoft.Authorization's locks.
const API: &str = "2016-09-01";

/// `postgres.lock.get`.
pub(in super::super) static GET: Row = Row {
    name: "postgres.lock.get",
    summary: "Reads the locks on a server, those of its resource group and subscription included.",
    parameters: &[
        SERVER,
        optional("name", Type::String, "As a check: the lock that must stand; any, if neither is given."),
        optional("absent", Type::String, "As a check: a lock that must not stand."),
    ],
    outputs: &[output("locks", Type::List(&Type::Record), "The locks, as `{name, level, notes, id}`.")],
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("ManagementLocks_ListByScope"),
    documentation: "https://learn.microsoft.com/rest/api/resources/management-locks/list-by-scope",
    permissions: &["Microsoft.Authorization/locks/read"],
    render: |args| {
        optional_text(args, "name")?;
        optional_text(args, "absent")?;
        request(args, Method::Get, "")
    },
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: None,
};

/// `postgres.lock.set`.
pub(in super::super) static SET: Row = Row {
    name: "postgres.lock.set",
    summary: "Puts a lock on a server, so that it cannot be deleted, or not be changed at all.",
    parameters: &[
        SERVER,
        NAME,
        optional("level", Type::String, "`CanNotDelete`, which is meant if it is not given, or `ReadOnly`."),
        optional("notes", Type::String, "Why, for whoever finds it."),
    ],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("ManagementLocks_CreateOrUpdateByScope"),
    documentation: "https://learn.microsoft.com/rest/api/resources/management-locks/create-or-update-by-scope",
    permissions: &["Microsoft.Authorization/locks/write"],
    render: render_set,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        undo: "Delete the lock.",
        touches: "With `ReadOnly`, whatever is configured through Resource Manager is refused too, such as parameters and \
                  firewall rules. What goes on inside the databases is not touched by either.",
        probe: Probe { judge: judge_set, ..PROBE },
        ..FACTS
    }),
    by_hand: Some(set_by_hand),
};

/// `postgres.lock.delete`.
pub(in super::super) static DELETE: Row = Row {
    name: "postgres.lock.delete",
    summary: "Takes a lock off a server.",
    parameters: &[SERVER, NAME],
    outputs: &[],
    risk: Risk::Reversible,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("ManagementLocks_DeleteByScope"),
    documentation: "https://learn.microsoft.com/rest/api/resources/management-locks/delete-by-scope",
    permissions: &["Microsoft.Authorization/locks/delete"],
    render: |args| request(args, Method::Delete, &format!("/{}", lock_name(args)?)),
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        undo: "Set the lock again.",
        touches: "From then on the server can be deleted.",
        probe: Probe { judge: judge_delete, ..PROBE },
        ..FACTS
    }),
    by_hand: Some(delete_by_hand),
};

const NAME: Parameter = required("name", Type::String, "The lock's name.");

const PROBE: Probe =
    Probe { answers: Answers::Whether, reads: |args| vec![get_of(args)], judge: judge_set, settles: Span::seconds(60) };

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "server"),
    locks: |args| server_lock(args, "server").into_iter().collect(),
    observe: |args| vec![get_of(args)],
    observed: |args, seen| seen.first().map(|all| Field::new("lock", shown(args, all))).into_iter().collect(),
    probe: PROBE,
    undo: "",
    touches: "",
    expect: Span::seconds(5),
    loses: None,
};

fn get_of(args: &Args) -> Call {
    Call::new(GET.name, [("server", pass_on(args, "server"))])
}

fn request(args: &Args, method: Method, rest: &str) -> Result<Request, RenderError> {
    let id = target(args, "server", TargetKind::Postgres)?.id;
    Ok(about(method, id, &format!("/providers/Microsoft.Authorization/locks{rest}"), API))
}

/// A lock's name: letters, digits, hyphens, underscores and dots. Resource Manager takes more, but nothing that we set
/// needs it.
fn lock_name(args: &Args) -> Result<&str, RenderError> {
    let name = text(args, "name")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fits = (1..=90).contains(&name.len()) && name.bytes().all(allowed) && name.bytes().any(|byte| byte != b'.');
    if fits {
        return Ok(name);
    }
    let wanted = "a lock's name (1 to 90 letters, digits, hyphens, underscores and dots)";
    Err(RenderError::Shape { name: "name", wanted, found: name.to_owned() })
}

fn level(args: &Args) -> Result<&str, RenderError> {
    let level = optional_text(args, "level")?.unwrap_or("CanNotDelete");
    if ["CanNotDelete", "ReadOnly"].contains(&level) {
        return Ok(level);
    }
    Err(RenderError::Shape { name: "level", wanted: "`CanNotDelete` or `ReadOnly`", found: level.to_owned() })
}

fn render_set(args: &Args) -> Result<Request, RenderError> {
    let mut properties = vec![("level".to_owned(), Json::text(level(args)?))];
    if let Some(notes) = optional_text(args, "notes")?.filter(|notes| !notes.is_empty()) {
        if notes.chars().count() > 512 {
            let (wanted, found) = ("at most 512 characters", format!("{} of them", notes.chars().count()));
            return Err(RenderError::Shape { name: "notes", wanted, found });
        }
        properties.push(("notes".to_owned(), Json::text(notes)));
    }
    let body = Json::object([("properties", Json::Object(properties))]);
    Ok(request(args, Method::Put, &format!("/{}", lock_name(args)?))?.with_body(body))
}

fn set_by_hand(args: &Args) -> Result<Script, RenderError> {
    render_set(args)?;
    let mut command = line([
        ("az lock create --name ", lock_name(args)?),
        (" --lock-type ", level(args)?),
        (" --resource ", target(args, "server", TargetKind::Postgres)?.id),
    ]);
    if let Some(notes) = optional_text(args, "notes")?.filter(|notes| !notes.is_empty()) {
        command.extend(line([(" --notes ", notes)]));
    }
    Ok(Script::of(command))
}

fn delete_by_hand(args: &Args) -> Result<Script, RenderError> {
    let id = target(args, "server", TargetKind::Postgres)?.id;
    Ok(Script::of(line([("az lock delete --name ", lock_name(args)?), (" --resource ", id)])))
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let locks = items(body(replies, 0)?)?.iter().map(|lock| {
        Value::record([
            ("name", Value::text(member(lock, "/name"))),
            ("level", Value::text(member(lock, "/properties/level"))),
            ("notes", Value::text(member(lock, "/properties/notes"))),
            ("id", Value::text(member(lock, "/id"))),
        ])
    });
    Ok(Value::record([("locks", Value::List(locks.collect()))]))
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let locks = list(outputs, "locks");
    let names: Vec<&str> = locks.iter().map(|lock| field(lock, "name")).collect();
    let seen = if names.is_empty() { "no lock".to_owned() } else { format!("locks: {}", names.join(", ")) };
    let given = |argument: &str| args.get(argument).and_then(Value::as_text);
    let good = match (given("name"), given("absent")) {
        (name, Some(absent)) => {
            found(outputs, absent).is_none() && name.is_none_or(|name| found(outputs, name).is_some())
        }
        (Some(name), None) => found(outputs, name).is_some(),
        (None, None) => !locks.is_empty(),
    };
    if good { Verdict::Pass { seen } } else { Verdict::Fail { seen } }
}

fn found<'a>(outputs: &'a Value, name: &str) -> Option<&'a Value> {
    list(outputs, "locks").iter().find(|lock| field(lock, "name").eq_ignore_ascii_case(name))
}

fn shown(args: &Args, outputs: &Value) -> String {
    let name = args.get("name").and_then(Value::as_text).unwrap_or_default();
    found(outputs, name).map_or_else(|| "not there".to_owned(), |lock| field(lock, "level").to_owned())
}

fn judge_set(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let (Some(outputs), Ok(level)) = (seen.first(), level(context.args)) else {
        return ProbeVerdict::Unknown { seen: "the locks could not be read".into() };
    };
    let shown = shown(context.args, outputs);
    let seen = format!("the lock is {shown}");
    if shown.eq_ignore_ascii_case(level) {
        ProbeVerdict::Happened { outputs: Value::record([]), seen }
    } else {
        ProbeVerdict::DidNot { seen }
    }
}

fn judge_delete(context: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let (Some(outputs), Ok(name)) = (seen.first(), lock_name(context.args)) else {
        return ProbeVerdict::Unknown { seen: "the locks could not be read".into() };
    };
    match found(outputs, name) {
        None => ProbeVerdict::Happened { outputs: Value::record([]), seen: "there is no such lock".into() },
        Some(_) => ProbeVerdict::DidNot { seen: "the lock stands".into() },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::super::server::tests::{ATTEMPT, server};
    use super::*;
    use crate::base::Timestamp;

    fn of(name: &str) -> Args {
        args([("server", server("chatbot-pg")), ("name", Value::text(name))])
    }

    fn outputs() -> Value {
        let lock = json!({"id": "/l/keep", "name": "keep", "properties": {"level": "CanNotDelete"}});
        (GET.parse)(&Args::new(), &[Reply::json(200, json!({"value": [lock]}))]).unwrap()
    }

    fn probe(row: &Row, args: &Args, seen: &[Value]) -> ProbeVerdict {
        let attempt = ATTEMPT.parse().unwrap();
        let context = ProbeContext { args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        (row.change.as_ref().unwrap().probe.judge)(&context, seen)
    }

    #[test]
    fn a_lock_stands_at_the_server_and_keeps_it_from_being_deleted() {
        let request = (SET.render)(&of("keep")).unwrap();
        let end = "/chatbot-pg/providers/Microsoft.Authorization/locks/keep?api-version=2016-09-01";
        assert!(request.url.ends_with(end), "{}", request.url);
        assert_eq!(request.body.unwrap().masked(), json!({"properties": {"level": "CanNotDelete"}}));
        for bad in ["", "..", "a/b", "a?b", "a b"] {
            assert!((SET.render)(&of(bad)).is_err() && (DELETE.render)(&of(bad)).is_err(), "{bad}");
        }
        let mut odd = of("keep");
        odd.insert("level".into(), Value::text("NotSpecified"));
        assert!((SET.render)(&odd).is_err());
    }

    #[test]
    fn what_happened_is_told_by_the_lock_and_its_level() {
        assert!(matches!(probe(&SET, &of("Keep"), &[outputs()]), ProbeVerdict::Happened { .. }));
        let mut stricter = of("keep");
        stricter.insert("level".into(), Value::text("ReadOnly"));
        assert!(matches!(probe(&SET, &stricter, &[outputs()]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&DELETE, &of("keep"), &[outputs()]), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&DELETE, &of("other"), &[outputs()]), ProbeVerdict::Happened { .. }));
        assert!(matches!(probe(&DELETE, &of("other"), &[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn a_check_wants_the_lock_that_it_names() {
        assert!(matches!(judge(&of("keep"), &outputs()), Verdict::Pass { .. }));
        assert!(matches!(judge(&of("other"), &outputs()), Verdict::Fail { .. }));
        let any = args([("server", server("chatbot-pg"))]);
        assert!(matches!(judge(&any, &outputs()), Verdict::Pass { .. }));
        assert!(matches!(judge(&any, &Value::record([])), Verdict::Fail { .. }));
    }

    #[test]
    fn a_check_wants_the_absence_of_the_lock_that_it_names_and_of_no_other() {
        let absent = |name| args([("server", server("chatbot-pg")), ("absent", Value::text(name))]);
        assert!(matches!(judge(&absent("other"), &outputs()), Verdict::Pass { .. }));
        assert!(matches!(judge(&absent("Keep"), &outputs()), Verdict::Fail { .. }));
        assert!(matches!(judge(&absent("keep"), &Value::record([])), Verdict::Pass { .. }));
    }
}
