use std::ops::Range;

use super::Function;
use crate::base::Value;

/// An expression taken apart. No deeper than `Expression::DEPTH_MAX` and the few levels of the grammar between.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// Where it stands, in bytes of the expression's text.
    pub(super) at: Range<usize>,
    /// Its number in the expression. A part has a smaller number than the whole, so the root's is the largest.
    pub(super) id: usize,
    pub(super) node: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Literal),
    Path(Vec<Segment>),
    /// A function with as many arguments as it takes.
    Call {
        function: &'static Function,
        arguments: Vec<Argument>,
    },
    Not(Box<Tree>),
    Compare {
        comparison: Comparison,
        left: Box<Tree>,
        right: Box<Tree>,
    },
    /// `&&`; at least two.
    All(Vec<Tree>),
    /// `||`; at least two.
    Any(Vec<Tree>),
}

/// A value written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) kind: LiteralKind,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LiteralKind {
    Text,
    Integer,
    Decimal,
    Duration,
    Boolean,
}

/// An argument of a function.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// The name that stands for each item of the list, in an argument that is worked out once for each.
    pub(super) bound: Option<Segment>,
    pub(super) body: Tree,
}

/// A name in a path.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) at: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Whether it is about order, and not only about being the same.
    pub(super) const fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}
