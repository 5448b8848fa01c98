use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::watch;

use super::clock::{host_clock, host_now};
use super::{Control, Reading, WorldError, error};
use crate::base::{Clock, ClockSource, HostClock, Span, Timestamp};
use crate::effect::Timer;

/// How fast a simulated estate's time goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As the simulator runs already; whoever serves it may have said how fast.
    AsServed,
    /// So many estate seconds in one host second; 0 counts as 1.
    Times(u32),
    /// As fast as it can be: nobody waits for a due time, the clock is moved there. Between due times it runs at the
    /// speed at which the simulator was started.
    Max,
}

/// The clock and the timer of a simulated estate.
///
/// The clock stands in the simulator; this end reads it every 250 ms, goes on from the last reading by the speed, and
/// never shows an earlier moment than it has shown. So it follows, within a quarter of a second, when another process
/// moves the estate's clock.
pub struct EstateClock {
    control: Control,
    pace: Pace,
    shown: Mutex<Shown>,
    /// Counts readings, so that whoever waits looks again.
    readings: watch::Sender<u64>,
}

/// The last reading, and the latest moment that was shown.
struct Shown {
    reading: Reading,
    at: Instant,
    latest: Timestamp,
}

const REFRESH: Duration = Duration::from_millis(250);

impl EstateClock {
    /// Reads the estate's clock for the first time, sets its speed if the pace says one, and keeps reading it in the
    /// background until the last owner drops it. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The simulator does not answer.
    pub(super) async fn open(control: Control, pace: Pace) -> Result<Arc<Self>, WorldError> {
        let reading = match pace {
            Pace::Times(speed) => control.set_speed(speed).await?,
            Pace::AsServed | Pace::Max => control.clock().await?,
        };
        let shown = Mutex::new(Shown { reading, at: Instant::now(), latest: reading.now });
        let clock = Arc::new(Self { control, pace, shown, readings: watch::Sender::new(0) });
        tokio::spawn(keep_reading(Arc::downgrade(&clock)));
        Ok(clock)
    }

    fn take(&self, reading: Reading) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.reading = reading;
        shown.at = Instant::now();
        drop(shown);
        self.readings.send_modify(|count| *count += 1);
    }

    fn speed(&self) -> u32 {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).reading.speed
    }

    /// How long it takes, by the host's clock, until the estate's clock shows `at`.
    fn remaining(&self, at: Timestamp) -> Span {
        Span::from_microseconds(at.since(self.now()).microseconds() / i64::from(self.speed()))
    }
}

async fn keep_reading(clock: Weak<EstateClock>) {
    loop {
        tokio::time::sleep(REFRESH).await;
        let Some(clock) = clock.upgrade() else { return };
        // A simulator that does not answer is not the clock's to report: the clock goes on from its last reading.
        if let Ok(reading) = clock.control.clock().await {
            clock.take(reading);
        }
    }
}

impl Clock for EstateClock {
    fn host_now(&self) -> Timestamp {
        host_now()
    }

    fn host_clock(&self) -> HostClock {
        host_clock()
    }

    fn now(&self) -> Timestamp {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = i64::try_from(shown.at.elapsed().as_micros()).unwrap_or(i64::MAX);
        let passed = Span::from_microseconds(passed.saturating_mul(i64::from(shown.reading.speed)));
        shown.latest = shown.latest.max(shown.reading.now.after(passed));
        shown.latest
    }

    fn source(&self) -> ClockSource {
        ClockSource::Simulated
    }
}

#[async_trait]
impl Timer for EstateClock {
    /// Returns when the estate's clock shows `at`, whoever moved it there. At [`Pace::Max`] it is moved there at once;
    /// the caller waits for the earliest due time only, because everything before it has then passed too.
    async fn wait_until(&self, at: Timestamp) {
        let mut readings = self.readings.subscribe();
        while self.now() < at {
            if self.pace == Pace::Max
                && let Ok(reading) = self.control.advance_to(at).await
            {
                self.take(reading);
                if reading.now >= at {
                    continue;
                }
            }
            let remaining = self.remaining(at).std().max(Duration::from_millis(1));
            tokio::select! {
                () = tokio::time::sleep(remaining) => {}
                _ = readings.changed() => {}
            }
        }
    }

    fn host_wait(&self, at: Timestamp) -> Span {
        match self.pace {
            Pace::Max => Span::ZERO,
            Pace::AsServed | Pace::Times(_) => self.remaining(at),
        }
    }

    async fn advance(&self, by: Span) -> Result<Timestamp, String> {
        // The simulator's own moment counts, not ours: by `seconds` it cannot be moved to where it already is.
        let reading = self.control.advance_by(by).await.map_err(|error| error::chain(&error))?;
        self.take(reading);
        Ok(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_goes_back_even_if_a_reading_does() {
        let at = |seconds| Reading { now: Timestamp::from_seconds(seconds), speed: 1 };
        let (reading, latest) = (at(300), Timestamp::from_seconds(300));
        let clock = EstateClock {
            control: nobody(),
            pace: Pace::Max,
            shown: Mutex::new(Shown { reading, at: Instant::now(), latest }),
            readings: watch::Sender::new(0),
        };
        clock.take(at(0));
        assert!(clock.now() >= latest);
        clock.take(at(900));
        assert!(clock.now() >= Timestamp::from_seconds(900));
    }

    #[tokio::test]
    async fn a_simulator_that_does_not_answer_is_named_with_its_address() {
        let Err(error) = EstateClock::open(nobody(), Pace::Max).await else { panic!("nobody is there") };
        assert!(error.to_string().contains("127.0.0.1:9"), "{error}");
    }

    /// The discard port, where nothing listens.
    fn nobody() -> Control {
        Control::open("http://127.0.0.1:9").unwrap()
    }
}
