//! What is open over the panes: at most one thing, which holds the very question it shows.

mod abort;
mod adhoc;
mod advance;
mod asked;
mod choose;
mod consent;
mod fill;
mod help;
mod leave;
mod note;
mod paper;
mod read_back;
mod search;
mod way_back;
mod word;

use std::time::Duration;

use ratatui::layout::Rect;

use super::app::Model;
use super::keymap::{Command, Edit, Mode};
use super::msg::Moment;
use crate::base::InstanceId;
use crate::engine::Ask;
use crate::projection::{Board, Need, Question};

pub(super) use abort::Abort;
pub(super) use adhoc::Adhoc;
pub(super) use advance::Advance;
pub(super) use asked::Asked;
pub(super) use choose::Choose;
pub(super) use consent::Consent;
pub(super) use note::Note;
pub(super) use paper::{Paper, Place};
pub(super) use search::Search;
pub(super) use word::{Says, Word};

/// How long Enter must not have come before it counts. Longer than keyboards wait before they repeat a key (660 ms in
/// X11, 500 ms elsewhere), and much shorter than reading takes.
pub(super) const QUIET: Duration = Duration::from_millis(800);

/// What is open.
#[derive(Clone, Debug)]
pub(super) struct Popup {
    pub(super) kind: Kind,
    pub(super) scroll: usize,
    /// Whether the last line of what it tells is in view, so that the next drawing shows it.
    pub(super) end_visible: bool,
    /// Whether the last line of what it tells was on the screen.
    pub(super) end_shown: bool,
}

/// What kind of thing is open, with what was typed or chosen in it.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Consent(Consent),
    Choose(Choose),
    Note(Note),
    Word(Word),
    Adhoc(Adhoc),
    Abort(Abort),
    Advance(Advance),
    Leave,
    Search(Search),
    /// The keys, those of this mode first.
    Help(Mode),
}

/// What a popup needs to know of the rest.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) board: &'a Board,
    pub(super) now: Moment,
    /// Whether everything that is decided on was on the screen.
    pub(super) end_shown: bool,
}

/// What becomes of a popup after a command.
#[derive(Debug)]
pub(super) enum After {
    /// It stays.
    Stay,
    /// It stays, and says why nothing happened.
    Say(String),
    /// It stays, and the step at this place is selected.
    Select(usize),
    /// It closes; nothing happened.
    Close,
    /// It closes, and the step at this place is selected again.
    Return(usize),
    /// It closes, and the engine is asked.
    Ask(Ask),
    /// It closes, and a command outside of the runbook is run, word by word.
    Run(Vec<String>),
}

impl Kind {
    /// What asks a person for `need`.
    pub(super) fn asking(need: &Need) -> Self {
        let asked = Asked::new(need);
        match &need.question {
            Question::Acknowledge { .. } | Question::ReadBack { .. } => Self::Consent(Consent::new(asked)),
            Question::Choose { choices, .. } => Self::Choose(Choose::new(asked, choices)),
        }
    }
}

impl Popup {
    pub(super) const fn new(kind: Kind) -> Self {
        Self { kind, scroll: 0, end_visible: false, end_shown: false }
    }

    /// What the keyboard is for.
    pub(super) const fn mode(&self) -> Mode {
        match &self.kind {
            Kind::Consent(consent) => consent.mode(),
            Kind::Choose(choose) => choose.mode(),
            Kind::Note(_) => Mode::Note,
            Kind::Word(_) => Mode::Form,
            Kind::Adhoc(_) => Mode::Adhoc,
            Kind::Abort(_) => Mode::Abort,
            Kind::Advance(_) => Mode::Advance,
            Kind::Leave => Mode::Leave,
            Kind::Search(_) => Mode::Search,
            Kind::Help(_) => Mode::Help,
        }
    }

    /// The question that is asked, if this asks one of the engine's.
    pub(super) const fn asked(&self) -> Option<&Asked> {
        match &self.kind {
            Kind::Consent(consent) => Some(&consent.asked),
            Kind::Choose(choose) => Some(&choose.asked),
            _ => None,
        }
    }

    pub(super) const fn asked_mut(&mut self) -> Option<&mut Asked> {
        match &mut self.kind {
            Kind::Consent(consent) => Some(&mut consent.asked),
            Kind::Choose(choose) => Some(&mut choose.asked),
            _ => None,
        }
    }

    /// The step whose question is asked, if this asks one of the engine's.
    pub(super) fn asks(&self) -> Option<&InstanceId> {
        self.asked().map(|asked| &asked.step)
    }

    /// The question as it is now, with what was filled in: to be read again, and what had to be typed is to be typed again.
    pub(super) fn anew(self, need: &Need) -> Self {
        match (self.kind, &need.question) {
            (Kind::Choose(choose), Question::Choose { .. }) => Self::new(Kind::Choose(choose.anew(need))),
            _ => Self::new(Kind::asking(need)),
        }
    }

