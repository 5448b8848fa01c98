use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A value that other threads change, and on whose changes a test can wait without sleeping.
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    /// Looks at the value, or changes it; whoever waits looks again.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        let result = act(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `found` finds something in the value; nothing if that takes longer than `limit`.
    pub(crate) fn wait<R>(&self, limit: Duration, mut found: impl FnMut(&T) -> Option<R>) -> Option<R> {
        let mut result = None;
        let guard = self.lock();
        let outcome = self.changed.wait_timeout_while(guard, limit, |value| {
            result = found(value);
            result.is_none()
        });
        drop(outcome);
        result
    }

    /// A test that panicked under the lock has failed already; the others go on.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
