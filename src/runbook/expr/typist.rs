use std::ops::Range;

use super::function::{Act, Gives, Items, Slot};
use super::tree::{Argument, Comparison, Literal, LiteralKind, Node, Segment, Tree};
use super::typing::{Names, Typing, Unnamed};
use super::{Expression, Function, Template};
use crate::base::{Decimal, Span, Timestamp, did_you_mean};
use crate::runbook::{Code, read};

/// Something that is wrong with the meaning of an expression.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// Where, in bytes of the expression's or template's text.
    pub(crate) at: Range<usize>,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Expression {
    /// The type of its value; what is wrong is added to `mistakes`.
    pub(crate) fn typing(&self, names: &dyn Names, mistakes: &mut Vec<Mistake>) -> Typing {
        self.typings(names, mistakes).pop().unwrap_or(Typing::Unknown)
    }

    /// The type of each tree, by its number; that of the whole is the last.
    pub(super) fn typings(&self, names: &dyn Names, mistakes: &mut Vec<Mistake>) -> Vec<Typing> {
        let found = vec![Typing::Unknown; self.tree().id + 1];
        let mut typist = Typist { source: self.source(), names, mistakes, bound: Vec::new(), found, defaulted: 0 };
        typist.tree(self.tree());
        typist.found
    }
}

impl Template {
    /// The type of its value; what is wrong is added to `mistakes`.
    pub(crate) fn typing(&self, names: &dyn Names, mistakes: &mut Vec<Mistake>) -> Typing {
        let mut typed = |at: usize, expression: &Expression| {
            let mut own = Vec::new();
            let typing = expression.typing(names, &mut own);
            mistakes.extend(
                own.into_iter().map(|mistake| Mistake { at: mistake.at.start + at..mistake.at.end + at, ..mistake }),
            );
            typing
        };
        if let Some((at, expression)) = self.whole() {
            return typed(at, expression);
        }
        let holes: Vec<_> = self.holes().map(|(at, hole)| (at, hole, typed(at, hole))).collect();
        for (at, hole, typing) in holes {
            let text = hole.source();
            let (code, help) = match typing {
                _ if typing.is_secret() => (Code::SecretLeak, PASS_WHOLE.to_owned()),
                Typing::Target(_) => (Code::NotText, format!("write `{text}.name` or `{text}.url`")),
                Typing::List(ref item) if item.is_plain() => (Code::NotText, format!("write `join({text}, ', ')`")),
                Typing::Record | Typing::List(_) => (Code::NotText, "pass it whole, without text".into()),
                _ => continue,
            };
            let message = format!("`{text}` is {typing} and cannot stand inside text");
            mistakes.push(Mistake { at: at..at + text.len(), code, message, help: Some(help) });
        }
        Typing::String
    }
}

const PASS_WHOLE: &str = "pass it whole, to a parameter that takes a secret";

/// Finds the types of an expression, and what is wrong with them.
struct Typist<'a> {
    source: &'a str,
    names: &'a dyn Names,
    mistakes: &'a mut Vec<Mistake>,
    /// The bound names that stand for something here.
    bound: Vec<(&'a str, Typing)>,
    /// The type of each tree, by its number.
    found: Vec<Typing>,
    /// In how many `default` the present tree is the value, for which another one is taken if it is not there.
    defaulted: usize,
}

impl<'a> Typist<'a> {
    fn tree(&mut self, tree: &'a Tree) -> Typing {
        let typing = match &tree.node {
            Node::Literal(literal) => of_literal(literal),
            Node::Path(segments) => self.path(tree, segments),
            Node::Call { function, arguments } => self.call(function, arguments),
            Node::Not(inner) => self.condition(std::slice::from_ref(inner)),
            Node::All(parts) | Node::Any(parts) => self.condition(parts),
            Node::Compare { comparison, left, right } => self.compare(*comparison, left, right),
        };
        if let Some(found) = self.found.get_mut(tree.id) {
            found.clone_from(&typing);
        }
        typing
    }

    fn path(&mut self, tree: &Tree, segments: &[Segment]) -> Typing {
        let path: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
        let root = path.first().copied().unwrap_or_default();
        let found = match self.bound.iter().rev().find(|(name, _)| *name == root) {
            Some((_, item)) => item.clone().descend(&path, 1),
            None if self.defaulted > 0 => self.names.typing_if_there(&path),
            None => self.names.typing(&path),
        };
        found.unwrap_or_else(|unnamed| {
            let at = segments.get(unnamed.segment).map_or(tree.at.clone(), |segment| segment.at.clone());
            let Unnamed { code, message, mut help, .. } = unnamed;
            if code == Code::UnknownName
                && let Some(near) = did_you_mean(root, self.bound.iter().map(|(name, _)| *name))
            {
                help = Some(format!("did you mean `{near}`?"));
            }
            self.mistakes.push(Mistake { at, code, message, help });
            Typing::Unknown
        })
    }