    /// Takes a question that may have changed while it is open. One that has is to be read again, and says so.
    pub(super) fn renew(&mut self, need: &Need) {
        let is_same = match &mut self.kind {
            Kind::Choose(choose) => choose.takes(need),
            Kind::Consent(consent) => consent.asked.question == need.question,
            _ => true,
        };
        if !is_same {
            *self = self.clone().anew(need);
            if let Some(asked) = self.asked_mut() {
                asked.changed = true;
            }
        }
    }

    /// Takes why the engine did not take what was sent from here. Returns false if there is nothing in it to be put right.
    pub(super) fn refuse(&mut self, why: &str) -> bool {
        match &mut self.kind {
            Kind::Choose(choose) => choose.refuse(why),
            Kind::Word(word) => {
                word.fill.refuse(why);
                true
            }
            Kind::Abort(abort) => {
                abort.problem = Some(why.to_owned());
                true
            }
            _ => false,
        }
    }

    /// When Enter will count, if it does not yet.
    pub(super) fn opens_at(&self) -> Option<Moment> {
        match &self.kind {
            Kind::Consent(consent) if consent.read_back.is_some() => None,
            Kind::Choose(choose) if choose.mode() != Mode::Choose => None,
            _ => self.asked()?.opens_at(),
        }
    }

    /// What it looks like, laid out for `screen`. A search has no paper: it stands in the footer.
    pub(super) fn paper(&self, model: &Model, screen: Rect) -> Option<Paper> {
        let is_read = self.end_visible || self.end_shown;
        match &self.kind {
            Kind::Consent(consent) => Some(consent.paper(model, screen, is_read)),
            Kind::Choose(choose) => Some(choose.paper(model, screen, is_read)),
            Kind::Note(note) => Some(note.paper(model, screen)),
            Kind::Word(word) => Some(word.paper(model, screen)),
            Kind::Adhoc(adhoc) => Some(adhoc.paper(model, screen)),
            Kind::Abort(abort) => Some(abort.paper(model, screen)),
            Kind::Advance(advance) => Some(advance.paper(model, screen)),
            Kind::Leave => Some(leave::paper(model, screen)),
            Kind::Search(_) => None,
            Kind::Help(mode) => Some(help::paper(model, screen, *mode)),
        }
    }

    /// Does what a key means here; scrolling is done by whoever knows the height.
    pub(super) fn on(&mut self, command: Command, context: Context<'_>) -> After {
        match (&mut self.kind, command) {
            (Kind::Consent(consent), _) => consent.on(command, context),
            (Kind::Choose(choose), _) => choose.on(command, context),
            (Kind::Search(search), _) => search.on(command, context),
            (_, Command::Back) => After::Close,
            (Kind::Note(note), _) => note.on(command),
            (Kind::Word(word), _) => word.on(command, context),
            (Kind::Adhoc(adhoc), _) => adhoc.on(command),
            (Kind::Abort(abort), _) => abort.on(command, context),
            (Kind::Advance(advance), _) => advance.on(command, context),
            (Kind::Leave, Command::Confirm) => After::Ask(Ask::Leave),
            (Kind::Leave | Kind::Help(_), _) => After::Stay,
        }
    }

    /// Takes a character that is text here.
    pub(super) fn on_character(&mut self, character: char, context: Context<'_>) -> After {
        match &mut self.kind {
            Kind::Consent(consent) => consent.on_character(character),
            Kind::Choose(choose) => choose.on_character(character),
            Kind::Note(note) => note.input.insert(character),
            Kind::Word(word) => word.fill.insert(character),
            Kind::Adhoc(adhoc) => adhoc.input.insert(character),
            Kind::Abort(abort) => abort.input.insert(character),
            Kind::Search(search) => {
                search.input.insert(character);
                return search.jump(context.board);
            }
            Kind::Advance(_) | Kind::Leave | Kind::Help(_) => {}
        }
        After::Stay
    }

    /// Takes pasted text, where text may be pasted.
    pub(super) fn on_paste(&mut self, text: &str, context: Context<'_>) -> After {
        let refused = "pasting is refused: what is pasted was not read; type it";
        let (is_refused, takes_none) =
            (matches!(self.mode(), Mode::ReadBack | Mode::Abort), self.mode() == Mode::Choose);
        match &mut self.kind {
            _ if is_refused => After::Say(refused.to_owned()),
            _ if takes_none => After::Say("pasted text does nothing here".to_owned()),
            Kind::Note(note) => {
                note.input.insert_all(text);
                After::Stay
            }
            Kind::Word(word) => {
                word.fill.insert_all(text);
                After::Stay
            }
            Kind::Adhoc(adhoc) => {
                adhoc.input.insert_all(text);
                After::Stay
            }
            Kind::Choose(choose) => {
                choose.on_paste(text);
                After::Stay
            }
            Kind::Search(search) => {
                search.input.insert_all(text);
                search.jump(context.board)
            }
            _ => After::Say("pasted text does nothing here".to_owned()),
        }
    }
}

/// The change of a typed text that a command means, if it means one.
const fn edit(command: Command) -> Option<Edit> {
    match command {
        Command::Edit(edit) => Some(edit),
        _ => None,
    }
}
