//! A run and whoever answers it: the real program at pipes and terminals, in a home of its own.

mod apart;
mod conversation;
mod foreign;
mod leaving;
mod output;
mod protected;
