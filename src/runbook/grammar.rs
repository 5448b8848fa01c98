//! The grammar of the runbook language as data: every mapping with its keys.
//!
//! The parser compares what was written with these tables, and the JSON Schemas in `assets/` are written from them. What a
//! table cannot say (which keys go together, whether a name exists) the checker says.

use super::fields::{Shape, Table, optional, required};

/// A runbook's file.
pub(crate) const RUNBOOK: Table = Table {
    what: "a runbook",
    keys: &[
        required("runbook", Shape::Name, "The runbook's name; equal to the file's, without its ending."),
        required("format", Shape::Integer(1, 1), "The version of the language."),
        required("version", Shape::Version, "The author's number; the revision comes from git."),
        required("title", Shape::Text, "What it does, in a few words."),
        optional("sop", Shape::Text, "The standard operating procedure that it implements."),
        optional("owner", Shape::Text, "Who answers for it."),
        optional("use_when", Shape::List(&Shape::Text), "When it is the right one."),
        optional("not_when", Shape::List(&Shape::Text), "When it is not."),
        optional("parameters", Shape::Map(&Shape::Table(&PARAMETER)), "What it takes."),
        optional("objectives", Shape::Table(&OBJECTIVES), "How fast it must be, and how much may be lost."),
        optional("outputs", Shape::Map(&Shape::Table(&RUNBOOK_OUTPUT)), "What it gives to a runbook that nests it."),
        required("steps", Shape::List(&Shape::Table(&STEP)), "The steps, from top to bottom."),
    ],
};

/// `objectives`.
pub(crate) const OBJECTIVES: Table = Table {
    what: "`objectives`",
    keys: &[
        optional("rto", Shape::Span, "Recovery time objective: how long the recovery may take."),
        optional("rpo", Shape::Span, "Recovery point objective: how much of the latest data may be lost."),
    ],
};

/// An entry of `outputs`.
pub(crate) const RUNBOOK_OUTPUT: Table = Table {
    what: "an output",
    keys: &[
        required("type", Shape::Words(&TYPES), "The type of the value."),
        optional("of", Shape::Words(&TYPES), "For a list: the type of its items."),
        optional("description", Shape::Text, "What it is."),
        required("value", Shape::Template, "The value."),
    ],
};

/// The types of parameters and outputs: values first, then targets.
pub(crate) const TYPES: [&str; 18] = [
    "string",
    "integer",
    "decimal",
    "boolean",
    "duration",
    "timestamp",
    "list",
    "secret",
    "webapp",
    "keyvault",
    "postgres",
    "containerapp",
    "search",
    "storage",
    "redis",
    "cognitive",
    "acr",
    "resource",
];

/// A parameter.
pub(crate) const PARAMETER: Table = Table {
    what: "a parameter",
    keys: &[
        required("type", Shape::Words(&TYPES), "The type of the input."),
        optional("of", Shape::Words(&TYPES), "For a list: the type of its items."),
        optional("description", Shape::Text, "What it is."),
        optional("default", Shape::Anything, "What it is when no input is given; may be made from other inputs."),
        optional("pattern", Shape::Pattern, "For a string, or each of a list: what it must match, whole."),
        optional(
            "choices",
            Shape::List(&Shape::Text),
            "For a string, or each of a list: the only texts that are allowed.",
        ),
        optional("min", Shape::Anything, "For a number or a length of time, or each of a list: the least."),
        optional("max", Shape::Anything, "For a number or a length of time, or each of a list: the largest."),
        optional("length", Shape::Table(&LENGTH), "For a string or a list: how long it may be."),
    ],
};

/// `length`.
pub(crate) const LENGTH: Table = Table {
    what: "`length`",
    keys: &[
        optional("min", Shape::Integer(0, 10_000), "The least number of characters or items."),
        optional("max", Shape::Integer(0, 10_000), "The largest number of characters or items."),
    ],
};

