use super::Stopped;
use super::dispatcher::{Engine, Stay};
use super::open::unanswered;
use super::pace::Key;
use crate::base::Timestamp;
use crate::journal::Entry;
use crate::run::{self, Command, Event, Input, PauseReason, RunPhase, RunState};

/// Tells whether anything would come of it if a process took a run up at `now` by the estate's clock and then left again:
/// something is to be done that needs nobody, has come due, or was asked for while nobody held the run.
///
/// A look that failed once is due again, however short the time since: nobody wrote down when that was.
pub fn is_due(state: &RunState, entries: &[Entry], now: Timestamp) -> bool {
    if !unanswered(entries).is_empty() {
        return true;
    }
    let taken = state.clone().evolve(now, &Event::Taken { fence: state.fence + 1, pid: 0 });
    let going = taken.and_then(|taken| match taken.phase {
        RunPhase::Paused(_) => taken.evolve(now, &Event::Continued),
        _ => Ok(taken),
    });
    // A run that cannot go on is looked at, so that somebody is told.
    let Ok(going) = going else { return true };
    let goes_on = run::decide(&going, &Input::Proceed, now).is_ok_and(|events| !events.is_empty());
    goes_on || run::owed(&going).iter().any(|command| has_come(command, now))
}

/// Whether the time has come for a command that waits for one.
fn has_come(command: &Command, now: Timestamp) -> bool {
    match command {
        Command::Wait { until, .. } => *until <= now,
        _ => true,
    }
}

impl Engine {
    /// Does what is due and needs nobody, and leaves the run. No time is waited for but a service's to answer, nothing is
    /// asked about twice, and nothing is consented to.
    pub async fn run_what_is_due(mut self) -> Stopped {
        self.stay = Stay::ForWhatIsDue;
        self.run().await
    }

    /// Whether a command is to be started now: always, unless the loop waits for nothing.
    pub(super) fn is_now(&self, command: &Command) -> bool {
        let is_paced = || self.pace.contains_key(&Key::of(command));
        self.stay == Stay::UntilTheEnd || (has_come(command, self.clock.now()) && !is_paced())
    }

    pub(super) fn leave_if_nothing_is_due(&mut self) {
        if self.stay == Stay::ForWhatIsDue && !self.leaving && self.tasks.is_empty() {
            let asks = !self.handle.board().needs.is_empty();
            self.leave(if asks { PauseReason::Unanswered } else { PauseReason::Parked });
            self.publish();
        }
    }
}
