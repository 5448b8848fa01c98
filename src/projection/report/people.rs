use std::collections::BTreeSet;

use super::report::Say;
use crate::journal::{Actor, Authn, Channel, Entry};
use crate::run::RunState;
use crate::runbook::Role;

/// Who took a part in a drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The part.
    pub role: Role,
    /// Who was to take it, as the programme describes them.
    pub planned: Option<String>,
    /// Who was named when the drill began; none if nobody was.
    pub named: Option<String>,
}

/// The people of a drill, in the order of [`Role::ALL`].
pub(super) fn people(state: &RunState, say: Say<'_>) -> Vec<Person> {
    let planned = |role: Role| {
        let all = state.plan.exercise.iter().flat_map(|exercise| &exercise.participants);
        all.filter(|one| one.role == role).map(|one| one.who.clone()).next()
    };
    let mut named = |role: Role| {
        let all = state.prepared.iter().flat_map(|prepared| &prepared.people);
        let names: Vec<String> = all.filter(|one| one.role == role).map(|one| say(&one.name)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let person = Role::ALL.into_iter().map(|role| Person { role, planned: planned(role), named: named(role) });
    person.filter(|one| one.planned.is_some() || one.named.is_some()).collect()
}

/// Who wrote entries, by the tokens that were used, and through what.
pub(super) fn actors(entries: &[Entry]) -> Vec<String> {
    let all: BTreeSet<String> =
        entries.iter().map(|entry| format!("{}, {}", who(&entry.draft.actor), through(entry.draft.channel))).collect();
    all.into_iter().collect()
}

fn who(actor: &Actor) -> String {
    let object = actor.object.as_deref().unwrap_or("unknown");
    match actor.authn {
        Authn::Simulated => format!("a simulated sign-in ({object})"),
        Authn::Cli => format!("signed in by the Azure CLI ({object})"),
        Authn::Token => format!("signed in by a token ({object})"),
        Authn::None => match actor.os_user {
            Some(user) => format!("not signed in, user {user} of the computer"),
            None => "not signed in".to_owned(),
        },
    }
}

const fn through(channel: Channel) -> &'static str {
    match channel {
        Channel::Tui => "at the screen",
        Channel::Cli => "at the command line",
        Channel::Headless => "by a script, with nobody asked",
    }
}
