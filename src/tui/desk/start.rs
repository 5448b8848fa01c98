use crate::base::IncidentId;
use crate::projection::StartPage;
use crate::tui::input::Input;
use crate::tui::keymap::Edit;

/// A runbook before it is started: its inputs, which can be changed, and what it would do with them.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) number: u64,
    pub(super) incident: IncidentId,
    pub(super) runbook: String,
    pub(super) slots: Vec<Slot>,
    pub(super) at: usize,
    pub(super) plan: Result<Vec<String>, String>,
    /// Whether an input was changed since the plan was made.
    pub(super) changed: bool,
    pub(super) scroll: usize,
}

/// An input.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) wanted: String,
    pub(super) input: Input,
    /// What stood in it beforehand: such an input need not be said again.
    given: String,
}

impl Start {
    /// The page as it was made, with what the person had filled in before.
    pub(super) fn new(page: &StartPage, before: Option<&Self>) -> Self {
        let slot = |field: &crate::projection::FormField| {
            let given = field.default.clone().unwrap_or_default();
            let mut input = Input::default();
            input.insert_all(&given);
            let before = before.and_then(|before| before.slots.iter().find(|slot| slot.name == field.name));
            match before {
                Some(slot) => slot.clone(),
                None => Slot { name: field.name.clone(), wanted: field.wanted.clone(), input, given },
            }
        };
        Self {
            number: page.number,
            incident: page.incident,
            runbook: page.runbook.clone(),
            slots: page.fields.iter().map(slot).collect(),
            at: before.map_or(0, |before| before.at),
            plan: page.plan.clone(),
            changed: false,
            scroll: 0,
        }
    }

    /// The inputs that the person has said otherwise than they stood there.
    pub(super) fn inputs(&self) -> Vec<(String, String)> {
        let changed = self.slots.iter().filter(|slot| slot.input.text().trim() != slot.given);
        changed.map(|slot| (slot.name.clone(), slot.input.text().trim().to_owned())).collect()
    }

    pub(super) fn insert(&mut self, letter: char) {
        if let Some(slot) = self.slots.get_mut(self.at) {
            slot.input.insert(letter);
            self.changed = true;
        }
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        if let Some(slot) = self.slots.get_mut(self.at) {
            let before = slot.input.text().to_owned();
            slot.input.edit(edit);
            self.changed |= slot.input.text() != before;
        }
    }

    /// Goes to the next input, or the one before.
    pub(super) fn go(&mut self, next: bool) {
        let count = self.slots.len().max(1);
        self.at = if next { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }
}
