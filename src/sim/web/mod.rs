//! App Service: apps with slots, cached Key Vault references and swaps, and the part of Resource Manager that speaks of
//! them (Microsoft.Web 2023-12-01).

mod activity;
mod app;
pub(crate) mod arm;
mod body;
mod metrics;
mod reference;
mod swap;

pub(crate) use app::{App, Content, Power, SWAPPING, Slot, Swap, Swapped, Trouble};
pub(crate) use arm::{GROUP, HOST, LOCATION, SUBSCRIPTION};
pub(crate) use body::default_host;
pub(crate) use metrics::BAD_BUILD;
pub(crate) use reference::Resolution;
