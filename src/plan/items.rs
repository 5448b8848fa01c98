use super::known::{Given, Known, Later, Worked};
use super::outlook::Each;
use crate::base::Value;
use crate::runbook::{ForEach, Items, Step};

/// An item of a list, or the only instance of a step without one.
pub(super) struct Item {
    /// What it is called; none if it is not known, or if there is no list.
    pub(super) key: Option<String>,
    /// What `item` stands for.
    pub(super) value: Option<Given>,
}

impl Item {
    /// The key; `…` where it is not known.
    pub(super) fn name(&self) -> &str {
        self.key.as_deref().unwrap_or("…")
    }
}

/// What an instance of a step finds as its item: the first one, if there is a list.
pub(super) fn first_item(step: &Step, known: &Known<'_>) -> Option<Given> {
    list(step.for_each.as_ref(), known).1.into_iter().next()?.value
}

/// The list of a step and its items; one without a key if they are not known.
pub(super) fn list(each: Option<&ForEach>, known: &Known<'_>) -> (Option<Each>, Vec<Item>) {
    let Some(each) = each else { return (None, vec![Item { key: None, value: None }]) };
    let told = |source: String, count, known_after| Each {
        source,
        count,
        known_after,
        at_most: each.at_most,
        max_parallel: each.max_parallel,
    };
    let later = |later: Later| {
        let label = format!("each of {}", later.label);
        let value = Some(Given::Later(Later { label, after: later.after.clone() }));
        (Some(told(later.label, None, later.after)), vec![Item { key: None, value }])
    };
    let list = match &each.list {
        Items::Expression(list) => known.work(list),
        Items::Values(values) => Worked::Value(Value::List(values.clone())),
    };
    match list {
        Worked::Value(Value::List(values)) => {
            let mut items: Vec<Item> = Vec::with_capacity(values.len());
            for value in values {
                let given = Given::Now(value.clone());
                let key = each.key.as_ref().map(|key| known.with_item(Some(given.clone())).work(key));
                let key = if let Some(Worked::Value(key)) = key { key.to_string() } else { value.to_string() };
                // As the run names an item whose key is taken.
                let is_taken = items.iter().any(|item| item.key.as_ref() == Some(&key));
                let key = if is_taken { format!("{key}#{}", items.len() + 1) } else { key };
                items.push(Item { key: Some(key), value: Some(given) });
            }
            (Some(told(each.list.source().into_owned(), Some(items.len()), Vec::new())), items)
        }
        Worked::Value(other) => later(Later { label: other.to_string(), after: Vec::new() }),
        Worked::Later(found) => later(found),
        Worked::Wrong(why) => later(Later { label: why, after: Vec::new() }),
    }
}
