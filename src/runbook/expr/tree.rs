use std::fmt;
use std::ops::Range;

/// An expression taken apart. No deeper than `Expression::DEPTH_MAX` and the few levels of the grammar between.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// Where it stands, in bytes of the expression's text.
    pub(super) at: Range<usize>,
    pub(super) node: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Path(Vec<Segment>),
    Call {
        function: Function,
        arguments: Vec<Tree>,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Contains,
    Length,
    First,
}

impl Function {
    pub(super) const ALL: [Self; 3] = [Self::Contains, Self::Length, Self::First];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::Length => "length",
            Self::First => "first",
        }
    }

    /// How it is written.
    pub(super) const fn usage(self) -> &'static str {
        match self {
            Self::Contains => "contains(list, value)",
            Self::Length => "length(list)",
            Self::First => "first(list)",
        }
    }

    pub(super) const fn arity(self) -> usize {
        match self {
            Self::Contains => 2,
            Self::Length | Self::First => 1,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}
