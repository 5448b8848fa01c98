use super::graph::Graph;
use super::outline::{Sketch, id, names, needs};
use crate::base::StepId;
use crate::runbook::Findings;
use crate::runbook::fields::{Fields, Table};
use crate::runbook::written::Written;

/// A step of a graph that is none of a runbook: a table of its own, and the same names, needs and order.
pub(crate) struct Ordered<'w> {
    /// The name; empty if the author gave none that can be used.
    pub(crate) id: StepId,
    pub(crate) fields: Fields<'w>,
    /// The steps that it needs, by their places in this order; each stands before it, unless there is a cycle.
    pub(crate) needs: Vec<usize>,
}

/// Reads steps that have `id` and `needs`, and puts them in an order in which they can run: the author's, but that each
/// stands after those that it needs. Names, needs and cycles give the findings that they give in a runbook.
pub(crate) fn ordered<'w>(items: &'w [Written], table: &Table, findings: &mut Findings<'_>) -> Vec<Ordered<'w>> {
    let mut sketches: Vec<Sketch<'w>> = items
        .iter()
        .filter_map(|item| {
            let fields = Fields::read(item, table, findings)?;
            let written = fields.get("id");
            let name = written.and_then(|written| id(written, findings)).unwrap_or_default();
            let place = written.map_or(fields.head, |written| written.place);
            Some(Sketch {
                id: StepId::new(name),
                place,
                fields,
                kind: None,
                row: None,
                gives: None,
                needs: Vec::new(),
                ways: Vec::new(),
                go_to: None,
                continues: false,
            })
        })
        .collect();
    let names = names(&sketches, findings);
    for index in 0..sketches.len() {
        sketches[index].needs = needs(index, &sketches, &names, findings);
    }
    let order = Graph::new(&sketches, findings).order;
    let mut place_of = vec![0; sketches.len()];
    for (place, index) in order.iter().enumerate() {
        place_of[*index] = place;
    }
    let mut nodes: Vec<(usize, Ordered<'w>)> = sketches
        .into_iter()
        .enumerate()
        .map(|(index, Sketch { id, fields, needs, .. })| {
            let needs = needs.into_iter().map(|(need, _)| place_of[need]).collect();
            (place_of[index], Ordered { id, fields, needs })
        })
        .collect();
    nodes.sort_by_key(|(place, _)| *place);
    nodes.into_iter().map(|(_, node)| node).collect()
}
