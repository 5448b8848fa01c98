use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use crate::runbook::expr::{Names, Typing, Unnamed};
use crate::runbook::{Code, DefaultFrom, Parameter, Template};

/// An order of parameters in which every default comes after the inputs that it is made from.
pub(crate) struct Order {
    /// The parameters, by their places; in the author's order where nothing else is needed.
    pub(crate) sorted: Vec<usize>,
    /// Those whose defaults are made from each other in a circle, or from one that is.
    pub(crate) stuck: Vec<usize>,
}

/// Parameters, each after those that its default is made from; what a circle keeps from that comes last.
pub(crate) fn input_order(parameters: &[Parameter]) -> impl Iterator<Item = &Parameter> {
    let Order { sorted, stuck } = order(parameters);
    sorted.into_iter().chain(stuck).filter_map(|index| parameters.get(index))
}

/// Sorts parameters (Kahn's algorithm).
pub(crate) fn order(parameters: &[Parameter]) -> Order {
    let place = |name: &str| parameters.iter().position(|parameter| parameter.name == name);
    let mut readers = vec![Vec::new(); parameters.len()];
    let mut waits = vec![0_usize; parameters.len()];
    for (reader, parameter) in parameters.iter().enumerate() {
        for read in parameter.default_from.iter().flat_map(inputs_of).filter_map(|name| place(&name)) {
            readers[read].push(reader);
            waits[reader] += 1;
        }
    }
    let free = waits.iter().enumerate().filter(|(_, waits)| **waits == 0);
    let mut ready: BinaryHeap<Reverse<usize>> = free.map(|(index, _)| Reverse(index)).collect();
    let mut sorted = Vec::with_capacity(parameters.len());
    while let Some(Reverse(index)) = ready.pop() {
        sorted.push(index);
        for &reader in &readers[index] {
            waits[reader] -= 1;
            if waits[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    let stuck = (0..parameters.len()).filter(|index| waits[*index] > 0).collect();
    Order { sorted, stuck }
}

/// The inputs that a default is made from.
fn inputs_of(default: &DefaultFrom) -> Vec<String> {
    let templates = match default {
        DefaultFrom::Whole(template) => std::slice::from_ref(template),
        DefaultFrom::Items(templates) => templates,
    };
    templates.iter().flat_map(reads).map(|(name, _)| name).collect()
}

/// The inputs that a template names, each with its place in the template's text.
pub(crate) fn reads(template: &Template) -> Vec<(String, Range<usize>)> {
    let mut seen = Vec::new();
    template.typing(&Listener, &mut seen);
    let inputs = seen.into_iter().filter(|seen| seen.code == Code::UnknownInput);
    inputs.map(|seen| (seen.message, seen.at)).collect()
}

/// Hears of every path of an expression while it is typed: it calls each input unknown, by its name.
struct Listener;

impl Names for Listener {
    fn typing(&self, path: &[&str]) -> Result<Typing, Unnamed> {
        match path {
            ["inputs", name, ..] => {
                Err(Unnamed { segment: 1, code: Code::UnknownInput, message: (*name).to_owned(), help: None })
            }
            _ => Ok(Typing::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::ParameterType;

    fn sorted(defaults: &[(&str, &str)]) -> (Vec<usize>, Vec<usize>) {
        let parameters: Vec<Parameter> = defaults
            .iter()
            .map(|(name, default)| Parameter {
                name: (*name).to_owned(),
                kind: ParameterType::Boolean,
                description: None,
                default: None,
                default_from: Some(DefaultFrom::Whole(Template::parse(default).unwrap())),
            })
            .collect();
        let Order { sorted, stuck } = order(&parameters);
        (sorted, stuck)
    }

    #[test]
    fn a_default_comes_after_what_it_is_made_from_and_nothing_else_moves() {
        let made =
            sorted(&[("a", "${{ inputs.c.name }}-${{ inputs.b }}"), ("b", "x"), ("c", "${{ inputs.b }}"), ("d", "")]);
        assert_eq!(made, (vec![1, 2, 0, 3], vec![]));
    }

    #[test]
    fn a_circle_and_what_hangs_on_it_have_no_order() {
        let made = sorted(&[("a", "${{ inputs.b }}"), ("b", "${{ inputs.a }}"), ("c", "${{ inputs.a }}"), ("d", "")]);
        assert_eq!(made, (vec![3], vec![0, 1, 2]));
    }
}