    fn condition(&mut self, parts: &'a [Tree]) -> Typing {
        for part in parts {
            let typing = self.tree(part);
            self.want(part, &typing, &Typing::Boolean);
        }
        Typing::Boolean
    }

    fn call(&mut self, function: &'static Function, arguments: &'a [Argument]) -> Typing {
        let mut typings: Vec<Typing> = Vec::new();
        for (slot, argument) in function.takes.iter().zip(arguments) {
            let tree = &argument.body;
            let defaulted = usize::from(function.act == Act::Default && typings.is_empty());
            self.defaulted += defaulted;
            let mut typing = match &argument.bound {
                Some(bound) => {
                    self.bound.push((&bound.name, item_of(typings.first())));
                    let typing = self.tree(tree);
                    self.bound.pop();
                    typing
                }
                None => self.tree(tree),
            };
            self.defaulted -= defaulted;
            if !self.seen(tree, &typing) {
                typing = Typing::Unknown;
            }
            let typing = self.argument(*slot, tree, typing, &typings, arguments);
            typings.push(typing);
        }
        match function.gives {
            Gives::Boolean => Typing::Boolean,
            Gives::Integer => Typing::Integer,
            Gives::Text => Typing::String,
            Gives::Texts => Typing::list(Typing::String),
            Gives::Timestamp => Typing::Timestamp,
            Gives::Item => item_of(typings.first()),
            Gives::List => Typing::list(item_of(typings.first())),
            Gives::Either => typings.pop().unwrap_or(Typing::Unknown),
            Gives::Each => Typing::list(typings.pop().unwrap_or(Typing::Unknown)),
        }
    }

    /// Compares an argument with what its function takes there; gives the type to go on with.
    fn argument(
        &mut self,
        slot: Slot,
        tree: &'a Tree,
        typing: Typing,
        earlier: &[Typing],
        arguments: &'a [Argument],
    ) -> Typing {
        match slot {
            Slot::Any | Slot::Each => {}
            Slot::Text => self.want(tree, &typing, &Typing::String),
            Slot::Boolean | Slot::Condition => self.want(tree, &typing, &Typing::Boolean),
            Slot::Timestamp => self.want(tree, &typing, &Typing::Timestamp),
            Slot::Duration => self.want(tree, &typing, &Typing::Duration),
            Slot::List(items) => return self.list(items, tree, typing),
            Slot::ListOrText => {
                if !matches!(typing, Typing::List(_)) && !typing.can_be(&Typing::String) {
                    self.mistyped(tree, &typing, "a list or a string");
                    return Typing::Unknown;
                }
            }
            Slot::Part => match (earlier.first(), arguments.first()) {
                (Some(Typing::List(item)), Some(list)) => {
                    if item.is_comparable() {
                        self.alike(tree, &typing, item);
                    } else {
                        self.mistyped(&list.body, &Typing::list(&**item), "a list of what `==` can compare");
                    }
                }
                (Some(Typing::Unknown) | None, _) | (_, None) => {}
                (Some(_), Some(_)) => self.want(tree, &typing, &Typing::String),
            },
            Slot::Like(number) => {
                let (Some(like), Some(other)) = (earlier.get(number), arguments.get(number)) else { return typing };
                let one = as_moment(&other.body, like, &typing);
                let typing = as_moment(tree, &typing, like);
                return one.common(&typing).unwrap_or_else(|| {
                    self.mistyped(tree, &typing, &one.to_string());
                    one
                });
            }
        }
        typing
    }

    /// A list whose items are as wanted.
    fn list(&mut self, items: Items, tree: &Tree, typing: Typing) -> Typing {
        let Typing::List(item) = &typing else {
            if typing != Typing::Unknown {
                self.mistyped(tree, &typing, "a list");
            }
            return Typing::Unknown;
        };
        let (good, wanted) = match items {
            Items::Any => (true, "a list"),
            Items::Comparable => (item.is_comparable(), "a list of what `==` can compare"),
            Items::Sortable => {
                let sortable = item.is_ordered() || **item == Typing::String;
                (sortable, "a list of texts, numbers, durations or timestamps")
            }
            Items::Plain => (item.is_plain(), "a list of what can stand inside text"),
        };
        if !good {
            self.mistyped(tree, &typing, wanted);
            return Typing::list(Typing::Unknown);
        }
        typing
    }

