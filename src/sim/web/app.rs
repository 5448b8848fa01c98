//! Apps and their slots, without any HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use uuid::Uuid;

use super::metrics::Stretch;
use super::reference::{self, Cached, Resolution};
use crate::sim::clock::Moment;
use crate::sim::vault::Secrets;

/// How long after a restart an app does not answer, in estate seconds.
const STARTING: i64 = 20;
/// How long App Service keeps a resolved reference, in estate seconds.
const CACHE_LIFE: i64 = 24 * 3600;
/// How long a refresh takes until the new value is in use, in estate seconds.
const REFRESHING: i64 = 4;
/// How long a swap takes unless it is told otherwise, in estate seconds: warming up the source slot is most of it.
pub(crate) const SWAPPING: u32 = 90;

/// One app with its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    /// By name; `production` is always there.
    pub(crate) slots: BTreeMap<String, Slot>,
    /// The settings that stay with their slot when a swap moves the others.
    pub(crate) sticky: BTreeSet<String>,
    /// The swap that is running: there is at most one.
    pub(crate) swap: Option<Swap>,
    /// The last swap that completed.
    pub(crate) swapped: Option<Swapped>,
    /// The swap whose first half was done: there is at most one.
    pub(crate) preview: Option<Preview>,
    /// What production did with its requests, the oldest first.
    pub(crate) past: Vec<Stretch>,
}

/// A slot: a content that runs with settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) content: Content,
    pub(crate) settings: BTreeMap<String, String>,
    /// What is held for each setting that is a reference.
    pub(crate) cache: BTreeMap<String, Cached>,
    /// When a refresh that was asked for takes effect.
    pub(crate) refresh_due: Option<Moment>,
    /// Before this moment the instances are starting and do not answer.
    pub(crate) warm_at: Moment,
    pub(crate) power: Power,
    pub(crate) modified: Moment,
}

/// What was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) build: String,
    pub(crate) commit: String,
    pub(crate) author: String,
    pub(crate) message: String,
    pub(crate) deployed: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    Running,
    Stopped,
}

/// A swap that is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Swap {
    pub(crate) operation: Uuid,
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) started: Moment,
    pub(crate) due: Moment,
}

/// A swap of which the first half was done: the source slot runs with the sticky settings of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preview {
    pub(crate) source: String,
    pub(crate) target: String,
    /// The source slot's own sticky settings.
    own: BTreeMap<String, String>,
}

/// A swap that completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Swapped {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) at: Moment,
}

impl App {
    pub(crate) fn new(slots: BTreeMap<String, Slot>, sticky: BTreeSet<String>, swapped: Option<Swapped>) -> Self {
        Self { slots, sticky, swap: None, swapped, preview: None, past: Vec::new() }
    }

    /// Gives the source slot the sticky settings of the target, which restarts it. All its other settings stay.
    pub(crate) fn start_preview(&mut self, at: Moment, source: &str, target: &str, secrets: &Secrets) {
        self.end_preview(at, secrets);
        let Some(theirs) = self.slots.get(target).map(|slot| slot.stuck(&self.sticky)) else { return };
        let Some(slot) = self.slots.get_mut(source) else { return };
        let own = slot.stuck(&self.sticky);
        slot.stick(at, theirs, &self.sticky, secrets);
        self.preview = Some(Preview { source: source.to_owned(), target: target.to_owned(), own });
    }

    /// Gives the source slot its own sticky settings back, if a preview is on.
    pub(crate) fn end_preview(&mut self, at: Moment, secrets: &Secrets) {
        let Some(preview) = self.preview.take() else { return };
        if let Some(slot) = self.slots.get_mut(&preview.source) {
            slot.stick(at, preview.own, &self.sticky, secrets);
        }
    }

    /// Starts a swap: the source slot's instances restart, and fetch their references anew for the warm-up.
    /// Production keeps serving.
    pub(crate) fn start_swap(&mut self, swap: Swap, secrets: &Secrets) {
        if let Some(slot) = self.slots.get_mut(&swap.source) {
            slot.restart(swap.started);
            slot.fetch_all(secrets, swap.started);
        }
        self.swap = Some(swap);
    }

    /// Completes the running swap: content and settings change places, sticky settings stay, and what came into the
    /// source slot is restarted there.
    pub(crate) fn complete_swap(&mut self, secrets: &Secrets) {
        let Some(Swap { source, target, due: at, .. }) = self.swap.take() else { return };
        // What was previewed is no longer: the slot has its own settings again, and the swap moves the others.
        self.end_preview(at, secrets);
        let (Some(mut one), Some(mut other)) = (self.slots.remove(&source), self.slots.remove(&target)) else { return };
        mem::swap(&mut one.content, &mut other.content);
        exchange(&mut one.settings, &mut other.settings, &self.sticky);
        exchange(&mut one.cache, &mut other.cache, &self.sticky);
        mem::swap(&mut one.refresh_due, &mut other.refresh_due);
        one.restart(at);
        one.fetch_all(secrets, at);
        other.warm_at = at;
        (one.modified, other.modified) = (at, at);
        self.slots.insert(source.clone(), one);
        self.slots.insert(target.clone(), other);
        self.swapped = Some(Swapped { source, target, at });
    }
}

