use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::fields::{Need, Shape, Table};
use super::grammar::{ENVIRONMENT_FILE, RUNBOOK};
use super::playbook::grammar::{DRILL, GUIDE};
use crate::effect;

/// The JSON Schema (draft 2020-12) of a runbook's file.
///
/// It is written from the very tables that the parser reads by, so the two know the same keys. It says less than the
/// checker: which keys go together, whether a name exists, and what an expression means cannot be said in it. What it
/// refuses, the checker refuses.
pub fn runbook_schema() -> Json {
    Writer::document(&RUNBOOK)
}

/// The JSON Schema (draft 2020-12) of an environment's file in a library, from the parser's tables as [`runbook_schema`].
pub fn environment_schema() -> Json {
    Writer::document(&ENVIRONMENT_FILE)
}

/// The JSON Schema (draft 2020-12) of a playbook's file, from the checker's tables as [`runbook_schema`].
///
/// A file with `programme` is a drill programme and has no key of a guide; the schema tells the two apart as the checker
/// does, so that an editor complains about the kind that was meant.
pub fn playbook_schema() -> Json {
    let mut writer = Writer::default();
    let (guide, drill) = (writer.table(&GUIDE), writer.table(&DRILL));
    json!({
        "$schema": DRAFT,
        "title": GUIDE.what,
        "type": "object",
        "if": {"required": ["programme"]},
        "then": drill,
        "else": guide,
        "$defs": writer.tables,
    })
}

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Writes each table once, under its name.
#[derive(Default)]
struct Writer {
    tables: BTreeMap<String, Json>,
}

impl Writer {
    fn document(table: &Table) -> Json {
        let mut writer = Self::default();
        let mut schema = writer.mapping(table);
        schema["$schema"] = json!(DRAFT);
        schema["title"] = json!(table.what);
        schema["$defs"] = json!(writer.tables);
        schema
    }

    /// A reference to a table, which is written if it has not been yet.
    fn table(&mut self, table: &Table) -> Json {
        let name: String = table
            .what
            .trim_start_matches("a ")
            .trim_start_matches("an ")
            .chars()
            .filter(|letter| *letter != '`')
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        if !self.tables.contains_key(&name) {
            // Holds the name while the table is being written, so that one that contains itself ends.
            self.tables.insert(name.clone(), Json::Null);
            let schema = self.mapping(table);
            self.tables.insert(name.clone(), schema);
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }

    fn mapping(&mut self, table: &Table) -> Json {
        let mut properties = Map::new();
        for key in table.keys {
            let mut schema = self.shape(key.shape);
            schema["description"] = json!(key.summary);
            properties.insert(key.name.to_owned(), schema);
        }
        let required: Vec<&str> =
            table.keys.iter().filter(|key| key.need == Need::Required).map(|key| key.name).collect();
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }

    fn shape(&mut self, shape: Shape) -> Json {
        match shape {
            // What the parser takes for text may look like a number or a truth value to a reader of YAML.
            Shape::Text | Shape::Template | Shape::Expression | Shape::Pattern => {
                json!({"type": ["string", "number", "boolean"]})
            }
            // So may a name, `true`; the pattern is about texts only.
            Shape::Name => json!({"type": ["string", "boolean"], "pattern": "^[a-z][a-z0-9-]{0,62}$"}),
            Shape::Identifier => json!({"type": ["string", "boolean"], "pattern": "^[a-z][a-z0-9_]{0,62}$"}),
            Shape::Version => json!({"type": "string", "pattern": "^[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}$"}),
            Shape::Integer(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::Span => json!({"type": "string", "pattern": "^[0-9]"}),
            Shape::Words(words) => json!({"enum": words}),
            Shape::Operation => json!({"enum": effect::catalogue().map(|row| row.name).collect::<Vec<_>>()}),
            Shape::List(of) => json!({"type": "array", "items": self.shape(*of)}),
            Shape::Map(of) => json!({"type": "object", "additionalProperties": self.shape(*of)}),
            Shape::Table(table) => self.table(table),
            Shape::Either(shapes) => {
                json!({"anyOf": shapes.iter().map(|shape| self.shape(*shape)).collect::<Vec<_>>()})
            }
            Shape::Anything => json!({}),
        }
    }
}
