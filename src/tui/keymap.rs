use super::msg::Key;

/// What a key means. Everything behind this line knows commands, never keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Confirm,
    Back,
    NextPane,
    PreviousPane,
    NextField,
    PreviousField,
    Fold,
    Unfold,
    Need,
    Follow,
    Note,
    Skip,
    Override,
    Adhoc,
    Pause,
    Abort,
    Advance,
    Search,
    Help,
    Leave,
    Interrupt,
    Redraw,
    Pick(u8),
    Edit(Edit),
}

/// A change of a line of text that is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    Left,
    Right,
    Start,
    End,
    Backspace,
    Delete,
    Clear,
    Word,
}

/// What the keyboard is for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing is open.
    Browse,
    /// Nothing is open, and the run has ended.
    Ended,
    /// A step is to be acknowledged.
    Acknowledge,
    /// A text is to be typed as a consent.
    ReadBack,
    /// One of several answers is to be chosen.
    Choose,
    /// Fields are being filled in.
    Form,
    /// A note is being written.
    Note,
    /// A command outside of the runbook is being written.
    Adhoc,
    /// The run may be aborted.
    Abort,
    /// The simulated clock may be moved on.
    Advance,
    /// The screen may be left.
    Leave,
    /// A step is being searched.
    Search,
    /// The keys are being read.
    Help,
}

