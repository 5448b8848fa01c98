//! Answers questions from the rows of a server.

use std::cmp::Ordering;

use super::statement::{Aggregate, Comparison, Item, Literal, Refusal, Select, Test, Value};
use super::table::{Cell, Kind, Row, Table, View};
use super::{SUFFIX, server};
use crate::sim::clock::Moment;

/// An answer: columns with their types, and rows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<(String, Kind)>,
    pub(crate) rows: Vec<Row>,
}

/// Who asks whom.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) server: &'a str,
    pub(crate) role: &'a str,
    pub(crate) database: &'a str,
}

/// Answers `SHOW name`.
pub(crate) fn show(view: &View<'_>, name: &str) -> Result<Answer, Refusal> {
    let value = match name {
        "transaction_read_only" | "default_transaction_read_only" => Some("off"),
        "server_version" => Some("14.15"),
        name => view.server.parameter(name),
    };
    let missing = || Refusal::new("42704", format!("unrecognized configuration parameter \"{name}\""));
    let value = Cell::Text(value.ok_or_else(missing)?.to_owned());
    Ok(Answer { columns: vec![(name.to_owned(), Kind::Text)], rows: vec![vec![Some(value)]] })
}

/// Answers a question.
pub(crate) fn select(view: &View<'_>, asker: Asker<'_>, select: &Select) -> Result<Answer, Refusal> {
    let table = match &select.table {
        Some(name) => {
            let missing = || Refusal::new("42P01", format!("relation \"{name}\" does not exist"));
            let has_it = asker.database == server::DATABASE || name.starts_with("pg_");
            view.table(name).filter(|_| has_it).ok_or_else(missing)?
        }
        None => Table { columns: &[], rows: vec![Vec::new()] },
    };
    let asking = Asking { view, asker, columns: table.columns };
    let mut rows = Vec::new();
    for row in table.rows {
        if asking.passes(&row, &select.tests)? {
            rows.push(row);
        }
    }
    let aggregates = |item: &Item| {
        let is_one = |value: &Value| matches!(value, Value::Aggregate(..));
        matches!(item, Item::One(value, other, _) if is_one(value) || other.as_ref().is_some_and(|(_, other)| is_one(other)))
    };
    let columns = asking.named(&select.items)?;
    if select.items.iter().any(aggregates) {
        let row = asking.row(&select.items, &rows, None)?;
        return Ok(Answer { columns, rows: vec![row] });
    }
    if let Some((column, descending)) = &select.order {
        let (at, _) = asking.column(column)?;
        // As PostgreSQL orders: null comes last going up, and first going down.
        let key = |row: &Row| (row[at].is_none(), row[at].clone());
        rows.sort_by(|one, other| if *descending { key(other).cmp(&key(one)) } else { key(one).cmp(&key(other)) });
    }
    rows.truncate(select.limit.unwrap_or(usize::MAX));
    let rows: Result<Vec<Row>, Refusal> = rows.iter().map(|row| asking.row(&select.items, &[], Some(row))).collect();
    Ok(Answer { columns, rows: rows? })
}

struct Asking<'a> {
    view: &'a View<'a>,
    asker: Asker<'a>,
    columns: &'a [(&'a str, Kind)],
}

