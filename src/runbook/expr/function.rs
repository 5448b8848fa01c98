/// A function of the expression language: all that checker, evaluator and documentation know of it.
#[derive(Debug)]
pub struct Function {
    /// The name, `contains`.
    pub name: &'static str,
    /// How it is written, `contains(list, value)`.
    pub usage: &'static str,
    /// What it gives, in one sentence.
    pub summary: &'static str,
    /// What it takes, in order. None may be a secret, or hold one.
    pub(super) takes: &'static [Slot],
    /// What it gives.
    pub(super) gives: Gives,
    /// What it does.
    pub(super) act: Act,
}

impl Function {
    /// Every function, in the order in which they are explained.
    pub const ALL: &'static [Self] = &FUNCTIONS;
}

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Text,
    Boolean,
    Timestamp,
    Duration,
    /// Anything but a secret.
    Any,
    /// A list of such items.
    List(Items),
    /// A list, or a text.
    ListOrText,
    /// What the first argument may hold: an item of a list, a part of a text.
    Part,
    /// Of one type with the argument of that number, counted from 0.
    Like(usize),
    /// A condition, worked out for each item of the first argument under a name.
    Condition,
    /// A value, worked out for each item of the first argument under a name.
    Each,
}

impl Slot {
    /// Tells whether it begins with a name and `=>`.
    pub(super) const fn binds(self) -> bool {
        matches!(self, Self::Condition | Self::Each)
    }
}

/// What the items of a list must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    Any,
    /// `==` has a meaning for them.
    Comparable,
    /// They have an order: numbers, durations, timestamps, and texts by their code points.
    Sortable,
    /// They can stand inside text.
    Plain,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    Boolean,
    Integer,
    Text,
    Texts,
    Timestamp,
    /// An item of the first argument.
    Item,
    /// A list like the first argument.
    List,
    /// Either of the last two arguments, which are of one type.
    Either,
    /// A list of what the last argument is for each item.
    Each,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Contains,
    Length,
    First,
    Last,
    Sort,
    Unique,
    Join,
    Split,
    Lower,
    StartsWith,
    EndsWith,
    Before,
    After,
    Default,
    If,
    Filter,
    Map,
    Any,
    All,
}

const fn function(
    usage: (&'static str, &'static str),
    takes: &'static [Slot],
    gives: Gives,
    act: Act,
    summary: &'static str,
) -> Function {
    Function { name: usage.0, usage: usage.1, summary, takes, gives, act }
}

static FUNCTIONS: [Function; 19] = [
    function(
        ("contains", "contains(list, value)"),
        &[Slot::ListOrText, Slot::Part],
        Gives::Boolean,
        Act::Contains,
        "Whether a list has an item equal to the value, or a text has the value as a part.",
    ),
    function(
        ("length", "length(list)"),
        &[Slot::ListOrText],
        Gives::Integer,
        Act::Length,
        "How many items a list has, or how many characters a text.",
    ),
    function(
        ("first", "first(list)"),
        &[Slot::List(Items::Any)],
        Gives::Item,
        Act::First,
        "The first item; an empty list has none, see `default`.",
    ),
    function(
        ("last", "last(list)"),
        &[Slot::List(Items::Any)],
        Gives::Item,
        Act::Last,
        "The last item; an empty list has none, see `default`.",
    ),
    function(
        ("sort", "sort(list)"),
        &[Slot::List(Items::Sortable)],
        Gives::List,
        Act::Sort,
        "The items in ascending order: numbers, durations and timestamps by value, texts by their code points.",
    ),
    function(
        ("unique", "unique(list)"),
        &[Slot::List(Items::Comparable)],
        Gives::List,
        Act::Unique,
        "The items without those that are equal to an earlier one.",
    ),
    function(
        ("join", "join(list, separator)"),
        &[Slot::List(Items::Plain), Slot::Text],
        Gives::Text,
        Act::Join,
        "The items as one text, with the separator between them.",
    ),
    function(
        ("split", "split(text, separator)"),
        &[Slot::Text, Slot::Text],
        Gives::Texts,
        Act::Split,
        "The parts of a text between the separators; an empty separator leaves it whole.",
    ),
    function(
        ("lower", "lower(text)"),
        &[Slot::Text],
        Gives::Text,
        Act::Lower,
        "The text in lower case, to compare without regard to case.",
    ),
    function(
        ("starts_with", "starts_with(text, start)"),
        &[Slot::Text, Slot::Text],
        Gives::Boolean,
        Act::StartsWith,
        "Whether a text begins with another.",
    ),
    function(
        ("ends_with", "ends_with(text, end)"),
        &[Slot::Text, Slot::Text],
        Gives::Boolean,
        Act::EndsWith,
        "Whether a text ends with another.",
    ),
    function(
        ("before", "before(timestamp, duration)"),
        &[Slot::Timestamp, Slot::Duration],
        Gives::Timestamp,
        Act::Before,
        "The moment so long before another.",
    ),
    function(
        ("after", "after(timestamp, duration)"),
        &[Slot::Timestamp, Slot::Duration],
        Gives::Timestamp,
        Act::After,
        "The moment so long after another.",
    ),
    function(
        ("default", "default(value, otherwise)"),
        &[Slot::Any, Slot::Like(0)],
        Gives::Either,
        Act::Default,
        "The value; where it is not there, as of a step that was skipped, or a list has no first or last item, the other.",
    ),
    function(
        ("if", "if(condition, value, otherwise)"),
        &[Slot::Boolean, Slot::Any, Slot::Like(1)],
        Gives::Either,
        Act::If,
        "The value where the condition is true, and else the other.",
    ),
    function(
        ("filter", "filter(list, name => condition)"),
        &[Slot::List(Items::Any), Slot::Condition],
        Gives::List,
        Act::Filter,
        "The items for which the condition is true.",
    ),
    function(
        ("map", "map(list, name => value)"),
        &[Slot::List(Items::Any), Slot::Each],
        Gives::Each,
        Act::Map,
        "A list of the value for each item.",
    ),
    function(
        ("any", "any(list, name => condition)"),
        &[Slot::List(Items::Any), Slot::Condition],
        Gives::Boolean,
        Act::Any,
        "Whether the condition is true for an item; false for an empty list.",
    ),
    function(
        ("all", "all(list, name => condition)"),
        &[Slot::List(Items::Any), Slot::Condition],
        Gives::Boolean,
        Act::All,
        "Whether the condition is true for every item; true for an empty list.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{Code, Expression};

    #[test]
    fn a_usage_says_the_name_and_as_many_arguments_as_are_taken() {
        for function in Function::ALL {
            let inside = function.usage.strip_prefix(function.name).unwrap();
            let arguments: Vec<_> = inside.strip_prefix('(').unwrap().strip_suffix(')').unwrap().split(", ").collect();
            assert_eq!(arguments.len(), function.takes.len(), "{}", function.name);
            for (argument, slot) in arguments.iter().zip(function.takes) {
                assert_eq!(argument.contains("=>"), slot.binds(), "{}", function.usage);
            }
            assert!(Expression::parse(function.usage).is_ok(), "{} can be read", function.usage);
            assert!(function.summary.ends_with('.'), "{} has a sentence", function.name);
        }
    }

    #[test]
    fn the_explanations_list_every_function() {
        for code in [Code::Syntax, Code::UnknownFunction, Code::ArgumentCount] {
            for function in Function::ALL {
                let (short, long) = (format!("`{}`", function.name), format!("`{}`", function.usage));
                let explanation = code.explanation();
                assert!(explanation.contains(&short) || explanation.contains(&long), "{code} lacks {}", function.name);
            }
        }
    }
}
