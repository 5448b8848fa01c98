//! The end of a server, with its backups.

use super::super::super::by_hand::line;
use super::super::super::{
    Answers, Args, Call, ChangeFacts, Class, Field, Method, Piece, Probe, ProbeContext, ProbeVerdict, RenderError,
    Risk, Row, Script, Service, TargetKind,
};
use super::super::argument::{pass_on, read_back, target};
use super::super::reading::{field, list};
use super::lock::GET as LOCKS;
use super::server::{API, SERVER, get_of, group_and_name, is_found, list_of, lock, request};
use crate::base::{Span, Value};

/// `postgres.server.delete`.
pub(in super::super) static DELETE: Row = Row {
    name: "postgres.server.delete",
    summary: "Deletes a server with its databases and its backups.",
    parameters: &[SERVER],
    outputs: &[],
    risk: Risk::Irreversible,
    class: Class::A,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("Servers_Delete"),
    documentation: "https://learn.microsoft.com/rest/api/postgresql/flexibleserver/servers/delete?view=rest-postgresql-flexibleserver-2022-12-01",
    permissions: &[
        "Microsoft.DBforPostgreSQL/flexibleServers/delete",
        "Microsoft.DBforPostgreSQL/flexibleServers/read",
    ],
    render: |args| request(args, Method::Delete, ""),
    follow: None,
    parse: |_, _| Ok(Value::record([])),
    judge: None,
    change: Some(ChangeFacts {
        read_back: |args| read_back(args, "server"),
        locks: |args| lock(args, "server").into_iter().collect(),
        observe: |args| vec![get_of(args), Call::new(LOCKS.name, [("server", pass_on(args, "server"))])],
        observed,
        probe: Probe {
            answers: Answers::Whether,
            reads: |args| vec![list_of(args)],
            judge,
            settles: Span::minutes(20),
        },
        undo: "It cannot be undone. For a few days the service may be able to revive a deleted server, without promising \
               it; what must be kept is dumped before.",
        touches: "Whoever still connects to it, and every restore that would have been made from its backups.",
        expect: Span::minutes(5),
        loses: None,
    }),
    by_hand: Some(by_hand),
};

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let (group, name) = group_and_name(target(args, "server", TargetKind::Postgres)?.id);
    let mut command = line([("az postgres flexible-server delete --resource-group ", group), (" --name ", name)]);
    command.push(Piece::Shell(" --yes"));
    Ok(Script::of(command))
}

/// A person consents to this very server: a name may have been given to another one meanwhile.
fn observed(_: &Args, seen: &[Value]) -> Vec<Field> {
    let [server, locks] = seen else { return Vec::new() };
    let made = match (field(server, "created"), field(server, "attempt")) {
        (created, "") => created.to_owned(),
        (created, attempt) => format!("{created}, by attempt {attempt}"),
    };
    let names: Vec<&str> = list(locks, "locks").iter().map(|lock| field(lock, "name")).collect();
    let locks = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    vec![Field::new("state", field(server, "state")), Field::new("made", made), Field::new("locks", locks)]
}

fn judge(_: &ProbeContext<'_>, seen: &[Value]) -> ProbeVerdict {
    let Some(outputs) = seen.first() else {
        return ProbeVerdict::Unknown { seen: "the servers could not be read".into() };
    };
    match field(outputs, "state") {
        _ if !is_found(outputs) => ProbeVerdict::Happened {
            outputs: Value::record([]),
            seen: "there is no server of that name in the resource group any more".into(),
        },
        // It may still be refused, and the answer that would tell is lost.
        "Dropping" => ProbeVerdict::Unknown { seen: "the server is being deleted; look again in a few minutes".into() },
        state => ProbeVerdict::DidNot { seen: format!("the server is there, and is {state}") },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::super::server::tests::{ATTEMPT, document, listed, server};
    use super::*;
    use crate::base::Timestamp;

    fn probe(seen: &[Value]) -> ProbeVerdict {
        let args = args([("server", server("chatbot-pg-r1"))]);
        let attempt = ATTEMPT.parse().unwrap();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        judge(&context, seen)
    }

    #[test]
    fn absence_is_what_a_delete_leaves_and_a_server_that_is_being_deleted_proves_nothing_yet() {
        assert!(matches!(probe(&[listed("chatbot-pg-r1", [])]), ProbeVerdict::Happened { .. }));
        let stands = |state| [listed("chatbot-pg-r1", [&document("chatbot-pg-r1", state, &json!({}))])];
        assert!(matches!(probe(&stands("Dropping")), ProbeVerdict::Unknown { .. }));
        assert!(matches!(probe(&stands("Ready")), ProbeVerdict::DidNot { .. }));
        assert!(matches!(probe(&[]), ProbeVerdict::Unknown { .. }));
    }

    #[test]
    fn a_person_consents_to_the_very_server_and_sees_its_locks() {
        let facts = DELETE.change.as_ref().unwrap();
        let got = Value::record([
            ("state", Value::text("Ready")),
            ("created", Value::text("2026-11-20T03:10:00Z")),
            ("attempt", Value::text(ATTEMPT)),
        ]);
        let lock = Value::record([("name", Value::text("keep"))]);
        let locks = |locks| Value::record([("locks", Value::List(locks))]);
        let values = |locks| {
            (facts.observed)(&Args::new(), &[got.clone(), locks]).into_iter().map(|f| f.value).collect::<Vec<_>>()
        };
        let made = format!("2026-11-20T03:10:00Z, by attempt {ATTEMPT}");
        assert_eq!(values(locks(vec![lock])), ["Ready", &made, "keep"]);
        assert_eq!(values(locks(Vec::new()))[2], "none");
        assert_eq!((facts.read_back)(&args([("server", server("chatbot-pg-r1"))])), "chatbot-pg-r1");
        assert_eq!(DELETE.risk, Risk::Irreversible);
    }
}
