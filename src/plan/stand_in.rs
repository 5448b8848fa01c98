use super::known::Later;
use crate::base::{Digest, SecretRef, Value};
use crate::effect::{TargetKind, Type};

/// Values that stand for what is not known yet: they pass every row's validation, stand nowhere else, and are put back
/// once a request is rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StandIns {
    made: Vec<StandIn>,
}

/// A text, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StandIn {
    pub(super) token: String,
    pub(super) means: Later,
    /// What is added to the meaning for a person: the field of a target.
    pub(super) field: &'static str,
}

/// A piece of a rendered text.
pub(super) enum Rendered<'a> {
    /// It is as it will be.
    Text(&'a str),
    /// It is not known yet.
    Later(&'a StandIn),
}

impl StandIns {
    /// A text that stands for it.
    pub(super) fn text(&mut self, means: &Later) -> String {
        let token = Digest::of("placeholder", means.label.as_bytes()).to_string()[..32].to_owned();
        self.add(token.clone(), means, "");
        token
    }

    fn add(&mut self, token: String, means: &Later, field: &'static str) {
        if !self.made.iter().any(|made| made.token == token) {
            self.made.push(StandIn { token, means: means.clone(), field });
            // The longest first, because a target's id holds its name.
            self.made.sort_by(|one, other| (other.token.len(), &one.token).cmp(&(one.token.len(), &other.token)));
        }
    }

    /// A value of that type that stands for it; none for types in which nothing could be told apart from a real value.
    pub(super) fn value(&mut self, of: Type, means: &Later) -> Option<Value> {
        match of {
            Type::String | Type::Timestamp => Some(Value::Text(self.text(means))),
            Type::Target(kind) => self.target(kind, means),
            Type::Secret => {
                let secret = SecretRef::Environment { name: self.text(means) };
                self.add(secret.to_string(), means, "");
                Some(Value::Secret { secret })
            }
            _ => None,
        }
    }

    /// A target with a whole id that stands for it; none for a kind whose ids have no shape.
    fn target(&mut self, kind: TargetKind, means: &Later) -> Option<Value> {
        let text = self.text(means);
        let id = kind.id(&text, &text, &text)?;
        self.add(id.clone(), means, ".id");
        let url = kind.url(&text);
        if let Some(url) = &url {
            self.add(url.clone(), means, ".url");
        }
        let fields = [("name", Some(text)), ("id", Some(id)), ("url", url)];
        let fields = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::Text(text?))));
        Some(Value::Record(fields.collect()))
    }

    /// A version that stands for it. It is short, because a reference shows no more of a version.
    pub(super) fn version(&mut self, means: &Later) -> String {
        let token = Digest::of("placeholder", means.label.as_bytes()).to_string()[..8].to_owned();
        self.add(token.clone(), means, "");
        token
    }

    /// Takes a rendered text apart.
    pub(super) fn pieces<'a>(&'a self, text: &'a str) -> Vec<Rendered<'a>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let found = self.made.iter().filter_map(|made| rest.find(&made.token).map(|at| (at, made)));
            // Of those that begin at one place the longest; `made` has it first.
            let Some((at, made)) = found.min_by_key(|(at, _)| *at) else { break };
            if at > 0 {
                pieces.push(Rendered::Text(&rest[..at]));
            }
            pieces.push(Rendered::Later(made));
            rest = &rest[at + made.token.len()..];
        }
        if !rest.is_empty() {
            pieces.push(Rendered::Text(rest));
        }
        pieces
    }

    /// Each of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &StandIn> {
        self.made.iter()
    }

    /// Whether it stands for a part of a target's id and address.
    pub(super) fn is_target(&self, stand_in: &StandIn) -> bool {
        self.made.iter().any(|made| made.means == stand_in.means && !made.field.is_empty())
    }

    /// Whether the text holds something that is not known yet.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        self.made.iter().any(|made| text.contains(&made.token))
    }

    /// The text for a person, each stand-in as `«steps.…»`.
    pub(super) fn put_back(&self, text: &str) -> String {
        let pieces = self.pieces(text).into_iter().map(|piece| match piece {
            Rendered::Text(text) => text.to_owned(),
            Rendered::Later(made) => format!("«{}{}»", made.means.label, made.field),
        });
        pieces.collect()
    }

    /// The steps after which everything is known, each once.
    pub(super) fn after(&self) -> impl Iterator<Item = &String> {
        self.made.iter().flat_map(|made| &made.means.after)
    }
}
