use super::expand::{Item as Expanded, expand};
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
        Worked::Value(list) => {
            let is_nameless = has_a_later_key(each, &list, known);
            let found = if is_nameless {
                expand(&ForEach { key: None, ..each.clone() }, &list, known)
            } else {
                expand(each, &list, known)
            };
            match found {
                Ok(found) => {
                    let item = |Expanded { key, value }| Item {
                        key: (!is_nameless).then_some(key),
                        value: Some(Given::Now(value)),
                    };
                    let items: Vec<Item> = found.into_iter().map(item).collect();
                    (Some(told(each.list.source().into_owned(), Some(items.len()), Vec::new())), items)
                }
                Err(why) => later(Later { label: why.to_string(), after: Vec::new() }),
            }
        }
        Worked::Later(found) => later(found),
        Worked::Wrong(why) => later(Later { label: why, after: Vec::new() }),
    }
}

/// Whether the items are known, and what they are called is not yet.
fn has_a_later_key(each: &ForEach, list: &Value, known: &Known<'_>) -> bool {
    let first = list.as_list().and_then(|values| values.first()).cloned().map(Given::Now);
    let worked = each.key.as_ref().map(|key| known.with_item(first).work(key));
    matches!(worked, Some(Worked::Later(_)))
}
