//! The commands: a short function each, printing to the writer that it is given.

mod actions;
mod audit;
mod check;
mod diff;
mod doctor;
mod home;
mod list;
mod new;
mod plan;
mod playbook;
mod request;
mod runs;
mod schema;
mod show;
mod sim;
mod store;
mod timeline;
mod trust;

pub(crate) use actions::actions;
pub(crate) use audit::audit;
pub(crate) use check::{check, explain};
pub(crate) use diff::diff;
pub(crate) use doctor::doctor;
pub(crate) use home::home;
pub(crate) use list::list;
pub(crate) use new::new_runbook;
pub(crate) use plan::plan;
pub(crate) use request::{abort, adhoc, answer, note, override_step, pause, performed, resolve, retry, skip, undo};
pub(crate) use runs::runs;
pub(crate) use schema::schema;
pub(crate) use show::show;
pub(crate) use sim::sim;
pub(crate) use store::store;
pub(crate) use timeline::timeline;
pub(crate) use trust::trust;
