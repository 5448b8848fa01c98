//! A question in SQL, as a reading and as a check.

use super::super::super::{
    Args, Class, Output, Parameter, RenderError, Reply, Request, Risk, Row, Script, Service, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, required, text};
use super::super::reading::field;
use super::request::{DATABASE, DOCUMENTATION, LOGIN, NAME, SECRET, SERVER, Table, VAULT, asked_by_hand, reading};
use crate::base::Value;

/// `sql.query`.
pub(in super::super) static QUERY: Row = Row {
    name: "sql.query",
    summary: "Asks a database one question, in a read-only transaction, for at most 100 rows within 30 seconds.",
    parameters: &[SERVER, STATEMENT, LOGIN, SECRET, DATABASE, VAULT, NAME],
    ..ASK
};

/// `sql.check`.
pub(in super::super) static CHECK: Row = Row {
    name: "sql.check",
    summary: "Asks a database one question, and compares the first value of the answer.",
    parameters: &[
        SERVER,
        STATEMENT,
        optional("expect", Type::String, "What the first value must be, as text; `true` if neither is given."),
        optional("at_least", Type::Integer, "The least that the first value may be, a whole number."),
        LOGIN,
        SECRET,
        DATABASE,
        VAULT,
        NAME,
    ],
    render: |args| {
        check_wish(args)?;
        render(args)
    },
    judge: Some(judge),
    by_hand: Some(|args| Ok(by_hand(args)?.good(wish(args)))),
    ..ASK
};

const STATEMENT: Parameter =
    required("query", Type::String, "One statement that begins with SELECT, WITH, TABLE, VALUES or SHOW.");

const ASK: Row = Row {
    name: "",
    summary: "",
    parameters: &[],
    outputs: OUTPUTS,
    risk: Risk::Read,
    class: Class::R,
    service: Service::Sql,
    api_version: None,
    operation_id: None,
    documentation: DOCUMENTATION,
    permissions: &["PostgreSQL: CONNECT on the database, SELECT on what is read"],
    render,
    follow: None,
    parse,
    judge: None,
    change: None,
    by_hand: Some(by_hand),
};

const OUTPUTS: &[Output] = &[
    output("value", Type::String, "The first value of the first row, as text; empty if there is none or it is null."),
    output("count", Type::Integer, "How many rows were read."),
    output("truncated", Type::Boolean, "Whether there were more rows than were read."),
    output(
        "rows",
        Type::List(&Type::Record),
        "The rows, by the columns' names in lower case: whole numbers, booleans, moments, and everything else as text. A \
         value that is null is not there.",
    ),
];

/// No answer has more rows.
const MOST_ROWS: i64 = 100;
/// No statement is longer, in bytes.
const LONGEST: usize = 16 << 10;

fn render(args: &Args) -> Result<Request, RenderError> {
    reading(args, statement(args)?.to_owned(), MOST_ROWS)
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    render(args)?;
    asked_by_hand(args, statement(args)?)
}

/// One statement that reads, as far as its text tells; that it is only one, the server itself makes sure of.
fn statement(args: &Args) -> Result<&str, RenderError> {
    const WANTED: &str = "one statement that begins with SELECT, WITH, TABLE, VALUES or SHOW";
    let text = text(args, "query")?.trim();
    let first: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    let reads = ["SELECT", "WITH", "TABLE", "VALUES", "SHOW"].contains(&first.to_ascii_uppercase().as_str());
    if reads && text.len() <= LONGEST && !text.contains('\0') {
        return Ok(text);
    }
    let found = text.chars().take(80).collect();
    Err(RenderError::Shape { name: "query", wanted: WANTED, found })
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let table = Table::read(replies)?;
    let value = table.first().map(|value| value.to_string()).unwrap_or_default();
    Ok(Value::record([
        ("value", Value::Text(value)),
        ("count", Value::Integer(table.len())),
        ("truncated", Value::Boolean(table.truncated)),
        ("rows", Value::List(table.records())),
    ]))
}

fn check_wish(args: &Args) -> Result<(), RenderError> {
    optional_text(args, "expect")?;
    match (args.get("expect"), args.get("at_least")) {
        (_, None) | (None, Some(Value::Integer(_))) => Ok(()),
        (Some(_), Some(found)) => {
            let (wanted, found) = ("left out beside `expect`", found.to_string());
            Err(RenderError::Shape { name: "at_least", wanted, found })
        }
        (None, Some(found)) => {
            Err(RenderError::Shape { name: "at_least", wanted: "a whole number", found: found.to_string() })
        }
    }
}

