use std::fmt;

use serde::{Deserialize, Serialize};

/// What an operation can break, and so what consent it needs. A runbook may raise it, never lower it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Changes nothing: nothing is asked.
    Read,
    /// Can be taken back: the operator acknowledges with Enter.
    Reversible,
    /// Hurts at once if it is the wrong target: the operator types the target's name.
    Destructive,
    /// Cannot be taken back: read back and, in a protected environment, a second person.
    Irreversible,
}

impl Risk {
    /// The word, as the command line and the screen say it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Reversible => "reversible",
            Self::Destructive => "destructive",
            Self::Irreversible => "irreversible",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Read, Self::Reversible, Self::Destructive, Self::Irreversible]
            .into_iter()
            .find(|risk| risk.word() == word)
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What sending a request twice does; stated per row and never derived from the HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Reads; may be repeated freely.
    R,
    /// Convergent: states the whole goal, may be sent again.
    A,
    /// A create that carries a mark (a name or the tag `callout-attempt`), by which it can be found again.
    B,
    /// A convergent POST: sending it again leads to the same state.
    C,
    /// Not idempotent (restart, swap, regenerate): at most once, and never again without a person's word.
    D,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::R => "R",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        })
    }
}
