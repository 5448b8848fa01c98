use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::BindError;
use crate::base::Value;
use crate::runbook::{ForEach, Scope, Typing};

/// One item of a `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What its instance is called, `step[key]`: the text of `key`, else a target's name or the text of the value. No other
    /// item of the list has it, and neither `[`, `]` nor a control character stands in it.
    pub key: String,
    /// The value.
    pub value: Value,
}

/// The items of a list, in its order: what the plan shows and what the run does.
///
/// The same value twice is one piece of work and stands once; different values of one key are told apart by their place,
/// as `key#3`. An instance's id is a path such as `outer[key]/inner[key]`, so the brackets of a key become parentheses,
/// and a control character becomes U+FFFD. `names` are those outside the list; `key` finds `item` among them.
///
/// # Errors
/// The value is no list, or is longer than `at_most` (doubles included); a key cannot be worked out.
pub fn expand(each: &ForEach, list: &Value, names: &dyn Scope) -> Result<Vec<Item>, BindError> {
    let values = list.as_list().ok_or_else(|| BindError::NotAList(list.type_name()))?;
    if values.len() > each.at_most as usize {
        return Err(BindError::TooMany { found: values.len(), at_most: each.at_most });
    }
    let mut items: Vec<Item> = Vec::with_capacity(values.len());
    let mut seen: BTreeSet<&Value> = BTreeSet::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for value in values.iter().filter(|value| seen.insert(value)) {
        let key = match &each.key {
            Some(key) => key.evaluate(&Inside { names, item: value }),
            None => Ok(value.clone()),
        };
        let key = key.map_err(|source| BindError::Argument { argument: "key".into(), source })?.to_string();
        let key = unique(key.chars().map(plain).collect(), items.len() + 1, &taken);
        taken.insert(key.clone());
        items.push(Item { key, value: value.clone() });
    }
    Ok(items)
}

/// A character of a key as it may stand in an id.
fn plain(letter: char) -> char {
    match letter {
        '[' => '(',
        ']' => ')',
        letter if letter.is_control() => char::REPLACEMENT_CHARACTER,
        letter => letter,
    }
}

/// The key, with its place behind it if another item has it; an item may even be called that, so the next free number
/// is taken, and there is one among as many as there are names.
fn unique(key: String, place: usize, taken: &BTreeSet<String>) -> String {
    if !taken.contains(&key) {
        return key;
    }
    let mut numbered = (place..=place + taken.len()).map(|number| format!("{key}#{number}"));
    numbered.find(|name| !taken.contains(name)).unwrap_or(key)
}

/// The names inside an item.
struct Inside<'a> {
    names: &'a dyn Scope,
    item: &'a Value,
}

impl Scope for Inside<'_> {
    fn root(&self, name: &str) -> Option<Value> {
        if name == "item" { Some(self.item.clone()) } else { self.names.root(name) }
    }

    fn typing(&self, path: &[&str]) -> Typing {
        if path.first() == Some(&"item") { Typing::Unknown } else { self.names.typing(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{Expression, Items};

    struct Nothing;

    impl Scope for Nothing {
        fn root(&self, _: &str) -> Option<Value> {
            None
        }
    }

    fn texts(texts: &[&str]) -> Value {
        Value::List(texts.iter().copied().map(Value::text).collect())
    }

    fn each() -> ForEach {
        ForEach::of(Items::Values(Vec::new()))
    }

    fn keys(each: &ForEach, list: &Value) -> Vec<String> {
        expand(each, list, &Nothing).unwrap().into_iter().map(|item| item.key).collect()
    }

    #[test]
    fn the_same_value_twice_is_one_piece_of_work() {
        assert_eq!(keys(&each(), &texts(&["b", "a", "b", "a"])), ["b", "a"]);
    }

    #[test]
    fn different_items_of_one_key_are_told_apart_even_where_an_item_bears_the_other_name() {
        let key = Some(Expression::parse("lower(item)").unwrap());
        let by_key = ForEach { key, ..each() };
        assert_eq!(keys(&by_key, &texts(&["a#3", "A", "a"])), ["a#3", "a", "a#4"]);
    }

    #[test]
    fn a_key_never_looks_like_the_end_of_an_id_or_writes_on_the_terminal() {
        assert_eq!(
            keys(&each(), &texts(&["x]/y[z", "x)/y(z", "a\u{1b}[2Jb\n"])),
            ["x)/y(z", "x)/y(z#2", "a\u{fffd}(2Jb\u{fffd}"]
        );
    }

    #[test]
    fn what_is_no_list_or_too_long_or_has_no_key_is_refused() {
        let few = ForEach { at_most: 1, ..each() };
        assert_eq!(expand(&few, &texts(&["a", "a"]), &Nothing), Err(BindError::TooMany { found: 2, at_most: 1 }));
        assert_eq!(expand(&few, &Value::text("a"), &Nothing), Err(BindError::NotAList("string")));
        let key = Some(Expression::parse("inputs.gone").unwrap());
        let keyed = expand(&ForEach { key, ..each() }, &texts(&["a"]), &Nothing);
        assert!(matches!(keyed, Err(BindError::Argument { ref argument, .. }) if argument == "key"), "{keyed:?}");
    }
}
