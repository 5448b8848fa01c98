//! Whether a role may sign in. A role that may not keeps its password and everything that it owns, so this is how a
//! credential is taken back at its issuer in a way that can itself be taken back.

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Probe, ProbeContext, ProbeVerdict, RenderError,
    Reply, Request, Risk, Row, Script, Service, TargetKind, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, output, pass_on, read_back, required, target};
use super::request::{
    DATABASE, LOGIN as WHO, NAME, SECRET, SERVER, Table, VAULT, address, asked_by_hand, identifier, psql, reading,
    signing_in,
};
use crate::base::{Span, Value};

/// `sql.role.get`.
pub(in super::super) static GET: Row = Row {
    name: "sql.role.get",
    summary: "Reads whether a role is there, and whether it may sign in.",
    parameters: &[
        SERVER,
        required("role", Type::String, "The role that is asked about."),
        optional(
            "may_sign_in",
            Type::Boolean,
            "As a check: whether it must be one that may sign in; true if not given.",
        ),
        WHO,
        SECRET,
        DATABASE,
        VAULT,
        NAME,
    ],
    outputs: &[
        output("role", Type::String, "The role that was asked about."),
        output("exists", Type::Boolean, "Whether there is such a role."),
        output("may_sign_in", Type::Boolean, "Whether it may sign in."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Sql,
    api_version: None,
    operation_id: None,
    documentation: "https://www.postgresql.org/docs/current/view-pg-roles.html",
    permissions: &["PostgreSQL: CONNECT on the database"],
    render: |args| reading(args, question(args)?, 1),
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(|args| Ok(asked_by_hand(args, &question(args)?)?.good(good(args)))),
};

/// `sql.role.disable`.
pub(in super::super) static DISABLE: Row = Row {
    name: "sql.role.disable",
    summary: "Lets a role no longer sign in; its password, rights and rows stay.",
    risk: Risk::Destructive,
    render: |args| render(args, false),
    by_hand: Some(|args| by_hand(args, false)),
    change: Some(ChangeFacts {
        undo: "Let the role sign in again, with the password that it has.",
        touches: "Whoever signs in as this role is refused from then on; open connections stay until they end.",
        probe: Probe { judge: |context, seen| judge_switch(context, seen, false), ..PROBE },
        ..FACTS
    }),
    ..SWITCH
};

/// `sql.role.enable`.
pub(in super::super) static ENABLE: Row = Row {
    name: "sql.role.enable",
    summary: "Lets a role sign in again, with the password that it has.",
    risk: Risk::Reversible,
    render: |args| render(args, true),
    by_hand: Some(|args| by_hand(args, true)),
    change: Some(ChangeFacts {
        undo: "Let the role no longer sign in.",
        touches: "Whoever knows the password that the role has can sign in with it.",
        probe: Probe { judge: |context, seen| judge_switch(context, seen, true), ..PROBE },
        ..FACTS
    }),
    ..SWITCH
};

/// What both switches have in common.
const SWITCH: Row = Row {
    name: "",
    summary: "",
    parameters: &[
        SERVER,
        required("role", Type::String, "The role, which is not the one that signs in to do this."),
        WHO,
        SECRET,
        DATABASE,
        VAULT,
        NAME,
    ],
    outputs: &[],
    risk: Risk::Destructive,
    class: Class::A,
    service: Service::Sql,
    api_version: None,
    operation_id: None,
    documentation: "https://www.postgresql.org/docs/current/sql-alterrole.html",
    permissions: &["PostgreSQL: CREATEROLE with ADMIN on the role"],
    render: |args| render(args, false),
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: None,
    by_hand: None,
};

const PROBE: Probe = Probe {
    answers: Answers::Whether,
    reads: |args| vec![role_of(args)],
    judge: |context, seen| judge_switch(context, seen, false),
    settles: Span::minutes(2),
};

const FACTS: ChangeFacts = ChangeFacts {
    read_back: |args| read_back(args, "role"),
    locks: |args| lock(args).into_iter().collect(),
    observe: |args| vec![role_of(args)],
    observed: |_, seen| seen.first().map(|seen| Field::new("the role", state(seen))).into_iter().collect(),
    probe: PROBE,
    undo: "",
    touches: "",
    expect: Span::seconds(5),
    loses: None,
};

/// The key that keeps two changes of one role apart.
pub(super) fn lock(args: &Args) -> Result<String, RenderError> {
    let server = target(args, "server", TargetKind::Postgres)?;
    Ok(format!("{}/roles/{}", server.id.to_ascii_lowercase(), identifier(args, "role")?))
}

/// An identifier has no quote in it, so its text can stand between two.
fn question(args: &Args) -> Result<String, RenderError> {
    Ok(format!("SELECT rolcanlogin FROM pg_roles WHERE rolname = '{}'", identifier(args, "role")?))
}

fn statement(args: &Args, enable: bool) -> Result<String, RenderError> {
    let role = identifier(args, "role")?;
    if args.get("login").and_then(Value::as_text) == Some(role) {
        let wanted = "another role than the one that signs in, which would lock itself out";
        return Err(RenderError::Shape { name: "role", wanted, found: role.to_owned() });
    }
    Ok(format!("ALTER ROLE \"{role}\" {}", if enable { "LOGIN" } else { "NOLOGIN" }))
}

fn render(args: &Args, enable: bool) -> Result<Request, RenderError> {
    let mut members = signing_in(args)?;
    members.push(("sql".to_owned(), Json::text(statement(args, enable)?)));
    Ok(Request::new(Service::Sql, Method::Post, address(args)?).with_body(Json::Object(members)))
}

fn by_hand(args: &Args, enable: bool) -> Result<Script, RenderError> {
    let mut command = psql(args, false)?;
    command.extend(line([(" --command ", &statement(args, enable)?)]));
    Ok(Script::of(command))
}

fn role_of(args: &Args) -> Call {
    let mut call = Call::new(GET.name, ["server", "role", "password"].map(|name| (name, pass_on(args, name))));
    for name in ["login", "database"] {
        call.args.extend(args.get(name).map(|given| (name.to_owned(), given.clone())));
    }
    call
}

fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let table = Table::read(replies)?;
    let may = match (table.len(), table.first()) {
        (0, _) => None,
        (_, Some(Value::Boolean(may))) => Some(may),
        _ => return Err(Unreadable("rolcanlogin".into())),
    };
    let role = args.get("role").cloned().unwrap_or_else(|| Value::text(""));
    Ok(Value::record([
        ("role", role),
        ("exists", Value::Boolean(may.is_some())),
        ("may_sign_in", Value::Boolean(may == Some(true))),
    ]))
}

fn good(args: &Args) -> &'static str {
    if wanted(args) { "It prints `t`: the role may sign in." } else { "It prints `f`: the role may not sign in." }
}

