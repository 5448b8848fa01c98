//! What the end-to-end tests stand on: a home of their own, the real program, a terminal to see it in, and an estate.

pub(crate) mod callout;
pub(crate) mod child;
mod estate;
pub(crate) mod home;
mod http;
mod person;
mod postgres;
mod process;
pub(crate) mod require;
mod sample;
mod screen;
mod tap;
mod until;
mod watched;
mod wire;

pub(crate) use child::{Child, Outcome};
pub(crate) use estate::{Estate, Received};
pub(crate) use home::Home;
pub(crate) use person::{Person, Seen};
pub(crate) use postgres::{Backup, Postgres};
pub(crate) use sample::sample;
pub(crate) use screen::Screen;
pub(crate) use tap::Tap;
pub(crate) use until::until;
pub(crate) use wire::Wire;
