use super::QUIET;
use crate::base::InstanceId;
use crate::projection::{Need, Question};
use crate::tui::msg::Moment;

/// A question of the engine's, as it was put before a person, and whether Enter may answer it yet.
///
/// A terminal does not tell when a key is let go, and a held key looks like many presses. So Enter counts only after
/// the question was drawn *and* no Enter has come for [`QUIET`]: an Enter that was meant for something else, that
/// waited in a queue, or that is being held down never does.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Asked {
    pub(in crate::tui) step: InstanceId,
    pub(in crate::tui) question: Question,
    /// Whether something else was shown here before, and the person may not have noticed.
    pub(in crate::tui) changed: bool,
    /// Since when it has been on the screen without an Enter.
    quiet_since: Option<Moment>,
}

impl Asked {
    pub(in crate::tui) fn new(need: &Need) -> Self {
        Self { step: need.step.clone(), question: need.question.clone(), changed: false, quiet_since: None }
    }

    /// Notes that it was drawn.
    pub(in crate::tui) fn drawn(&mut self, now: Moment) {
        self.quiet_since.get_or_insert(now);
    }

    /// Whether it was drawn.
    pub(in crate::tui) const fn was_drawn(&self) -> bool {
        self.quiet_since.is_some()
    }

    /// When Enter will count, if it was drawn.
    pub(in crate::tui) fn opens_at(&self) -> Option<Moment> {
        self.quiet_since.map(|since| since.after(QUIET))
    }

    /// Whether Enter counts.
    pub(in crate::tui) fn is_open(&self, now: Moment) -> bool {
        self.opens_at().is_some_and(|at| at <= now)
    }

    /// An Enter did something, and the same question is still asked: the next one must be a press of its own too.
    pub(in crate::tui) fn rest(&mut self, now: Moment) {
        self.quiet_since = self.quiet_since.map(|_| now);
    }

    /// An Enter comes: whether it counts. One that does not makes the next wait as long again.
    pub(in crate::tui) fn knock(&mut self, now: Moment) -> bool {
        let is_open = self.is_open(now);
        if !is_open && self.was_drawn() {
            // One that was heard before the question was drawn does not make the wait shorter.
            self.quiet_since = self.quiet_since.max(Some(now));
        }
        is_open
    }
}
