//! A whole key rotation: by keystrokes, by lines through a pipe, and by nobody.

mod database;
mod headless;
mod honest;
mod keys;
mod lines;
