//! The store while a run is in progress, and before one begins: full, held, newer, damaged, put back, or no store at all.

mod before;
mod copies;
mod every_append;
mod full;
mod hammered;
mod meanwhile;
mod read_only;
mod successor;
