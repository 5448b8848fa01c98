//! A real login: what proves a password before any consumer sees it.

use super::super::super::{Args, Class, Reply, Risk, Row, Script, Service, Type, Unreadable, Verdict};
use super::super::argument::{optional, output};
use super::super::reading::{body, field, text};
use super::request::{DATABASE, DOCUMENTATION, LOGIN as WHO, NAME, SECRET, SERVER, VAULT, asked_by_hand, reading};
use crate::base::Value;

/// `sql.login`. A refused login is an answer to this row; only no answer at all is "cannot observe".
pub(in super::super) static LOGIN: Row = Row {
    name: "sql.login",
    summary: "Signs in to a server and out again.",
    parameters: &[
        SERVER,
        WHO,
        SECRET,
        DATABASE,
        VAULT,
        NAME,
        optional("one_of", Type::List(&Type::String), "As a check: the logins of which it must be one."),
    ],
    outputs: &[
        output("signed_in", Type::Boolean, "Whether the server took login and password."),
        output("login", Type::String, "As whom the server took it; empty if it did not."),
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
    let login = match refused {
        Some(_) => String::new(),
        None => text(body, "/rows/0/0").to_owned(),
    };
    if refused.is_none() && login.is_empty() {
        return Err(Unreadable("rows".into()));
    }
    Ok(Value::record([
        ("signed_in", Value::Boolean(refused.is_none())),
        ("login", Value::Text(login)),
        ("why", Value::Text(why.unwrap_or_default())),
    ]))
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    if outputs.field("signed_in") == Some(&Value::Boolean(true)) {
        let login = field(outputs, "login");
        let wanted = args.get("one_of").and_then(Value::as_list);
        return match wanted.filter(|all| !all.iter().any(|one| one.as_text() == Some(login))) {
            None => Verdict::Pass { seen: format!("the server takes the password, as {login}") },
            Some(all) => {
                let all: Vec<_> = all.iter().map(ToString::to_string).collect();
                Verdict::Fail { seen: format!("the login is {login}; expected one of: {}", all.join(", ")) }
            }
        };
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
        assert!(judged(reply([("current_user", "name")], &json!([]))).is_err());
    }

    #[test]
    fn a_check_may_want_one_of_some_logins() {
        let outputs = parse(&of([]), &[reply([("current_user", "name")], &json!([["chatbot"]]))]).unwrap();
        let among = |names: &[&str]| {
            let names = names.iter().copied().map(Value::text).collect();
            judge(&of([("one_of", Value::List(names))]), &outputs)
        };
        assert!(matches!(among(&["chatbot", "chatbot_b"]), Verdict::Pass { .. }));
        let other = among(&["shop_a", "shop_b"]);
        assert!(
            matches!(&other, Verdict::Fail { seen } if seen.contains("chatbot; expected one of: shop_a")),
            "{other:?}"
        );
    }
}
