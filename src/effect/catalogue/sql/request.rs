//! The request of a statement, and how its answer is read.

use serde_json::Value as Document;

use super::super::super::by_hand::line;
use super::super::super::{
    Args, Json, Line, Method, Parameter, Piece, RenderError, Reply, Request, Script, Service, TargetKind, Type,
    Unreadable,
};
use super::super::argument::{optional, optional_text, required, target, text};
use super::super::reading::body;
use crate::base::{SecretRef, Timestamp, Value};

/// PostgreSQL's own documentation of what the rows of this service ask.
pub(super) const DOCUMENTATION: &str = "https://www.postgresql.org/docs/current/";

pub(super) const SERVER: Parameter =
    required("server", Type::Target(TargetKind::Postgres), "The server to sign in to.");
pub(super) const DATABASE: Parameter =
    optional("database", Type::String, "The database; what the secret says, or else `postgres`, if it is not given.");
pub(super) const LOGIN: Parameter =
    optional("login", Type::String, "Who signs in; needed unless the secret is an address, which says it.");
pub(super) const SECRET: Parameter = required(
    "password",
    Type::Secret,
    "Where the password is kept: the password alone, or an address `postgresql://LOGIN:PASSWORD@HOST/DATABASE`, of which \
     everything but the host is used.",
);
/// Beside a secret that is a `version_of`.
pub(in super::super) const VAULT: Parameter =
    optional("vault", Type::Target(TargetKind::Keyvault), "The vault that `version_of` means.");
/// Beside a secret that is a `version_of`.
pub(in super::super) const NAME: Parameter = optional("name", Type::String, "The secret that `version_of` means.");

/// How long a statement may take on the server, in seconds.
const TIMEOUT: i64 = 30;

/// A statement that reads, with at most `rows` rows.
pub(super) fn reading(args: &Args, sql: String, rows: i64) -> Result<Request, RenderError> {
    let mut members = signing_in(args)?;
    members.push(("read_only".to_owned(), Json::Boolean(true)));
    members.push(("timeout_s".to_owned(), Json::Integer(TIMEOUT)));
    members.push(("rows".to_owned(), Json::Integer(rows)));
    members.push(("sql".to_owned(), Json::Text(sql)));
    Ok(Request::new(Service::Sql, Method::Get, address(args)?).with_body(Json::Object(members)))
}

/// Who signs in, and where the password is kept.
pub(super) fn signing_in(args: &Args) -> Result<Vec<(String, Json)>, RenderError> {
    let mut members = Vec::new();
    for (name, given) in [("login", optional_identifier(args, "login")?), ("database", database(args)?)] {
        members.extend(given.map(|text| (name.to_owned(), Json::text(text))));
    }
    members.push(("password".to_owned(), Json::Secret(stored_secret(args, "password")?)));
    Ok(members)
}

/// `postgresql://HOST:PORT`. The host is one of Azure's, because a password is about to be sent there.
pub(super) fn address(args: &Args) -> Result<String, RenderError> {
    Ok(format!("postgresql://{}:5432", host(args)?))
}

/// The host of `server`, which is one of Azure's.
pub(in super::super) fn host(args: &Args) -> Result<&str, RenderError> {
    const WANTED: &str = "a server whose url is postgresql://NAME.postgres.database.azure.com";
    target(args, "server", TargetKind::Postgres)?;
    let url = args.get("server").and_then(|value| value.field("url")).and_then(Value::as_text).unwrap_or_default();
    let host = url.strip_prefix("postgresql://").unwrap_or_default();
    let label = host.strip_suffix(".postgres.database.azure.com").unwrap_or_default();
    if !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)) {
        return Ok(host);
    }
    Err(RenderError::Shape { name: "server", wanted: WANTED, found: url.to_owned() })
}

/// A secret that is kept somewhere: a fresh one would be lost with the answer.
pub(in super::super) fn stored_secret(args: &Args, name: &'static str) -> Result<SecretRef, RenderError> {
    match args.get(name) {
        Some(Value::Secret { secret: SecretRef::Generate { .. } }) => {
            let wanted = "a secret that is stored already; set it in a vault first, and name its version here";
            Err(RenderError::Shape { name, wanted, found: "a fresh one".to_owned() })
        }
        Some(Value::Secret { secret }) => Ok(secret.clone()),
        // The text is not repeated: somebody may have written the secret itself here.
        Some(other) => {
            let found = format!("a {}", other.type_name());
            Err(RenderError::Shape { name, wanted: "a reference to a secret", found })
        }
        None => Err(RenderError::Missing(name)),
    }
}

