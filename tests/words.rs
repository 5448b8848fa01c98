//! Words to a run from beside it: from a second terminal while somebody holds it, and when nobody does.

mod abort;
mod adhoc;
mod apart;

mod back;
pub(crate) mod bench;
mod doubt;
mod end;
mod evidence;
mod headless;
mod held;
mod lines;
mod modes;
mod nested;

mod tick;
