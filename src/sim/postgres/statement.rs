//! The SQL that is understood, read into parts. What it is stands in the essay of this folder.

use super::token::{Token, shown, syntax, tokens};

/// Why a statement is not carried out: PostgreSQL's code, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    Select(Select),
    Show(String),
    /// `BEGIN`, and whether the transaction only reads.
    Begin {
        read_only: bool,
    },
    /// `SET …`, which changes nothing here.
    Set,
    Commit,
    Rollback,
    /// `ALTER ROLE`: a password, whether the role may sign in, or both.
    Role {
        role: String,
        password: Option<String>,
        login: Option<bool>,
    },
    /// A statement that PostgreSQL would carry out and that is not simulated.
    Writes(String),
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Select {
    pub(crate) items: Vec<Item>,
    pub(crate) table: Option<String>,
    pub(crate) tests: Vec<(String, Test)>,
    /// The column to order by, and whether the largest comes first.
    pub(crate) order: Option<(String, bool)>,
    pub(crate) limit: Option<usize>,
}

/// One column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    All,
    /// A value, what it is compared with, and what the column is called.
    One(Value, Option<(Comparison, Value)>, Option<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Literal(Literal),
    Column(String),
    /// A function of the whole table, and the column; none for `count(*)`.
    Aggregate(Aggregate, Option<String>),
    /// A function of nothing, as it was written, in lower case and without blanks.
    Function(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Text(String),
    Number(i64),
    Boolean(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Count,
    Min,
    Max,
    Sum,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Compared(Comparison, Literal),
    IsNull(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Reads the statements of a text, which semicolons part.
pub(crate) fn read(text: &str) -> Result<Vec<Statement>, Refusal> {
    let tokens = tokens(text)?;
    let parts = tokens.split(|token| *token == Token::Sign(";")).filter(|part| !part.is_empty());
    parts.map(|part| Reader { tokens: part, at: 0 }.statement()).collect()
}

fn unsupported(what: &str) -> Refusal {
    Refusal::new("0A000", format!("the simulated server does not understand {what}"))
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn statement(mut self) -> Result<Statement, Refusal> {
        let first = self.name()?;
        let statement = match first.as_str() {
            "select" => Statement::Select(self.select()?),
            "show" => {
                let mut name = self.name()?;
                while self.take(".") {
                    name = format!("{name}.{}", self.name()?);
                }
                Statement::Show(name)
            }
            "begin" | "start" => {
                let words: Vec<&Token> = self.tokens.iter().skip(self.at).collect();
                let read_only = words
                    .windows(2)
                    .any(|pair| matches!(pair, [Token::Word(one), Token::Word(two)] if one == "read" && two == "only"));
                return Ok(Statement::Begin { read_only });
            }
            "set" | "reset" | "discard" => return Ok(Statement::Set),
            "commit" | "end" => Statement::Commit,
            "rollback" | "abort" => Statement::Rollback,
            "alter" => self.role()?,
            "insert" | "update" | "delete" | "truncate" | "create" | "drop" | "grant" | "revoke" | "copy"
            | "vacuum" => {
                return Ok(Statement::Writes(first.to_uppercase()));
            }
            "with" | "table" | "values" | "explain" => return Err(unsupported(&first.to_uppercase())),
            other => return Err(syntax(other)),
        };
        match self.tokens.get(self.at) {
            None => Ok(statement),
            Some(token) => Err(unsupported(&format!("what begins with {}", shown(token)))),
        }
    }

    fn select(&mut self) -> Result<Select, Refusal> {
        let mut items = vec![self.item()?];
        while self.take(",") {
            items.push(self.item()?);
        }
        let table = if self.keyword("from") { Some(self.table()?) } else { None };
        let mut tests = Vec::new();
        if self.keyword("where") {
            tests.push(self.test()?);
            while self.keyword("and") {
                tests.push(self.test()?);
            }
        }
        let order = if self.keyword("order") {
            self.expect("by")?;
            let column = self.name()?;
            let descending = self.keyword("desc");
            if !descending {
                self.keyword("asc");
            }
            Some((column, descending))
        } else {
            None
        };
        let limit = if self.keyword("limit") { Some(self.count()?) } else { None };
        Ok(Select { items, table, tests, order, limit })
    }

    fn item(&mut self) -> Result<Item, Refusal> {
        if self.take("*") {
            return Ok(Item::All);
        }
        let value = self.value()?;
        let compared = match self.comparison() {
            Some(comparison) => Some((comparison, self.value()?)),
            None => None,
        };
        let name = if self.keyword("as") { Some(self.name()?) } else { None };
        Ok(Item::One(value, compared, name))
    }

    fn value(&mut self) -> Result<Value, Refusal> {
        if let Some(literal) = self.literal() {
            return Ok(Value::Literal(literal));
        }
        let is_quoted = matches!(self.tokens.get(self.at), Some(Token::Quoted(_)));
        let name = self.name()?;
        if is_quoted || !self.take("(") {
            return Ok(match name.as_str() {
                "current_user" | "session_user" | "user" if !is_quoted => Value::Function(name),
                _ => Value::Column(name),
            });
        }
        let aggregate = match name.as_str() {
            "count" => Some(Aggregate::Count),
            "min" => Some(Aggregate::Min),
            "max" => Some(Aggregate::Max),
            "sum" => Some(Aggregate::Sum),
            _ => None,
        };
        let value = match aggregate {
            Some(Aggregate::Count) if self.take("*") => Value::Aggregate(Aggregate::Count, None),
            Some(aggregate) => Value::Aggregate(aggregate, Some(self.name()?)),
            None => {
                // A function of nothing, or of another one of nothing.
                let inner = if self.is_sign(")") { String::new() } else { format!("{}()", self.empty_call()?) };
                Value::Function(format!("{name}({inner})"))
            }
        };
        self.close()?;
        Ok(value)
    }

    fn empty_call(&mut self) -> Result<String, Refusal> {
        let name = self.name().map_err(|_| unsupported("this argument"))?;
        if !self.take("(") {
            return Err(unsupported(&format!("the argument {name}")));
        }
        self.close()?;
        Ok(name)
    }

    fn test(&mut self) -> Result<(String, Test), Refusal> {
        let column = self.name()?;
        if self.keyword("is") {
            let is_null = !self.keyword("not");
            self.expect("null")?;
            return Ok((column, Test::IsNull(is_null)));
        }
        let comparison = self.comparison().ok_or_else(|| unsupported("this condition"))?;
        let literal = self.literal().ok_or_else(|| unsupported("a comparison with anything but a literal"))?;
        Ok((column, Test::Compared(comparison, literal)))
    }

    /// `ALTER ROLE role [WITH] {LOGIN | NOLOGIN | PASSWORD 'text'}`.
    fn role(&mut self) -> Result<Statement, Refusal> {
        if !(self.keyword("role") || self.keyword("user")) {
            return Ok(self.all_of("ALTER"));
        }
        let role = self.name()?;
        self.keyword("with");
        let (mut password, mut login) = (None, None);
        while self.at < self.tokens.len() {
            if self.keyword("login") {
                login = Some(true);
            } else if self.keyword("nologin") {
                login = Some(false);
            } else if self.keyword("password") {
                let Some(Token::Text(text)) = self.tokens.get(self.at) else { return Err(syntax("PASSWORD")) };
                password = Some(text.clone());
                self.at += 1;
            } else {
                return Ok(self.all_of("ALTER ROLE"));
            }
        }
        Ok(Statement::Role { role, password, login })
    }

    fn all_of(&mut self, what: &str) -> Statement {
        self.at = self.tokens.len();
        Statement::Writes(what.to_owned())
    }

    /// A table's name, with or without the schema that all are in.
    fn table(&mut self) -> Result<String, Refusal> {
        let name = self.name()?;
        if !self.take(".") {
            return Ok(name);
        }
        let table = self.name()?;
        if ["public", "pg_catalog"].contains(&name.as_str()) {
            return Ok(table);
        }
        Err(Refusal::new("42P01", format!("relation \"{name}.{table}\" does not exist")))
    }

    fn literal(&mut self) -> Option<Literal> {
        let literal = match self.tokens.get(self.at)? {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Number(number) => Literal::Number(*number),
            Token::Word(word) if word == "true" || word == "false" => Literal::Boolean(word == "true"),
            _ => return None,
        };
        self.at += 1;
        Some(literal)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        const ALL: [(&str, Comparison); 7] = [
            ("=", Comparison::Equal),
            ("<>", Comparison::Unequal),
            ("!=", Comparison::Unequal),
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        let found = ALL.iter().find(|(sign, _)| self.is_sign(sign)).map(|(_, comparison)| *comparison)?;
        self.at += 1;
        Some(found)
    }

    fn count(&mut self) -> Result<usize, Refusal> {
        match self.tokens.get(self.at) {
            Some(Token::Number(number)) => {
                self.at += 1;
                usize::try_from(*number).map_err(|_| Refusal::new("2201W", "LIMIT must not be negative"))
            }
            _ => Err(unsupported("this LIMIT")),
        }
    }

    fn name(&mut self) -> Result<String, Refusal> {
        match self.tokens.get(self.at) {
            Some(Token::Word(name) | Token::Quoted(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            Some(token) => Err(syntax(&shown(token))),
            None => Err(Refusal::new("42601", "syntax error at end of input")),
        }
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Refusal> {
        if self.keyword(word) { Ok(()) } else { Err(syntax(word)) }
    }

    fn close(&mut self) -> Result<(), Refusal> {
        if self.take(")") { Ok(()) } else { Err(unsupported("these arguments")) }
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if *found == sign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        read(text).unwrap_err().code
    }

    #[test]
    fn a_question_is_read_into_its_parts() {
        let text = "SELECT max(\"created_at\") AS newest, count(*) = 0 FROM \"public\".\"messages\" \
                    WHERE id >= 3 AND body IS NOT NULL AND author = 'it''s' ORDER BY id DESC LIMIT 2;";
        let Ok([Statement::Select(select)]) =
            read(text).as_deref().map(|all| <[Statement; 1]>::try_from(all.to_vec()).unwrap())
        else {
            panic!("{:?}", read(text))
        };
        assert_eq!(select.table.as_deref(), Some("messages"));
        let newest = Value::Aggregate(Aggregate::Max, Some("created_at".into()));
        assert_eq!(select.items[0], Item::One(newest, None, Some("newest".into())));
        let none = Some((Comparison::Equal, Value::Literal(Literal::Number(0))));
        assert_eq!(select.items[1], Item::One(Value::Aggregate(Aggregate::Count, None), none, None));
        assert_eq!(select.tests[2], ("author".into(), Test::Compared(Comparison::Equal, Literal::Text("it's".into()))));
        assert_eq!((select.order, select.limit), (Some(("id".into(), true)), Some(2)));
    }

    #[test]
    fn several_statements_are_parted_and_settings_are_taken_as_they_are() {
        let text = "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = 30000; SET LOCAL DateStyle = 'ISO';";
        assert_eq!(read(text).unwrap(), [Statement::Begin { read_only: true }, Statement::Set, Statement::Set]);
        let altered = |statement| match &read(statement).unwrap()[..] {
            [Statement::Role { role, password, login }] if role == "chatbot" => (password.clone(), *login),
            other => panic!("{other:?}"),
        };
        let password = Some("SCRAM-SHA-256$1:x".to_owned());
        assert_eq!(altered("ALTER ROLE \"chatbot\" PASSWORD 'SCRAM-SHA-256$1:x'"), (password.clone(), None));
        assert_eq!(altered("ALTER USER chatbot WITH LOGIN PASSWORD 'SCRAM-SHA-256$1:x'"), (password, Some(true)));
        assert_eq!(altered("alter role chatbot nologin;"), (None, Some(false)));
        let nested = read("SELECT pg_snapshot_xmax(pg_current_snapshot()), current_user").unwrap();
        let Statement::Select(select) = &nested[0] else { panic!("{nested:?}") };
        let name = "pg_snapshot_xmax(pg_current_snapshot())".to_owned();
        assert_eq!(select.items[0], Item::One(Value::Function(name), None, None));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_never_guessed() {
        assert_eq!(code("SELECT"), "42601");
        assert_eq!(code("SELECTED 1"), "42601");
        assert_eq!(code("SELECT 'open"), "42601");
        for text in [
            "SELECT a.b FROM a JOIN b",
            "SELECT * FROM messages GROUP BY id",
            "SELECT * FROM messages WHERE id IN (1)",
            "SELECT lower('A')",
            "WITH x AS (SELECT 1) SELECT * FROM x",
        ] {
            assert_eq!(code(text), "0A000", "{text}");
        }
        assert_eq!(read("DELETE FROM messages").unwrap(), [Statement::Writes("DELETE".into())]);
    }
}