/// A step.
pub(crate) const STEP: Table = Table {
    what: "a step",
    keys: &[
        required("id", Shape::Name, "The step's name."),
        required("title", Shape::Text, "What it does, in a few words."),
        optional("why", Shape::Text, "Why it is there, for a stranger."),
        optional("needs", Shape::List(&Shape::Name), "The steps that must have ended well before."),
        optional("when", Shape::Expression, "The step is skipped unless this holds."),
        optional(
            "for_each",
            Shape::Either(&[Shape::Expression, Shape::List(&Shape::Text), Shape::Table(&FOR_EACH)]),
            "One instance per item of a list; inside, `item` is the item.",
        ),
        optional("action", Shape::Operation, "Asks something of the world."),
        optional("check", Shape::Operation, "Reads the world and judges."),
        optional("manual", Shape::Table(&MANUAL), "A person does something and says so."),
        optional("gate", Shape::Table(&GATE), "A person decides."),
        optional("wait", Shape::Table(&WAIT), "Waits for a time, or until a check passes."),
        optional("runbook", Shape::Name, "Does what another runbook of the same folder says."),
        optional("with", Shape::Map(&Shape::Anything), "The arguments of the operation, or the inputs of the runbook."),
        optional("confirm", Shape::Words(&RISKS), "The risk, if it is higher here than the operation's own."),
        optional("retry", Shape::Table(&RETRY), "When a failed action is tried again by itself."),
        optional("until", Shape::Table(&UNTIL), "Asks a check again until it passes."),
        optional("timeout", Shape::Span, "How long it may take before it counts as stuck."),
        optional("verify", Shape::List(&Shape::Table(&VERIFY)), "What must hold afterwards."),
        optional("probe", Shape::Table(&PROBE), "Tells whether it happened, where the operation's own probe cannot."),
        optional(
            "undo",
            Shape::Either(&[Shape::List(&Shape::Table(&UNDO_ENTRY)), Shape::Table(&UNDO)]),
            "How it is undone.",
        ),
        optional("point_of_no_return", Shape::Text, "Why there is no way back once it has begun."),
        optional(
            "on_failure",
            Shape::Either(&[Shape::Words(&ON_FAILURE), Shape::Table(&GO_TO)]),
            "What the run does when it has failed.",
        ),
        optional("expect", Shape::Span, "How long it usually takes."),
        optional("marks", Shape::Identifier, "The milestone that its end marks."),
        optional("drill", Shape::Table(&DRILL), "What is done in its place in a drill."),
    ],
};

/// The risks, in ascending order.
pub(crate) const RISKS: [&str; 4] = ["read", "reversible", "destructive", "irreversible"];

/// What `on_failure` may say in a word.
pub(crate) const ON_FAILURE: [&str; 4] = ["ask", "retry", "continue", "undo"];

/// `on_failure: {go_to: STEP}`.
pub(crate) const GO_TO: Table =
    Table { what: "`on_failure`", keys: &[required("go_to", Shape::Name, "The step that the run goes on with.")] };

/// `for_each`, the long form.
pub(crate) const FOR_EACH: Table = Table {
    what: "`for_each`",
    keys: &[
        required(
            "list",
            Shape::Either(&[Shape::Expression, Shape::List(&Shape::Text)]),
            "The list: an expression, or texts or whole numbers that are written out.",
        ),
        optional("key", Shape::Expression, "What an instance is called; the item's own name unless given."),
        optional("at_most", Shape::Integer(1, 1_000), "How many items there may be; 100 unless given."),
        optional("max_parallel", Shape::Integer(1, 32), "How many are done at a time; 1 unless given."),
    ],
};

/// `retry`.
pub(crate) const RETRY: Table = Table {
    what: "`retry`",
    keys: &[
        required("attempts", Shape::Integer(2, 10), "How many attempts there are in all."),
        optional(
            "delay",
            Shape::Span,
            "The ceiling of the first pause; 2s unless given. It doubles, with full jitter.",
        ),
        optional("max_delay", Shape::Span, "What the ceiling never exceeds; 1m unless given."),
        optional("only_on", Shape::List(&Shape::Text), "The causes that it is tried again for."),
    ],
};

/// `until` of a check.
pub(crate) const UNTIL: Table = Table {
    what: "`until`",
    keys: &[
        required("every", Shape::Span, "The time between two looks, at least 1s."),
        required("timeout", Shape::Span, "The time after which it has failed."),
    ],
};

/// An entry of `verify`.
pub(crate) const VERIFY: Table = Table {
    what: "an entry of `verify`",
    keys: &[
        required("check", Shape::Operation, "Reads the world and judges."),
        optional("with", Shape::Map(&Shape::Anything), "The arguments of the operation."),
        optional("until", Shape::Table(&UNTIL), "Asks again until it passes."),
    ],
};

/// `probe`.
pub(crate) const PROBE: Table = Table {
    what: "`probe`",
    keys: &[
        required("check", Shape::Operation, "Passes if the effect happened, fails if it did not."),
        optional("with", Shape::Map(&Shape::Anything), "The arguments of the operation."),
    ],
};

/// `undo`, the long form.
pub(crate) const UNDO: Table = Table {
    what: "`undo`",
    keys: &[
        required("steps", Shape::List(&Shape::Table(&UNDO_ENTRY)), "What is done, in order."),
        optional("possible_until", Shape::Text, "A length of time after the step, or the step that ends the chance."),
    ],
};

