use std::fmt;

use super::{Breakage, Recovered, Role};
use crate::base::{Span, StepId, Value};
use crate::effect::TargetKind;
use crate::runbook::Parameter;

/// A drill: runbooks as steps of a graph, on targets that are bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programme {
    /// What is assumed to have happened.
    pub scenario: String,
    /// The environment in which it is drilled; it is drilled in no other.
    pub environment: String,
    /// The names or ids of the resources that are bound to the drill; never empty.
    pub targets: Vec<String>,
    /// What is broken before it begins, in this order: in a simulated environment by the simulator, in a live one by a
    /// person.
    pub breaks: Vec<Breakage>,
    /// How long the recovery may take, all runbooks together.
    pub rto: Span,
    /// How much of the latest data may be lost.
    pub rpo: Option<Span>,
    /// What that is measured by.
    pub recovered: Option<Recovered>,
    /// How much of the steps it must prove, in percent of all, 1 to 100.
    pub coverage: Option<u8>,
    /// Who does what, in the order of [`Role::ALL`]; commander and operator are always there.
    pub participants: Vec<(Role, String)>,
    /// How often it is drilled.
    pub cadence: Cadence,
    /// What must hold for the drill to have succeeded; never empty.
    pub success_criteria: Vec<String>,
    /// What the drill says nothing about, each with why.
    pub not_tested: Vec<String>,
    /// The steps, each after those that it needs; never empty.
    pub steps: Vec<DrillStep>,
}

/// A step of a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillStep {
    /// The name, unique in the programme.
    pub id: StepId,
    /// What it does, in a few words.
    pub title: String,
    /// Why it is there, for a stranger.
    pub why: Option<String>,
    /// The steps that must have ended well before.
    pub needs: Vec<StepId>,
    /// The runbook that is run; the library has it.
    pub runbook: String,
    /// Its parameters, as they were when the programme was checked, in its order.
    pub parameters: Vec<Parameter>,
    /// The inputs that the programme gives, in that order, each of its parameter's type.
    pub with: Vec<(String, Value)>,
    /// Whether it clears away what the drill has made, and recovers nothing.
    pub is_cleanup: bool,
}

/// How often a drill is due. When it is due next depends on when it was last run, which is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// Every calendar week.
    Weekly,
    /// Every calendar month.
    Monthly,
    /// Every quarter of a year.
    Quarterly,
    /// Every half of a year.
    HalfYearly,
    /// Every year.
    Yearly,
    /// So many days after the last one, 1 to 731.
    Days(u16),
}

impl Cadence {
    /// The usual cadences by their words.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("weekly", Self::Weekly),
        ("monthly", Self::Monthly),
        ("quarterly", Self::Quarterly),
        ("half-yearly", Self::HalfYearly),
        ("yearly", Self::Yearly),
    ];

    /// Reads `90d` or `6w`: whole days, at most two years. None for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, days) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
            (Some(number), _) => (number, 1),
            (None, Some(number)) => (number, 7),
            (None, None) => return None,
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let days = number.parse::<u16>().ok()?.checked_mul(days)?;
        (1..=731).contains(&days).then_some(Self::Days(days))
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(1) => f.write_str("every day"),
            Self::Days(days) => write!(f, "every {days} days"),
            usual => f.write_str(Self::WORDS.iter().find(|(_, known)| known == usual).map_or("", |(word, _)| word)),
        }
    }
}

impl Programme {
    /// Tells whether a resource is bound to the drill: its name, or its resource id (without regard to case).
    pub fn is_bound(&self, target: &str) -> bool {
        Self::binds(&self.targets, target)
    }

    /// The same for targets that are not a programme's yet.
    pub(super) fn binds(targets: &[String], target: &str) -> bool {
        targets.iter().any(|bound| bound == target || (bound.starts_with('/') && bound.eq_ignore_ascii_case(target)))
    }

    /// The resources among a parameter's bound input that are not bound to the drill, by name. An input of another type
    /// than a target, or a list of such, has none.
    pub fn strangers(&self, parameter: &Parameter, input: &Value) -> Vec<String> {
        if target_kind(parameter).is_none() {
            return Vec::new();
        }
        let items = input.as_list().map_or_else(|| vec![input], |items| items.iter().collect());
        let field = |item: &Value, name: &str| item.field(name).and_then(Value::as_text).map(str::to_owned);
        let name = |item: &Value| field(item, "name").unwrap_or_else(|| item.to_string());
        let is_bound =
            |item: &&Value| self.is_bound(&name(item)) || field(item, "id").is_some_and(|id| self.is_bound(&id));
        items.into_iter().filter(|item| !is_bound(item)).map(name).collect()
    }
}

/// The kind of target that a parameter takes, alone or as a list.
pub fn target_kind(parameter: &Parameter) -> Option<TargetKind> {
    use crate::runbook::ParameterType;
    match &parameter.kind {
        ParameterType::Target { of } => Some(*of),
        ParameterType::List { of, .. } => match of.as_ref() {
            ParameterType::Target { of } => Some(*of),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cadence_is_whole_days_and_never_a_length_of_time() {
        assert_eq!(Cadence::parse("90d"), Some(Cadence::Days(90)));
        assert_eq!(Cadence::parse("6w"), Some(Cadence::Days(42)));
        for text in ["", "d", "0d", "732d", "90", "2160h", "+9d", "9 d", "65535w", "1.5d"] {
            assert_eq!(Cadence::parse(text), None, "{text}");
        }
    }
}
