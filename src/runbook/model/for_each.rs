use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::base::Value;
use crate::runbook::{EvaluateError, Expression, Scope};

/// One instance of a step per item of a list, in the list's order; inside, `item` is the item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct ForEach {
    /// The list. It may be known only at run time.
    pub list: Items,
    /// What an instance is called, `step[key]`: a text of `item`. Without it, the item's own name or text.
    pub key: Option<Expression>,
    /// How many items there may be; with more the step fails before anything is asked or sent.
    pub at_most: u32,
    /// How many instances may be under way at a time.
    pub max_parallel: u32,
}

impl ForEach {
    /// How many items there may be unless the author says otherwise.
    pub const AT_MOST: u32 = 100;
    /// The largest `at_most`.
    pub const AT_MOST_MAX: u32 = 1_000;
    /// The largest `max_parallel`.
    pub const MAX_PARALLEL_MAX: u32 = 32;

    /// All items of a list, one after the other, under the usual bounds.
    pub fn of(list: impl Into<Items>) -> Self {
        Self { list: list.into(), key: None, at_most: Self::AT_MOST, max_parallel: 1 }
    }
}

/// The list of a `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Items {
    /// What an expression gives.
    Expression(Expression),
    /// What is written out: texts, or whole numbers.
    Values(Vec<Value>),
}

impl Items {
    /// The list.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, EvaluateError> {
        match self {
            Self::Expression(list) => list.evaluate(scope),
            Self::Values(values) => Ok(Value::List(values.clone())),
        }
    }

    /// The text: of the expression, or of the items with commas between.
    pub fn source(&self) -> Cow<'_, str> {
        match self {
            Self::Expression(list) => Cow::Borrowed(list.source()),
            Self::Values(values) => Cow::Owned(Value::List(values.clone()).to_string()),
        }
    }
}

impl From<Expression> for Items {
    fn from(list: Expression) -> Self {
        Self::Expression(list)
    }
}

/// As it is written down: the list alone, if the rest is as usual.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    List(Items),
    Full {
        list: Items,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Expression>,
        at_most: u32,
        max_parallel: u32,
    },
}

impl From<Form> for ForEach {
    fn from(form: Form) -> Self {
        match form {
            Form::List(list) => Self::of(list),
            Form::Full { list, key, at_most, max_parallel } => Self { list, key, at_most, max_parallel },
        }
    }
}

impl From<ForEach> for Form {
    fn from(each: ForEach) -> Self {
        let ForEach { list, key, at_most, max_parallel } = each;
        if key.is_none() && at_most == ForEach::AT_MOST && max_parallel == 1 {
            Self::List(list)
        } else {
            Self::Full { list, key, at_most, max_parallel }
        }
    }
}
