use std::borrow::Cow;

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::text;
use crate::base::legible;
use crate::projection::Mark;
use crate::runbook::BannerColour;

/// What the terminal can show. Who composes the program finds it out (`NO_COLOR`, `--no-color`, the locale).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Whether colours may be used.
    pub colour: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
    /// The colour in which the environment is named, if it has one of its own.
    pub banner: Option<BannerColour>,
}

/// What a piece of text means. Only this file knows how a meaning looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Ordinary text.
    Text,
    /// Text that may be passed over.
    Faint,
    /// The label of a fact.
    Label,
    /// The heading of what is shown.
    Title,
    /// The frame of a pane.
    Frame,
    /// The frame of the pane that has the focus.
    Focus,
    /// The frame of something that asks a person.
    Asking,
    /// The word that says that nothing here is real.
    Simulated,
    /// The word that says that it is.
    Live,
    /// A key that can be pressed.
    Key,
    /// The selected line.
    Selected,
    /// What goes on.
    Running,
    /// What went well.
    Good,
    /// What waits for a time.
    Waiting,
    /// What waits for a person.
    NeedsYou,
    /// What may have happened.
    Doubt,
    /// What went wrong, or can do harm.
    Bad,
    /// What a person types.
    Typed,
}

/// A piece of the lines that join what hangs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Branch {
    Last,
    Between,
    Beside,
}

/// How meanings look.
///
/// The colours are the sixteen that a terminal's owner chooses, so they can be read on a dark and on a light ground.
/// Without them there remain bold, faint and reversed text; nothing depends on these either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Theme {
    setting: Setting,
}

impl Theme {
    pub(super) const fn new(setting: Setting) -> Self {
        Self { setting }
    }

    pub(super) fn style(self, role: Role) -> Style {
        if self.setting.colour { colourful(role) } else { plain(role) }
    }

    /// How the environment is named: in its own colour, which is beside what says LIVE or SIMULATED and never in its place.
    pub(super) fn environment(self) -> Style {
        let title = self.style(Role::Title);
        let Some(colour) = self.setting.banner.filter(|_| self.setting.colour) else { return title };
        title.fg(Color::Black).bg(match colour {
            BannerColour::Red => Color::Red,
            BannerColour::Yellow => Color::Yellow,
            BannerColour::Green => Color::Green,
            BannerColour::Blue => Color::Blue,
            BannerColour::Magenta => Color::Magenta,
            BannerColour::Cyan => Color::Cyan,
        })
    }

    /// The role of a step's state.
    pub(super) const fn role(mark: Mark) -> Role {
        match mark {
            Mark::Pending | Mark::Skipped | Mark::Cancelled | Mark::Undone | Mark::Assumed => Role::Faint,
            Mark::NeedsYou => Role::NeedsYou,
            Mark::Waiting | Mark::Retrying => Role::Waiting,
            Mark::Running | Mark::Undoing => Role::Running,
            Mark::Succeeded => Role::Good,
            Mark::Failed | Mark::PartlyUndone => Role::Bad,
            Mark::InDoubt => Role::Doubt,
        }
    }

