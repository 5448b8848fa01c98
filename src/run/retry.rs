use super::Event;
use super::state::{Instance, RunPhase, RunState};
use crate::base::{Digest, Span, Timestamp};
use crate::effect::{self, Class, Failure};
use crate::runbook::{Retry, RetryCause};

/// The next try of an instance that has certainly failed, if its step's `retry` grants it one.
///
/// The pause is random between nothing and a ceiling that doubles with each try ("full jitter", AWS Architecture Blog,
/// "Exponential Backoff And Jitter", 2015), and never shorter than the service's `Retry-After`, which is at most an hour.
/// Nothing random is asked for: the pause is drawn from a digest of what is being retried, so the same journal gives the
/// same pauses.
pub(super) fn again(state: &RunState, instance: &Instance, failure: &Failure, now: Timestamp) -> Option<Event> {
    let step = state.step_of(&instance.id)?;
    let retry = step.retry.as_ref()?;
    let ends = matches!(state.phase, RunPhase::Aborting | RunPhase::Ended(_));
    let tries = instance.backoffs + 1;
    // What an author cannot ask for is not done either, whatever a plan says.
    let row = step.kind.call().and_then(|call| effect::find(&call.action));
    let once = row.is_none_or(|row| row.class == Class::D);
    if ends || once || tries >= u32::from(retry.attempts) || !is_cause(instance, failure, retry) {
        return None;
    }
    let overdue = step.timeout.zip(instance.started).is_some_and(|(timeout, began)| now >= began.after(timeout));
    if overdue {
        return None;
    }
    let pause = jitter(ceiling(retry, tries), seed(state, instance)).max(failure.retry_after.unwrap_or(Span::ZERO));
    let why = instance.attempts.is_empty().then(|| failure.message.clone());
    Some(Event::BackingOff { step: instance.id.clone(), until: now.after(pause), why })
}

fn is_cause(instance: &Instance, failure: &Failure, retry: &Retry) -> bool {
    // After a doubt, a conflict may be the trace of our own first request.
    let doubted = instance.was_doubted() || instance.is_doubted();
    retry.only_on.iter().any(|cause| match cause {
        RetryCause::NotSent => failure.code == Failure::NOT_SENT,
        RetryCause::Throttled => failure.status == Some(429),
        RetryCause::Conflict => matches!(failure.status, Some(409 | 412)) && !doubted,
        RetryCause::Code(code) => failure.code == *code,
    })
}

/// What the pause before try number `tries + 1` never exceeds.
fn ceiling(retry: &Retry, tries: u32) -> Span {
    let doubled = 1_i64.checked_shl(tries.saturating_sub(1)).unwrap_or(i64::MAX);
    Span::from_microseconds(retry.delay.microseconds().saturating_mul(doubled)).min(retry.max_delay)
}

/// A pause between nothing and the ceiling, both included.
fn jitter(ceiling: Span, seed: [u8; 8]) -> Span {
    let whole = u128::from(ceiling.microseconds().max(0).unsigned_abs());
    let drawn = (u128::from(u64::from_be_bytes(seed)) * (whole + 1)) >> 64;
    Span::from_microseconds(i64::try_from(drawn).unwrap_or(i64::MAX))
}

/// What is drawn from: the run, the instance, its last attempt and how often it was tried.
fn seed(state: &RunState, instance: &Instance) -> [u8; 8] {
    let attempt = instance.last().map(|attempt| attempt.intent.attempt.to_string()).unwrap_or_default();
    let text = format!("{}/{}/{attempt}/{}", state.id, instance.id, instance.backoffs);
    let digest = Digest::of("jitter-v1", text.as_bytes());
    let mut seed = [0; 8];
    seed.copy_from_slice(&digest.as_bytes()[..8]);
    seed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn retry(delay: Span, max_delay: Span) -> Retry {
        Retry { attempts: 10, delay, max_delay, only_on: Vec::new() }
    }

    #[test]
    fn the_ceiling_doubles_with_each_try_and_stops_at_the_largest() {
        let retry = retry(Span::seconds(2), Span::seconds(9));
        let ceilings: Vec<_> = [1, 2, 3, 4, 40, 200].map(|tries| ceiling(&retry, tries).to_string()).to_vec();
        assert_eq!(ceilings, ["2s", "4s", "8s", "9s", "9s", "9s"]);
    }

    #[test]
    fn a_pause_spans_everything_from_nothing_to_its_ceiling() {
        let ceiling = Span::seconds(60);
        assert_eq!(jitter(ceiling, [0; 8]), Span::ZERO);
        assert_eq!(jitter(ceiling, [0xff; 8]), ceiling);
    }

    proptest! {
        #[test]
        fn no_pause_is_longer_than_its_ceiling(seed: [u8; 8], seconds in 0..86_400_u32) {
            let ceiling = Span::seconds(seconds);
            prop_assert!((Span::ZERO..=ceiling).contains(&jitter(ceiling, seed)));
        }
    }
}
