//! The grammar of playbooks as data, as `crate::runbook::grammar` is that of runbooks.

use crate::runbook::fields::{Key, Shape, Table, optional, required};

/// A playbook's file, for a kind of incident.
pub(crate) const GUIDE: Table = Table {
    what: "a playbook",
    keys: &[
        required("playbook", Shape::Name, "The playbook's name; equal to the file's, without its ending."),
        required("format", Shape::Integer(1, 1), "The version of the language."),
        required("version", Shape::Version, "The author's number; the revision comes from git."),
        required("title", Shape::Text, "The kind of incident, in a few words."),
        required("owner", Shape::Text, "Who answers for it."),
        required("symptoms", Shape::List(&Shape::Text), "How one recognises this kind of incident."),
        optional(
            "alerts",
            Shape::List(&Shape::Either(&[Shape::Text, Shape::Table(&ALERT)])),
            "The alert rules that it answers to.",
        ),
        required("severity", Shape::Table(&SEVERITY), "Which severity it has, and when."),
        required(
            "first_five",
            Shape::List(&Shape::Either(&[Shape::Text, Shape::Table(&FIRST_ACTION)])),
            "The first actions, at most five, each a sentence.",
        ),
        required("escalation", Shape::Table(&ESCALATION), "Who is called next when nobody answers."),
        required("roles", Shape::Table(&ROLES), "Who does what."),
        optional("messages", Shape::List(&Shape::Table(&MESSAGE)), "What others are told, and when."),
        required("runbooks", Shape::List(&Shape::Table(&SUGGESTION)), "The runbooks that help, in order."),
        required("exit_criteria", Shape::List(&Shape::Text), "What must hold before it is over."),
    ],
};

/// A playbook's file with a drill programme.
pub(crate) const DRILL: Table = Table {
    what: "a playbook with a programme",
    keys: &[
        required("playbook", Shape::Name, "The playbook's name; equal to the file's, without its ending."),
        required("format", Shape::Integer(1, 1), "The version of the language."),
        required("version", Shape::Version, "The author's number; the revision comes from git."),
        required("title", Shape::Text, "What is drilled, in a few words."),
        required("owner", Shape::Text, "Who answers for it."),
        required("programme", Shape::Table(&PROGRAMME), "What is drilled, where, and what it must show."),
    ],
};

/// `programme`.
pub(crate) const PROGRAMME: Table = Table {
    what: "`programme`",
    keys: &[
        required("scenario", Shape::Text, "What is assumed to have happened."),
        required("environment", Shape::Name, "Where it is drilled, as `--env` says it."),
        required(
            "targets",
            Shape::List(&Shape::Text),
            "The resources that are bound to the drill; no others are touched.",
        ),
        optional(
            "breaks",
            Shape::List(&Shape::Table(&BREAK)),
            "What is broken before it begins: by the simulator, or in a live environment by a person.",
        ),
        required("objectives", Shape::Table(&DRILL_OBJECTIVES), "What is measured, fixed before it begins."),
        required("participants", Shape::Table(&PARTICIPANTS), "Who does what."),
        required(
            "cadence",
            Shape::Either(&[Shape::Words(&CADENCES), Shape::Table(&EVERY)]),
            "How often it is drilled.",
        ),
        required("success_criteria", Shape::List(&Shape::Text), "What must hold for the drill to have succeeded."),
        optional("not_tested", Shape::List(&Shape::Text), "What the drill says nothing about, each with why."),
        required("steps", Shape::List(&Shape::Table(&DRILL_STEP)), "The runbooks that are run, as a graph."),
    ],
};

/// `objectives` of a programme.
pub(crate) const DRILL_OBJECTIVES: Table = Table {
    what: "`objectives` of a programme",
    keys: &[
        required("rto", Shape::Span, "Recovery time objective: how long the recovery may take, all runbooks together."),
        optional("rpo", Shape::Span, "Recovery point objective: how much of the latest data may be lost."),
        optional("recovered", Shape::Table(&RECOVERED), "What the loss of data is measured by."),
        optional("coverage", Shape::Integer(1, 100), "How much of the steps the drill must prove, in percent of all."),
    ],
};

/// `recovered`.
pub(crate) const RECOVERED: Table = Table {
    what: "`recovered`",
    keys: &[
        required(
            "newest",
            Shape::Text,
            "When the newest row was written that came back: `STEP.OUTPUT` or `STEP/INNER.OUTPUT`, a moment.",
        ),
        optional("point", Shape::Text, "The point that was restored to: `STEP.OUTPUT`, a moment."),
    ],
};

/// A breakage.
pub(crate) const BREAK: Table = Table {
    what: "a breakage",
    keys: &[
        required("break", Shape::Words(&TROUBLES), "What happens."),
        required("of", Shape::Text, "The resource, which is bound to the drill."),
        optional("name", Shape::Text, "The index, or the secret."),
    ],
};

