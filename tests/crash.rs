//! The program is killed, with no chance to tidy up, and taken up again. The estate is a process of its own and lives on.

mod everywhere;
mod moments;
