use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::{Ask, Remark};
use crate::projection::Board;

/// Everything that can change the screen, one after the other: a total order of what people, engine and time do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Msg {
    /// A key was pressed, or the terminal repeats a key that is held down; a terminal cannot tell the two apart.
    Key(Key),
    /// Text was pasted, as far as the terminal marks it (bracketed paste).
    Paste(String),
    /// The terminal has this size, in cells.
    Resize {
        /// The width.
        columns: u16,
        /// The height.
        rows: u16,
    },
    /// The run looks like this now.
    Board(Arc<Board>),
    /// The engine remarks something, or no longer does.
    Remark(Option<Remark>),
    /// It is this late. Sent before each batch of other messages.
    Now(Moment),
    /// The model was drawn as it is. What a person has not seen cannot be confirmed.
    Drawn,
    /// A command outside of the runbook has ended, and what it said was noted; or it could not be run, and why.
    Ran {
        /// The command, word by word.
        command: Vec<String>,
        /// Why it was not run, as a sentence.
        why_not: Option<String>,
    },
    /// The engine has stopped; no board will follow.
    Stopped,
}

/// How long the screen has stood. It only grows, and says nothing about the time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Duration);

impl Moment {
    /// The moment `by` later.
    #[must_use]
    pub const fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }
}

/// What the screen wants done. It does nothing itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Ask the engine.
    Ask(Ask),
    /// Run a command outside of the runbook, give the engine what came of it ([`Ask::Adhoc`]), and tell [`Msg::Ran`].
    Run {
        /// The command, word by word; never empty.
        command: Vec<String>,
    },
    /// Draw every cell anew, because something else wrote to the terminal.
    Redraw,
    /// Take the screen down.
    Quit,
}

/// A key, as far as the screen can use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character, with or without Shift.
    Char(char),
    /// Ctrl and a lower-case character.
    Ctrl(char),
    /// Alt and a character.
    Alt(char),
    /// A function key.
    Function(u8),
    /// Enter or Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Any other key.
    Other,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Char(' ') => "Space",
            Self::Char(character) => return write!(f, "{character}"),
            Self::Ctrl(character) => return write!(f, "Ctrl-{}", character.to_ascii_uppercase()),
            Self::Alt(character) => return write!(f, "Alt-{character}"),
            Self::Function(number) => return write!(f, "F{number}"),
            Self::Enter => "Enter",
            Self::Esc => "Esc",
            Self::Tab => "Tab",
            Self::BackTab => "Shift-Tab",
            Self::Backspace => "Backspace",
            Self::Delete => "Delete",
            Self::Up => "Up",
            Self::Down => "Down",
            Self::Left => "Left",
            Self::Right => "Right",
            Self::Home => "Home",
            Self::End => "End",
            Self::PageUp => "PgUp",
            Self::PageDown => "PgDn",
            Self::Other => "that key",
        };
        f.write_str(name)
    }
}