impl Asking<'_> {
    fn column(&self, name: &str) -> Result<(usize, Kind), Refusal> {
        let found = self.columns.iter().position(|(known, _)| *known == name);
        let missing = || Refusal::new("42703", format!("column \"{name}\" does not exist"));
        found.map(|at| (at, self.columns[at].1)).ok_or_else(missing)
    }

    fn passes(&self, row: &Row, tests: &[(String, Test)]) -> Result<bool, Refusal> {
        for (column, test) in tests {
            let (at, kind) = self.column(column)?;
            let passes = match (test, &row[at]) {
                (Test::IsNull(wanted), cell) => cell.is_none() == *wanted,
                (Test::Compared(..), None) => false,
                (Test::Compared(comparison, literal), Some(cell)) => {
                    holds(*comparison, cell.cmp(&cast(literal, kind)?))
                }
            };
            if !passes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The columns of the answer, with their names and types.
    fn named(&self, items: &[Item]) -> Result<Vec<(String, Kind)>, Refusal> {
        let mut columns = Vec::new();
        for item in items {
            match item {
                Item::All => columns.extend(self.columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind))),
                Item::One(value, compared, name) => {
                    let (own, kind) = self.named_value(value)?;
                    let kind = if compared.is_some() { Kind::Boolean } else { kind };
                    let own = if compared.is_some() { "?column?".to_owned() } else { own };
                    columns.push((name.clone().unwrap_or(own), kind));
                }
            }
        }
        Ok(columns)
    }

    fn named_value(&self, value: &Value) -> Result<(String, Kind), Refusal> {
        Ok(match value {
            Value::Column(name) => (name.clone(), self.column(name)?.1),
            Value::Aggregate(Aggregate::Count, _) => ("count".to_owned(), Kind::Int8),
            Value::Aggregate(aggregate, column) => {
                let kind = self.column(column.as_deref().unwrap_or_default())?.1;
                let name = match aggregate {
                    Aggregate::Min => "min",
                    Aggregate::Max => "max",
                    Aggregate::Sum | Aggregate::Count => "sum",
                };
                (name.to_owned(), kind)
            }
            Value::Literal(Literal::Text(_)) => ("?column?".to_owned(), Kind::Text),
            Value::Literal(Literal::Number(_)) => ("?column?".to_owned(), Kind::Int8),
            Value::Literal(Literal::Boolean(_)) => ("?column?".to_owned(), Kind::Boolean),
            Value::Function(name) => {
                let kind = match self.function(name)? {
                    Cell::Int8(_) => Kind::Int8,
                    Cell::Text(_) => Kind::Text,
                    Cell::Boolean(_) => Kind::Boolean,
                    Cell::Moment(_) => Kind::Moment,
                };
                (name.split('(').next().unwrap_or_default().to_owned(), kind)
            }
        })
    }

    /// A row of the answer: of one row, or of all.
    fn row(&self, items: &[Item], all: &[Row], one: Option<&Row>) -> Result<Row, Refusal> {
        let mut cells = Vec::new();
        for item in items {
            match item {
                Item::All => cells.extend(one.into_iter().flatten().cloned()),
                Item::One(value, None, _) => cells.push(self.value(value, all, one)?),
                Item::One(value, Some((comparison, other)), _) => {
                    let own = self.value(value, all, one)?;
                    let other = match other {
                        Value::Literal(literal) => Some(cast(literal, self.named_value(value)?.1)?),
                        other => self.value(other, all, one)?,
                    };
                    let cell = own.zip(other).map(|(own, other)| Cell::Boolean(holds(*comparison, own.cmp(&other))));
                    cells.push(cell);
                }
            }
        }
        Ok(cells)
    }

    fn value(&self, value: &Value, all: &[Row], one: Option<&Row>) -> Result<Option<Cell>, Refusal> {
        match (value, one) {
            (Value::Literal(Literal::Text(text)), _) => Ok(Some(Cell::Text(text.clone()))),
            (Value::Literal(Literal::Number(number)), _) => Ok(Some(Cell::Int8(*number))),
            (Value::Literal(Literal::Boolean(value)), _) => Ok(Some(Cell::Boolean(*value))),
            (Value::Function(name), _) => self.function(name).map(Some),
            (Value::Column(name), Some(row)) => Ok(row[self.column(name)?.0].clone()),
            (Value::Column(name), None) => {
                let text =
                    format!("column \"{name}\" must appear in the GROUP BY clause or be used in an aggregate function");
                Err(Refusal::new("42803", text))
            }
            (Value::Aggregate(aggregate, column), _) => self.aggregate(*aggregate, column.as_deref(), all),
        }
    }

    fn aggregate(&self, aggregate: Aggregate, column: Option<&str>, all: &[Row]) -> Result<Option<Cell>, Refusal> {
        let number = |count: usize| Some(Cell::Int8(i64::try_from(count).unwrap_or(i64::MAX)));
        let Some(column) = column else { return Ok(number(all.len())) };
        let (at, kind) = self.column(column)?;
        let cells = all.iter().filter_map(|row| row[at].as_ref());
        Ok(match aggregate {
            Aggregate::Count => number(cells.count()),
            Aggregate::Min => cells.min().cloned(),
            Aggregate::Max => cells.max().cloned(),
            Aggregate::Sum if kind == Kind::Int8 => {
                let numbers: Vec<i64> =
                    cells.filter_map(|cell| if let Cell::Int8(n) = cell { Some(*n) } else { None }).collect();
                (!numbers.is_empty()).then(|| Cell::Int8(numbers.iter().sum()))
            }
            Aggregate::Sum => return Err(Refusal::new("42883", "function sum of this type does not exist")),
        })
    }

    fn function(&self, name: &str) -> Result<Cell, Refusal> {
        let text = |text: &str| Cell::Text(text.to_owned());
        Ok(match name {
            "now()" => Cell::Moment(self.view.now),
            "version()" => text("PostgreSQL 14.15, simulated"),
            "current_user" | "session_user" | "user" => text(self.asker.role),
            "current_database()" => text(self.asker.database),
            "pg_is_in_recovery()" => Cell::Boolean(false),
            "inet_server_addr()" => Cell::Text(format!("{}{SUFFIX}", self.asker.server)),
            "pg_snapshot_xmax(pg_current_snapshot())" => {
                Cell::Int8(734 + self.view.server.data.transactions(self.view.now))
            }
            other => {
                let text = format!("the simulated server does not know the function {other}");
                return Err(Refusal::new("42883", text));
            }
        })
    }
}