    /// The shape of a step's state.
    pub(super) const fn shape(self, mark: Mark) -> &'static str {
        match (mark, self.setting.unicode) {
            (Mark::Pending, true) => "○",
            (Mark::Pending, false) => "[  ]",
            (Mark::NeedsYou, true) => "◆",
            (Mark::NeedsYou, false) => "[**]",
            (Mark::Waiting, true) => "⏲",
            (Mark::Waiting, false) => "[..]",
            (Mark::Retrying, true) => "↻",
            (Mark::Retrying, false) => "[->]",
            (Mark::Running, true) => "▶",
            (Mark::Running, false) => "[>>]",
            (Mark::Succeeded, true) => "✔",
            (Mark::Succeeded, false) => "[ok]",
            (Mark::Failed, true) => "✖",
            (Mark::Failed, false) => "[!!]",
            (Mark::InDoubt, true) => "?",
            (Mark::InDoubt, false) => "[??]",
            (Mark::Assumed, true) => "≈",
            (Mark::Assumed, false) => "[~~]",
            (Mark::Undoing, true) => "◀",
            (Mark::Undoing, false) => "[<-]",
            (Mark::PartlyUndone, true) => "◐",
            (Mark::PartlyUndone, false) => "[<!]",
            (Mark::Undone, true) => "↺",
            (Mark::Undone, false) => "[<<]",
            (Mark::Skipped | Mark::Cancelled, true) => "–",
            (Mark::Skipped | Mark::Cancelled, false) => "[--]",
        }
    }

    /// The word of a step's state.
    pub(super) const fn word(mark: Mark) -> &'static str {
        match mark {
            Mark::Pending => "pending",
            Mark::NeedsYou => "needs you",
            Mark::Waiting => "waiting",
            Mark::Retrying => "retry at",
            Mark::Running => "running",
            Mark::Succeeded => "succeeded",
            Mark::Failed => "failed",
            Mark::InDoubt => "IN DOUBT",
            Mark::Skipped => "skipped",
            Mark::Cancelled => "cancelled",
            Mark::Assumed => "assumed",
            Mark::Undoing => "undoing",
            Mark::Undone => "undone",
            Mark::PartlyUndone => "undo part",
        }
    }

    /// Foreign text as it may be shown.
    pub(super) fn text(self, text: &str) -> Cow<'_, str> {
        let shown = legible(text);
        if self.setting.unicode || shown.is_ascii() { shown } else { text::ascii(&shown).into() }
    }

    pub(super) const fn ellipsis(self) -> &'static str {
        if self.setting.unicode { "…" } else { "~" }
    }

    /// Stands before the selected line.
    pub(super) const fn pointer(self) -> &'static str {
        if self.setting.unicode { "▌" } else { ">" }
    }

    /// Stands before the name of the pane that has the focus.
    pub(super) const fn focus(self) -> &'static str {
        if self.setting.unicode { "▸" } else { ">" }
    }

    /// Stands where the next typed character goes.
    pub(super) const fn caret(self) -> &'static str {
        if self.setting.unicode { "▏" } else { "_" }
    }

    /// How a line hangs from another one: before the last that does, before others, and beside what these nest.
    pub(super) const fn branch(self, branch: Branch) -> &'static str {
        match (branch, self.setting.unicode) {
            (Branch::Last, true) => "└ ",
            (Branch::Last, false) => "`-",
            (Branch::Between, true) => "├ ",
            (Branch::Between, false) => "|-",
            (Branch::Beside, true) => "│ ",
            (Branch::Beside, false) => "| ",
        }
    }

    /// A used and an unused part of a bar.
    pub(super) const fn bar(self) -> (&'static str, &'static str) {
        if self.setting.unicode { ("█", "░") } else { ("#", ".") }
    }

    /// Points to what is hidden above and below.
    pub(super) const fn hidden(self) -> (&'static str, &'static str) {
        if self.setting.unicode { ("▲", "▼") } else { ("^", "v") }
    }

    /// Stands between two parts of a title.
    pub(super) const fn dot(self) -> &'static str {
        if self.setting.unicode { "·" } else { "-" }
    }

    /// The lines of a frame.
    pub(super) const fn border(self, role: Role) -> border::Set<'static> {
        match (role, self.setting.unicode) {
            (Role::Asking, true) => border::THICK,
            (_, true) => border::PLAIN,
            (Role::Asking, false) => ASCII_THICK,
            (_, false) => ASCII,
        }
    }
}

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_THICK: border::Set<'static> =
    border::Set { vertical_left: "#", vertical_right: "#", horizontal_top: "=", horizontal_bottom: "=", ..ASCII };

fn plain(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Text | Role::Frame | Role::Waiting | Role::Good => style,
        Role::Faint => style.add_modifier(Modifier::DIM),
        Role::Label
        | Role::Title
        | Role::Focus
        | Role::Asking
        | Role::Key
        | Role::Running
        | Role::NeedsYou
        | Role::Doubt
        | Role::Bad
        | Role::Typed => style.add_modifier(Modifier::BOLD),
        Role::Simulated | Role::Live => style.add_modifier(Modifier::BOLD.union(Modifier::REVERSED)),
        Role::Selected => style.add_modifier(Modifier::REVERSED),
    }
}

fn colourful(role: Role) -> Style {
    let style = plain(role);
    match role {
        Role::Text | Role::Faint | Role::Title | Role::Selected => style,
        Role::Frame => style.add_modifier(Modifier::DIM),
        Role::Label | Role::Focus | Role::Key | Role::Waiting => style.fg(Color::Cyan),
        Role::Asking | Role::NeedsYou => style.fg(Color::Magenta),
        Role::Simulated => Style::new().fg(Color::Black).bg(Color::Yellow).add_modifier(Modifier::BOLD),
        Role::Live => Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Running => style.fg(Color::Blue),
        Role::Good | Role::Typed => style.fg(Color::Green),
        Role::Doubt => style.fg(Color::Yellow),
        Role::Bad => style.fg(Color::Red),
    }
}
