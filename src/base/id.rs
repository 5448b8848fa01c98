use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID that was made elsewhere; this room has no randomness.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID itself.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// Names one execution of a runbook.
    ///
    /// A UUID of version 7 (RFC 9562): ids of one host sort by the time at which they were made.
    RunId
}
uuid_id! {
    /// Names one try of one step. It travels as `x-ms-client-request-id` and as the tag `callout-attempt`.
    ///
    /// A UUID of version 7 (RFC 9562): ids of one host sort by the time at which they were made.
    AttemptId
}
uuid_id! {
    /// Names one entry of the journal; a second entry with the same id is refused.
    ///
    /// A UUID of version 7 (RFC 9562): ids of one host sort by the time at which they were made.
    EntryId
}
uuid_id! {
    /// Names one incident.
    ///
    /// A UUID of version 7 (RFC 9562): ids of one host sort by the time at which they were made.
    IncidentId
}
uuid_id! {
    /// Names one store's log.
    ///
    /// A UUID of version 7 (RFC 9562): ids of one host sort by the time at which they were made.
    LogId
}

uuid_id! {
    /// Names one user's place on one computer: which records were written there, and not whose or where it is.
    ///
    /// A random UUID (version 4, RFC 9562): nothing can be told from it, not even when it was made.
    HostId
}

impl RunId {
    /// The last 8 hexadecimal digits. The first digits of a `UUIDv7` are the time, and runs of one hour share them.
    pub fn short(self) -> String {
        short(self.0)
    }
}

impl IncidentId {
    /// The last 8 hexadecimal digits, as [`RunId::short`].
    pub fn short(self) -> String {
        short(self.0)
    }
}

fn short(id: Uuid) -> String {
    let text = id.as_simple().to_string();
    text[24..].to_owned()
}

/// The position of an entry in its log; the first is 0, and there are no gaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A step's name inside its runbook: `[a-z][a-z0-9-]{0,62}`. The checker enforces the shape.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(String);

impl StepId {
    /// Takes a name as it stands; whether it has the shape of a step id is [`StepId::is_well_formed`].
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether `name` may be a step id: a lower-case letter, then up to 62 lower-case letters, digits, hyphens.
    pub fn is_well_formed(name: &str) -> bool {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|byte| byte.is_ascii_lowercase())
            && name.len() <= 63
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One instance of a step in a run, by its path: `refresh`; `refresh[chatbot-web]` for one item of a `for_each`;
/// `rotate[chatbot-kv]/refresh` inside a nested runbook; `new-version~undo/2[chatbot-web]` for an entry of an undo.
///
/// A key holds no square bracket, so a path has one reading.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    /// The single instance of a step without `for_each`, or the group that its items belong to.
    pub fn of(step: &StepId) -> Self {
        Self(step.0.clone())
    }

    /// The same step inside of what `scope` names: a nested runbook, or an undo. Without one, in the run's own runbook.
    pub fn within(scope: Option<&Self>, step: &StepId) -> Self {
        scope.map_or_else(|| Self::of(step), |scope| Self(format!("{scope}/{step}")))
    }

    /// The instance of this group for one item of a `for_each`.
    #[must_use]
    pub fn item(&self, key: &str) -> Self {
        Self(format!("{self}[{key}]"))
    }

    /// What undoes this instance; its entries stand inside.
    #[must_use]
    pub fn undo(&self) -> Self {
        Self(format!("{self}~undo"))
    }

    /// The text, as it is shown and typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The step that this is an instance of.
    pub fn step(&self) -> StepId {
        StepId(self.last().split(['[', '~']).next().unwrap_or_default().to_owned())
    }

    /// What it stands in: the instance of a `runbook` step, or an undo; none in the run's own runbook.
    pub fn scope(&self) -> Option<Self> {
        let start = self.0.len() - self.last().len();
        (start > 0).then(|| Self(self.0[..start - 1].to_owned()))
    }

    /// The group that it belongs to: itself without the key of an item.
    #[must_use]
    pub fn group(&self) -> Self {
        if self.key().is_none() {
            return self.clone();
        }
        Self(self.0.rsplit_once('[').map_or(self.as_str(), |(group, _)| group).to_owned())
    }

    /// The key of the item, if this is one item of a `for_each`.
    pub fn key(&self) -> Option<&str> {
        self.last().split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'))
    }

    /// Tells whether it is one item of a `for_each`, or the undo of one.
    pub fn is_item(&self) -> bool {
        self.last().contains('[')
    }

    /// How many scopes it stands in; 0 in the run's own runbook.
    pub fn depth(&self) -> usize {
        std::iter::successors(self.scope(), Self::scope).count()
    }

    /// Tells whether it is an entry of an undo, or stands inside of one.
    pub fn is_undo(&self) -> bool {
        std::iter::successors(Some(self.clone()), Self::scope).any(|id| id.0.ends_with("~undo"))
    }

    /// Its name inside of what it stands in, `refresh[chatbot-web]`.
    pub fn last(&self) -> &str {
        // A slash inside a key separates nothing.
        let mut inside = false;
        let mut start = 0;
        for (at, letter) in self.0.char_indices() {
            match letter {
                '[' => inside = true,
                ']' => inside = false,
                '/' if !inside => start = at + 1,
                _ => {}
            }
        }
        &self.0[start..]
    }
}

impl From<&str> for InstanceId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_knows_its_step_and_its_key() {
        let item = InstanceId::of(&StepId::new("refresh")).item("chatbot-web");
        assert_eq!(item.as_str(), "refresh[chatbot-web]");
        assert_eq!(item.step(), StepId::new("refresh"));
        assert_eq!(item.key(), Some("chatbot-web"));
        assert_eq!(item.group().as_str(), "refresh");
        assert_eq!(InstanceId::of(&StepId::new("soak")).key(), None);
    }

    #[test]
    fn a_path_tells_where_it_stands_whatever_its_keys_hold() {
        let outer = InstanceId::of(&StepId::new("each")).item("https://a/b~c");
        let inner = InstanceId::within(Some(&outer), &StepId::new("set")).item("x/y");
        assert_eq!(inner.as_str(), "each[https://a/b~c]/set[x/y]");
        assert_eq!((inner.step(), inner.key()), (StepId::new("set"), Some("x/y")));
        assert_eq!(inner.group().as_str(), "each[https://a/b~c]/set");
        assert_eq!((inner.scope(), inner.depth()), (Some(outer.clone()), 1));
        assert_eq!((outer.scope(), outer.depth(), outer.is_undo()), (None, 0, false));
        let entry = InstanceId::within(Some(&inner.undo()), &StepId::new("2"));
        assert_eq!(entry.as_str(), "each[https://a/b~c]/set[x/y]~undo/2");
        assert_eq!((entry.step(), entry.depth(), entry.is_undo()), (StepId::new("2"), 2, true));
        assert_eq!(inner.undo().step(), StepId::new("set"));
    }

    #[test]
    fn a_step_id_starts_with_a_letter_and_stays_in_lower_case() {
        assert!(StepId::is_well_formed("new-version"));
        for bad in ["", "New", "-x", "1st", "a b", "a[b]", "a/b"] {
            assert!(!StepId::is_well_formed(bad), "{bad}");
        }
    }
}