/// A literal as a value of a column's type.
fn cast(literal: &Literal, kind: Kind) -> Result<Cell, Refusal> {
    let cell = match (literal, kind) {
        (Literal::Number(number), Kind::Int8) => Some(Cell::Int8(*number)),
        (Literal::Text(text), Kind::Int8) => text.parse().ok().map(Cell::Int8),
        (Literal::Text(text), Kind::Text) => Some(Cell::Text(text.clone())),
        (Literal::Text(text), Kind::Moment) => moment(text).map(Cell::Moment),
        (Literal::Boolean(value), Kind::Boolean) => Some(Cell::Boolean(*value)),
        _ => None,
    };
    cell.ok_or_else(|| Refusal::new("42883", "the value cannot be compared with this column"))
}

/// As RFC 3339 writes it, or as PostgreSQL does.
fn moment(text: &str) -> Option<Moment> {
    let usual = text.replacen(' ', "T", 1);
    let usual = usual.strip_suffix("+00").map_or_else(|| usual.clone(), |utc| format!("{utc}Z"));
    usual.parse().ok()
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Unequal => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::role::Password;
    use super::super::statement::{Statement, read};
    use super::*;
    use crate::sim::postgres::server::Server;

    fn asked(text: &str) -> Result<Vec<Vec<String>>, &'static str> {
        let now: Moment = "2026-11-20T03:10:05Z".parse().unwrap();
        let mut server = Server::found(now, Password::stated("x"), None);
        server.data.corrupt(now.plus_seconds(-60));
        let view = View { server: &server, now, clients: &[] };
        let asker = Asker { server: "chatbot-pg", role: "chatbot", database: "chatbot" };
        let statements = read(text).map_err(|refusal| refusal.code)?;
        let [Statement::Select(statement)] = &statements[..] else { panic!("{statements:?}") };
        let answer = select(&view, asker, statement).map_err(|refusal| refusal.code)?;
        let cell = |cell: &Option<Cell>| cell.as_ref().map_or_else(|| "null".to_owned(), Cell::text);
        Ok(answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect())
    }

    #[test]
    fn aggregates_and_comparisons_are_computed_from_the_rows() {
        assert_eq!(
            asked("SELECT max(created_at) AS newest FROM messages").unwrap(),
            [["2026-11-20 03:10:00.000000+00"]]
        );
        assert_eq!(
            asked("SELECT count(*) FROM messages WHERE created_at > '2026-11-20 03:09:05+00'").unwrap(),
            [["3"]]
        );
        assert_eq!(
            asked("SELECT count(*) = 0, count(body) FROM messages WHERE body IS NOT NULL").unwrap(),
            [["f", "3"]]
        );
        assert_eq!(asked("SELECT count(*) FROM pg_stat_activity").unwrap(), [["0"]]);
        let last = asked("SELECT author, body FROM messages WHERE author = 'bot' ORDER BY id DESC LIMIT 1").unwrap();
        assert!(last[0][0] == "bot" && last[0][1].starts_with("Message "), "{last:?}");
    }

    #[test]
    fn what_is_not_there_has_postgresqls_own_code() {
        assert_eq!(asked("SELECT * FROM nowhere").unwrap_err(), "42P01");
        assert_eq!(asked("SELECT nothing FROM messages").unwrap_err(), "42703");
        assert_eq!(asked("SELECT id, count(*) FROM messages").unwrap_err(), "42803");
        assert_eq!(asked("SELECT count(*) FROM messages WHERE id = true").unwrap_err(), "42883");
        assert_eq!(asked("SELECT pg_sleep()").unwrap_err(), "42883");
    }
}
