use async_trait::async_trait;

use crate::base::AttemptId;
use crate::effect::{Errand, Handle, Hands, Sent};

/// Hands that reach nothing: for a run that is ended while its estate must not be asked. No token is fetched, no
/// connection made.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHands;

const NOTHING: &str = "nobody was asked: the run was ended apart from its environment";

#[async_trait]
impl Hands for NoHands {
    async fn send(&self, _: &Errand, _: AttemptId) -> Sent {
        Sent::NeverSent { why: NOTHING.to_owned() }
    }

    async fn poll(&self, _: &Handle, _: AttemptId) -> Sent {
        Sent::NeverSent { why: NOTHING.to_owned() }
    }

    async fn read(&self, _: &Errand) -> Sent {
        Sent::NeverSent { why: NOTHING.to_owned() }
    }
}
