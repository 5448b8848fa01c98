//! A real login: what proves a password before any consumer sees it.

use super::super::super::{Args, Class, Reply, Risk, Row, Script, Service, Type, Unreadable, Verdict};
use super::super::argument::output;
use super::super::reading::{body, text};
use super::request::{DATABASE, DOCUMENTATION, LOGIN as WHO, NAME, SECRET, SERVER, VAULT, asked_by_hand, reading};
use crate::base::Value;

/// `sql.login`. A refused login is an answer to this row; only no answer at all is "cannot observe".
pub(in super::super) static LOGIN: Row = Row {
    name: "sql.login",
    summary: "Signs in to a server and out again.",
    parameters: &[SERVER, WHO, SECRET, DATABASE, VAULT, NAME],
    outputs: &[
        output("signed_in", Type::Boolean, "Whether the server took login and password."),
        output("why", Type::String, "What the server said if it did not; empty if it did."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Sql,
    api_version: None,
    operation_id: None,
    documentation: DOCUMENTATION,
    permissions: &["PostgreSQL: CONNECT on the database"],
    render: |args| reading(args, STATEMENT.to_owned(), 1),
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

const STATEMENT: &str = "SELECT current_user";

fn by_hand(args: &Args) -> Result<Script, super::super::super::RenderError> {
    Ok(asked_by_hand(args, STATEMENT)?.good("The server takes the password and prints the login."))
}

/// The hand gives `refused` where the server said no to the login itself, and a table otherwise.
fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    let refused = body.get("refused");
    let why = refused.map(|refused| format!("{} {}", text(refused, "/code"), text(refused, "/message")));
    if refused.is_none() && body.get("rows").is_none() {
        return Err(Unreadable("rows".into()));
    }
    Ok(Value::record([("signed_in", Value::Boolean(refused.is_none())), ("why", Value::Text(why.unwrap_or_default()))]))
}

fn judge(_: &Args, outputs: &Value) -> Verdict {
    if outputs.field("signed_in") == Some(&Value::Boolean(true)) {
        return Verdict::Pass { seen: "the server takes the password".into() };
    }
    let why = outputs.field("why").map(ToString::to_string).unwrap_or_default();
    Verdict::Fail { seen: format!("the server refuses the login: {why}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::request::tests::{of, reply};
    use super::*;

    #[test]
    fn a_refused_login_is_an_answer_and_what_is_neither_is_none() {
        let judged = |reply| parse(&of([]), &[reply]).map(|outputs| judge(&of([]), &outputs));
        let taken = judged(reply([("current_user", "name")], &json!([["chatbot"]]))).unwrap();
        assert!(matches!(taken, Verdict::Pass { .. }));
        let refused = json!({"refused": {"code": "28P01", "message": "password authentication failed"}});
        let refused = judged(Reply::json(200, refused)).unwrap();
        assert!(matches!(refused, Verdict::Fail { seen } if seen.contains("28P01")));
        assert!(judged(Reply::json(200, json!({}))).is_err());
    }
}
