//! The administrator's password. It can be set and never read: only a login proves it.

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Json, Method, Piece, Probe, ProbeContext, ProbeVerdict,
    RenderError, Request, Risk, Row, Script, Service, Type,
};
use super::super::argument::{pass_on, read_back, required};
use super::super::keyvault::value_by_hand;
use super::super::sql::{self, LOGIN, stored_secret};
use super::server::{API, SERVER, lock, request};
use crate::base::{Span, Value};

/// `postgres.password.reset`.
pub(in super::super) static RESET: Row = Row {
    name: "postgres.password.reset",
    summary: "Sets the password of a server's administrator.",
    parameters: &[
        SERVER,
        required("login", Type::String, "The administrator's login, with which the probe signs in."),
        required("value", Type::Secret, "Where the new password is kept; a fresh one is stored first."),
        sql::VAULT,
        sql::NAME,
    ],
    outputs: &[],
    risk: Risk::Destructive,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Servers_Update"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/servers/update?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &["Microsoft.DBforPostgreSQL/flexibleServers/write"],
    render,
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "server"),
        locks: |args| lock(args, "server").into_iter().collect(),
        observe: |args| vec![login_of(args)],
        observed: |_, seen| seen.first().map(accepted).into_iter().collect(),
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![login_of(args)],
            judge,
            settles: Span::minutes(10),
        },
        undo: "Set the password that it had, by the version of the secret that still holds it.",
        touches: "Whoever signs in as the administrator with the old password is refused from then on; open connections stay.",
        expect: Span::minutes(2),
        loses: None,
    }),
    by_hand: Some(by_hand),
};

fn render(args: &Args) -> Result<Request, RenderError> {
    sql::identifier(args, "login")?;
    let properties = Json::object([("administratorLoginPassword", Json::Secret(stored_secret(args, "value")?))]);
    Ok(request(args, Method::Patch, "")?.with_body(Json::object([("properties", properties)])))
}

/// The password goes through files that only their owner reads: on the command line every process would see it.
fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let url = render(args)?.url;
    let mut before = vec![
        vec![Piece::Shell("set -euo pipefail; umask 077")],
        vec![Piece::Shell("folder=$(mktemp -d \"${TMPDIR:-/tmp}/callout.XXXXXX\")")],
        vec![Piece::Shell("trap 'rm -rf \"$folder\"' EXIT")],
    ];
    before.extend(value_by_hand(&stored_secret(args, "value")?, ""));
    before.push(vec![Piece::Shell("test -s \"$folder/value\"")]);
    before.push(vec![Piece::Shell(
        "python3 -c 'import json, sys; json.dump({\"properties\": {\"administratorLoginPassword\": open(sys.argv[1]).read()}}, \
         open(sys.argv[2], \"w\"))' \"$folder/value\" \"$folder/body\"",
    )]);
    let mut command = line([("az rest --method PATCH --url ", &url)]);
    command.push(Piece::Shell(" --body @\"$folder/body\" --output none"));
    Ok(Script { before, command, good: None })
}

fn login_of(args: &Args) -> Call {
    let given = [("server", "server"), ("login", "login"), ("password", "value")];
    Call::new(LOGIN.name, given.map(|(name, own)| (name, pass_on(args, own))))
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
    use super::super::super::argument::tests::args;
    use super::super::server::tests::{ATTEMPT, server};
    use super::*;
    use crate::base::{Encoding, SecretRef, Timestamp};

    fn of(secret: SecretRef) -> Args {
        args([
            ("server", server("chatbot-pg")),
            ("login", Value::text("chatadmin")),
            ("value", Value::Secret { secret }),
        ])
    }

    #[test]
    fn the_password_travels_by_reference_and_only_if_it_is_kept_somewhere() {
        let request = (RESET.render)(&of(SecretRef::Environment { name: "TOKEN".into() })).unwrap();
        assert_eq!(request.method, Method::Patch);
        let shown = request.shown();
        assert!(shown.contains("administratorLoginPassword") && shown.contains("«secret: "), "{shown}");
        let fresh = of(SecretRef::Generate { bytes: 32, encoding: Encoding::Hex });
        let refused = (RESET.render)(&fresh).unwrap_err().to_string();
        assert!(refused.contains("stored"), "{refused}");
    }

    #[test]
    fn a_login_with_the_new_password_is_what_tells_whether_it_was_set() {
        let args = of(SecretRef::Environment { name: "TOKEN".into() });
        let attempt = ATTEMPT.parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        let signed_in = |signed_in| [Value::record([("signed_in", Value::Boolean(signed_in))])];
        assert!(matches!(judge(&context, &signed_in(true)), ProbeVerdict::Happened { .. }));
        assert!(matches!(judge(&context, &signed_in(false)), ProbeVerdict::DidNot { .. }));
        assert!(matches!(judge(&context, &[]), ProbeVerdict::Unknown { .. }));
    }
}
