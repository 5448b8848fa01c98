//! Secrets and subscriptions that stand in the file itself, comments included.

use super::shape::{SuspectKind, suspects};
use crate::runbook::{Code, Finding, Findings, Place};

pub(super) fn look(findings: &mut Findings<'_>) {
    let source = findings.source();
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        for suspect in suspects(line.trim_end()) {
            let place = Place::new(start + suspect.at.start, start + suspect.at.end);
            let (code, message, help) = match suspect.kind {
                SuspectKind::Secret => (
                    Code::SecretInClear,
                    format!("what looks like {} stands in the file", suspect.what),
                    "take it out and rotate it, because it is in the history of the file; a secret comes from a vault, by \
                     `{version_of: …}`",
                ),
                SuspectKind::PerhapsSecret => (
                    Code::PerhapsSecret,
                    format!("what may be {} stands in the file", suspect.what),
                    "if it is one, take it out and rotate it; if not, make it a parameter, or write it shorter",
                ),
                SuspectKind::Subscription => (
                    Code::HardCodedSubscription,
                    format!("{} stands in the file", suspect.what),
                    "make the resource a parameter: the environment says in which subscription it is, and a drill has \
                     another one",
                ),
            };
            // A secret where the language wants a reference to one has its finding already.
            if !findings.any_within(Code::SecretInClear, place) {
                findings.add(Finding::new(code, place, message).help(help));
            }
        }
        start += line.len();
    }
}
