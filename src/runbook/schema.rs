use serde_json::{Map, Value as Json, json};

use super::fields::{Need, Shape, Table};
use super::grammar::RUNBOOK;

/// The JSON Schema (draft 2020-12) of a runbook's file.
///
/// It is written from the very tables that the parser reads by, so the two know the same keys. It says less than the
/// checker: which keys go together, whether a name exists, and what an expression means cannot be said in it.
pub fn runbook_schema() -> Json {
    document(&RUNBOOK)
}

fn document(table: &Table) -> Json {
    let mut schema = of_table(table);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(table.what);
    schema
}

fn of_table(table: &Table) -> Json {
    let known = || table.keys.iter().filter(|key| key.need != Need::Later);
    let properties: Map<String, Json> = known()
        .map(|key| {
            let mut schema = of_shape(key.shape);
            schema["description"] = json!(key.summary);
            (key.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = known().filter(|key| key.need == Need::Required).map(|key| key.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// A scalar of YAML that the parser takes for text may look like a number to a schema's reader, so texts allow both.
fn of_shape(shape: Shape) -> Json {
    match shape {
        Shape::Text | Shape::Template | Shape::Expression | Shape::Pattern => {
            json!({"type": ["string", "number", "boolean"]})
        }
        Shape::Name => json!({"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"}),
        Shape::Identifier => json!({"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"}),
        Shape::Version => json!({"type": "string", "pattern": "^[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}$"}),
        Shape::Integer(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Span => json!({"type": "string", "pattern": "^[0-9]"}),
        Shape::Words(words) => json!({"enum": words}),
        Shape::Operation => json!({"type": "string", "pattern": "^[a-z]+(\\.[a-z]+)+$"}),
        Shape::List(of) => json!({"type": "array", "items": of_shape(*of)}),
        Shape::Map(of) => json!({"type": "object", "additionalProperties": of_shape(*of)}),
        Shape::Table(table) => of_table(table),
        Shape::Either(shapes) => json!({"anyOf": shapes.iter().map(|shape| of_shape(*shape)).collect::<Vec<_>>()}),
        Shape::Anything => json!({}),
    }
}
