//! Findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), which forges show beside the lines.

use serde_json::{Value as Json, json};
use url::Url;

use super::findings::position;
use super::library::Source;
use crate::runbook::{Code, Finding, Place, Severity};

/// The whole log: one run of the checker over these files. Every code is a rule, found or not, so that a reader can show
/// what was looked for. Columns count characters.
pub(super) fn sarif(checked: &[(Source, Vec<Finding>)]) -> Json {
    let results = checked.iter().flat_map(|(source, findings)| {
        let text = String::from_utf8_lossy(&source.bytes).into_owned();
        findings.iter().map(move |finding| result(finding, &source.shown, &text))
    });
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "callout",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Json>(),
            }},
            "columnKind": "unicodeCodePoints",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "results": results.collect::<Json>(),
        }],
    })
}

fn rule(code: Code) -> Json {
    json!({
        "id": code.id(),
        "shortDescription": {"text": code.title()},
        "fullDescription": {"text": code.explanation()},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(finding: &Finding, file: &str, text: &str) -> Json {
    let words = match &finding.help {
        Some(help) => format!("{} ({help})", finding.message),
        None => finding.message.clone(),
    };
    let related = finding.related.iter().map(|(place, words)| {
        let mut location = location(*place, file, text);
        location["message"] = json!({"text": words});
        location
    });
    let mut result = json!({
        "ruleId": finding.code.id(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": level(finding.severity()),
        "message": {"text": words},
        "locations": [location(finding.place, file, text)],
    });
    if !finding.related.is_empty() {
        result["relatedLocations"] = related.collect();
    }
    result
}

fn location(place: Place, file: &str, text: &str) -> Json {
    let ((line, column), (end_line, end_column)) = (position(text, place.start), position(text, place.end));
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(file)},
        "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
    }})
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The path as a URI reference (RFC 3986): relative stays relative, to the folder that the checker was started in.
fn uri(path: &str) -> String {
    let Ok(mut url) = Url::parse("file:///") else { return path.to_owned() };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.trim_start_matches('/').split('/'));
    }
    if path.starts_with('/') { url.into() } else { url.path().trim_start_matches('/').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_a_forge_can_follow() {
        assert_eq!(uri("runbooks/a b.yaml"), "runbooks/a%20b.yaml");
        assert_eq!(uri("/srv/x#1.yaml"), "file:///srv/x%231.yaml");
        assert_eq!(uri("(built in)/rollback.yaml"), "(built%20in)/rollback.yaml");
    }
}