impl Mode {
    /// The modes in the order in which the help tells of them, each with a heading.
    pub(super) const HEADINGS: [(Self, &'static str); 11] = [
        (Self::Browse, "Keys"),
        (Self::Acknowledge, "When a step asks for Enter"),
        (Self::ReadBack, "When a text must be typed"),
        (Self::Choose, "When something is to be decided"),
        (Self::Form, "While fields are filled in"),
        (Self::Note, "While a note is written"),
        (Self::Adhoc, "While a command is written"),
        (Self::Abort, "Before the run is aborted"),
        (Self::Advance, "Moving the simulated clock"),
        (Self::Leave, "Before the screen is left"),
        (Self::Search, "While searching"),
    ];

    /// Whether characters are text here.
    pub(super) const fn is_typing(self) -> bool {
        matches!(self, Self::ReadBack | Self::Form | Self::Note | Self::Adhoc | Self::Abort | Self::Search)
    }
}

/// One line of the table: some keys, what they mean in which modes, and how that is told.
pub(super) struct Row {
    modes: &'static [Mode],
    keys: &'static [(Key, Command)],
    /// The keys as a person reads them.
    pub(super) shown: &'static str,
    /// The word in the footer, if there is one. The footer shows as many as fit, in the order of the table.
    hint: Option<&'static str>,
    /// The sentence in the help.
    pub(super) help: &'static str,
}

use Mode::{Abort, Acknowledge, Adhoc, Advance, Browse, Choose, Ended, Form, Help, Leave, Note, ReadBack, Search};

const RUN: &[Mode] = &[Browse, Ended];
const LISTS: &[Mode] = &[Choose, Advance];
const PAPERS: &[Mode] = &[Acknowledge, Leave, Help];
const SCROLLED: &[Mode] = &[Acknowledge, ReadBack, Choose, Form, Abort, Leave, Help];
const ASKED: &[Mode] = &[Acknowledge, Choose];
const PAGED: &[Mode] = &[Acknowledge, Choose, Leave, Help];
const TYPING: &[Mode] = &[ReadBack, Form, Note, Adhoc, Abort, Search];
const ALL: &[Mode] =
    &[Browse, Ended, Acknowledge, ReadBack, Choose, Form, Note, Adhoc, Abort, Advance, Leave, Search, Help];
const NOT_TYPING: &[Mode] = &[Browse, Ended, Acknowledge, Choose, Advance, Leave];

const fn row(
    modes: &'static [Mode],
    keys: &'static [(Key, Command)],
    shown: &'static str,
    hint: Option<&'static str>,
    help: &'static str,
) -> Row {
    Row { modes, keys, shown, hint, help }
}

/// The whole keyboard. Help and footer are made from it, so that they cannot tell of keys that do not exist.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // The run.
    row(&[Ended], &[(Key::Char('q'), Command::Leave), (Key::Esc, Command::Leave)], "q", Some("leave"), "Leave the screen."),
    row(RUN, &[(Key::Enter, Command::Confirm)], "Enter", Some("open"), "Open what needs you, or the detail of the step."),
    row(RUN, &[(Key::Up, Command::Up), (Key::Down, Command::Down), (Key::Char('k'), Command::Up), (Key::Char('j'), Command::Down)], "↑↓ jk", Some("move"), "Move the selection, or scroll the pane that has the focus."),
    row(&[Browse], &[(Key::Char('g'), Command::Need), (Key::Char(' '), Command::Need)], "g Space", Some("needs you"), "Go to what needs you; again: to the next that does."),
    row(&[Browse], &[(Key::Char('n'), Command::Note)], "n", Some("note"), "Put a note on the timeline."),
    row(&[Browse], &[(Key::Char('p'), Command::Pause)], "p", Some("pause"), "Pause: start nothing more. Again: go on."),
    row(&[Browse], &[(Key::Char('a'), Command::Abort)], "a", Some("abort…"), "End the run, with or without undo; says first what that does."),
    row(&[Browse], &[(Key::Char('q'), Command::Leave)], "q", Some("leave"), "Leave; the run can be resumed."),
    row(RUN, &[(Key::Tab, Command::NextPane), (Key::BackTab, Command::PreviousPane)], "Tab", Some("pane"), "Give the focus to the next pane; Shift-Tab to the one before."),
    row(&[Browse], &[(Key::Char('s'), Command::Skip)], "s", Some("skip"), "Leave the selected step out, with a reason."),
    row(&[Browse], &[(Key::Char('!'), Command::Adhoc)], "!", Some("command"), "Run a command outside of the runbook; what it says is kept."),
    row(&[Browse], &[(Key::Char('o'), Command::Override)], "o", Some("override"), "Count the selected step as succeeded, with a reason."),
    row(RUN, &[(Key::Char('/'), Command::Search)], "/", Some("search"), "Find a step by a part of its name or title."),
    row(&[Browse], &[(Key::Char('+'), Command::Advance), (Key::Char('>'), Command::Advance)], "+ >", Some("clock"), "Move the clock of a simulated estate on."),
    row(&[Browse], &[(Key::Char('f'), Command::Follow)], "f", Some("follow"), "Let the selection follow the running step again."),
    row(RUN, &[(Key::Right, Command::Unfold), (Key::Left, Command::Fold)], "→ ←", Some("unfold"), "Show what the selected line nests (+3: three lines), or fold it."),
    row(RUN, &[(Key::PageDown, Command::PageDown), (Key::PageUp, Command::PageUp)], "PgDn PgUp", Some("scroll"), "Scroll the detail, or the timeline when it has the focus."),
    row(RUN, &[(Key::Home, Command::First), (Key::End, Command::Last)], "Home End", None, "Go to the first or the last line."),
    row(&[Browse], &[(Key::Esc, Command::Back)], "Esc", None, "Go back to the list of steps."),
    // What is asked of a person.
    row(&[Acknowledge], &[(Key::Enter, Command::Confirm)], "Enter", Some("acknowledge"), "Consent to what is shown, as a press of its own."),
    row(&[ReadBack], &[(Key::Enter, Command::Confirm)], "Enter", Some("consent"), "Consent, once the typed text matches."),
    row(LISTS, &[(Key::Up, Command::Up), (Key::Down, Command::Down), (Key::Char('k'), Command::Up), (Key::Char('j'), Command::Down)], "↑↓ jk", Some("choose"), "Choose a line."),
    row(LISTS, &[(Key::Char('1'), Command::Pick(0)), (Key::Char('2'), Command::Pick(1)), (Key::Char('3'), Command::Pick(2)), (Key::Char('4'), Command::Pick(3)), (Key::Char('5'), Command::Pick(4)), (Key::Char('6'), Command::Pick(5)), (Key::Char('7'), Command::Pick(6)), (Key::Char('8'), Command::Pick(7)), (Key::Char('9'), Command::Pick(8))], "1-9", None, "Choose a line by its number."),
    row(&[Choose], &[(Key::Enter, Command::Confirm)], "Enter", Some("decide"), "Decide for the chosen line, as a press of its own."),
    row(&[Form], &[(Key::Tab, Command::NextField), (Key::Down, Command::NextField), (Key::BackTab, Command::PreviousField), (Key::Up, Command::PreviousField)], "Tab ↑↓", Some("field"), "Go to the next field; Shift-Tab or ↑ to the one before."),
    row(&[Form], &[(Key::Enter, Command::Confirm)], "Enter", Some("next, or send"), "Go to the next field; on the last one, send all of it."),
    row(&[Adhoc], &[(Key::Enter, Command::Confirm)], "Enter", Some("run"), "Run the command at once."),
    row(&[Note], &[(Key::Enter, Command::Confirm)], "Enter", Some("keep"), "Put the note on the timeline."),
    row(&[Abort], &[(Key::Enter, Command::Confirm)], "Enter", Some("end"), "End the run, once `abort` or `undo` is typed."),
    row(&[Advance], &[(Key::Enter, Command::Confirm)], "Enter", Some("move on"), "Move the clock on by the chosen length."),
    row(&[Leave], &[(Key::Enter, Command::Confirm)], "Enter", Some("leave"), "Start nothing more and leave."),
    row(&[Search], &[(Key::Enter, Command::Confirm)], "Enter", Some("stay"), "Stay at the step that was found."),
    row(&[Search], &[(Key::Up, Command::Up), (Key::Down, Command::Down)], "↑↓", Some("next"), "Go to the previous or the next step that matches."),
    row(&[Acknowledge, ReadBack, Choose], &[(Key::Esc, Command::Back)], "Esc", Some("not now"), "Leave it; it goes on needing you."),
    row(&[Form], &[(Key::Esc, Command::Back)], "Esc", Some("back"), "Go back; what was filled in for a question is kept."),
    row(&[Note, Adhoc, Abort, Advance, Leave, Search, Help], &[(Key::Esc, Command::Back)], "Esc", Some("back"), "Close without doing anything."),
    row(&[Help], &[(Key::Enter, Command::Back), (Key::Char('q'), Command::Back)], "Enter q", None, "Close."),
    row(SCROLLED, &[(Key::PageDown, Command::PageDown), (Key::PageUp, Command::PageUp)], "PgDn PgUp", Some("scroll"), "Scroll, when there is more than fits."),
    row(PAPERS, &[(Key::Up, Command::Up), (Key::Down, Command::Down), (Key::Char('k'), Command::Up), (Key::Char('j'), Command::Down)], "↑↓ jk", None, "Scroll by a line."),
    row(&[ReadBack, Abort], &[(Key::Up, Command::Up), (Key::Down, Command::Down)], "↑↓", None, "Scroll by a line."),
    row(ASKED, &[(Key::Char('g'), Command::Need), (Key::Ctrl('g'), Command::Need)], "g Ctrl-G", Some("next question"), "Go to the next question, if several wait."),
    row(&[ReadBack, Form], &[(Key::Ctrl('g'), Command::Need)], "Ctrl-G", Some("next question"), "Go to the next question, if several wait; what was filled in is kept."),
    row(ASKED, &[(Key::Char('s'), Command::Skip)], "s", None, "Leave the step out, with a reason."),
    row(ASKED, &[(Key::Char('o'), Command::Override)], "o", None, "Count the step as succeeded, with a reason."),
    row(ASKED, &[(Key::Char('!'), Command::Adhoc)], "!", None, "Run a command outside of the runbook first."),
    row(ASKED, &[(Key::Char('n'), Command::Note)], "n", None, "Put a note on the timeline first."),
    row(ASKED, &[(Key::Char('p'), Command::Pause)], "p", None, "Pause: start nothing more. Again: go on."),
    row(ASKED, &[(Key::Char('+'), Command::Advance), (Key::Char('>'), Command::Advance)], "+ >", None, "Move the clock of a simulated estate on."),
    row(ASKED, &[(Key::Char('a'), Command::Abort)], "a", None, "End the run, with or without undo; says first what that does."),
    row(ASKED, &[(Key::Char('q'), Command::Leave)], "q", None, "Leave; the run can be resumed."),
    row(PAGED, &[(Key::Char(' '), Command::PageDown), (Key::Home, Command::First), (Key::End, Command::Last)], "Space Home End", None, "Scroll down; go to the first or the last line."),
    row(TYPING, &[(Key::Left, Command::Edit(Edit::Left)), (Key::Right, Command::Edit(Edit::Right)), (Key::Home, Command::Edit(Edit::Start)), (Key::End, Command::Edit(Edit::End)), (Key::Backspace, Command::Edit(Edit::Backspace)), (Key::Delete, Command::Edit(Edit::Delete))], "Left Right", None, "Move in the text; Home, End, Backspace and Delete work too."),
    row(TYPING, &[(Key::Ctrl('u'), Command::Edit(Edit::Clear)), (Key::Ctrl('w'), Command::Edit(Edit::Word))], "Ctrl-U Ctrl-W", None, "Delete all of it, or the word before."),
    // Everywhere.
    row(ALL, &[(Key::Ctrl('c'), Command::Interrupt)], "Ctrl-C", None, "Leave: wait for what is in flight. Again: leave it in doubt."),
    row(ALL, &[(Key::Ctrl('l'), Command::Redraw)], "Ctrl-L", None, "Draw the screen anew."),
    row(NOT_TYPING, &[(Key::Char('?'), Command::Help)], "?", Some("help"), "Show the keys."),
];