/// An entry of `undo`.
pub(crate) const UNDO_ENTRY: Table = Table {
    what: "an entry of `undo`",
    keys: &[
        optional("action", Shape::Operation, "Asks something of the world."),
        optional("check", Shape::Operation, "Reads the world and judges."),
        optional(
            "for_each",
            Shape::Either(&[Shape::Expression, Shape::List(&Shape::Text), Shape::Table(&FOR_EACH)]),
            "One instance per item of a list; inside, `item` is the item.",
        ),
        optional("with", Shape::Map(&Shape::Anything), "The arguments of the operation."),
        optional("until", Shape::Table(&UNTIL), "Asks a check again until it passes."),
        optional("verify", Shape::List(&Shape::Table(&VERIFY)), "What must hold afterwards."),
    ],
};

/// `manual`.
pub(crate) const MANUAL: Table = Table {
    what: "`manual`",
    keys: &[
        required("instruction", Shape::Template, "What the person is to do."),
        optional("fields", Shape::Map(&Shape::Table(&FIELD)), "What the person fills in; each becomes an output."),
    ],
};

/// The types of manual fields.
pub(crate) const FIELD_TYPES: [&str; 7] = ["string", "number", "choice", "date", "timestamp", "secret", "evidence"];

/// A manual field.
pub(crate) const FIELD: Table = Table {
    what: "a field",
    keys: &[
        required("type", Shape::Words(&FIELD_TYPES), "What is to be filled in."),
        optional("description", Shape::Text, "What it is, for the person."),
        optional("default", Shape::Template, "What stands in it beforehand."),
        optional("headless", Shape::Anything, "What a run without a person takes."),
        optional("pattern", Shape::Pattern, "For a string: what it must match, whole."),
        optional("choices", Shape::List(&Shape::Text), "For a choice: the words."),
        optional("min", Shape::Anything, "For a number: the least."),
        optional("max", Shape::Anything, "For a number: the largest."),
    ],
};

/// `gate`.
pub(crate) const GATE: Table = Table {
    what: "`gate`",
    keys: &[
        required("question", Shape::Template, "What is to be decided."),
        required(
            "choices",
            Shape::List(&Shape::Either(&[Shape::Text, Shape::Table(&CHOICE)])),
            "The choices. Of words alone, the first lets the run go on and every other one ends it; beside a mapping, each goes on.",
        ),
        optional("headless", Shape::Text, "The choice that a run without a person takes."),
    ],
};

/// A choice, the long form.
pub(crate) const CHOICE: Table = Table {
    what: "a choice",
    keys: &[
        required("choice", Shape::Text, "What a person picks."),
        optional("leads_to", Shape::List(&Shape::Name), "The steps that the run then goes on with."),
        optional("ends", Shape::Boolean, "Whether the run ends with it."),
    ],
};

/// `wait`.
pub(crate) const WAIT: Table = Table {
    what: "`wait`",
    keys: &[
        optional("for", Shape::Span, "A length of time."),
        optional("until", Shape::Template, "A moment."),
        optional("check", Shape::Operation, "Waits until this passes."),
        optional("with", Shape::Map(&Shape::Anything), "The arguments of the check."),
        optional("every", Shape::Span, "The time between two looks."),
        optional("timeout", Shape::Span, "The time after which it has failed."),
    ],
};

/// `drill`.
pub(crate) const DRILL: Table = Table {
    what: "`drill`",
    keys: &[
        optional("skip", Shape::Text, "Nothing is done, for this reason."),
        optional("action", Shape::Operation, "This is asked instead."),
        optional("check", Shape::Operation, "This is read instead."),
        optional("manual", Shape::Table(&MANUAL), "A person does this instead."),
        optional("with", Shape::Map(&Shape::Anything), "The arguments of the operation."),
    ],
};

/// `generate`.
pub(crate) const GENERATE: Table = Table {
    what: "`generate`",
    keys: &[
        required("bytes", Shape::Integer(16, 512), "How many random bytes."),
        optional("encoding", Shape::Words(&["base64url", "hex"]), "How they are written; base64url unless given."),
    ],
};

/// A user's configuration.
pub(crate) const SETTINGS: Table = Table {
    what: "a configuration",
    keys: &[required("environments", Shape::List(&Shape::Table(&ENVIRONMENT)), "Where runs happen.")],
};

/// The colours of a terminal that an environment may have.
pub(crate) const COLOURS: [&str; 6] = ["red", "yellow", "green", "blue", "magenta", "cyan"];

