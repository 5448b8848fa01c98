use serde_json::{Value as Json, json};

use super::text::count;
use super::{Exit, Failure};
use crate::runbook::{Colour, Finding, Severity, render_findings};

/// The failure that findings of a file are. The file is not used.
pub(crate) fn refused(findings: &[Finding], file: &str, bytes: &[u8], coloured: bool) -> Failure {
    let source = String::from_utf8_lossy(bytes);
    Failure::new(Exit::Failed, format!("`{file}` has {}; nothing was started", tally(findings))).below(render_findings(
        findings,
        file,
        &source,
        colour(coloured),
    ))
}

/// Whether a rendering has colours.
pub(crate) const fn colour(coloured: bool) -> Colour {
    if coloured { Colour::On } else { Colour::Off }
}

/// `2 errors, 1 warning`; notes only where there is nothing worse.
pub(crate) fn tally(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
    let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .filter(|(severity, _)| of(*severity) > 0)
        .map(|(severity, word)| count(of(severity), word))
        .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

/// A finding for a program. Lines and columns are counted from 1, columns in characters.
pub(crate) fn document(finding: &Finding, file: &str, source: &str) -> Json {
    let (line, column) = position(source, finding.place.start);
    let (end_line, end_column) = position(source, finding.place.end);
    json!({
        "file": file,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "code": finding.code.id(),
        "severity": finding.severity().word(),
        "message": finding.message,
        "help": finding.help,
    })
}

/// The line and column of a byte, both counted from 1, columns in characters.
pub(super) fn position(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let bytes = source.as_bytes();
    // The line breaks of YAML (1.2, §5.4): a carriage return alone is one, too.
    let is_break = |at: &usize| match bytes.get(*at) {
        Some(b'\n') => true,
        Some(b'\r') => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let breaks = (0..before.len()).filter(is_break);
    let (count, line_start) = breaks.fold((0, 0), |(count, _), at| (count + 1, at + 1));
    (count + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one_and_in_characters() {
        assert_eq!(position("é: 1\nü: 2", 0), (1, 1));
        assert_eq!(position("é: 1\nü: 2", 6), (2, 1));
        assert_eq!(position("é: 1\nü: 2", 8), (2, 2));
        assert_eq!(position("short", 99), (1, 6), "a place beyond the end is the end");
        assert_eq!(position("a\rb\r\nc", 5), (3, 1), "a carriage return alone ends a line, and one of two does not");
    }
}
