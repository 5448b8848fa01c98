use std::ops::Range;

use super::lexer::{Token, TokenKind, tokens};
use super::tree::{Argument, Literal, LiteralKind, Node, Segment, Tree};
use super::{Expression, Flaw, FlawKind, Function};
use crate::base::{Value, did_you_mean};
use crate::runbook::fields::list;

/// Names with a meaning of their own, which no bound name may take.
const RESERVED: [&str; 7] = ["inputs", "steps", "item", "self", "run", "true", "false"];
/// The longest bound name, in bytes: as long as that of a parameter.
const BOUND_MAX: usize = 63;

/// Reads an expression without blanks around it.
pub(super) fn parse(text: &str) -> Result<Tree, Flaw> {
    if text.len() > Expression::BYTES_MAX {
        let message = format!("the expression has more than {} bytes", Expression::BYTES_MAX);
        return Err(Flaw::new(FlawKind::Size, 0..text.len(), message));
    }
    if text.is_empty() {
        return Err(Flaw::new(FlawKind::Syntax, 0..0, "the expression is empty"));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: text.len(), depth: 0, trees: 0, bound: Vec::new() };
    let tree = parser.expression()?;
    match parser.tokens.get(parser.next) {
        None => Ok(tree),
        Some(token) => {
            let flaw = Flaw::new(FlawKind::Syntax, token.at.clone(), "the expression should have ended before this");
            Err(match &token.kind {
                TokenKind::Comparison(_) => flaw.help("compare two values at a time, and join comparisons by `&&`"),
                TokenKind::Arrow => {
                    flaw.help("write `>=` to compare; `=>` stands after a name in `filter`, `map`, `any` and `all`")
                }
                TokenKind::Name(name) if name == "and" => flaw.help("write `&&` for and"),
                TokenKind::Name(name) if name == "or" => flaw.help("write `||` for or"),
                _ => flaw,
            })
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    end: usize,
    depth: usize,
    /// How many trees there are so far.
    trees: usize,
    /// The bound names that stand for something here.
    bound: Vec<String>,
}

impl Parser {
    /// A tree over trees that are made already.
    fn tree(&mut self, at: Range<usize>, node: Node) -> Tree {
        let id = self.trees;
        self.trees += 1;
        Tree { at, id, node }
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn takes(&mut self, kind: &TokenKind) -> bool {
        let found = self.peek() == Some(kind);
        self.next += usize::from(found);
        found
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or(self.end..self.end, |token| token.at.clone())
    }

    fn expected(&self, what: &str) -> Flaw {
        let message = match self.tokens.get(self.next) {
            Some(_) => format!("{what} is expected here"),
            None => format!("the expression ends where {what} is expected"),
        };
        Flaw::new(FlawKind::Syntax, self.here(), message)
    }

    /// Goes one level deeper; every recursion passes here, so that a hostile text cannot exhaust the stack.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Flaw>) -> Result<T, Flaw> {
        if self.depth == Expression::DEPTH_MAX {
            let message = format!("the expression is more than {} levels deep", Expression::DEPTH_MAX);
            return Err(Flaw::new(FlawKind::Size, self.here(), message));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> Result<Tree, Flaw> {
        self.joined(&TokenKind::Or, Node::Any, |parser| parser.joined(&TokenKind::And, Node::All, Self::compared))
    }

    fn joined(
        &mut self,
        sign: &TokenKind,
        join: fn(Vec<Tree>) -> Node,
        read: impl Fn(&mut Self) -> Result<Tree, Flaw>,
    ) -> Result<Tree, Flaw> {
        let first = read(self)?;
        if self.peek() != Some(sign) {
            return Ok(first);
        }
        let start = first.at.start;
        let mut parts = vec![first];
        while self.takes(sign) {
            parts.push(read(self)?);
        }
        let end = parts.last().map_or(start, |last| last.at.end);
        Ok(self.tree(start..end, join(parts)))
    }

    fn compared(&mut self) -> Result<Tree, Flaw> {
        let left = self.unary()?;
        let Some(TokenKind::Comparison(comparison)) = self.peek() else { return Ok(left) };
        let comparison = *comparison;
        self.next += 1;
        let right = self.unary()?;
        let at = left.at.start..right.at.end;
        Ok(self.tree(at, Node::Compare { comparison, left: Box::new(left), right: Box::new(right) }))
    }

    fn unary(&mut self) -> Result<Tree, Flaw> {
        let start = self.here().start;
        if self.takes(&TokenKind::Not) {
            let inner = self.deeper(Self::unary)?;
            return Ok(self.tree(start..inner.at.end, Node::Not(Box::new(inner))));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Tree, Flaw> {
        let Some(token) = self.tokens.get(self.next).cloned() else { return Err(self.expected("a value")) };
        let at = token.at.clone();
        let truth = |value| Node::Literal(Literal { kind: LiteralKind::Boolean, value: Value::Boolean(value) });
        match token.kind {
            TokenKind::Literal(literal) => {
                self.next += 1;
                Ok(self.tree(at, Node::Literal(literal)))
            }
            TokenKind::Open => {
                self.next += 1;
                let inner = self.deeper(Self::expression)?;
                let end = self.here().end;
                if !self.takes(&TokenKind::Close) {
                    return Err(self.expected("`)`"));
                }
                Ok(Tree { at: at.start..end, ..inner })
            }
            TokenKind::Name(name) => {
                self.next += 1;
                match (name.as_str(), self.peek()) {
                    (_, Some(TokenKind::Open)) => self.call(&name, at),
                    ("true", _) => Ok(self.tree(at, truth(true))),
                    ("false", _) => Ok(self.tree(at, truth(false))),
                    _ => self.path(name, at),
                }
            }
            _ => Err(self.expected("a value")),
        }
    }

    fn path(&mut self, first: String, at: Range<usize>) -> Result<Tree, Flaw> {
        let start = at.start;
        let mut end = at.end;
        let mut segments = vec![Segment { name: first, at }];
        while self.takes(&TokenKind::Dot) {
            let Some(Token { at, kind: TokenKind::Name(name) }) = self.tokens.get(self.next).cloned() else {
                return Err(self.expected("a name after the dot"));
            };
            self.next += 1;
            end = at.end;
            segments.push(Segment { name, at });
        }
        Ok(self.tree(start..end, Node::Path(segments)))
    }

    fn call(&mut self, name: &str, at: Range<usize>) -> Result<Tree, Flaw> {
        let Some(function) = Function::ALL.iter().find(|function| function.name == name) else {
            let flaw = Flaw::new(FlawKind::Function, at, format!("there is no function `{name}`"));
            let names = || Function::ALL.iter().map(|function| function.name);
            return Err(match did_you_mean(name, names()) {
                Some(known) => flaw.help(format!("did you mean `{known}`?")),
                None => flaw.help(format!("the functions are {}", list(names()))),
            });
        };
        self.next += 1;
        let mut arguments = Vec::new();
        if self.peek() != Some(&TokenKind::Close) {
            arguments.push(self.argument(function, 0)?);
            while self.takes(&TokenKind::Comma) {
                arguments.push(self.argument(function, arguments.len())?);
            }
        }
        let end = self.here().end;
        if !self.takes(&TokenKind::Close) {
            return Err(self.expected(if arguments.len() < function.takes.len() { "`,` or `)`" } else { "`)`" }));
        }
        let at = at.start..end;
        if arguments.len() != function.takes.len() {
            let message = format!("`{name}` takes {}, not {}", function.takes.len(), arguments.len());
            return Err(Flaw::new(FlawKind::Count, at, message).help(format!("write `{}`", function.usage)));
        }
        Ok(self.tree(at, Node::Call { function, arguments }))
    }

    /// The argument of that number, with the name that it binds if it binds one.
    fn argument(&mut self, function: &Function, number: usize) -> Result<Argument, Flaw> {
        let binds = function.takes.get(number).is_some_and(|slot| slot.binds());
        let Some(bound) = self.bound_name() else {
            if binds {
                let message = format!("`{}` needs a name and `=>` here", function.name);
                let flaw = Flaw::new(FlawKind::Syntax, self.here(), message);
                return Err(flaw.help(format!("write `{}`; the name stands for each item", function.usage)));
            }
            return Ok(Argument { bound: None, body: self.deeper(Self::expression)? });
        };
        if !binds {
            let message = format!("`{}` binds no name here", function.name);
            let flaw = Flaw::new(FlawKind::Syntax, bound.at, message);
            return Err(flaw.help(format!("write `{}`", function.usage)));
        }
        self.check_bound(&bound)?;
        self.bound.push(bound.name.clone());
        let body = self.deeper(Self::expression)?;
        self.bound.pop();
        Ok(Argument { bound: Some(bound), body })
    }

    /// The name before a `=>`, if these two come next.
    fn bound_name(&mut self) -> Option<Segment> {
        let [Token { at, kind: TokenKind::Name(name) }, Token { kind: TokenKind::Arrow, .. }, ..] =
            self.tokens.get(self.next..)?
        else {
            return None;
        };
        let bound = Segment { name: name.clone(), at: at.clone() };
        self.next += 2;
        Some(bound)
    }

    fn check_bound(&self, bound: &Segment) -> Result<(), Flaw> {
        let name = bound.name.as_str();
        let is_part = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
        let message = if RESERVED.contains(&name) {
            format!("`{name}` has a meaning already")
        } else if self.bound.iter().any(|outer| outer == name) {
            format!("`{name}` stands for an item of the outer list already")
        } else if !name.starts_with(|letter: char| letter.is_ascii_lowercase())
            || !name.bytes().all(is_part)
            || name.len() > BOUND_MAX
        {
            format!("`{name}` is not a name for an item")
        } else {
            return Ok(());
        };
        let help = "write another name: lower-case letters, digits and underscores, beginning with a letter";
        Err(Flaw::new(FlawKind::Syntax, bound.at.clone(), message).help(help))
    }
}
