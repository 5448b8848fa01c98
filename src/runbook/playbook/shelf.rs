use std::collections::BTreeMap;

use crate::base::did_you_mean;
use crate::runbook::check::stem;
use crate::runbook::expanded::Parts;
use crate::runbook::{ForEach, Items, Runbook, StepKind, check_all};

/// The runbooks that a playbook may name: those of its library. One with errors of its own is there, but says nothing.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    runbooks: BTreeMap<String, Option<Runbook>>,
}

impl Shelf {
    /// Checks the files of a library's runbooks, each with its path or name.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let files: Vec<(&str, &[u8])> = files.into_iter().collect();
        let names = files.iter().map(|(file, _)| stem(file).to_owned());
        let checked = check_all(&files).into_iter().map(|checked| checked.runbook);
        Self { runbooks: names.zip(checked).collect() }
    }

    /// The runbooks that are built in.
    pub fn shipped() -> Self {
        Self::of(crate::runbook::shipped().iter().map(|(file, text)| (*file, text.as_bytes())))
    }

    /// The runbook of that name, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<Listed<'_>> {
        Some(match self.runbooks.get(name)? {
            Some(runbook) => Listed::Usable(runbook),
            None => Listed::Broken,
        })
    }

    /// A name that is on the shelf, as it stands there.
    pub(super) fn name(&self, name: &str) -> Option<&str> {
        self.runbooks.get_key_value(name).map(|(name, _)| name.as_str())
    }

    /// What the runbook of that name consists of; none if there is none, or none without errors.
    pub(super) fn parts(&self, name: &str) -> Option<Parts<'_>> {
        let runbook = self.runbooks.get(name)?.as_ref()?;
        let nested = runbook.steps.iter().filter_map(|step| {
            let StepKind::Runbook(call) = &step.kind else { return None };
            let items = match &step.for_each {
                Some(ForEach { list: Items::Values(items), .. }) => items.len(),
                _ => 1,
            };
            Some((call.runbook.as_str(), items))
        });
        Some((runbook.steps.len(), nested.collect()))
    }

    /// The name that was probably meant; else all that there are, as a sentence.
    pub(super) fn hint(&self, name: &str) -> String {
        let names = || self.runbooks.keys().map(String::as_str);
        match did_you_mean(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the library has {}", crate::runbook::fields::list(names())),
        }
    }
}

/// What is known of a runbook that is there.
#[derive(Clone, Copy)]
pub(super) enum Listed<'s> {
    /// It has no errors.
    Usable(&'s Runbook),
    /// It has errors of its own, which are found when it is checked.
    Broken,
}
