//! What lies before a person who has just been woken: the open incidents and runs, and one incident with its playbook.
//!
//! What comes in: the latest [`Desk`](crate::projection::Desk), keys, and the size of the terminal. What goes out:
//! [`DeskAsk`]s to whoever keeps the store, and at last a [`DeskExit`]: a run is not driven here, it has a screen of its own.
//! As there, the circle is keys → `deskkeys` → [`update`] → `draw`, and those three are
//! pure; `terminal` closes it.

mod desk_model;
mod deskkeys;
mod msg;
mod sheet;
mod start;
mod update;
mod view;

pub use desk_model::DeskModel;
pub use msg::{DeskAsk, DeskExit, DeskMsg, DeskRequest};
pub use update::update as update_desk;
pub use view::draw as draw_desk;
