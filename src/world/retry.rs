use std::time::Duration;

use super::Credential;
use super::outcome::Outcome;
use crate::base::Span;

/// How often a read is tried.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// `Retry-After` is obeyed up to this; beyond it the caller decides.
const LONGEST_PAUSE: Span = Span::seconds(10);

/// Reads up to three times, by the host's clock, while the answer is 429 or 5xx, is lost, or nobody is reached. After a
/// 401 all tokens are forgotten and it is read once more. What this end refuses is not tried again: each try could cost
/// another half minute of `az`. For reads only: an effect never comes through here.
pub(super) async fn again<Asking: Future<Output = Outcome>>(
    credential: &Credential,
    mut ask: impl FnMut() -> Asking,
) -> Outcome {
    let mut pause = FIRST_PAUSE;
    for tried in 1..=TRIES {
        let outcome = ask().await;
        let wait = match &outcome {
            Outcome::Refused { .. } => return outcome,
            Outcome::NeverSent { .. } | Outcome::Lost { .. } => pause,
            Outcome::Answered { reply, .. } => match reply.status {
                401 => {
                    credential.forget().await;
                    if tried > 1 {
                        return outcome;
                    }
                    Duration::ZERO
                }
                429 | 500..=599 => match reply.retry_after {
                    Some(asked) if asked > LONGEST_PAUSE => return outcome,
                    Some(asked) => asked.std(),
                    None => pause,
                },
                _ => return outcome,
            },
        };
        if tried == TRIES {
            return outcome;
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
    }
    // `TRIES` is at least one, so the loop has returned.
    Outcome::refused("it was never asked")
}
