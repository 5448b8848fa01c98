//! Key Vault: the secrets of one vault, and its data plane (specification 7.5).

mod secrets;
pub(crate) mod wire;

pub(crate) use secrets::{Absent, Secrets, Version};