fn wanted(args: &Args) -> bool {
    args.get("may_sign_in") != Some(&Value::Boolean(false))
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let (exists, may) = told(outputs);
    let seen = format!("the role {}", state(outputs));
    if exists && may == wanted(args) { Verdict::Pass { seen } } else { Verdict::Fail { seen } }
}

fn told(outputs: &Value) -> (bool, bool) {
    let is = |name| outputs.field(name) == Some(&Value::Boolean(true));
    (is("exists"), is("may_sign_in"))
}

fn state(outputs: &Value) -> &'static str {
    match told(outputs) {
        (false, _) => "is not there",
        (true, true) => "may sign in",
        (true, false) => "may not sign in",
    }
}

fn judge_switch(_: &ProbeContext<'_>, seen: &[Value], enable: bool) -> ProbeVerdict {
    let Some(outputs) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "nobody could ask about the role".into() };
    };
    let seen = format!("the role {}", state(outputs));
    match told(outputs) {
        (true, may) if may == enable => ProbeVerdict::Happened { outputs: Value::record([]), seen },
        (true, _) => ProbeVerdict::DidNot { seen },
        (false, _) => ProbeVerdict::Unknown { seen },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::request::tests::{of, reply};
    use super::*;
    use crate::base::Timestamp;

    fn role(name: &str) -> Args {
        of([("role", Value::text(name)), ("login", Value::text("chatadmin"))])
    }

    fn seen(rows: &serde_json::Value) -> Value {
        parse(&role("chatbot"), &[reply([("rolcanlogin", "bool")], rows)]).unwrap()
    }

    #[test]
    fn the_statements_name_the_role_and_nothing_that_could_be_more() {
        let shown = |row: &Row, name| (row.render)(&role(name)).map(|request| request.shown());
        assert!(shown(&DISABLE, "chatbot").unwrap().contains(r#"ALTER ROLE \"chatbot\" NOLOGIN"#));
        assert!(shown(&ENABLE, "chatbot").unwrap().contains(r#"ALTER ROLE \"chatbot\" LOGIN"#));
        assert!(shown(&GET, "chatbot").unwrap().contains("WHERE rolname = 'chatbot'"));
        for row in [&DISABLE, &ENABLE, &GET] {
            assert!(shown(row, "a\" SUPERUSER --").is_err() && shown(row, "a' OR '1'='1").is_err(), "{}", row.name);
        }
        assert!(lock(&role("chatbot")).unwrap().ends_with("/chatbot-pg/roles/chatbot"));
    }

    #[test]
    fn nobody_switches_off_the_role_as_which_they_sign_in() {
        let refused = (DISABLE.render)(&role("chatadmin")).unwrap_err().to_string();
        assert!(refused.contains("lock itself out"), "{refused}");
    }

    #[test]
    fn a_check_wants_a_role_that_is_there_and_stands_as_it_says() {
        let judged = |may: Option<bool>, rows| {
            let mut args = role("chatbot");
            args.extend(may.map(|may| ("may_sign_in".to_owned(), Value::Boolean(may))));
            judge(&args, &seen(&rows))
        };
        assert!(matches!(judged(None, json!([["t"]])), Verdict::Pass { .. }));
        assert!(matches!(judged(None, json!([["f"]])), Verdict::Fail { .. }));
        assert!(matches!(judged(Some(false), json!([["f"]])), Verdict::Pass { .. }));
        let absent = judged(Some(false), json!([]));
        assert!(matches!(&absent, Verdict::Fail { seen } if seen == "the role is not there"), "{absent:?}");
        assert!(parse(&role("chatbot"), &[reply([("rolcanlogin", "bool")], &json!([[null]]))]).is_err());
    }

    #[test]
    fn a_switch_happened_if_the_role_stands_as_wanted_and_is_unknown_if_it_is_gone() {
        let args = role("chatbot");
        let attempt = "01938a3c-0000-7000-8000-00000000000a".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        let judged = |row: &Row, rows| (row.change.as_ref().unwrap().probe.judge)(&context, &[seen(&rows)]);
        assert!(matches!(judged(&DISABLE, json!([["f"]])), ProbeVerdict::Happened { .. }));
        assert!(matches!(judged(&DISABLE, json!([["t"]])), ProbeVerdict::DidNot { .. }));
        assert!(matches!(judged(&ENABLE, json!([["t"]])), ProbeVerdict::Happened { .. }));
        assert!(matches!(judged(&ENABLE, json!([])), ProbeVerdict::Unknown { .. }));
        let call = role_of(&args);
        assert_eq!(call.args["login"], Value::text("chatadmin"));
        assert!((GET.render)(&call.args).is_ok());
    }
}
