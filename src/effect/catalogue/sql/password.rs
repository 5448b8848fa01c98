//! The password of a role. It can be set and never read: only a login proves it.

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Probe, ProbeContext, ProbeVerdict, RenderError,
    Request, Risk, Row, Script, Service, Type,
};
use super::super::argument::{optional, pass_on, read_back, required};
use super::login::LOGIN;
use super::request::{
    DATABASE, LOGIN as WHO, NAME, SECRET, SERVER, VAULT, address, identifier, psql, signing_in, stored_secret,
};
use super::role::lock;
use crate::base::{Span, Value};

/// `sql.role.password`.
pub(in super::super) static PASSWORD: Row = Row {
    name: "sql.role.password",
    summary: "Sets the password of a role, as the role itself or as one that may change it.",
    parameters: &[
        SERVER,
        required("role", Type::String, "The role whose password is set."),
        optional("enable", Type::Boolean, "Whether the role may sign in from then on, too; if not given, that stays."),
        required(
            "value",
            Type::Secret,
            "Where the new password is kept, alone or in an address; a fresh one is stored first.",
        ),
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
    permissions: &["PostgreSQL: the role itself, or CREATEROLE with ADMIN on it"],
    render,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "role"),
        locks: |args| lock(args).into_iter().collect(),
        observe: |args| vec![login_of(args)],
        observed: |_, seen| seen.first().map(accepted).into_iter().collect(),
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![login_of(args)],
            judge,
            settles: Span::minutes(2),
        },
        undo: "Set the password that it had, by the version of the secret that still holds it.",
        touches: "Whoever signs in with the old password is refused from then on; open connections stay.",
        expect: Span::seconds(5),
        loses: None,
    }),
    by_hand: Some(by_hand),
};

/// The statement as a person reads it. PostgreSQL takes no parameters here, so the hand puts the password's verifier in the
/// place of `$1`: the password itself is in no statement, and so in no log of the server.
fn render(args: &Args) -> Result<Request, RenderError> {
    let mut members = signing_in(args)?;
    members.push((
        "sql".to_owned(),
        Json::text(format!("ALTER ROLE \"{}\"{} PASSWORD $1", identifier(args, "role")?, login(args))),
    ));
    members.push(("role".to_owned(), Json::text(identifier(args, "role")?)));
    members.push(("value".to_owned(), Json::Secret(stored_secret(args, "value")?)));
    Ok(Request::new(Service::Sql, Method::Post, address(args)?).with_body(Json::Object(members)))
}

/// In one statement with the password, so that a role that could not sign in never can with the password before.
fn login(args: &Args) -> &'static str {
    if args.get("enable") == Some(&Value::Boolean(true)) { " LOGIN" } else { "" }
}

/// `psql` asks for the new password twice and sends its verifier only.
fn by_hand(args: &Args) -> Result<Script, RenderError> {
    render(args)?;
    let role = identifier(args, "role")?;
    let mut command = psql(args, false)?;
    command.extend(line([(" --command ", &format!("\\password \"{role}\""))]));
    if !login(args).is_empty() {
        command.extend(line([(" --command ", &format!("ALTER ROLE \"{role}\" LOGIN"))]));
    }
    Ok(Script::of(command))
}

fn login_of(args: &Args) -> Call {
    let mut call = Call::new(
        LOGIN.name,
        [("server", "server"), ("login", "role"), ("password", "value")].map(|(name, own)| (name, pass_on(args, own))),
    );
    call.args.extend(args.get("database").map(|database| ("database".to_owned(), database.clone())));
    call
}

fn accepted(outputs: &Value) -> Field {
    let signed_in = outputs.field("signed_in") == Some(&Value::Boolean(true));
    Field::new("the new password", if signed_in { "accepted" } else { "refused" })
}

fn judge(_: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    match seen.first().map(accepted).map(|field| field.value).as_deref() {
        Some("accepted") => {
            ProbeVerdict::Happened { outputs: Value::record([]), seen: "the server accepts the new password".into() }
        }
        Some(_) => ProbeVerdict::DidNot { seen: "the server refuses the new password".into() },
        None => ProbeVerdict::Unknown { seen: "nobody could try to sign in".into() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::{of, secret};
    use super::*;
    use crate::base::Timestamp;

    fn setting(role: &str) -> Args {
        of([("role", Value::text(role)), ("value", secret())])
    }

    #[test]
    fn the_statement_names_the_role_and_holds_no_password() {
        let request = render(&setting("chatbot")).unwrap();
        let shown = request.shown();
        assert!(shown.contains(r#"ALTER ROLE \"chatbot\" PASSWORD $1"#), "{shown}");
        assert!(shown.contains("«secret: "), "{shown}");
        assert!(render(&setting("a\" SUPERUSER --")).is_err());
        assert_eq!((PASSWORD.change.as_ref().unwrap().read_back)(&setting("chatbot")), "chatbot");
        let mut enabling = setting("chatbot");
        enabling.insert("enable".to_owned(), Value::Boolean(true));
        let shown = render(&enabling).unwrap().shown();
        assert!(shown.contains(r#"ALTER ROLE \"chatbot\" LOGIN PASSWORD $1"#), "{shown}");
    }

    #[test]
    fn the_probe_signs_in_as_the_role_with_the_new_password() {
        let call = login_of(&setting("chatbot"));
        assert_eq!(call.args["login"], Value::text("chatbot"));
        assert!((LOGIN.render)(&call.args).is_ok());
        let args = setting("chatbot");
        let attempt = "01938a3c-0000-7000-8000-00000000000a".parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        let signed_in = |signed_in| [Value::record([("signed_in", Value::Boolean(signed_in))])];
        assert!(matches!(judge(&context, &signed_in(true)), ProbeVerdict::Happened { .. }));
        assert!(matches!(judge(&context, &signed_in(false)), ProbeVerdict::DidNot { .. }));
        assert!(matches!(judge(&context, &[]), ProbeVerdict::Unknown { .. }));
    }
}
