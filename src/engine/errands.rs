use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::dispatcher::Engine;
use super::pace::{Key, Pace};
use crate::base::{Span, Timestamp};
use crate::effect::{Meaning, Progress};
use crate::run::{self, Command, Input};

/// How long, by the host's clock, time that can be moved on stands still for the answer of a script.
const HEARING: Duration = Duration::from_millis(200);

/// What is owed, and when each of it is begun: at once, at a time of the estate's clock, or after a while of the host's.
impl Engine {
    pub(super) fn start_what_is_owed(&mut self) {
        if self.broken.is_some() {
            return;
        }
        let owed = run::owed(&self.state);
        // Nobody waits for what is not owed any more.
        let wanted: BTreeSet<Key> = owed.iter().map(Key::of).collect();
        for (key, _) in self.timed.extract_if(.., |key, _| !wanted.contains(key)) {
            self.busy.remove(&key);
        }
        for command in owed {
            // Leaving starts nothing new; what an intent promised is sent all the same, as it is written down.
            let promised = matches!(command, Command::Send { .. });
            if (!self.leaving || promised) && self.is_now(&command) {
                self.start(command);
            }
        }
    }

    pub(super) fn start(&mut self, command: Command) {
        let key = Key::of(&command);
        if !self.busy.insert(key.clone()) {
            return;
        }
        let until = match (self.pace.remove(&key), &command) {
            (Some(Pace::Host(wait)), _) => return self.spawn(key, command, Some(wait)),
            (Some(Pace::Estate(at)), _) => at,
            (None, Command::Wait { until, .. }) => *until,
            (None, _) => return self.spawn(key, command, None),
        };
        self.timed.insert(key, (until, command));
    }

    fn spawn(&mut self, key: Key, command: Command, wait: Option<Duration>) {
        if matches!(key, Key::Send(_)) {
            self.sending += 1;
        }
        let executor = self.executor.clone();
        let task = self.tasks.spawn(async move {
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
            Some(executor.perform(command).await)
        });
        self.keys.insert(task.id(), key);
    }

    /// Waits for the first of the times that something waits for. At `--speed max`, where waiting moves the estate's clock,
    /// it waits only when nothing else is under way: time does not run past what is being done.
    pub(super) fn set_alarm(&mut self) {
        let Some(first) = self.timed.values().map(|(at, _)| *at).min() else { return };
        let moves = first > self.clock.now() && self.executor.timer.host_wait(first) == Span::ZERO;
        let others = self.tasks.len() - usize::from(self.alarm.is_some());
        let is_set = self.alarm.as_ref().is_some_and(|(at, _)| *at <= first);
        if is_set && !(moves && others > 0) {
            return;
        }
        if let Some((_, later)) = self.alarm.take() {
            self.keys.remove(&later.id());
            later.abort();
        }
        if moves && others > 0 {
            return;
        }
        // Whoever answers by a script answers at once, but not before it has heard the question.
        let is_asked = self.consent_by.is_some() && !self.board.borrow().needs.is_empty();
        let grace = if moves && is_asked { HEARING } else { Duration::ZERO };
        let timer = Arc::clone(&self.executor.timer);
        let task = self.tasks.spawn(async move {
            tokio::time::sleep(grace).await;
            timer.wait_until(first).await;
            None
        });
        self.keys.insert(task.id(), Key::Alarm(first));
        self.alarm = Some((first, task));
    }

    /// Starts what waited for a time that has come.
    pub(super) fn wake_up(&mut self, at: Timestamp) {
        self.alarm = None;
        let due: Vec<_> = self.timed.extract_if(.., |_, (until, _)| *until <= at).collect();
        for (key, (_, command)) in due {
            self.spawn(key, command, None);
        }
    }

    /// When the same thing may be asked again, if it has to be.
    pub(super) fn set_pace(&mut self, key: &Key, input: &Input) {
        let now = self.clock.now();
        if let Input::Answered { attempt, meaning: Meaning::Accepted { retry_after, .. } } = input {
            self.pace.insert(Key::Poll(*attempt), Pace::Estate(now.after(*retry_after)));
            return;
        }
        let wait = match (key, input) {
            (Key::Poll(_), Input::Polled { progress, .. }) => match progress {
                Progress::Running { retry_after, .. } => *retry_after,
                Progress::Unreachable { why } => {
                    self.say(format!("the operation cannot be followed just now: {why}"));
                    self.slower(key)
                }
                Progress::Gone { .. } | Progress::Succeeded | Progress::Failed(_) => return,
            },
            (Key::Probe(_), _) => Span::seconds(5),
            (Key::Look(id, index), _) => {
                let until = self
                    .state
                    .step_of(id)
                    .and_then(|step| run::checks(step).get(*index as usize).and_then(|check| check.until));
                until.map(|until| until.every).unwrap_or_default()
            }
            _ => return,
        };
        if !matches!(input, Input::Polled { progress: Progress::Unreachable { .. }, .. }) {
            self.unreachable.remove(key);
        }
        self.pace.insert(key.clone(), Pace::Estate(now.after(wait)));
    }

    /// How long a host is left alone that gives no useful answer: twice as long with each time, up to a minute.
    fn slower(&mut self, key: &Key) -> Span {
        let times = self.unreachable.entry(key.clone()).or_default();
        *times += 1;
        Span::seconds(5_u32.saturating_mul(1 << (*times - 1).min(4))).min(Span::minutes(1))
    }
}
