use super::lexer::{Token, TokenKind, tokens};
use super::tree::{Function, Node, Segment, Tree};
use super::{Expression, Flaw, FlawKind};
use crate::base::did_you_mean;

/// Reads an expression without blanks around it.
pub(super) fn parse(text: &str) -> Result<Tree, Flaw> {
    if text.len() > Expression::BYTES_MAX {
        let message = format!("the expression has more than {} bytes", Expression::BYTES_MAX);
        return Err(Flaw::new(FlawKind::Size, 0..text.len(), message));
    }
    if text.is_empty() {
        return Err(Flaw::new(FlawKind::Syntax, 0..0, "the expression is empty"));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: text.len(), depth: 0 };
    let tree = parser.expression()?;
    match parser.tokens.get(parser.next) {
        None => Ok(tree),
        Some(token) => {
            let flaw = Flaw::new(FlawKind::Syntax, token.at.clone(), "the expression should have ended before this");
            Err(match token.kind {
                TokenKind::Comparison(_) => flaw.help("compare two values at a time, and join comparisons by `&&`"),
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
}

impl Parser {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn takes(&mut self, kind: &TokenKind) -> bool {
        let found = self.peek() == Some(kind);
        self.next += usize::from(found);
        found
    }

    fn here(&self) -> std::ops::Range<usize> {
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
        Ok(Tree { at: start..end, node: join(parts) })
    }

    fn compared(&mut self) -> Result<Tree, Flaw> {
        let left = self.unary()?;
        let Some(TokenKind::Comparison(comparison)) = self.peek() else { return Ok(left) };
        let comparison = *comparison;
        self.next += 1;
        let right = self.unary()?;
        let at = left.at.start..right.at.end;
        Ok(Tree { at, node: Node::Compare { comparison, left: Box::new(left), right: Box::new(right) } })
    }

    fn unary(&mut self) -> Result<Tree, Flaw> {
        let start = self.here().start;
        if self.takes(&TokenKind::Not) {
            let inner = self.deeper(Self::unary)?;
            return Ok(Tree { at: start..inner.at.end, node: Node::Not(Box::new(inner)) });
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Tree, Flaw> {
        let Some(token) = self.tokens.get(self.next).cloned() else { return Err(self.expected("a value")) };
        let at = token.at.clone();
        let leaf = |node| Ok(Tree { at: at.clone(), node });
        match token.kind {
            TokenKind::Text(text) => {
                self.next += 1;
                leaf(Node::Text(text))
            }
            TokenKind::Integer(value) => {
                self.next += 1;
                leaf(Node::Integer(value))
            }
            TokenKind::Open => {
                self.next += 1;
                let inner = self.deeper(Self::expression)?;
                let end = self.here().end;
                if !self.takes(&TokenKind::Close) {
                    return Err(self.expected("`)`"));
                }
                Ok(Tree { at: at.start..end, node: inner.node })
            }
            TokenKind::Name(name) => {
                self.next += 1;
                match (name.as_str(), self.peek()) {
                    (_, Some(TokenKind::Open)) => self.call(&name, at),
                    ("true", _) => leaf(Node::Boolean(true)),
                    ("false", _) => leaf(Node::Boolean(false)),
                    _ => self.path(name, at),
                }
            }
            _ => Err(self.expected("a value")),
        }
    }

    fn path(&mut self, first: String, at: std::ops::Range<usize>) -> Result<Tree, Flaw> {
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
        Ok(Tree { at: start..end, node: Node::Path(segments) })
    }

    fn call(&mut self, name: &str, at: std::ops::Range<usize>) -> Result<Tree, Flaw> {
        let Some(function) = Function::ALL.into_iter().find(|function| function.name() == name) else {
            let flaw = Flaw::new(FlawKind::Function, at, format!("there is no function `{name}`"));
            let names = Function::ALL.map(Function::name);
            return Err(match did_you_mean(name, names) {
                Some(known) => flaw.help(format!("did you mean `{known}`?")),
                None => flaw.help("the functions are `contains`, `length` and `first`"),
            });
        };
        self.next += 1;
        let mut arguments = Vec::new();
        if self.peek() != Some(&TokenKind::Close) {
            arguments.push(self.deeper(Self::expression)?);
            while self.takes(&TokenKind::Comma) {
                arguments.push(self.deeper(Self::expression)?);
            }
        }
        let end = self.here().end;
        if !self.takes(&TokenKind::Close) {
            return Err(self.expected("`)`"));
        }
        let at = at.start..end;
        if arguments.len() != function.arity() {
            let message = format!("`{name}` takes {}, not {}", function.arity(), arguments.len());
            return Err(Flaw::new(FlawKind::Count, at, message).help(format!("write `{}`", function.usage())));
        }
        Ok(Tree { at, node: Node::Call { function, arguments } })
    }
}
