//! Faults on demand: which requests are hit, and what then happens to them.

use serde::{Deserialize, Serialize};

use super::asked::Asked;

/// Which requests are hit and how. Only requests that passed sign-in are counted: Key Vault's first request of every
/// client is a question for the challenge, and a rule that it used up would hit nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The method; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// A part of the host's name; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// A part of the path, compared without case; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// How many matching requests are let pass first.
    #[serde(default)]
    pub(crate) skip: u32,
    /// How many are hit after those.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// What happens to them.
    #[serde(rename = "do")]
    pub(crate) blow: Blow,
}

fn once() -> u32 {
    1
}

/// What happens to a request that is hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Blow {
    /// It is not carried out; this is answered.
    Status(Refusal),
    /// It is not carried out, and the connection is reset.
    DropBefore,
    /// It is carried out, and the connection is reset instead of an answer.
    DropAfter,
    /// It is carried out, and the answer comes later.
    Stall {
        /// Host seconds; a negative or unreasonable number counts as zero.
        seconds: f64,
    },
    /// It is carried out, and the answer waits until the rules are removed.
    Hold,
    /// It is carried out and answered, and what it starts fails halfway.
    Halfway,
    /// It is carried out and answered, and what it starts reports success with a part of its work left undone.
    Short,
}

/// The answer of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    #[serde(default)]
    pub(crate) body: Form,
    /// Seconds, for the header `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u32>,
}

/// What the body of such an answer looks like. Azure's front ends answer with pages, in the middle of a poll too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    #[default]
    Json,
    Html,
}

/// What is written to the file about rules, so that they outlive a killed server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    Added(Rule),
    /// The rule with this place in the list matched a request.
    Matched(usize),
    Cleared,
}

/// A rule and how many requests have matched it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Standing {
    #[serde(flatten)]
    rule: Rule,
    matched: u32,
}

/// The rules in force, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    standing: Vec<Standing>,
}

impl Faults {
    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::Added(rule) => self.standing.push(Standing { rule, matched: 0 }),
            Event::Matched(place) => {
                if let Some(standing) = self.standing.get_mut(place) {
                    standing.matched = standing.matched.saturating_add(1);
                }
            }
            Event::Cleared => self.standing.clear(),
        }
    }

    pub(crate) fn standing(&self) -> &[Standing] {
        &self.standing
    }

    /// The rules that this request matches and that are not used up yet, by their place.
    pub(crate) fn matching(&self, asked: &Asked) -> Vec<usize> {
        let live = |standing: &Standing| {
            standing.matched < standing.rule.skip.saturating_add(standing.rule.times) && standing.rule.matches(asked)
        };
        (0..self.standing.len()).filter(|&place| live(&self.standing[place])).collect()
    }

    /// What the rule does to the request that matches it next; nothing while it still lets requests pass.
    pub(crate) fn blow(&self, place: usize) -> Option<Blow> {
        let standing = self.standing.get(place)?;
        (standing.matched >= standing.rule.skip).then(|| standing.rule.blow.clone())
    }
}

impl Rule {
    fn matches(&self, asked: &Asked) -> bool {
        let lower = asked.path.to_lowercase();
        self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(asked.method.as_str()))
            && self.host.as_deref().is_none_or(|part| asked.host.contains(&part.to_lowercase()))
            && self.path.as_deref().is_none_or(|part| lower.contains(&part.to_lowercase()))
    }
}
