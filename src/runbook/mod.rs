//! From YAML text to a checked runbook.
//!
//! What comes in: text, never a path. What goes out: a [`Runbook`], or every finding at once, each with its code, place
//! and what to write instead. As written is not as meant: the parser gives what the author wrote with its places, the
//! checker alone makes a [`Runbook`] of it. Expressions are our own small language: typed, total, without input, output
//! or clock; a secret is opaque to them.
//!
//! Deliberately absent: files, git, the time, and what a step will do to a particular target; that is the plan's.

mod answers;
mod check;
mod code;
mod diff;
mod environment;
mod expanded;
mod expr;
mod fields;
mod finding;
mod grammar;
mod inputs;
mod longest;
mod model;
mod parse;
mod pattern;
mod playbook;
mod read;
mod render;
mod schema;
mod settings;
mod shipped;
mod simulated;
mod skeleton;
mod written;

pub use answers::{Answers, parse_answers};
pub use check::{Checked, check, check_all};
pub use code::Code;
pub use diff::{Fate, KeyChange, Moved, RunbookDiff, StepDiff, diff};
pub use environment::{BannerColour, Environment, EstateKind, Policy, Resources, RevisionRule, SignIn, Target};
pub use expr::{EvaluateError, Expression, Function, Scope, Template, Typing};
pub use finding::{Finding, Place, Severity};
pub use inputs::{InputProblem, bind_inputs, bind_nested, fit_input, is_reference};
pub use model::{
    Argument, CallRole, CallSpec, CheckSpec, Choice, DefaultFrom, DrillSubstitute, FieldKind, ForEach, Items, Leads,
    Length, ManualField, NestedCall, OnFailure, Parameter, ParameterType, Retry, RetryCause, Runbook, RunbookOutput,
    Step, StepKind, UndoStep, UndoUntil, Until,
};
pub use playbook::{
    Alert, AlertSource, Breakage, Cadence, CheckedPlaybook, Content, DrillStep, Escalation, Exercise, FirstAction,
    Given, Guide, IncidentSeverity, Level, Message, Moment, Participant, Playbook, Programme, Recovered, Role, Shelf,
    Suggestion, Trouble, check_playbook, is_playbook, target_kind,
};
pub use render::{Colour, render_findings};
pub use schema::{environment_schema, playbook_schema, runbook_schema};
pub use settings::{CheckedEnvironment, check_environment, parse_environments};
pub use shipped::{shipped, shipped_playbooks};
pub use skeleton::skeleton;

pub(crate) use finding::Findings;
pub(crate) use inputs::{input_order, read_value};
pub(crate) use longest::{Longest, plus};
