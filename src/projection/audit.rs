use serde_json::Value as Json;

use crate::journal::Line;

/// A flat form of the audit log: one record a line, in the order of the log.
///
/// Both are made from the stored lines and not from what this program understands of them, so records of newer kinds
/// and damaged ones come out too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFormat {
    /// The records byte for byte (JSON Lines), as the bundle's `records.jsonl`.
    Jsonl,
    /// A table (RFC 4180) for a spreadsheet. It cannot be verified; the bundle can.
    Csv,
}

/// The columns of the table, each with the path of its member in a record.
const COLUMNS: [(&str, &str); 27] = [
    ("seq", "/seq"),
    ("recorded_at", "/recorded_at"),
    ("occurred_at", "/occurred_at"),
    ("clock", "/clock/source"),
    ("clock_synced", "/clock/synced"),
    ("clock_err_ms", "/clock/err_ms"),
    ("clock_boot", "/clock/boot"),
    ("clock_mono_ns", "/clock/mono_ns"),
    ("kind", "/kind"),
    ("run", "/run"),
    ("incident", "/incident"),
    ("step", "/step"),
    ("attempt", "/attempt"),
    ("fence", "/fence"),
    ("authn", "/actor/authn"),
    ("tenant", "/actor/tenant"),
    ("object", "/actor/object"),
    ("os_user", "/actor/os_user"),
    ("channel", "/channel"),
    ("tool", "/tool/name"),
    ("tool_version", "/tool/version"),
    ("tool_digest", "/tool/digest"),
    ("host", "/host/id"),
    ("id", "/id"),
    ("prev", "/prev"),
    ("refs", "/refs"),
    ("data", "/data"),
];

impl AuditFormat {
    /// Reads the word of the command line.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "jsonl" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// What stands before the first record.
    pub fn header(self) -> String {
        match self {
            Self::Jsonl => String::new(),
            Self::Csv => row(COLUMNS.iter().map(|(name, _)| (*name).to_owned())),
        }
    }

    /// One record, its line end included. A line that is no JSON has nothing in the table but its place and, as data,
    /// itself.
    pub fn record(self, line: &Line) -> String {
        match self {
            Self::Jsonl => format!("{}\n", line.text),
            Self::Csv => match serde_json::from_str::<Json>(&line.text) {
                Ok(record) => row(COLUMNS.iter().map(|(_, path)| record.pointer(path).map_or_else(String::new, cell))),
                Err(_) => row(COLUMNS.iter().map(|(name, _)| match *name {
                    "seq" => line.seq.to_string(),
                    "data" => line.text.clone(),
                    _ => String::new(),
                })),
            },
        }
    }
}

fn cell(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A row of RFC 4180: what holds a comma, a quote or a line end is quoted, and lines end with CR LF.
///
/// A spreadsheet takes a cell that begins with one of `=+-@` for a formula. Text from outside can begin a cell only
/// where a record's own member holds it whole (a step with a foreign name), and such a cell gets an apostrophe.
fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells
        .map(|cell| {
            let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell };
            if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
        })
        .collect();
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Seq;
    use crate::journal::leaf_of;

    fn line(text: &str) -> Line {
        Line { seq: Seq(4), text: text.into(), leaf: leaf_of(text.as_bytes()) }
    }

    #[test]
    fn a_record_is_written_byte_for_byte_or_cell_by_cell() {
        let record = line(r#"{"actor":{"os_user":7},"data":{"a":"b,\"c\""},"kind":"x.y","seq":4,"step":"=1+1"}"#);
        assert_eq!(AuditFormat::Jsonl.record(&record), format!("{}\n", record.text));
        let table = AuditFormat::Csv.record(&record);
        assert_eq!(table, "4,,,,,,,,x.y,,,'=1+1,,,,,,7,,,,,,,,,\"{\"\"a\"\":\"\"b,\\\"\"c\\\"\"\"\"}\"\r\n");
        assert_eq!(AuditFormat::Csv.header().split(',').count(), 27);
    }

    #[test]
    fn a_damaged_line_is_not_left_out() {
        assert_eq!(AuditFormat::Csv.record(&line("{")), "4,,,,,,,,,,,,,,,,,,,,,,,,,,{\r\n");
    }

    #[test]
    fn a_word_that_is_no_format_is_none() {
        assert_eq!(AuditFormat::parse("csv"), Some(AuditFormat::Csv));
        assert_eq!(AuditFormat::parse("bundle"), None);
    }
}
