//! The store while a run is in progress, and before one begins: full, held, newer, or no store at all.

mod before;
mod copies;
mod meanwhile;
mod successor;