/// A name of PostgreSQL's: 1 to 63 letters, digits, hyphens and underscores, the first a letter or an underscore.
/// PostgreSQL takes more; what stands here may become part of a statement or of a shell's line.
pub(in super::super) fn identifier<'a>(args: &'a Args, name: &'static str) -> Result<&'a str, RenderError> {
    is_identifier(name, text(args, name)?)
}

fn optional_identifier<'a>(args: &'a Args, name: &'static str) -> Result<Option<&'a str>, RenderError> {
    optional_text(args, name)?.map(|text| is_identifier(name, text)).transpose()
}

pub(in super::super) fn is_identifier<'a>(name: &'static str, text: &'a str) -> Result<&'a str, RenderError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if begins && text.len() <= 63 && text.bytes().all(allowed) {
        return Ok(text);
    }
    let wanted = "a name (1 to 63 letters, digits, hyphens and underscores)";
    Err(RenderError::Shape { name, wanted, found: text.to_owned() })
}

fn database(args: &Args) -> Result<Option<&str>, RenderError> {
    optional_identifier(args, "database")
}

/// The command line's client, which asks for the password itself. `before` is what it is told beside who and where.
pub(super) fn psql(args: &Args, reads: bool) -> Result<Line, RenderError> {
    let mut line = vec![Piece::Shell("PGSSLMODE=verify-full PGSSLROOTCERT=system ")];
    if reads {
        let options = "PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=30s' ";
        line.push(Piece::Shell(options));
    }
    line.extend(self::line([("psql --no-psqlrc --password --host ", host(args)?), (" --port ", "5432")]));
    match optional_identifier(args, "login")? {
        Some(login) => line.extend(self::line([(" --username ", login)])),
        None => line.push(Piece::Shell(" --username \"${PGUSER:?the login that the secret names}\"")),
    }
    match database(args)? {
        Some(database) => line.extend(self::line([(" --dbname ", database)])),
        None => line.push(Piece::Shell(" --dbname \"${PGDATABASE:-postgres}\"")),
    }
    Ok(line)
}

/// `psql` with one statement.
pub(super) fn asked_by_hand(args: &Args, sql: &str) -> Result<Script, RenderError> {
    let mut command = psql(args, true)?;
    command.extend(line([(" --command ", sql)]));
    Ok(Script::of(command))
}

/// An answer: the columns' names and types, and the rows as PostgreSQL writes values as text.
pub(super) struct Table<'a> {
    columns: Vec<(String, &'a str)>,
    rows: &'a [Document],
    /// Whether there were more rows than were asked for.
    pub(super) truncated: bool,
}

impl<'a> Table<'a> {
    pub(super) fn read(replies: &'a [Reply]) -> Result<Self, Unreadable> {
        let body = body(replies, 0)?;
        let list = |name: &str| body.get(name).and_then(Document::as_array).ok_or_else(|| Unreadable(name.to_owned()));
        let text = |column: &'a Document, member| column.get(member).and_then(Document::as_str).unwrap_or_default();
        let columns = list("columns")?.iter().map(|column| (field_name(text(column, "name")), text(column, "type")));
        let truncated = body.get("truncated").and_then(Document::as_bool) == Some(true);
        Ok(Self { columns: columns.collect(), rows: list("rows")?, truncated })
    }

    /// The rows as records, by the columns' names. An absent value is an absent field.
    pub(super) fn records(&self) -> Vec<Value> {
        self.rows.iter().map(|row| Value::Record(self.fields(row).collect())).collect()
    }

    /// The first value of the first row; nothing if there is no row, or if it is null.
    pub(super) fn first(&self) -> Option<Value> {
        self.rows.first().and_then(|row| self.value(row, 0))
    }

    pub(super) fn len(&self) -> i64 {
        i64::try_from(self.rows.len()).unwrap_or(i64::MAX)
    }

    fn fields<'r>(&'r self, row: &'r Document) -> impl Iterator<Item = (String, Value)> + 'r {
        self.columns.iter().enumerate().filter_map(|(at, (name, _))| Some((name.clone(), self.value(row, at)?)))
    }

    fn value(&self, row: &Document, at: usize) -> Option<Value> {
        let (_, kind) = self.columns.get(at)?;
        Some(typed(kind, row.get(at)?.as_str()?))
    }
}

/// A value by the type of its column. What has no type of ours stays text, as PostgreSQL writes it.
fn typed(kind: &str, text: &str) -> Value {
    let typed = match kind {
        "bool" => Some(Value::Boolean(text == "t" || text == "true")),
        "int2" | "int4" | "int8" | "oid" => whole(text),
        "timestamptz" => moment(text),
        _ => None,
    };
    typed.unwrap_or_else(|| Value::text(text))
}

/// A whole number that fits a value, which has 53 bits.
fn whole(text: &str) -> Option<Value> {
    let number: i64 = text.parse().ok()?;
    (number.unsigned_abs() < 1 << 53).then_some(Value::Integer(number))
}

