//! How far the data reaches: what a measured recovery point is measured by.

use super::super::super::{
    Args, Class, RenderError, Reply, Request, Risk, Row, Script, Service, Type, Unreadable, Verdict,
};
use super::super::argument::{optional, optional_text, output, required, text};
use super::super::reading::field;
use super::request::{
    DATABASE, DOCUMENTATION, LOGIN, NAME, SECRET, SERVER, Table, VAULT, asked_by_hand, identifier, is_identifier,
    reading,
};
use crate::base::{Timestamp, Value};

/// `sql.newest`.
pub(in super::super) static NEWEST: Row = Row {
    name: "sql.newest",
    summary: "Reads how many rows a table has, and when the newest of them was written.",
    parameters: &[
        SERVER,
        required("table", Type::String, "The table, `orders` or `schema.orders`."),
        required("column", Type::String, "The column that says when a row was written, with a time zone."),
        optional(
            "not_before",
            Type::Timestamp,
            "As a check: the newest row must have been written at this moment or later.",
        ),
        LOGIN,
        SECRET,
        DATABASE,
        VAULT,
        NAME,
    ],
    outputs: &[
        output("newest", Type::Timestamp, "When the newest row was written; not given if there is no row."),
        output("count", Type::Integer, "How many rows there are."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Sql,
    api_version: None,
    operation_id: None,
    documentation: DOCUMENTATION,
    permissions: &["PostgreSQL: CONNECT on the database, SELECT on the table"],
    render,
    follow: None,
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

fn render(args: &Args) -> Result<Request, RenderError> {
    if let Some(moment) = optional_text(args, "not_before")?
        && moment.parse::<Timestamp>().is_err()
    {
        return Err(RenderError::Shape { name: "not_before", wanted: "a moment", found: moment.to_owned() });
    }
    reading(args, statement(args)?, 1)
}

fn statement(args: &Args) -> Result<String, RenderError> {
    let table = text(args, "table")?;
    let parts: Result<Vec<_>, _> = table.splitn(2, '.').map(|part| is_identifier("table", part)).collect();
    let table = parts?.join("\".\"");
    Ok(format!("SELECT max(\"{}\") AS newest, count(*) AS count FROM \"{table}\"", identifier(args, "column")?))
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    render(args)?;
    let script = asked_by_hand(args, &statement(args)?)?;
    Ok(match args.get("not_before") {
        Some(moment) => script.good(format!("The newest row was written at {moment} or later.")),
        None => script,
    })
}

fn parse(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let table = Table::read(replies)?;
    let Some(Value::Record(mut row)) = table.records().into_iter().next() else {
        return Err(Unreadable("rows".into()));
    };
    let count = row.remove("count").ok_or_else(|| Unreadable("count".into()))?;
    let mut outputs = vec![("count".to_owned(), count)];
    if let Some(newest) = row.remove("newest") {
        // A column that is no moment with a time zone would give a text that looks like one and means another.
        let moment = newest.as_text().filter(|text| text.ends_with('Z') && text.parse::<Timestamp>().is_ok());
        moment.ok_or_else(|| Unreadable("newest".into()))?;
        outputs.push(("newest".to_owned(), newest));
    }
    Ok(Value::Record(outputs.into_iter().collect()))
}

fn judge(args: &Args, outputs: &Value) -> Verdict {
    let count = outputs.field("count").map(ToString::to_string).unwrap_or_default();
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    let Some(newest) = moment(field(outputs, "newest")) else {
        return Verdict::Fail { seen: "the table is empty".into() };
    };
    let seen = format!("{count} rows, the newest of {newest}");
    match args.get("not_before").and_then(Value::as_text).and_then(moment) {
        Some(least) if newest < least => Verdict::Fail { seen: format!("{seen}; expected {least} or later") },
        _ => Verdict::Pass { seen },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::request::tests::{of, reply};
    use super::*;

    fn asking(table: &str, column: &str) -> Args {
        of([("table", Value::text(table)), ("column", Value::text(column))])
    }

    #[test]
    fn the_statement_quotes_its_names() {
        let sql = statement(&asking("shop.orders", "written_at")).unwrap();
        assert_eq!(sql, "SELECT max(\"written_at\") AS newest, count(*) AS count FROM \"shop\".\"orders\"");
        for (table, column) in [("a\"b", "c"), ("a", "b\" FROM x --"), ("a.b.c", "d"), ("", "d"), ("a.", "d")] {
            assert!(render(&asking(table, column)).is_err(), "{table} {column}");
        }
    }

    #[test]
    fn the_newest_row_is_judged_and_an_empty_table_has_none() {
        let mut args = asking("orders", "at");
        let read = |newest| {
            let reply = reply([("newest", "timestamptz"), ("count", "int8")], &json!([[newest, "3"]]));
            parse(&args, &[reply]).unwrap()
        };
        let some = read(json!("2026-11-20 03:09:58.5+00"));
        let none = read(json!(null));
        assert_eq!(field(&some, "newest"), "2026-11-20T03:09:58.500000Z");
        assert!(matches!(judge(&args, &some), Verdict::Pass { .. }));
        assert!(matches!(judge(&args, &none), Verdict::Fail { .. }));
        args.insert("not_before".into(), Value::text("2026-11-20T03:10:00Z"));
        assert!(matches!(judge(&args, &some), Verdict::Fail { seen } if seen.contains("or later")));
    }

    #[test]
    fn a_moment_without_a_time_zone_is_not_taken_for_one() {
        let reply = reply([("newest", "timestamp"), ("count", "int8")], &json!([["2026-11-20 03:09:58", "3"]]));
        assert!(parse(&asking("orders", "at"), &[reply]).is_err());
    }
}
