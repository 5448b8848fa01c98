//! Expressions made up at random, of a type that is wanted, and inputs for them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::base::Timestamp;

/// The types of single values that are made up.
const SINGLE: [Typing; 7] = [
    Typing::String,
    Typing::Integer,
    Typing::Decimal,
    Typing::Boolean,
    Typing::Duration,
    Typing::Timestamp,
    Typing::Target(TargetKind::Webapp),
];

/// How the author of an expression behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// Writes only what is well typed.
    Careful,
    /// Writes anything anywhere, secrets too.
    Careless,
}

/// An author who takes every decision from a list of numbers, and the simplest once they are used up.
struct Pen {
    choices: Vec<u16>,
    next: usize,
    author: Author,
    bound: Vec<(String, Typing)>,
    names: usize,
}

/// An expression of a type.
pub(super) fn expression(author: Author) -> impl Strategy<Value = (String, Typing)> {
    (vec(any::<u16>(), 0..80), 0..SINGLE.len() * 2).prop_map(move |(choices, kind)| {
        let single = SINGLE[kind % SINGLE.len()].clone();
        let typing = if kind < SINGLE.len() { single } else { Typing::list(single) };
        let mut pen = Pen { choices, next: 0, author, bound: Vec::new(), names: 0 };
        (pen.of(&typing, 4), typing)
    })
}

impl Pen {
    fn pick(&mut self, among: usize) -> usize {
        let choice = self.choices.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        usize::from(choice) % among
    }

    fn single(&mut self) -> Typing {
        SINGLE[self.pick(SINGLE.len())].clone()
    }

    fn of(&mut self, wanted: &Typing, depth: usize) -> String {
        if self.author == Author::Careless && self.pick(12) == 11 {
            return self.careless(depth);
        }
        let choice = self.pick(7);
        if depth == 0 || choice == 0 {
            return self.leaf(wanted);
        }
        let depth = depth - 1;
        match choice {
            1 => {
                let condition = self.of(&Typing::Boolean, depth);
                format!("if({condition}, {}, {})", self.of(wanted, depth), self.of(wanted, depth))
            }
            2 => format!("default({}, {})", self.of(wanted, depth), self.of(wanted, depth)),
            3 if !matches!(wanted, Typing::List(_)) => {
                let which = ["first", "last"][self.pick(2)];
                format!("{which}({})", self.of(&Typing::list(wanted), depth))
            }
            _ => match wanted {
                Typing::List(item) => self.list(item, depth),
                Typing::Boolean => self.condition(depth),
                Typing::String => self.text(depth),
                Typing::Integer => {
                    let list = self.single();
                    format!("length({})", self.of(&Typing::list(list), depth))
                }
                Typing::Timestamp => {
                    let which = ["before", "after"][self.pick(2)];
                    let moment = self.of(&Typing::Timestamp, depth);
                    format!("{which}({moment}, {})", self.of(&Typing::Duration, depth))
                }
                _ => self.leaf(wanted),
            },
        }
    }

    fn leaf(&mut self, wanted: &Typing) -> String {
        let bound: Vec<String> =
            self.bound.iter().filter(|(_, typing)| typing == wanted).map(|(name, _)| name.clone()).collect();
        if !bound.is_empty() && self.pick(3) > 0 {
            return bound[self.pick(bound.len())].clone();
        }
        let literals: &[&str] = match wanted {
            Typing::String => &["'a'", "''", "\"it's\"", "'1.10'", "'Web'"],
            Typing::Integer => &["0", "-3", "41"],
            Typing::Decimal => &["0.5", "-1.50", "41.0"],
            Typing::Boolean => &["true", "false"],
            Typing::Duration => &["60s", "1m", "1h30m", "500ms"],
            _ => &[],
        };
        if !literals.is_empty() && self.pick(2) == 1 {
            return literals[self.pick(literals.len())].to_owned();
        }
        format!("inputs.{}", name_of(wanted))
    }

