use crate::base::did_you_mean;
use crate::runbook::read::whole_number;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings};

/// The words of an author that stand where a secret is made or named, and are none.
const WORDS: [&str; 6] = ["generate", "version_of", "bytes", "encoding", "base64url", "hex"];

/// What is written where a secret belongs, as far as it may be the secret itself: a finding over the whole of it, by
/// which no rendering shows it, with `help`. Tells whether there was one.
pub(super) fn secret_in_clear(written: &Written, help: &str, findings: &mut Findings<'_>) -> bool {
    let is_in_clear = may_be_secret(written);
    if is_in_clear && !findings.any_within(Code::SecretInClear, written.place) {
        let finding = Finding::new(Code::SecretInClear, written.place, "a secret must not stand in a runbook");
        findings.add(finding.help(help));
    }
    is_in_clear
}

/// Whether an author's own text stands in it, beside numbers, the words for making a secret, and single names of
/// something else.
fn may_be_secret(written: &Written) -> bool {
    match &written.form {
        Form::Refused => false,
        Form::Scalar(scalar) => {
            !scalar.is_absent()
                && !is_name(&scalar.text)
                && !is_word(&scalar.text)
                && whole_number(&scalar.text).is_none_or(|number| number.unsigned_abs() > 9999)
        }
        Form::List(items) => items.iter().any(may_be_secret),
        Form::Mapping(entries) => entries.iter().any(|entry| !is_word(&entry.key) || may_be_secret(&entry.value)),
    }
}

/// Whether it is one of the words, or one of them misspelt.
fn is_word(text: &str) -> bool {
    did_you_mean(text, WORDS).is_some_and(|word| text.len().abs_diff(word.len()) <= 2)
}

/// Whether a text is one hole with one name in it, as `${{ inputs.token }}`.
fn is_name(text: &str) -> bool {
    let hole = text.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    let fine = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    hole.map(str::trim).is_some_and(|name| name.contains('.') && name.chars().all(fine))
}