/// The troubles that the simulator can make.
pub(crate) const TROUBLES: [&str; 4] = ["bad_release", "secret_leaked", "index_deleted", "rows_corrupted"];

/// The usual cadences.
pub(crate) const CADENCES: [&str; 5] = ["weekly", "monthly", "quarterly", "half-yearly", "yearly"];

/// `cadence`, the long form.
pub(crate) const EVERY: Table = Table {
    what: "`cadence`",
    keys: &[required("every", Shape::Text, "A number of days or weeks, as `90d` or `6w`.")],
};

/// A step of a programme.
pub(crate) const DRILL_STEP: Table = Table {
    what: "a step of a programme",
    keys: &[
        required("id", Shape::Name, "The step's name."),
        required("title", Shape::Text, "What it does, in a few words."),
        optional("why", Shape::Text, "Why it is there, for a stranger."),
        optional("needs", Shape::List(&Shape::Name), "The steps that must have ended well before."),
        required("runbook", Shape::Name, "The runbook that is run."),
        optional("with", Shape::Map(&Shape::Anything), "Its inputs, as fixed values."),
        optional("cleanup", Shape::Boolean, "Whether it clears away what the drill has made; false unless given."),
    ],
};

/// An alert rule.
pub(crate) const ALERT: Table = Table {
    what: "an alert",
    keys: &[
        required("name", Shape::Text, "The rule's name, as its source has it."),
        required("source", Shape::Words(&SOURCES), "Where it comes from."),
    ],
};

/// Where alerts come from.
pub(crate) const SOURCES: [&str; 3] = ["azure_monitor", "pagerduty", "any"];

/// `severity`.
pub(crate) const SEVERITY: Table = Table {
    what: "`severity`",
    keys: &[
        optional("sev1", Shape::Text, "When it is the worst."),
        optional("sev2", Shape::Text, "When it is bad, and people must be woken."),
        optional("sev3", Shape::Text, "When it can wait for the morning."),
        optional("sev4", Shape::Text, "When it is only to be noted."),
    ],
};

/// The severities, the worst first.
pub(crate) const SEVERITIES: [&str; 4] = ["sev1", "sev2", "sev3", "sev4"];

/// A first action, the long form.
pub(crate) const FIRST_ACTION: Table = Table {
    what: "a first action",
    keys: &[
        required("do", Shape::Text, "What is to be done, as a sentence."),
        optional("runbook", Shape::Name, "The runbook that does it."),
        optional("check", Shape::Operation, "The check that shows it."),
    ],
};

/// `escalation`.
pub(crate) const ESCALATION: Table = Table {
    what: "`escalation`",
    keys: &[
        required("levels", Shape::List(&Shape::Table(&LEVEL)), "Who is called, one level after the other."),
        optional("repeat", Shape::Integer(0, 9), "How often it begins again at the top; 0 unless given."),
    ],
};

/// A level of an escalation.
pub(crate) const LEVEL: Table = Table {
    what: "a level of an escalation",
    keys: &[
        required("who", Shape::Text, "Who is called."),
        required("how", Shape::Text, "By which way."),
        required("after", Shape::Span, "How long after the first call; the first level has `0s`."),
        optional(
            "only",
            Shape::List(&Shape::Words(&SEVERITIES)),
            "The severities that reach this level; all unless given.",
        ),
    ],
};

/// `roles`.
pub(crate) const ROLES: Table = Table { what: "`roles`", keys: &ROLE_KEYS };

/// `participants`.
pub(crate) const PARTICIPANTS: Table = Table { what: "`participants`", keys: &ROLE_KEYS };

/// The roles of an incident and of a drill.
const ROLE_KEYS: [Key; 5] = [
    required("commander", Shape::Text, "Who decides, and repairs nothing."),
    required("operator", Shape::Text, "Who runs the runbooks."),
    optional("approver", Shape::Text, "Who consents to what needs a second person."),
    optional("observer", Shape::Text, "Who watches a drill and takes no part."),
    optional("scribe", Shape::Text, "Who writes down what the program cannot see."),
];

/// A message.
pub(crate) const MESSAGE: Table = Table {
    what: "a message",
    keys: &[
        required("audience", Shape::Text, "Whom it is for."),
        required("moment", Shape::Words(&MOMENTS), "When it is sent."),
        required("text", Shape::Template, "The text; its holes read `incident.…`."),
    ],
};

/// The moments of an incident at which others are told.
pub(crate) const MOMENTS: [&str; 4] = ["declared", "update", "restored", "closed"];

/// A runbook of a guide.
pub(crate) const SUGGESTION: Table = Table {
    what: "a runbook of a playbook",
    keys: &[
        required("runbook", Shape::Name, "The runbook."),
        required("when", Shape::Text, "When it is the right one."),
        optional("with", Shape::Map(&Shape::Anything), "Inputs that are the same each time, as fixed values."),
    ],
};