    fn list(&mut self, item: &Typing, depth: usize) -> String {
        match self.pick(5) {
            0 => {
                let list = self.of(&Typing::list(item), depth);
                let condition = self.inside(item, |pen| pen.of(&Typing::Boolean, depth));
                format!("filter({list}, {condition})")
            }
            1 => {
                let from = self.single();
                let list = self.of(&Typing::list(&from), depth);
                let value = self.inside(&from, |pen| pen.of(item, depth));
                format!("map({list}, {value})")
            }
            2 => format!("unique({})", self.of(&Typing::list(item), depth)),
            3 if *item == Typing::String => {
                format!("split({}, {})", self.of(&Typing::String, depth), self.of(&Typing::String, depth))
            }
            3 if item.is_ordered() => format!("sort({})", self.of(&Typing::list(item), depth)),
            _ => self.leaf(&Typing::list(item)),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        match self.pick(8) {
            0 => format!("!{}", self.leaf(&Typing::Boolean)),
            1 | 2 => {
                let sign = ["&&", "||"][self.pick(2)];
                format!("({} {sign} {})", self.of(&Typing::Boolean, depth), self.of(&Typing::Boolean, depth))
            }
            3 | 4 => {
                let kind = self.single();
                let signs = if kind.is_ordered() { 6 } else { 2 };
                let sign = ["==", "!=", "<", "<=", ">", ">="][self.pick(signs)];
                let other = match kind {
                    Typing::Decimal if self.pick(3) == 0 => "3".to_owned(),
                    Typing::Timestamp if self.pick(3) == 0 => "'2026-11-20T03:10:00Z'".to_owned(),
                    _ => self.of(&kind, depth),
                };
                format!("({} {sign} {other})", self.of(&kind, depth))
            }
            5 => {
                let kind = self.single();
                format!("contains({}, {})", self.of(&Typing::list(&kind), depth), self.of(&kind, depth))
            }
            6 => {
                let which = ["starts_with", "ends_with", "contains"][self.pick(3)];
                format!("{which}({}, {})", self.of(&Typing::String, depth), self.of(&Typing::String, depth))
            }
            _ => {
                let (which, kind) = (["any", "all"][self.pick(2)], self.single());
                let list = self.of(&Typing::list(&kind), depth);
                let condition = self.inside(&kind, |pen| pen.of(&Typing::Boolean, depth));
                format!("{which}({list}, {condition})")
            }
        }
    }

    fn text(&mut self, depth: usize) -> String {
        match self.pick(3) {
            0 => format!("lower({})", self.of(&Typing::String, depth)),
            1 => {
                let kind = SINGLE[self.pick(SINGLE.len() - 1)].clone();
                format!("join({}, {})", self.of(&Typing::list(kind), depth), self.of(&Typing::String, depth))
            }
            _ => format!("inputs.app.{}", ["name", "id", "url"][self.pick(3)]),
        }
    }

    /// An argument with a name for the items of a list.
    fn inside(&mut self, item: &Typing, write: impl FnOnce(&mut Self) -> String) -> String {
        self.names += 1;
        let name = format!("x{}", self.names);
        self.bound.push((name.clone(), item.clone()));
        let body = write(self);
        self.bound.pop();
        format!("{name} => {body}")
    }

    fn careless(&mut self, depth: usize) -> String {
        let secrets = ["inputs.key", "inputs.keys", "inputs.fields", "inputs.fields.key", "inputs.fields.queue"];
        match self.pick(8) {
            7 => {
                let kind = self.single();
                self.of(&kind, depth.saturating_sub(1))
            }
            choice => secrets.get(choice).copied().unwrap_or("inputs.nothing").to_owned(),
        }
    }
}

/// The input of that type.
fn name_of(typing: &Typing) -> String {
    match typing {
        Typing::List(item) => format!("{}s", name_of(item)),
        Typing::Target(_) => "app".to_owned(),
        other => other.to_string().split_once(' ').map(|(_, word)| word.to_owned()).unwrap_or_default(),
    }
}

fn value_of(typing: &Typing) -> BoxedStrategy<Value> {
    match typing {
        Typing::Integer => (-5_i64..50).prop_map(Value::Integer).boxed(),
        Typing::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Typing::Decimal => "-?[0-9]{1,3}(\\.[0-9]{1,3})?".prop_map(Value::text).boxed(),
        Typing::Duration => {
            prop::sample::select(vec!["60s", "1m", "1m 30s", "PT5M", "24h", "0s"]).prop_map(Value::text).boxed()
        }
        Typing::Timestamp => (-1_i64 << 40..1_i64 << 40)
            .prop_map(|seconds| Value::text(Timestamp::from_seconds(seconds).to_string()))
            .boxed(),
        Typing::Target(_) => "[a-c]".prop_map(|name| target(&name)).boxed(),
        Typing::List(item) => vec(value_of(item), 0..4).prop_map(Value::List).boxed(),
        _ => "[a-cA-C0-9.,é]{0,4}".prop_map(Value::text).boxed(),
    }
}

/// One input of every type and one list of each; and secrets, also in a record that does not say so.
pub(super) fn inputs() -> impl Strategy<Value = Inputs> {
    let typings: Vec<Typing> = SINGLE.iter().flat_map(|typing| [typing.clone(), Typing::list(typing)]).collect();
    let values: Vec<_> = typings.iter().map(value_of).collect();
    values.prop_map(move |values| {
        let fields = [("key", secret()), ("queue", Value::text("41"))];
        let inputs = Inputs::default()
            .with("key", Typing::Secret, secret())
            .with("keys", Typing::list(Typing::Secret), Value::List(vec![secret()]))
            .with("fields", Typing::Record, Value::record(fields));
        typings
            .iter()
            .zip(values)
            .fold(inputs, |inputs, (typing, value)| inputs.with(&name_of(typing), typing.clone(), value))
    })
}