/// An environment's keys behind those that say which it is.
macro_rules! environment {
    ($what:literal, $($head:expr),+) => {
        Table {
            what: $what,
            keys: &[
                $($head,)+
                optional("title", Shape::Text, "What it is, in a few words."),
                optional("cloud", Shape::Words(&["public"]), "The cloud."),
                required("tenant", Shape::Text, "The tenant whose tokens are accepted."),
                required("subscription", Shape::Text, "The subscription of the targets."),
                optional("subscriptions", Shape::Map(&Shape::Text), "Other subscriptions by name, for single targets."),
                required("resource_group", Shape::Text, "The resource group of the targets."),
                required(
                    "sign_in",
                    Shape::Either(&[Shape::Words(&SIGN_INS), Shape::Table(&SIGN_IN)]),
                    "How the program signs in."
                ),
                optional("protected", Shape::Boolean, "Asks for more than usual."),
                optional("policy", Shape::Table(&POLICY), "What it refuses."),
                required("targets", Shape::List(&Shape::Table(&TARGET)), "The resources by name."),
                optional("inputs", Shape::Map(&Shape::Map(&Shape::Anything)), "Inputs by runbook and parameter."),
                optional("colour", Shape::Words(&COLOURS), "The colour in which the screen names it."),
            ],
        }
    };
}

/// An environment of a user's configuration.
pub(crate) const ENVIRONMENT: Table =
    environment!("an environment", required("name", Shape::Name, "The name, as `--env` says it."));

/// A file of a library's `environments/`.
pub(crate) const ENVIRONMENT_FILE: Table = environment!(
    "an environment's file",
    required("environment", Shape::Name, "The name, as `--env` says it; equal to the file's, without its ending."),
    required("format", Shape::Integer(1, 1), "The version of the language.")
);

/// The ways to sign in.
pub(crate) const SIGN_INS: [&str; 6] = ["cli", "azd", "managed_identity", "workload_identity", "client_secret", "auto"];

/// `sign_in`, the long form.
pub(crate) const SIGN_IN: Table = Table {
    what: "`sign_in`",
    keys: &[
        required("by", Shape::Words(&SIGN_INS), "How."),
        optional("client", Shape::Text, "The application's (client) id, for an identity that is not the only one."),
        optional("secret", Shape::Text, "For `client_secret`: the variable that holds it, as `env:NAME`."),
    ],
};

/// `policy`.
pub(crate) const POLICY: Table = Table {
    what: "a policy",
    keys: &[
        optional(
            "revision",
            Shape::Words(&["any", "committed", "signed"]),
            "What is demanded of the text; `committed` if the environment is protected, else `any`.",
        ),
        optional(
            "allowed_signers",
            Shape::Text,
            "The file of the keys that may sign, in the format of ssh-keygen(1); without it, the one that the user's own \
             git configuration names. A library's environment has none.",
        ),
        optional("yes", Shape::Words(&RISKS), "The highest risk that `--yes` may confirm."),
        optional("runbooks", Shape::List(&Shape::Name), "The only runbooks that may run here."),
    ],
};

/// The kinds of targets.
pub(crate) const TARGETS: [&str; 10] =
    ["webapp", "keyvault", "postgres", "containerapp", "search", "storage", "redis", "cognitive", "acr", "resource"];

/// A target of an environment.
pub(crate) const TARGET: Table = Table {
    what: "a target",
    keys: &[
        required("name", Shape::Text, "The resource's name on Azure; a slot is `APP/SLOT`."),
        required("kind", Shape::Words(&TARGETS), "What it is."),
        optional("aliases", Shape::List(&Shape::Text), "Other names by which it can be given."),
        optional("subscription", Shape::Name, "One of `subscriptions`, if the resource is not in the usual one."),
        optional("resource_group", Shape::Text, "The resource group, if it is not the usual one."),
        optional("id", Shape::Text, "The Resource Manager id, if it does not follow from the rest."),
        optional("url", Shape::Text, "The address, if it does not follow from the name."),
        optional("drill", Shape::Boolean, "Whether it is bound to drills, which change nothing else."),
    ],
};

/// An answers file.
pub(crate) const ANSWERS: Table = Table {
    what: "an answers file",
    keys: &[
        optional("plan", Shape::Text, "The digest of the plan that these answers are for."),
        optional("confirm", Shape::Map(&Shape::Text), "The read-back for a step, or `ok`."),
        optional("gate", Shape::Map(&Shape::Text), "The choice at a gate."),
        optional("manual", Shape::Map(&Shape::Anything), "What a person did at a manual step: `ok`, or its fields."),
    ],
};
