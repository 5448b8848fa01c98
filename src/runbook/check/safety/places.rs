use std::collections::HashMap;

use crate::base::StepId;
use crate::runbook::Place;
use crate::runbook::written::{Form, Written};

/// Where the parts of a runbook stand in its text.
///
/// A part that is not there has the place of what it would stand in; and where there is no text at all, as in a test that
/// makes its steps by hand, every place is the beginning.
#[derive(Default)]
pub(in crate::runbook::check) struct Places<'w> {
    root: Option<&'w Written>,
    steps: HashMap<&'w str, &'w Written>,
}

/// A way down: the value of a key, or an item of a list.
#[derive(Clone, Copy)]
pub(super) enum Down<'k> {
    Key(&'k str),
    Item(usize),
}

impl<'w> Places<'w> {
    /// The places of a file. Of two steps with one name the first counts; the second is a finding already.
    pub(in crate::runbook::check) fn new(root: &'w Written) -> Self {
        let mut steps = HashMap::new();
        if let Some(Form::List(items)) = root.entry("steps").map(|entry| &entry.value.form) {
            for item in items {
                if let Some(id) = item.entry("id").and_then(|entry| entry.value.scalar()) {
                    steps.entry(id.text.as_str()).or_insert(item);
                }
            }
        }
        Self { root: Some(root), steps }
    }

    /// The name of a step.
    pub(super) fn step(&self, id: &StepId) -> Place {
        let written = self.steps.get(id.as_str());
        written.and_then(|written| written.entry("id")).map_or_else(Place::default, |entry| entry.value.place)
    }

    /// Whether the author wrote this part of the step, well or not.
    pub(super) fn is_written(&self, id: &StepId, way: &[Down<'_>]) -> bool {
        let step = self.steps.get(id.as_str()).copied();
        let part = way.iter().try_fold(step, |part, next| match (next, &part?.form) {
            (Down::Key(key), _) => part?.entry(key).map(|entry| Some(&entry.value)),
            (Down::Item(index), Form::List(items)) => items.get(*index).map(Some),
            (Down::Item(_), _) => None,
        });
        part.flatten().is_some()
    }

    /// A part of a step, as far down as it was written; the step's name if nothing of it was.
    pub(super) fn within(&self, id: &StepId, way: &[Down<'_>]) -> Place {
        self.steps.get(id.as_str()).and_then(|written| down(written, way)).unwrap_or_else(|| self.step(id))
    }

    /// A key of a step.
    pub(super) fn key(&self, id: &StepId, key: &str) -> Place {
        self.within(id, &[Down::Key(key)])
    }

    /// A key of a step, and not its value.
    pub(super) fn key_itself(&self, id: &StepId, key: &str) -> Place {
        let entry = self.steps.get(id.as_str()).and_then(|written| written.entry(key));
        entry.map_or_else(|| self.step(id), |entry| entry.key_place)
    }

    /// An entry of a step's `undo`, which has two forms.
    pub(super) fn undo(&self, id: &StepId, entry: usize, way: &[Down<'_>]) -> Place {
        let long = self.steps.get(id.as_str()).and_then(|written| written.entry("undo")?.value.entry("steps"));
        let undo = Down::Key("undo");
        let head = if long.is_some() { vec![undo, Down::Key("steps")] } else { vec![undo] };
        self.within(id, &[head.as_slice(), &[Down::Item(entry)], way].concat())
    }

    /// A part of the file besides its steps; the file's beginning if nothing of it was written.
    pub(super) fn of_file(&self, way: &[Down<'_>]) -> Place {
        self.root.and_then(|root| down(root, way)).unwrap_or_default()
    }
}

/// The place of the deepest part on the way that was written: a key for what is long, a value for what is short.
fn down(written: &Written, way: &[Down<'_>]) -> Option<Place> {
    let (first, rest) = way.split_first()?;
    match (first, &written.form) {
        (Down::Key(key), Form::Mapping(_)) => {
            let entry = written.entry(key)?;
            let own = if matches!(entry.value.form, Form::Scalar(_)) { entry.value.place } else { entry.key_place };
            Some(down(&entry.value, rest).unwrap_or(own))
        }
        (Down::Item(index), Form::List(items)) => {
            let item = items.get(*index)?;
            Some(down(item, rest).unwrap_or_else(|| item.head()))
        }
        _ => None,
    }
}