/// What `key` means in `mode`, if it means anything.
pub(super) fn command(mode: Mode, key: Key) -> Option<Command> {
    rows(mode).flat_map(|row| row.keys).find(|(bound, _)| *bound == key).map(|(_, command)| *command)
}

/// The lines of the table that hold in `mode`, in order.
pub(super) fn rows(mode: Mode) -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(move |row| row.modes.contains(&mode))
}

/// The first key, the word and the meaning of each line that the footer tells of in `mode`, the most useful first. The
/// last is to be shown always.
pub(super) fn hints(mode: Mode) -> impl Iterator<Item = (&'static str, &'static str, Command)> {
    rows(mode).filter_map(|row| {
        let (_, command) = row.keys.first()?;
        Some((row.shown.split(' ').next()?, row.hint?, *command))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_mode() {
        for mode in ALL {
            let keys: Vec<Key> = rows(*mode).flat_map(|row| row.keys).map(|(key, _)| *key).collect();
            for (at, key) in keys.iter().enumerate() {
                assert!(!keys[..at].contains(key), "{key} twice in {mode:?}");
            }
        }
    }

    #[test]
    fn no_character_is_bound_where_characters_are_text() {
        for mode in ALL.iter().filter(|mode| mode.is_typing()) {
            let bound = rows(*mode).flat_map(|row| row.keys).find(|(key, _)| matches!(key, Key::Char(_)));
            assert_eq!(bound, None, "{mode:?}");
        }
    }

    #[test]
    fn every_mode_can_be_left_by_escape_and_interrupted() {
        for mode in ALL {
            assert!(command(*mode, Key::Esc).is_some(), "{mode:?}");
            assert_eq!(command(*mode, Key::Ctrl('c')), Some(Command::Interrupt), "{mode:?}");
        }
    }

    #[test]
    fn every_mode_but_help_and_the_end_stands_in_the_help() {
        for mode in ALL.iter().filter(|mode| ![Mode::Help, Mode::Ended].contains(mode)) {
            assert!(Mode::HEADINGS.iter().any(|(told, _)| told == mode), "{mode:?}");
        }
    }
}
