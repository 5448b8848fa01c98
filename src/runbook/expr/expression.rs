use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::parser;
use super::tree::{Node, Tree};

/// An expression, as it stands between `${{` and `}}`.
#[derive(Clone)]
pub struct Expression {
    source: String,
    tree: Tree,
}

impl Expression {
    /// The largest expression, in bytes.
    pub const BYTES_MAX: usize = 2_000;
    /// The deepest nesting of parentheses, functions and negations.
    pub const DEPTH_MAX: usize = 64;

    /// Reads an expression. Blanks around it do not belong to it.
    ///
    /// # Errors
    /// The byte offset of what is wrong, and a sentence.
    pub fn parse(source: &str) -> Result<Self, (usize, String)> {
        Self::read(source).map_err(|flaw| (flaw.at.start, flaw.message))
    }

    /// Reads an expression, with all that a finding needs.
    pub(crate) fn read(source: &str) -> Result<Self, Flaw> {
        let lead = source.len() - source.trim_start().len();
        let trimmed = source.trim();
        let tree = parser::parse(trimmed).map_err(|flaw| flaw.moved(lead))?;
        Ok(Self { source: trimmed.to_owned(), tree })
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where the parts stand in the text that all have to hold: those of an `&&`, else the whole.
    pub(crate) fn demands(&self) -> Vec<Range<usize>> {
        match &self.tree.node {
            Node::All(parts) => parts.iter().map(|part| part.at.clone()).collect(),
            _ => std::iter::once(0..self.source.len()).collect(),
        }
    }

    pub(super) const fn tree(&self) -> &Tree {
        &self.tree
    }
}

/// What is wrong with the text of an expression or template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Where, in bytes of the text.
    pub(crate) at: Range<usize>,
    /// Of which kind it is.
    pub(crate) kind: FlawKind,
    /// What it is, as a sentence without its full stop.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) help: Option<String>,
}

/// What kind of flaw it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlawKind {
    /// It cannot be read.
    Syntax,
    /// It is too long or too deep.
    Size,
    /// There is no such function.
    Function,
    /// A function has too many or too few arguments.
    Count,
}

impl Flaw {
    pub(super) fn new(kind: FlawKind, at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, kind, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn moved(mut self, by: usize) -> Self {
        self.at = self.at.start + by..self.at.end + by;
        self
    }
}

impl PartialEq for Expression {
    /// Two expressions are equal if their texts are.
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${{{{ {} }}}}", self.source)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::parse(&source).map_err(|(_, why)| de::Error::custom(why))
    }
}
