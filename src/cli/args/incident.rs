use clap::{Args as ClapArgs, Subcommand};

use crate::base::{Span, Timestamp};
use crate::cli::Failure;
use crate::incident::{Milestone, Severity, Status};
use crate::runbook::{Moment, Role};

#[derive(Debug, Subcommand)]
pub(crate) enum Incident {
    /// Declare an incident; everything about it can be said later and otherwise
    #[command(after_help = "\
Examples:
  callout incident declare \"errors after the swap\" --severity sev2 --playbook bad-release
  callout incident declare \"search answers are empty\" --started-at 03:05")]
    Declare(Declare),
    /// List the incidents, latest first
    List {
        /// As JSON: a list of {id, title, severity, status, open, …}
        #[arg(long)]
        json: bool,
    },
    /// Show an incident with its playbook; without INCIDENT, the only open one
    Show {
        /// The incident's id, or at least the last four digits of it
        incident: Option<String>,
        /// As JSON: {id, title, severity, status, roles, milestones, playbook, runs, …}
        #[arg(long)]
        json: bool,
    },
    /// Put a note on an incident's timeline
    Note {
        #[command(flatten)]
        of: Of,
        /// What happened
        text: String,
        /// When, if it was earlier
        #[command(flatten)]
        when: When,
    },
    /// Say how bad it is
    Severity {
        #[command(flatten)]
        of: Of,
        /// sev1 (the worst), sev2, sev3, sev4 or pending
        #[arg(value_parser = severity)]
        severity: Severity,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Say how far one is with it
    Status {
        #[command(flatten)]
        of: Of,
        /// investigating, identified, mitigating, monitoring, resolved, closed or cancelled; any may follow any other
        #[arg(value_parser = status)]
        status: Status,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Say who takes a role; whoever had it hands it over
    Role {
        #[command(flatten)]
        of: Of,
        /// commander, operator, approver, observer or scribe
        #[arg(value_parser = role)]
        role: Role,
        /// Who
        who: String,
    },
    /// Say when something happened that is counted from or to
    Milestone {
        #[command(flatten)]
        of: Of,
        /// started, detected, declared, acknowledged, mobilised, mitigated, resolved or closed
        #[arg(value_parser = milestone)]
        milestone: Milestone,
        /// When; without it, now
        #[command(flatten)]
        when: When,
    },
    /// Call it otherwise
    Rename {
        #[command(flatten)]
        of: Of,
        /// What is wrong, in a few words
        title: String,
    },
    /// Say what is known of it, for those who are told
    Summary {
        #[command(flatten)]
        of: Of,
        /// A sentence or two
        text: String,
    },
    /// Take up a playbook, as its file is now
    Playbook {
        #[command(flatten)]
        of: Of,
        /// The playbook's name, or its file
        playbook: String,
    },
    /// Tick one of the playbook's first actions
    #[command(after_help = "Example:\n  callout incident tick 4f2a91c3 2 --remark \"page is down from two places\"")]
    Tick {
        #[command(flatten)]
        of: Of,
        /// Which, from 1
        number: u8,
        /// What came of it
        #[arg(long, value_name = "TEXT")]
        remark: Option<String>,
    },
    /// Let a run belong to it, with all that it did before
    Attach {
        #[command(flatten)]
        of: Of,
        /// The run's id, or at least the last four digits of it
        run: String,
    },
    /// Let a run no longer belong to it
    Detach {
        #[command(flatten)]
        of: Of,
        /// The run's id, or at least the last four digits of it
        run: String,
    },
    /// Print what others are told, as the playbook has it; nobody is told by this
    Message {
        #[command(flatten)]
        of: Of,
        /// declared, update, restored or closed
        #[arg(value_parser = moment)]
        moment: Moment,
        /// For one audience only
        #[arg(long, value_name = "NAME")]
        audience: Option<String>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Declare {
    /// What is wrong, in a few words
    pub(crate) title: String,
    /// sev1 (the worst), sev2, sev3, sev4 or pending; when in doubt, the worse one
    #[arg(long, value_parser = severity, default_value = "pending")]
    pub(crate) severity: Severity,
    /// The playbook to follow
    #[arg(long, value_name = "NAME")]
    pub(crate) playbook: Option<String>,
    /// When the trouble began: 03:05 (UTC, the last time it was that late), 10m (ago), or a whole RFC 3339 moment
    #[arg(long, value_name = "T")]
    pub(crate) started_at: Option<String>,
    /// What is known of it, for those who are told
    #[arg(long, value_name = "TEXT")]
    pub(crate) summary: Option<String>,
    /// As JSON: {id, short, remarks}
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which incident.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Of {
    /// The incident's id, or at least the last four digits of it
    pub(crate) incident: String,
}

/// When something happened.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct When {
    /// When: 03:05 (UTC, the last time it was that late), 10m (ago), or a whole RFC 3339 moment
    #[arg(long, value_name = "T")]
    pub(crate) at: Option<String>,
}

impl When {
    /// The moment, if one was said.
    ///
    /// # Errors
    /// As [`moment_of`].
    pub(crate) fn moment(&self, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        self.at.as_deref().map(|text| moment_of(text, now)).transpose()
    }
}

/// A moment as a person in a hurry writes it: `03:05` or `03:05:30` is the last time it was that late in UTC, `10m` is so
/// long ago.
///
/// # Errors
/// It is none.
pub(crate) fn moment_of(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    if let Ok(span) = Span::parse(text) {
        return Ok(now.before(span));
    }
    let clock = text.strip_suffix('Z').unwrap_or(text);
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let is_face = clock.len() >= 5 && clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let today = format!("{}T{clock}{seconds}Z", now.day()).parse::<Timestamp>().ok().filter(|_| is_face);
    match today {
        Some(today) if today > now => Ok(today.before(Span::minutes(24 * 60))),
        Some(today) => Ok(today),
        None => Err(Failure::usage(format!("`{text}` is not a moment"))
            .hint("write 03:05 (UTC), 10m (ago), or 2026-11-20T03:05:00Z")),
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::parse(text).ok_or_else(|| "it is sev1, sev2, sev3, sev4 or pending".into())
}

fn status(text: &str) -> Result<Status, String> {
    Status::parse(text).ok_or_else(|| one_of(Status::WORDS.map(|(word, _)| word)))
}

fn milestone(text: &str) -> Result<Milestone, String> {
    Milestone::parse(text).ok_or_else(|| one_of(Milestone::WORDS.map(|(word, _)| word)))
}

fn role(text: &str) -> Result<Role, String> {
    let found = Role::ALL.into_iter().find(|role| role.word() == text);
    found.ok_or_else(|| one_of(Role::ALL.map(Role::word)))
}

fn moment(text: &str) -> Result<Moment, String> {
    let found = Moment::WORDS.iter().find(|(word, _)| *word == text).map(|(_, moment)| *moment);
    found.ok_or_else(|| one_of(Moment::WORDS.map(|(word, _)| word)))
}

fn one_of<const N: usize>(words: [&str; N]) -> String {
    format!("it is one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_understood_as_it_is_said_at_night() {
        let now: Timestamp = "2026-11-20T03:10:00Z".parse().unwrap();
        let read = |text| moment_of(text, now).map(|at| at.to_string()).map_err(|failure| failure.what);
        for (text, expected) in [
            ("03:05", "2026-11-20T03:05:00.000000Z"),
            ("03:05:30Z", "2026-11-20T03:05:30.000000Z"),
            ("23:50", "2026-11-19T23:50:00.000000Z"),
            ("10m", "2026-11-20T03:00:00.000000Z"),
            ("2026-11-18T12:00:00+01:00", "2026-11-18T11:00:00.000000Z"),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for text in ["", "late", "25:00", "3:5", "03:05 yesterday"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
