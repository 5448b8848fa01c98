//! The tables of a server's database, and their rows.

use super::fleet::Client;
use super::server::{PARAMETERS, Server};
use crate::sim::clock::Moment;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int8,
    Text,
    Boolean,
    Moment,
}

/// A value; nothing is null.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Int8(i64),
    Text(String),
    Boolean(bool),
    Moment(Moment),
}

impl Cell {
    /// As PostgreSQL writes it with `DateStyle = ISO` and in UTC.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Int8(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Boolean(value) => if *value { "t" } else { "f" }.to_owned(),
            Self::Moment(moment) => moment.to_string().replacen('T', " ", 1).replace('Z', "+00"),
        }
    }
}

pub(crate) type Row = Vec<Option<Cell>>;

/// A table: its columns, and its rows when they are asked for.
pub(crate) struct Table {
    pub(crate) columns: &'static [(&'static str, Kind)],
    pub(crate) rows: Vec<Row>,
}

/// A server at a moment, with those who are connected.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) server: &'a Server,
    pub(crate) now: Moment,
    pub(crate) clients: &'a [Client],
}

impl View<'_> {
    /// The table of that name; nothing if there is none.
    pub(crate) fn table(&self, name: &str) -> Option<Table> {
        Some(match name {
            "messages" => Table { columns: MESSAGES, rows: self.messages() },
            "conversations" => Table { columns: CONVERSATIONS, rows: self.conversations() },
            "schema_migrations" => Table { columns: MIGRATIONS, rows: self.migrations() },
            "pg_stat_activity" => Table { columns: ACTIVITY, rows: self.activity() },
            "pg_roles" => Table { columns: ROLES, rows: self.roles() },
            "pg_settings" => Table { columns: SETTINGS, rows: self.settings() },
            _ => return None,
        })
    }

    fn messages(&self) -> Vec<Row> {
        let row = |message: super::data::Message| {
            vec![
                Some(Cell::Int8(message.id)),
                Some(Cell::Int8(message.conversation())),
                Some(text(message.author())),
                message.body.clone().map(Cell::Text),
                Some(Cell::Int8(message.tokens())),
                Some(Cell::Moment(message.at)),
            ]
        };
        self.server.data.messages(self.now).map(row).collect()
    }

    fn conversations(&self) -> Vec<Row> {
        let mut all: Vec<(i64, i64, Moment)> = Vec::new();
        for message in self.server.data.messages(self.now) {
            match all.last_mut().filter(|(id, ..)| *id == message.conversation()) {
                Some((_, count, at)) => (*count, *at) = (*count + 1, message.at),
                None => all.push((message.conversation(), 1, message.at)),
            }
        }
        let row = |(id, count, at)| vec![Some(Cell::Int8(id)), Some(Cell::Int8(count)), Some(Cell::Moment(at))];
        all.into_iter().map(row).collect()
    }

    fn migrations(&self) -> Vec<Row> {
        let row = |version: &str| vec![Some(text(version)), Some(Cell::Moment(self.server.created))];
        ["0040_conversations", "0041_tokens", "0042_feedback"].map(row).into()
    }

    fn activity(&self) -> Vec<Row> {
        let row = |client: &Client| [&client.role, &client.app, "chatbot", "idle"].map(|cell| Some(text(cell))).into();
        self.clients.iter().map(row).collect()
    }

    fn roles(&self) -> Vec<Row> {
        self.server.roles().map(|(name, may)| vec![Some(text(name)), Some(Cell::Boolean(may))]).collect()
    }

    fn settings(&self) -> Vec<Row> {
        let row = |(name, ..): &(&str, &str, &str, &str)| vec![Some(text(name)), self.server.parameter(name).map(text)];
        PARAMETERS.iter().map(row).collect()
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

const MESSAGES: &[(&str, Kind)] = &[
    ("id", Kind::Int8),
    ("conversation_id", Kind::Int8),
    ("author", Kind::Text),
    ("body", Kind::Text),
    ("tokens", Kind::Int8),
    ("created_at", Kind::Moment),
];
const CONVERSATIONS: &[(&str, Kind)] =
    &[("id", Kind::Int8), ("message_count", Kind::Int8), ("updated_at", Kind::Moment)];
const MIGRATIONS: &[(&str, Kind)] = &[("version", Kind::Text), ("applied_at", Kind::Moment)];
const ACTIVITY: &[(&str, Kind)] =
    &[("usename", Kind::Text), ("application_name", Kind::Text), ("datname", Kind::Text), ("state", Kind::Text)];
const ROLES: &[(&str, Kind)] = &[("rolname", Kind::Text), ("rolcanlogin", Kind::Boolean)];
const SETTINGS: &[(&str, Kind)] = &[("name", Kind::Text), ("setting", Kind::Text)];