/// `2026-11-20 03:10:00.5+00`, as PostgreSQL writes moments with `DateStyle = ISO`, as the runbook language writes them.
fn moment(text: &str) -> Option<Value> {
    let (date, time) = text.split_once(' ')?;
    let zoned = match time.strip_suffix("+00") {
        Some(utc) => format!("{date}T{utc}Z"),
        None => format!("{date}T{time}"),
    };
    let moment: Timestamp = zoned.parse().ok()?;
    Some(Value::text(moment.to_string()))
}

/// A column's name as the name of a field: lower case, and `_` for what a field's name cannot hold.
fn field_name(column: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let name: String = column.to_ascii_lowercase().chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_lowercase()) { name } else { format!("c{name}") }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::super::super::argument::tests::args;
    use super::*;
    use crate::base::Encoding;

    pub(in super::super) fn server() -> Value {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/chatbot-pg";
        let url = "postgresql://chatbot-pg.postgres.database.azure.com";
        Value::record([("name", Value::text("chatbot-pg")), ("id", Value::text(id)), ("url", Value::text(url))])
    }

    pub(in super::super) fn secret() -> Value {
        Value::Secret { secret: SecretRef::Environment { name: "TOKEN".into() } }
    }

    /// Arguments of a row of this service, and more.
    pub(in super::super) fn of<const N: usize>(more: [(&str, Value); N]) -> Args {
        let mut args = args([("server", server()), ("login", Value::text("chatbot")), ("password", secret())]);
        args.extend(more.map(|(name, value)| (name.to_owned(), value)));
        args
    }

    /// An answer with these columns and rows.
    pub(in super::super) fn reply<const C: usize>(columns: [(&str, &str); C], rows: &Document) -> Reply {
        let columns = columns.map(|(name, kind)| json!({"name": name, "type": kind}));
        Reply::json(200, json!({"columns": columns.to_vec(), "rows": rows, "truncated": false}))
    }

    #[test]
    fn a_password_is_sent_to_azures_servers_only_and_never_made_on_the_way() {
        let request = reading(&of([]), "SELECT 1".into(), 1).unwrap();
        assert_eq!(request.url, "postgresql://chatbot-pg.postgres.database.azure.com:5432");
        for bad in [
            "postgresql://evil.example",
            "postgresql://u@x.postgres.database.azure.com",
            "postgresql://x.postgres.database.azure.com.evil.example",
            "https://x.postgres.database.azure.com",
            "postgresql://.postgres.database.azure.com/",
        ] {
            let Value::Record(mut fields) = server() else { panic!("a record") };
            fields.insert("url".into(), Value::text(bad));
            assert!(reading(&of([("server", Value::Record(fields))]), "SELECT 1".into(), 1).is_err(), "{bad}");
        }
        let fresh = Value::Secret { secret: SecretRef::Generate { bytes: 32, encoding: Encoding::Hex } };
        assert!(reading(&of([("password", fresh)]), "SELECT 1".into(), 1).is_err());
        let refused = reading(&of([("password", Value::text("hunter2hunter2"))]), "SELECT 1".into(), 1).unwrap_err();
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }

    #[test]
    fn names_that_could_leave_their_place_are_refused() {
        for bad in ["", "a b", "a\"b", "a'b", "1a", "a;b", "a\\b", &"a".repeat(64)] {
            assert!(reading(&of([("login", Value::text(bad))]), "SELECT 1".into(), 1).is_err(), "{bad}");
            assert!(reading(&of([("database", Value::text(bad))]), "SELECT 1".into(), 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_have_the_types_of_their_columns_and_null_is_absent() {
        let columns =
            [("n", "int8"), ("ok", "bool"), ("at", "timestamptz"), ("Max Total", "numeric"), ("none", "text")];
        let reply = reply(columns, &json!([["3", "t", "2026-11-20 03:10:00.5+00", "12.50", null]]));
        let replies = [reply];
        let table = Table::read(&replies).unwrap();
        let expected = Value::record([
            ("n", Value::Integer(3)),
            ("ok", Value::Boolean(true)),
            ("at", Value::text("2026-11-20T03:10:00.500000Z")),
            ("max_total", Value::text("12.50")),
        ]);
        assert_eq!(table.records(), [expected]);
        assert_eq!(table.first(), Some(Value::Integer(3)));
        assert_eq!(typed("int8", "9223372036854775807"), Value::text("9223372036854775807"), "more than 53 bits");
        assert_eq!(typed("timestamptz", "infinity"), Value::text("infinity"));
        assert!(Table::read(&[Reply::json(200, json!({}))]).is_err());
    }
}
