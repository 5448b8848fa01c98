//! The command line, as a person and a script meet it: the real program in a home of its own.

mod author;
mod export;
mod input;
mod language;
mod look;
mod simulated;
