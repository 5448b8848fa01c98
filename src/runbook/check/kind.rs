use crate::runbook::fields::{Fields, list};
use crate::runbook::{Code, Finding, Findings};

/// The kind of a step, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Action,
    Check,
    Manual,
    Gate,
    Wait,
    Runbook,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Action, Self::Check, Self::Manual, Self::Gate, Self::Wait, Self::Runbook];

    /// The one kind of a step; several, and none, are a finding. Keys that do not belong to it are findings, and forgotten.
    pub(super) fn of(fields: &mut Fields<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let found: Vec<Self> = Self::ALL.into_iter().filter(|kind| fields.entry(kind.key()).is_some()).collect();
        match found.as_slice() {
            [kind] => {
                kind.refuse_strangers(fields, findings);
                Some(*kind)
            }
            [] => {
                let help = format!("add one of {}", list(Self::ALL.iter().map(|kind| kind.key())));
                findings.add(Finding::new(Code::StepKind, fields.head, "the step does nothing").help(help));
                None
            }
            several => {
                let message = format!("the step is of several kinds: {}", list(several.iter().map(|kind| kind.key())));
                let finding = Finding::new(Code::StepKind, fields.head, message);
                findings.add(finding.help("split it into one step for each"));
                None
            }
        }
    }

    /// The key that gives a step this kind.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Check => "check",
            Self::Manual => "manual",
            Self::Gate => "gate",
            Self::Wait => "wait",
            Self::Runbook => "runbook",
        }
    }

    /// Of the keys that only some kinds have, those of this kind.
    ///
    /// A gate, and a wait for a time, cannot fail; a person who cannot do what a manual step says skips it or ends the run.
    const fn own_keys(self) -> &'static [&'static str] {
        match self {
            Self::Action => &[
                "for_each",
                "with",
                "confirm",
                "retry",
                "timeout",
                "verify",
                "probe",
                "undo",
                "point_of_no_return",
                "on_failure",
                "drill",
            ],
            Self::Check => &["for_each", "with", "until", "timeout", "on_failure", "drill"],
            Self::Manual => &["for_each", "timeout", "drill"],
            Self::Gate => &["timeout"],
            Self::Wait => &["on_failure", "drill"],
            Self::Runbook => &["for_each", "with", "timeout", "on_failure", "drill"],
        }
    }

    fn refuse_strangers(self, fields: &mut Fields<'_>, findings: &mut Findings<'_>) {
        let of_some = |key: &str| Self::ALL.iter().any(|kind| kind.own_keys().contains(&key));
        let strange: Vec<_> = fields
            .entries()
            .filter(|entry| of_some(&entry.key) && !self.own_keys().contains(&entry.key.as_str()))
            .collect();
        for entry in strange {
            let message = format!("`{}` has no meaning for a step with `{}`", entry.key, self.key());
            findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help("remove it"));
            fields.forget(&entry.key);
        }
    }
}
