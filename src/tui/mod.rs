//! The screens: that of a run, keys in, asks out, and a board drawn in between; and before it the desk, with the open
//! incidents and runs, which has its own door in `desk`.
//!
//! What comes in: the latest [`Board`](crate::projection::Board), keys, pasted text, the size of the terminal, and how
//! long the screen has stood. What goes out: [`Ask`](crate::engine::Ask)s to the engine, and commands outside of the
//! runbook for whoever drives the screen to run: it runs none itself. The circle
//! has four arcs, and three of them are pure: `terminal` reads a key · `keymap` names the command ·
//! [`update()`] changes the [`Model`] and returns [`Request`]s · [`draw`] paints the model.
//!
//! Three rules hold everywhere. *Nothing is confirmed that was not read*: Enter counts only after the need was drawn,
//! to its end, and after Enter was let go for a moment; a read-back is typed, never pasted. *What is consented to is
//! what was shown*: a popup holds the question it showed, and a question that changes clears what was typed. *A shape
//! and a word*: colour only repeats what the text says, and nothing blinks.
//!
//! Deliberately absent: the journal, the world, any decision about what may happen next, and the time of day; the clock
//! that a person sees is the board's.

mod app;
mod desk;
mod input;
mod keymap;
mod layout;
mod msg;
mod picture;
mod popup;
mod questions;
mod rows;
mod terminal;
mod text;
mod theme;
mod update;
mod view;

pub use app::Model;
pub use desk::{DeskAsk, DeskExit, DeskModel, DeskMsg, DeskRequest, draw_desk, update_desk};
pub use msg::{Key, Moment, Msg, Request};
pub use picture::picture;
pub use terminal::{DeskPorts, Exit, TerminalError, desk, run};
pub use theme::Setting;
pub use update::update;
pub use view::draw;