impl Slot {
    pub(crate) fn new(content: Content, settings: BTreeMap<String, String>, at: Moment) -> Self {
        Self {
            content,
            settings,
            cache: BTreeMap::new(),
            refresh_due: None,
            warm_at: at,
            power: Power::Running,
            modified: at,
        }
    }

    /// Restarts the instances. What is cached stays: as on Azure, a restart alone loads no new secret.
    pub(crate) fn restart(&mut self, at: Moment) {
        self.warm_at = at.plus_seconds(STARTING);
    }

    /// Replaces all settings. A configuration change restarts the app and fetches every reference.
    pub(crate) fn configure(&mut self, at: Moment, settings: BTreeMap<String, String>, secrets: &Secrets) {
        self.settings = settings;
        self.modified = at;
        self.restart(at);
        self.fetch_all(secrets, at);
    }

    /// The settings that stay with this slot.
    fn stuck(&self, sticky: &BTreeSet<String>) -> BTreeMap<String, String> {
        let stuck = self.settings.iter().filter(|(name, _)| sticky.contains(*name));
        stuck.map(|(name, text)| (name.clone(), text.clone())).collect()
    }

    /// Puts other settings in the place of those that stay with this slot.
    fn stick(&mut self, at: Moment, stuck: BTreeMap<String, String>, sticky: &BTreeSet<String>, secrets: &Secrets) {
        let mut settings = mem::take(&mut self.settings);
        settings.retain(|name, _| !sticky.contains(name));
        settings.extend(stuck);
        self.configure(at, settings, secrets);
    }

    /// Stops or starts the slot.
    pub(crate) fn switch(&mut self, at: Moment, power: Power) {
        self.power = power;
        self.modified = at;
        if power == Power::Running {
            self.restart(at);
        }
    }

    /// Asks for fresh references. One that is under way already serves this request too: it reads the vault later.
    pub(crate) fn refresh(&mut self, at: Moment) {
        self.refresh_due.get_or_insert(at.plus_seconds(REFRESHING));
    }

    /// Fetches every reference now.
    pub(crate) fn fetch_all(&mut self, secrets: &Secrets, at: Moment) {
        let references = self.settings.iter().filter(|(_, text)| reference::is_reference(text));
        self.cache = references.map(|(name, text)| (name.clone(), reference::fetch(text, secrets, at))).collect();
        self.refresh_due = None;
    }

    /// Fetches one reference now.
    pub(crate) fn fetch_one(&mut self, setting: &str, secrets: &Secrets, at: Moment) {
        if let Some(text) = self.settings.get(setting) {
            self.cache.insert(setting.to_owned(), reference::fetch(text, secrets, at));
        }
    }

    /// The text that the app holds for a setting; nothing if it could not be had.
    pub(crate) fn held(&self, setting: &str) -> Option<&str> {
        match self.cache.get(setting).map(|cached| &cached.resolution) {
            Some(Resolution::Resolved { value, .. }) => Some(&value.0),
            Some(Resolution::Unresolved(_)) => None,
            None => self.settings.get(setting).map(String::as_str),
        }
    }

    /// The reference that grows too old first, and when.
    pub(crate) fn oldest(&self) -> Option<(Moment, &str)> {
        let ends = self.cache.iter().map(|(name, cached)| (cached.fetched_at.plus_seconds(CACHE_LIFE), name.as_str()));
        ends.min()
    }

    /// Why the app would not serve; nothing if it would.
    pub(crate) fn trouble(&self, at: Moment) -> Option<Trouble<'_>> {
        if self.power == Power::Stopped {
            return Some(Trouble::Stopped);
        }
        if at < self.warm_at {
            return Some(Trouble::Starting);
        }
        let lacking = |cached: &Cached| matches!(cached.resolution, Resolution::Unresolved(_));
        self.cache.iter().find(|(_, cached)| lacking(cached)).map(|(name, _)| Trouble::Unresolved(name))
    }
}

/// Why an app does not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble<'a> {
    Stopped,
    Starting,
    /// The setting of this name has no value.
    Unresolved(&'a str),
    /// No database server lets it in.
    NoDatabase,
}

/// Lets two maps change places, except for the names that stay.
fn exchange<T>(one: &mut BTreeMap<String, T>, other: &mut BTreeMap<String, T>, staying: &BTreeSet<String>) {
    let (kept_by_one, moved_to_other) = mem::take(one).into_iter().partition(|(name, _)| staying.contains(name));
    let (kept_by_other, moved_to_one) = mem::take(other).into_iter().partition(|(name, _)| staying.contains(name));
    (*one, *other) = (kept_by_one, kept_by_other);
    one.extend::<BTreeMap<_, _>>(moved_to_one);
    other.extend::<BTreeMap<_, _>>(moved_to_other);
}
