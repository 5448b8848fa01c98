//! Two places of one site: a slot, and what it is held against, which is production or another slot. Both are named by
//! ids of one site, so what is looked at before a swap is what is swapped.

use super::super::{Args, Parameter, RenderError, TargetKind, Type};
use super::argument::{optional, required, slot_name, target};
use super::reading::last_segment;
use crate::base::Value;

pub(super) const PRODUCTION: &str = "production";

/// The slot itself, for whatever has a [`Pair`].
pub(super) const SLOT: Parameter =
    required("app", Type::Target(TargetKind::Webapp), "The slot to swap from, which is never the site itself.");

/// What it is swapped with, for whatever has a [`Pair`].
pub(super) const WITH: Parameter = optional(
    "target",
    Type::Target(TargetKind::Webapp),
    "What to swap it with: the site itself, which is production, or another of its slots; the site itself if not given.",
);

/// The arguments, checked.
pub(super) struct Pair<'a> {
    pub(super) site: &'a str,
    pub(super) source: Place<'a>,
    pub(super) destination: Place<'a>,
}

/// A slot; production is the site itself.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) id: &'a str,
    pub(super) slot: &'a str,
}

/// The pair that `app` and `target` name.
pub(super) fn pair(args: &Args) -> Result<Pair<'_>, RenderError> {
    let from = target(args, "app", TargetKind::Webapp)?;
    let shape = |name, wanted, found: &str| RenderError::Shape { name, wanted, found: found.to_owned() };
    let Some((site_id, slot)) = split_slot(from.id) else {
        return Err(shape("app", "a slot, and not the site itself, which is production", from.name));
    };
    let source = Place { id: from.id, slot: slot_name(slot, "app")? };
    let destination = match args.get("target") {
        None => Place { id: site_id, slot: PRODUCTION },
        Some(_) => {
            let into = target(args, "target", TargetKind::Webapp)?;
            let (its_site, slot) = split_slot(into.id).unwrap_or((into.id, PRODUCTION));
            // Resource Manager compares ids without regard to case.
            if !its_site.eq_ignore_ascii_case(site_id) {
                return Err(shape("target", "the site that the slot belongs to, or another of its slots", into.name));
            }
            Place { id: into.id, slot: slot_name(slot, "target")? }
        }
    };
    if source.slot.eq_ignore_ascii_case(destination.slot) {
        return Err(shape("target", "another slot than the source", destination.slot));
    }
    Ok(Pair { site: last_segment(site_id), source, destination })
}

/// The site's id and the slot's name; `None` for a site itself. The id's shape has been checked.
pub(super) fn split_slot(id: &str) -> Option<(&str, &str)> {
    let (rest, slot) = id.rsplit_once('/')?;
    let (site, keyword) = rest.rsplit_once('/')?;
    keyword.eq_ignore_ascii_case("slots").then_some((site, slot))
}

impl Pair<'_> {
    /// A place as a target of other rows.
    pub(super) fn target_of(&self, place: Place<'_>) -> Value {
        let is_site = place.slot.eq_ignore_ascii_case(PRODUCTION);
        let name = if is_site { self.site.to_owned() } else { format!("{}/{}", self.site, place.slot) };
        Value::record([("name", Value::text(name)), ("id", Value::text(place.id))])
    }

    /// The keys that keep other effects off both places.
    pub(super) fn locks(&self) -> Vec<String> {
        [self.source.id, self.destination.id].map(str::to_ascii_lowercase).into()
    }

    /// The resource group, as a part of the id, `/subscriptions/S/resourceGroups/G/…`.
    pub(super) fn group(&self) -> &str {
        self.source.id.split('/').nth(4).unwrap_or_default()
    }
}