    fn compare(&mut self, comparison: Comparison, left: &'a Tree, right: &'a Tree) -> Typing {
        let (one, other) = (self.tree(left), self.tree(right));
        if !(self.seen(left, &one) & self.seen(right, &other)) {
            return Typing::Boolean;
        }
        let (one, other) = (as_moment(left, &one, &other), as_moment(right, &other, &one));
        let (can, wanted): (fn(&Typing) -> bool, _) = if comparison.orders() {
            (Typing::is_ordered, "an integer, decimal, duration or timestamp")
        } else {
            (Typing::is_comparable, "a string, integer, decimal, boolean, duration, timestamp or target")
        };
        match (can(&one), can(&other)) {
            (true, true) if is_literal(left) && !is_literal(right) => self.alike(left, &one, &other),
            (true, true) => self.alike(right, &other, &one),
            (false, true) if other != Typing::Unknown => self.mistyped(left, &one, &other.to_string()),
            (true, false) if one != Typing::Unknown => self.mistyped(right, &other, &one.to_string()),
            (can_left, can_right) => {
                for (tree, typing, can) in [(left, &one, can_left), (right, &other, can_right)] {
                    if !can {
                        self.mistyped(tree, typing, wanted);
                    }
                }
            }
        }
        Typing::Boolean
    }

    /// Adds a mistake unless a value of one type can be compared with one of the other.
    fn alike(&mut self, tree: &Tree, typing: &Typing, other: &Typing) {
        let whole_number = *other == Typing::Decimal && literal_kind(tree) == Some(LiteralKind::Integer);
        let typing = as_moment(tree, typing, other);
        let known = typing != Typing::Unknown && *other != Typing::Unknown;
        if known && typing != *other && !whole_number {
            self.mistyped(tree, &typing, &other.to_string());
        }
    }

    /// Adds a mistake unless the value may be looked at.
    fn seen(&mut self, tree: &Tree, typing: &Typing) -> bool {
        if !typing.is_secret() {
            return true;
        }
        let message = match typing {
            Typing::Secret => format!("`{}` is a secret and cannot be looked at", self.text(tree)),
            _ => format!("`{}` holds secrets and cannot be looked at", self.text(tree)),
        };
        let help = Some(PASS_WHOLE.to_owned());
        self.mistakes.push(Mistake { at: tree.at.clone(), code: Code::SecretLeak, message, help });
        false
    }

    fn want(&mut self, tree: &Tree, typing: &Typing, wanted: &Typing) {
        if typing.is_secret() {
            self.seen(tree, typing);
        } else if !as_moment(tree, typing, wanted).can_be(wanted) {
            self.mistyped(tree, typing, &wanted.to_string());
        }
    }

    fn mistyped(&mut self, tree: &Tree, typing: &Typing, wanted: &str) {
        let message = format!("`{}` is {typing}, where {wanted} is needed", self.text(tree));
        let help = literal_text(tree).and_then(|text| unquoted(text, wanted));
        self.mistakes.push(Mistake { at: tree.at.clone(), code: Code::Operand, message, help });
    }

    fn text(&self, tree: &Tree) -> &'a str {
        self.source.get(tree.at.clone()).unwrap_or(self.source)
    }
}

/// There is no literal for a moment: a quoted text that is one stands for it where one is needed.
fn as_moment(tree: &Tree, typing: &Typing, other: &Typing) -> Typing {
    let is_moment =
        *other == Typing::Timestamp && literal_text(tree).is_some_and(|text| text.parse::<Timestamp>().is_ok());
    if is_moment { Typing::Timestamp } else { typing.clone() }
}

fn of_literal(literal: &Literal) -> Typing {
    match literal.kind {
        LiteralKind::Text => Typing::String,
        LiteralKind::Integer => Typing::Integer,
        LiteralKind::Decimal => Typing::Decimal,
        LiteralKind::Duration => Typing::Duration,
        LiteralKind::Boolean => Typing::Boolean,
    }
}

/// The type of the items of a list.
fn item_of(list: Option<&Typing>) -> Typing {
    match list {
        Some(Typing::List(item)) => (**item).clone(),
        _ => Typing::Unknown,
    }
}

const fn literal_kind(tree: &Tree) -> Option<LiteralKind> {
    if let Node::Literal(literal) = &tree.node { Some(literal.kind) } else { None }
}

const fn is_literal(tree: &Tree) -> bool {
    literal_kind(tree).is_some()
}

fn literal_text(tree: &Tree) -> Option<&str> {
    match &tree.node {
        Node::Literal(Literal { kind: LiteralKind::Text, value }) => value.as_text(),
        _ => None,
    }
}

/// What to write where a text says in quotes what is wanted without them.
fn unquoted(text: &str, wanted: &str) -> Option<String> {
    let means = match wanted {
        "an integer" => read::whole_number(text).is_some(),
        "a decimal" => Decimal::parse(text).is_ok(),
        "a boolean" => read::truth(text).is_some(),
        "a duration" => Span::parse(text).is_ok(),
        "a timestamp" => return Some("write a moment as '2026-11-20T03:10:00Z'".to_owned()),
        _ => false,
    };
    means.then(|| format!("write `{text}`, without quotes"))
}
