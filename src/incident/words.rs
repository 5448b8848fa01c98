use std::fmt;

use serde::{Deserialize, Serialize};

use crate::runbook::IncidentSeverity;

/// How bad an incident is, the worst first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The worst.
    Sev1,
    /// Bad enough to wake people.
    Sev2,
    /// Can wait for the morning.
    Sev3,
    /// Only to be noted.
    Sev4,
    /// Nobody knows yet.
    #[default]
    Pending,
}

impl Severity {
    /// The severities by their words, the worst first.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("sev1", Self::Sev1),
        ("sev2", Self::Sev2),
        ("sev3", Self::Sev3),
        ("sev4", Self::Sev4),
        ("pending", Self::Pending),
    ];

    /// The severity as a playbook names it; none while nobody knows.
    pub const fn rated(self) -> Option<IncidentSeverity> {
        match self {
            Self::Sev1 => Some(IncidentSeverity::Sev1),
            Self::Sev2 => Some(IncidentSeverity::Sev2),
            Self::Sev3 => Some(IncidentSeverity::Sev3),
            Self::Sev4 => Some(IncidentSeverity::Sev4),
            Self::Pending => None,
        }
    }
}

/// How far one is with an incident. Any status may follow any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The cause is looked for.
    #[default]
    Investigating,
    /// The cause is known.
    Identified,
    /// Something is being done about it.
    Mitigating,
    /// The service is restored, and one looks whether it stays so.
    Monitoring,
    /// It is over for those who use the service.
    Resolved,
    /// It is over for everybody: what was to be written down is.
    Closed,
    /// It was none.
    Cancelled,
}

impl Status {
    /// The statuses by their words, in the order in which one mostly comes through them.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("investigating", Self::Investigating),
        ("identified", Self::Identified),
        ("mitigating", Self::Mitigating),
        ("monitoring", Self::Monitoring),
        ("resolved", Self::Resolved),
        ("closed", Self::Closed),
        ("cancelled", Self::Cancelled),
    ];

    /// Tells whether people are still at work on it.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Closed | Self::Cancelled)
    }

    /// The milestone that is reached when somebody says so, if there is one.
    pub const fn reaches(self) -> Option<Milestone> {
        match self {
            Self::Monitoring => Some(Milestone::Mitigated),
            Self::Resolved => Some(Milestone::Resolved),
            Self::Closed => Some(Milestone::Closed),
            Self::Investigating | Self::Identified | Self::Mitigating | Self::Cancelled => None,
        }
    }
}

/// What is counted from or to. Each is a moment that somebody claims, and may be said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// The trouble began.
    Started,
    /// Somebody or something noticed it.
    Detected,
    /// It was declared.
    Declared,
    /// Somebody answered the call.
    Acknowledged,
    /// Those who are needed are there.
    Mobilised,
    /// The service is restored.
    Mitigated,
    /// It is over for those who use the service.
    Resolved,
    /// It is over for everybody.
    Closed,
}

impl Milestone {
    /// The milestones by their words, in the order in which they are mostly reached.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("started", Self::Started),
        ("detected", Self::Detected),
        ("declared", Self::Declared),
        ("acknowledged", Self::Acknowledged),
        ("mobilised", Self::Mobilised),
        ("mitigated", Self::Mitigated),
        ("resolved", Self::Resolved),
        ("closed", Self::Closed),
    ];
}

macro_rules! by_word {
    ($($kind:ident)*) => {
        $(impl $kind {
            /// The word.
            pub fn word(self) -> &'static str {
                Self::WORDS.iter().find(|(_, known)| *known == self).map_or("", |(word, _)| word)
            }

            /// Reads the word back.
            pub fn parse(word: &str) -> Option<Self> {
                Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, found)| *found)
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        })*
    };
}

by_word!(Severity Status Milestone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_the_command_line_is_the_word_of_the_log() {
        for (word, severity) in Severity::WORDS {
            assert_eq!(serde_json::to_value(severity).unwrap(), word);
            assert_eq!(Severity::parse(word), Some(severity));
        }
        for (word, status) in Status::WORDS {
            assert_eq!(serde_json::to_value(status).unwrap(), word);
        }
        for (word, milestone) in Milestone::WORDS {
            assert_eq!(serde_json::to_value(milestone).unwrap(), word);
        }
    }

    #[test]
    fn a_severity_that_is_known_is_the_playbooks_own() {
        for (word, severity) in Severity::WORDS {
            assert_eq!(severity.rated().map_or("pending".to_owned(), |rated| rated.to_string()), word);
        }
    }
}
