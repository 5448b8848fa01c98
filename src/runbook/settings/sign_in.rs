use super::environment::guid;
use crate::base::{SecretRef, Value};
use crate::runbook::fields::{Fields, list};
use crate::runbook::grammar::{SIGN_IN, SIGN_INS};
use crate::runbook::inputs::given;
use crate::runbook::written::{Form, Written};
use crate::runbook::{Code, Finding, Findings, ParameterType, SignIn, read};

/// How to sign in: a word, or a mapping where there is more to say.
pub(super) fn sign_in(written: &Written, findings: &mut Findings<'_>) -> Option<SignIn> {
    let fields = match &written.form {
        Form::Mapping(_) => Some(Fields::read(written, &SIGN_IN, findings)?),
        _ => None,
    };
    let said = fields.as_ref().map_or(Some(written), |fields| fields.get("by"))?;
    let words = SIGN_INS.map(|word| (word, word));
    let word = read::word(said, "a way to sign in", &words, findings)?;
    let own: &[&str] = match word {
        "managed_identity" | "workload_identity" => &["client"],
        "client_secret" => &["client", "secret"],
        _ => &[],
    };
    for entry in fields.iter().flat_map(Fields::entries).filter(|entry| entry.key != "by") {
        if !own.contains(&entry.key.as_str()) {
            let message = format!("`{}` has no meaning for a sign-in by `{word}`", entry.key);
            findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help("remove it"));
        }
    }
    let get = |key: &str| fields.as_ref().and_then(|fields| fields.get(key));
    let client = get("client").map(|written| guid(written, "an application's (client) id", findings));
    let secret = get("secret").map(|written| variable(written, findings));
    match word {
        "cli" => Some(SignIn::Cli),
        "azd" => Some(SignIn::Azd),
        "auto" => Some(SignIn::Auto),
        "managed_identity" => Some(SignIn::ManagedIdentity { client: client.map_or(Some(None), |id| id.map(Some))? }),
        "workload_identity" => Some(SignIn::WorkloadIdentity { client: client.map_or(Some(None), |id| id.map(Some))? }),
        _ => {
            let missing: Vec<&str> = ["client", "secret"].into_iter().filter(|key| get(key).is_none()).collect();
            if !missing.is_empty() {
                let message = format!("a sign-in by `{word}` needs {}", list(missing));
                let help = "write `sign_in: {by: client_secret, client: …, secret: 'env:NAME'}`";
                findings.add(Finding::new(Code::MissingKey, said.place, message).help(help));
            }
            Some(SignIn::ClientSecret { client: client??, secret: secret?? })
        }
    }
}

/// The name of the environment variable that holds a secret; never the secret.
fn variable(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let text = &read::scalar(written, "a reference", findings)?.text;
    if let Ok(Value::Secret { secret: SecretRef::Environment { name } }) = given(&ParameterType::Secret, text) {
        return Some(name);
    }
    let finding = Finding::new(Code::SecretInClear, written.place, "the secret of a sign-in is kept in a variable");
    findings.add(finding.help("write `env:NAME`, and never the secret itself; if it stood here, rotate it"));
    None
}
