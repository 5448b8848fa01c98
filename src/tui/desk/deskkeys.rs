use crate::tui::keymap::Edit;
use crate::tui::msg::Key;

/// What a key means on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Up,
    Down,
    PageUp,
    PageDown,
    Enter,
    Tick,
    Remark,
    TickNumber(u8),
    Pick(u8),
    Declare,
    Note,
    Severity,
    Status,
    Role,
    Milestone,
    Playbook,
    Message,
    Summary,
    Rename,
    NextPane,
    PreviousPane,
    NextField,
    PreviousField,
    Back,
    Leave,
    Help,
    Redraw,
    Edit(Edit),
}

/// What the keyboard is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The list of incidents and runs.
    Home,
    /// An incident.
    Incident,
    /// One of several lines is to be chosen.
    Choose,
    /// A text is being written.
    Write,
    /// Something is being read.
    Read,
    /// A runbook is about to be started.
    Start,
}

use Mode::{Choose, Home, Incident, Read, Start, Write};

impl Mode {
    /// The modes in the order in which the help tells of them, each with a heading.
    pub(super) const HEADINGS: [(Self, &'static str); 6] = [
        (Home, "The list of incidents and runs"),
        (Incident, "An incident"),
        (Choose, "When something is to be chosen"),
        (Write, "While a text is written"),
        (Start, "Before a runbook is started"),
        (Read, "While something is read"),
    ];

    /// Whether characters are text here.
    pub(super) const fn is_typing(self) -> bool {
        matches!(self, Write | Start)
    }
}

/// One line of the table: some keys, what they mean in which modes, and how that is told.
pub(super) struct Row {
    modes: &'static [Mode],
    keys: &'static [(Key, Command)],
    /// The keys as a person reads them.
    pub(super) shown: &'static str,
    /// The word in the footer, if there is one.
    hint: Option<&'static str>,
    /// The sentence in the help.
    pub(super) help: &'static str,
}

const LISTS: &[Mode] = &[Home, Incident, Choose];
const TYPING: &[Mode] = &[Write, Start];
const ALL: &[Mode] = &[Home, Incident, Choose, Write, Read, Start];

const fn row(
    modes: &'static [Mode],
    keys: &'static [(Key, Command)],
    shown: &'static str,
    hint: Option<&'static str>,
    help: &'static str,
) -> Row {
    Row { modes, keys, shown, hint, help }
}

/// The whole keyboard of the desk. Help and footer are made from it.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row(&[Home], &[(Key::Enter, Command::Enter)], "Enter", Some("open"), "Open the incident, or take up the run."),
    row(&[Home], &[(Key::Char('d'), Command::Declare)], "d", Some("declare"), "Declare an incident."),
    row(&[Incident], &[(Key::Enter, Command::Enter)], "Enter", Some("do"), "Tick the first action, see what the runbook would do, or take up the run."),
    row(&[Incident], &[(Key::Char('x'), Command::Tick), (Key::Char(' '), Command::Tick)], "x Space", Some("tick"), "Tick the selected first action."),
    row(&[Incident], &[(Key::Tab, Command::NextPane), (Key::BackTab, Command::PreviousPane)], "Tab", Some("pane"), "Give the focus to the next pane; Shift-Tab to the one before."),
    row(&[Incident], &[(Key::Char('n'), Command::Note)], "n", Some("note"), "Put a note on the timeline."),
    row(&[Incident], &[(Key::Char('u'), Command::Status)], "u", Some("status"), "Say how far one is with it; resolved, for one."),
    row(&[Incident], &[(Key::Char('r'), Command::Remark)], "r", Some("remark"), "Tick the selected first action with a remark."),
    row(&[Incident], &[(Key::Char('s'), Command::Severity)], "s", Some("severity"), "Say how bad it is."),
    row(&[Incident], &[(Key::Char('m'), Command::Milestone)], "m", Some("milestone"), "Say that something is reached now, as that somebody has answered the call."),
    row(&[Incident], &[(Key::Char('o'), Command::Role)], "o", Some("role"), "Say who takes a role."),
    row(&[Incident], &[(Key::Char('t'), Command::Message)], "t", Some("tell"), "Show what others are told; nobody is told by it."),
    row(&[Incident], &[(Key::Char('p'), Command::Playbook)], "p", Some("playbook"), "Take up a playbook, or another one."),
    row(&[Incident], &[(Key::Char('S'), Command::Summary)], "S", None, "Say what is known of it, for those who are told."),
    row(&[Incident], &[(Key::Char('T'), Command::Rename)], "T", None, "Give it another title."),
    row(&[Incident], &[(Key::Char('1'), Command::TickNumber(1)), (Key::Char('2'), Command::TickNumber(2)), (Key::Char('3'), Command::TickNumber(3)), (Key::Char('4'), Command::TickNumber(4)), (Key::Char('5'), Command::TickNumber(5))], "1-5", None, "Tick the first action of that number."),
    row(LISTS, &[(Key::Up, Command::Up), (Key::Down, Command::Down), (Key::Char('k'), Command::Up), (Key::Char('j'), Command::Down)], "↑↓ jk", Some("move"), "Move the selection, or scroll the pane that has the focus."),
    row(&[Choose], &[(Key::Enter, Command::Enter)], "Enter", Some("choose"), "Take the chosen line."),
    row(&[Choose], &[(Key::Char('1'), Command::Pick(0)), (Key::Char('2'), Command::Pick(1)), (Key::Char('3'), Command::Pick(2)), (Key::Char('4'), Command::Pick(3)), (Key::Char('5'), Command::Pick(4)), (Key::Char('6'), Command::Pick(5)), (Key::Char('7'), Command::Pick(6)), (Key::Char('8'), Command::Pick(7)), (Key::Char('9'), Command::Pick(8))], "1-9", None, "Go to the line of that number."),
    row(&[Write], &[(Key::Enter, Command::Enter)], "Enter", Some("keep"), "Keep what is written."),
    row(&[Start], &[(Key::Enter, Command::Enter)], "Enter", Some("start"), "Start the run; or, after a change, see what it would do then."),
    row(&[Start], &[(Key::Tab, Command::NextField), (Key::Down, Command::NextField), (Key::BackTab, Command::PreviousField), (Key::Up, Command::PreviousField)], "Tab ↑↓", Some("input"), "Go to the next input; Shift-Tab or ↑ to the one before."),
    row(&[Read], &[(Key::Up, Command::Up), (Key::Down, Command::Down), (Key::Char('k'), Command::Up), (Key::Char('j'), Command::Down)], "↑↓ jk", Some("scroll"), "Scroll by a line."),
    row(&[Incident, Read, Start], &[(Key::PageDown, Command::PageDown), (Key::PageUp, Command::PageUp)], "PgDn PgUp", Some("scroll"), "Scroll, when there is more than fits."),
    row(TYPING, &[(Key::Left, Command::Edit(Edit::Left)), (Key::Right, Command::Edit(Edit::Right)), (Key::Home, Command::Edit(Edit::Start)), (Key::End, Command::Edit(Edit::End)), (Key::Backspace, Command::Edit(Edit::Backspace)), (Key::Delete, Command::Edit(Edit::Delete))], "Left Right", None, "Move in the text; Home, End, Backspace and Delete work too."),
    row(TYPING, &[(Key::Ctrl('u'), Command::Edit(Edit::Clear)), (Key::Ctrl('w'), Command::Edit(Edit::Word))], "Ctrl-U Ctrl-W", None, "Delete all of it, or the word before."),
    row(&[Incident], &[(Key::Esc, Command::Back)], "Esc", Some("list"), "Go back to the list of incidents."),
    row(&[Choose, Write, Read, Start], &[(Key::Esc, Command::Back)], "Esc", Some("back"), "Close without doing anything."),
    row(&[Home], &[(Key::Char('q'), Command::Leave), (Key::Esc, Command::Leave)], "q", Some("leave"), "Leave the screen."),
    row(&[Incident], &[(Key::Char('q'), Command::Leave)], "q", Some("leave"), "Leave the screen."),
    row(ALL, &[(Key::Ctrl('c'), Command::Leave)], "Ctrl-C", None, "Leave the screen."),
    row(ALL, &[(Key::Ctrl('l'), Command::Redraw)], "Ctrl-L", None, "Draw the screen anew."),
    row(&[Home, Incident, Choose], &[(Key::Char('?'), Command::Help)], "?", Some("help"), "Show the keys."),
];