fn wish(args: &Args) -> String {
    match (args.get("at_least"), args.get("expect")) {
        (Some(least), _) => format!("The first value is at least {least}."),
        (None, Some(expect)) => format!("The first value is {expect}."),
        (None, None) => "The first value is true (`t`).".to_owned(),
    }
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let value = field(outputs, "value");
    let seen = match outputs.field("count") {
        Some(Value::Integer(0)) => "no row".to_owned(),
        _ if value.is_empty() => "the first value is null or empty".to_owned(),
        _ => format!("the first value is {value}"),
    };
    let good = match (args.get("at_least"), args.get("expect").and_then(Value::as_text)) {
        (Some(Value::Integer(least)), _) => value.parse::<i64>().is_ok_and(|value| value >= *least),
        // No row is no value, so an empty text is not met by it.
        (_, Some(expect)) => value == expect && outputs.field("count") != Some(&Value::Integer(0)),
        (_, None) => value == "true",
    };
    let mut wanted = wish(args);
    wanted.truncate(wanted.len().saturating_sub(1));
    let wanted = wanted.replacen("The first value is", "expected", 1);
    if good { Verdict::Pass { seen } } else { Verdict::Fail { seen: format!("{seen}; {wanted}") } }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::request::tests::{of, reply};
    use super::*;

    fn asking<const N: usize>(query: &str, more: [(&str, Value); N]) -> Args {
        let mut args = of(more);
        args.insert("query".into(), Value::text(query));
        args
    }

    fn judged(args: &Args, kind: &str, rows: &serde_json::Value) -> Verdict {
        judge(args, &(CHECK.parse)(args, &[reply([("x", kind)], rows)]).unwrap())
    }

    #[test]
    fn only_what_begins_like_a_question_is_asked() {
        for good in ["SELECT 1", "  with a as (select 1) select * from a", "TABLE orders", "SHOW server_version"] {
            assert!((QUERY.render)(&asking(good, [])).is_ok(), "{good}");
        }
        for bad in ["", "DELETE FROM orders", "EXPLAIN ANALYZE DELETE FROM x", "BEGIN", "SELECTED 1", "/* */ SELECT 1"]
        {
            assert!((QUERY.render)(&asking(bad, [])).is_err(), "{bad}");
        }
        let request = (QUERY.render)(&asking("SELECT 1", [])).unwrap();
        let body = request.body.unwrap().masked();
        assert_eq!(
            body,
            json!({"login": "chatbot", "password": "«secret: environment variable TOKEN»", "read_only": true,
                "timeout_s": 30, "rows": 100, "sql": "SELECT 1"})
        );
    }

    #[test]
    fn the_first_value_is_compared_and_nothing_is_no_value() {
        let plain = asking("SELECT true", []);
        assert!(matches!(judged(&plain, "bool", &json!([["t"]])), Verdict::Pass { .. }));
        assert!(matches!(judged(&plain, "bool", &json!([["f"]])), Verdict::Fail { .. }));
        let zero = asking("SELECT count(*)", [("expect", Value::text("0"))]);
        assert!(matches!(judged(&zero, "int8", &json!([["0"]])), Verdict::Pass { .. }));
        assert!(
            matches!(judged(&zero, "int8", &json!([["2"]])), Verdict::Fail { seen } if seen.contains("expected 0"))
        );
        let least = asking("SELECT count(*)", [("at_least", Value::Integer(100))]);
        assert!(matches!(judged(&least, "int8", &json!([["100"]])), Verdict::Pass { .. }));
        assert!(matches!(judged(&least, "int8", &json!([["99"]])), Verdict::Fail { .. }));
        let empty = asking("SELECT x", [("expect", Value::text(""))]);
        assert!(matches!(judged(&empty, "text", &json!([])), Verdict::Fail { seen } if seen.contains("no row")));
        assert!(
            (CHECK.render)(&asking("SELECT 1", [("expect", Value::text("1")), ("at_least", Value::Integer(1))]))
                .is_err()
        );
    }

    #[test]
    fn by_hand_the_password_is_asked_for_and_the_statement_is_one_word() {
        let script = (CHECK.by_hand.unwrap())(&asking("SELECT 'a b'", [])).unwrap();
        let shown = format!("{:?}", script.command);
        assert!(shown.contains("--password") && shown.contains("Text(\"SELECT 'a b'\")"), "{shown}");
        assert_eq!(script.good.as_deref(), Some("The first value is true (`t`)."));
    }
}
