use serde::{Deserialize, Serialize};

use crate::base::StepId;

/// A choice at a gate. The name of the chosen one is the step's output `choice`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What a person types or picks.
    pub name: String,
    /// What follows.
    pub leads: Leads,
}

/// What follows a choice.
///
/// A step that some choice of a gate leads to is done only if that choice is taken; else it is skipped, and so is each
/// step all of whose needs were skipped so. A step that no choice leads to waits for its needs and is then done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leads {
    /// The run goes on.
    On,
    /// The run goes on with these steps, each of which needs the gate.
    To(Vec<StepId>),
    /// The run ends here.
    End,
}

/// Choices as a run carries them. A list of words is the short form: the first goes on, every other one ends the run.
pub(super) mod short {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Choice, Leads};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Form {
        Words(Vec<String>),
        Full(Vec<Choice>),
    }

    pub(in super::super) fn serialize<S: Serializer>(choices: &[Choice], serializer: S) -> Result<S::Ok, S::Error> {
        let usual = |index: usize| if index == 0 { Leads::On } else { Leads::End };
        let is_short = choices.iter().enumerate().all(|(index, choice)| choice.leads == usual(index));
        let form = if is_short {
            Form::Words(choices.iter().map(|choice| choice.name.clone()).collect())
        } else {
            Form::Full(choices.to_vec())
        };
        form.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Choice>, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::Words(words) => Choice::of_words(words),
            Form::Full(choices) => choices,
        })
    }
}

impl Choice {
    /// The choices of the short form: the first lets the run go on, every other one ends it.
    pub fn of_words(words: impl IntoIterator<Item = String>) -> Vec<Self> {
        let leads = |index: usize| if index == 0 { Leads::On } else { Leads::End };
        words.into_iter().enumerate().map(|(index, name)| Self { name, leads: leads(index) }).collect()
    }
}
