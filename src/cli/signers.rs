use std::path::{Path, PathBuf};

use super::Setting;
use crate::runbook::Policy;
use crate::world::{AllowedSigners, Signature, Signed, judge, usual_allowed_signers};

/// Which keys may sign, or why nobody knows.
#[derive(Clone, Debug)]
pub(crate) struct Signers {
    known: Result<AllowedSigners, String>,
    /// The file, if one is named.
    path: Option<PathBuf>,
}

impl Signers {
    /// The allowed signers: those of the environment's policy, else those that the user's own git configuration names.
    ///
    /// Nothing of the library's repository or of the current folder is asked: whoever can write there could allow
    /// themselves.
    pub(crate) fn find(setting: &Setting, policy: Option<&Policy>) -> Self {
        if let Some(file) = policy.and_then(|policy| policy.allowed_signers.as_deref()) {
            return Self::read(&resolved(setting, file));
        }
        match usual_allowed_signers() {
            Ok(Some(path)) => Self::read(&path),
            Ok(None) => {
                let why = "no allowed-signers file is named: `git config --global gpg.ssh.allowedSignersFile FILE`";
                Self { known: Err(why.to_owned()), path: None }
            }
            Err(error) => Self { known: Err(told(&error)), path: None },
        }
    }

    fn read(path: &Path) -> Self {
        let known = AllowedSigners::read(path).map_err(|error| told(&error));
        Self { known, path: Some(path.to_owned()) }
    }

    /// Verifies a signature.
    pub(crate) fn judge(&self, signed: Option<&Signed>) -> Signature {
        judge(signed, self.known.as_ref().ok())
    }

    /// Why nobody is known.
    pub(crate) fn unknown(&self) -> Option<&str> {
        self.known.as_ref().err().map(String::as_str)
    }

    /// The lines of the file that allow nobody because they cannot be understood, each as a sentence.
    pub(crate) fn faults(&self) -> Vec<String> {
        let path = self.path.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        let faults = self.known.as_ref().map(AllowedSigners::faults).unwrap_or_default();
        faults.iter().map(|fault| format!("{path}, {fault}: this line allows nobody")).collect()
    }
}

/// A path in the configuration: `~/` is the home folder, and what is relative stands beside the configuration.
fn resolved(setting: &Setting, file: &str) -> PathBuf {
    match file.strip_prefix("~/") {
        Some(rest) => setting.home.join(rest),
        None => setting.config.path().parent().unwrap_or(&setting.here).join(file),
    }
}

/// An error and its sources in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(&format!(": {source}"));
        next = source.source();
    }
    text
}