/// What `key` means in `mode`, if it means anything.
pub(super) fn command(mode: Mode, key: Key) -> Option<Command> {
    rows(mode).flat_map(|row| row.keys).find(|(bound, _)| *bound == key).map(|(_, command)| *command)
}

/// The lines of the table that hold in `mode`, in order.
pub(super) fn rows(mode: Mode) -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(move |row| row.modes.contains(&mode))
}

/// The first key and the word of each line that the footer tells of in `mode`, the most useful first.
pub(super) fn hints(mode: Mode) -> impl Iterator<Item = (&'static str, &'static str)> {
    rows(mode).filter_map(|row| Some((row.shown.split(' ').next()?, row.hint?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_mode_and_none_that_is_a_character_where_characters_are_text() {
        for mode in ALL {
            let keys: Vec<Key> = rows(*mode).flat_map(|row| row.keys).map(|(key, _)| *key).collect();
            for (at, key) in keys.iter().enumerate() {
                assert!(!keys[..at].contains(key), "{key} twice in {mode:?}");
                assert!(!mode.is_typing() || !matches!(key, Key::Char(_)), "{key} in {mode:?}");
            }
        }
    }

    #[test]
    fn every_mode_can_be_left_and_stands_in_the_help() {
        for mode in ALL {
            assert!(command(*mode, Key::Esc).is_some(), "{mode:?}");
            assert_eq!(command(*mode, Key::Ctrl('c')), Some(Command::Leave), "{mode:?}");
            assert!(Mode::HEADINGS.iter().any(|(told, _)| told == mode), "{mode:?}");
        }
    }
}
