//! Any bytes at all: the checker answers, its findings lie inside the text, what is drawn of them holds no control
//! character of the file, and a runbook that it makes survives the journal.

#![no_main]

use callout::runbook::{Colour, Severity, check, render_findings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let checked = check("fuzz.yaml", bytes);
    let is_error = checked.findings.iter().any(|finding| finding.severity() == Severity::Error);
    assert_eq!(checked.runbook.is_none(), is_error);
    for finding in &checked.findings {
        assert!(finding.place.start <= finding.place.end && finding.place.end <= bytes.len());
    }
    let drawn = render_findings(&checked.findings, "fuzz.yaml", &String::from_utf8_lossy(bytes), Colour::Off);
    assert!(drawn.chars().all(|letter| letter == '\n' || !letter.is_control()), "{drawn:?}");
    if let Some(runbook) = checked.runbook {
        let text = serde_json::to_string(&runbook).unwrap();
        assert_eq!(serde_json::from_str::<callout::runbook::Runbook>(&text).unwrap(), runbook);
    }
});
