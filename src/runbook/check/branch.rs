use std::collections::HashMap;

use super::graph::Graph;
use super::outline::Sketch;
use super::worlds::{Turns, Worlds};
use crate::runbook::fields::list;
use crate::runbook::written::Written;
use crate::runbook::{Code, Expression, Finding, Findings, Place};

/// Which steps are done in which runs.
///
/// A step that some choice of a gate leads to is done only if that choice is taken; one that answers a failure, only after
/// that failure. Of the others, one is skipped if all that it needs was skipped so. When a step has failed whose failure
/// another one answers, what needs it, directly or through others, is skipped too, unless it needs the answer as well.
pub(super) struct Branches {
    turns: Turns,
    /// What each turn is about.
    about: Vec<About>,
    /// For each step, the runs in which its turn comes.
    live: Vec<Worlds>,
    /// Of these, the ones in which its condition holds.
    done: Vec<Worlds>,
    /// Of these, the ones in which it gives its outputs to those that come after it.
    well: Vec<Worlds>,
}

/// What a turn is about. Its values are bits: the choices that go on, or first that it is so and then that it is not.
enum About {
    /// Which choice is taken, of these.
    Choice(usize, Vec<usize>),
    /// Whether a condition holds.
    Condition(String),
    /// Whether a step ends well, or fails and the run goes on.
    Outcome(usize),
}

const SO: u32 = 0b01;
const NOT_SO: u32 = 0b10;

/// Who reads, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A step, before its own condition has been looked at.
    Before(usize),
    /// A step whose condition holds.
    Step(usize),
    /// The runbook, when all of its steps have ended.
    End,
}

/// A choice of a gate that leads to a step.
#[derive(Clone, Copy)]
struct Led {
    gate: usize,
    values: u32,
}

impl Branches {
    pub(super) fn new(sketches: &[Sketch<'_>], graph: &Graph, findings: &mut Findings<'_>) -> Self {
        let unknown = || vec![Worlds::unknown(); sketches.len()];
        let mut branches =
            Self { turns: Turns::new(), about: Vec::new(), live: unknown(), done: unknown(), well: unknown() };
        let mut gates = HashMap::new();
        let mut outcomes = HashMap::new();
        let mut conditions = HashMap::new();
        for (step, sketch) in sketches.iter().enumerate() {
            let on: Vec<usize> = (0..sketch.ways.len()).filter(|way| !sketch.ways[*way].ends).take(32).collect();
            if !sketch.ways.is_empty() {
                gates.insert(step, branches.turn(on.len(), About::Choice(step, on)));
            }
            if sketch.goes_on_after_failure() {
                outcomes.insert(step, branches.turn(2, About::Outcome(step)));
            }
            for text in conditions_of(sketch) {
                conditions.entry(text).or_insert_with(|| branches.turn(2, About::Condition(text.to_owned())));
            }
        }
        let led = led(sketches, graph, findings);
        for &step in graph.order.iter().take(graph.sound) {
            let turns = &branches.turns;
            let outcome = |step: usize, values: u32| {
                outcomes.get(&step).map_or_else(Worlds::all, |turn| Worlds::of(*turn, values))
            };
            let either =
                |worlds: &mut dyn Iterator<Item = Worlds>| worlds.fold(Worlds::none(), |all, one| all.or(&one, turns));
            let mut live = if let Some(Led { gate, values }) = led[step] {
                branches.done[gate].and(&Worlds::of(gates.get(&gate).copied().unwrap_or(usize::MAX), values), turns)
            } else if !graph.answers[step].is_empty() {
                let failures = graph.answers[step].iter();
                either(&mut failures.map(|failed| branches.done[*failed].and(&outcome(*failed, NOT_SO), turns)))
            } else if sketches[step].needs.is_empty() {
                Worlds::all()
            } else {
                either(&mut sketches[step].needs.iter().map(|(need, _)| branches.live[*need].clone()))
            };
            for (failed, sketch) in sketches.iter().enumerate() {
                let Some((answer, _)) = sketch.go_to.filter(|(answer, _)| graph.answers[*answer].contains(&failed))
                else {
                    continue;
                };
                if answer != step && graph.precedes(failed, step) && !graph.precedes(answer, step) {
                    live = live.and(&outcome(failed, SO), turns);
                }
            }
            let holds = conditions_of(&sketches[step]).into_iter().filter_map(|text| conditions.get(text));
            let done = holds.fold(live.clone(), |done, turn| done.and(&Worlds::of(*turn, SO), turns));
            branches.well[step] = done.and(&outcome(step, SO), turns);
            branches.done[step] = done;
            branches.live[step] = live;
        }
        branches.unreachable(sketches, graph, findings);
        branches
    }

    fn turn(&mut self, values: usize, about: About) -> usize {
        self.about.push(about);
        self.turns.add(values)
    }

    /// Why the outputs of a step need not be there for a reader that comes after it; none if they are.
    pub(super) fn gap(&self, reader: Reader, read: usize, sketches: &[Sketch<'_>]) -> Option<Gap> {
        let all = Worlds::all();
        let worlds = match reader {
            Reader::Before(step) => &self.live[step],
            Reader::Step(step) => &self.done[step],
            Reader::End => &all,
        };
        if worlds.within(&self.well[read], &self.turns) {
            return None;
        }
        let name = &sketches[read].id;
        if !worlds.within(&self.live[read], &self.turns) {
            let why = self.words(&self.live[read], Some(worlds), sketches);
            let message = format!("`{name}` is done only if {why}; otherwise it gives nothing");
            let help = format!("let only what is done in that case alone read `{name}`");
            return Some(Gap { message, help });
        }
        if !worlds.within(&self.done[read], &self.turns) {
            let message = format!("`{name}` has a `when` and may be skipped, and then it gives nothing");
            return Some(Gap { message, help: "give this step the same `when`".to_owned() });
        }
        let message = format!("`{name}` may have failed when this is read, and then it gives nothing");
        let help = "its `on_failure` lets the run go on without it: let that be `ask`";
        Some(Gap { message, help: help.to_owned() })
    }

    /// Tells whether no run does both steps.
    fn exclude(&self, one: usize, other: usize) -> bool {
        self.live[one].and(&self.live[other], &self.turns).is_none()
    }

    /// What must be so in the first alternative of some runs, and need not be so in all of `given`.
    fn words(&self, worlds: &Worlds, given: Option<&Worlds>, sketches: &[Sketch<'_>]) -> String {
        let open = |turn: &usize, values: &u32| {
            given.is_none_or(|given| !given.within(&Worlds::of(*turn, *values), &self.turns))
        };
        let parts: Vec<String> = worlds
            .first()
            .iter()
            .filter(|(turn, values)| open(turn, values))
            .filter_map(|(turn, values)| Some(self.about.get(*turn)?.words(*values, sketches)))
            .collect();
        if parts.is_empty() { "a certain way is taken".to_owned() } else { parts.join(" and ") }
    }

    /// Steps that no run does, and needs that no run meets.
    fn unreachable(&self, sketches: &[Sketch<'_>], graph: &Graph, findings: &mut Findings<'_>) {
        for &step in graph.order.iter().take(graph.sound) {
            let sketch = &sketches[step];
            let needs = || sketch.needs.iter().filter(|(need, _)| !self.live[*need].is_none());
            if self.live[step].is_none() {
                // Where nothing that it needs is ever done, that is the finding.
                if needs().next().is_some() || sketch.needs.is_empty() {
                    let message = format!("there is no run in which `{}` is done", sketch.id);
                    let help = "look at what leads to it: the choices of gates, and failures that it answers";
                    findings.add(Finding::new(Code::Unreachable, sketch.place, message).help(help));
                }
                continue;
            }
            for &(need, place) in needs() {
                let answers = graph.answers[step].contains(&need);
                if !answers && !self.exclude(step, need) {
                    continue;
                }
                let (own, other) = (&sketch.id, &sketches[need].id);
                let message = if answers {
                    format!("`{own}` is done when `{other}` has failed, and needs it to have ended well")
                } else {
                    let why = self.words(&self.live[step], Some(&self.live[need]), sketches);
                    format!("`{own}` is done only if {why}, and then `{other}` is not")
                };
                let help = format!("remove `{other}` from the needs of `{own}`");
                findings.add(Finding::new(Code::Unreachable, place, message).help(help));
            }
        }
    }
}

/// Why outputs need not be there, and what to do.
pub(super) struct Gap {
    pub(super) message: String,
    pub(super) help: String,
}

impl About {
    fn words(&self, values: u32, sketches: &[Sketch<'_>]) -> String {
        match self {
            Self::Choice(gate, on) => {
                let names = on.iter().enumerate().filter(|(bit, _)| values >> bit & 1 == 1);
                let names = names.filter_map(|(_, way)| sketches[*gate].ways.get(*way)).map(|way| way.name.as_str());
                format!("{} is chosen at `{}`", list(names).replace(" and ", " or "), sketches[*gate].id)
            }
            Self::Condition(text) if values == SO => format!("`{text}` holds"),
            Self::Condition(text) => format!("`{text}` does not hold"),
            Self::Outcome(step) if values == SO => format!("`{}` has not failed", sketches[*step].id),
            Self::Outcome(step) => format!("`{}` has failed", sketches[*step].id),
        }
    }
}

/// What a step's condition demands, each part as it is compared with others: the same text gives the same answer in a run,
/// and where several things are demanded with `&&`, each of them holds.
fn conditions_of<'w>(sketch: &Sketch<'w>) -> Vec<&'w str> {
    let Some(text) = sketch.fields.get("when").and_then(Written::scalar).map(|scalar| scalar.text.trim()) else {
        return Vec::new();
    };
    let bare = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}"));
    let text = bare.filter(|bare| !bare.contains("${{")).unwrap_or(text).trim();
    match Expression::parse(text) {
        Ok(expression) => expression.demands().into_iter().filter_map(|at| text.get(at)).collect(),
        Err(_) => vec![text],
    }
}

/// For each step, the gate whose choices lead to it. What cannot be led to is a finding.
fn led(sketches: &[Sketch<'_>], graph: &Graph, findings: &mut Findings<'_>) -> Vec<Option<Led>> {
    let mut led: Vec<Option<Led>> = vec![None; sketches.len()];
    for (gate, sketch) in sketches.iter().enumerate() {
        let on = sketch.ways.iter().filter(|way| !way.ends).take(32);
        for (bit, way) in on.enumerate() {
            for (name, place) in &way.leads_to {
                let Some(step) = sketches.iter().position(|sketch| sketch.id.as_str() == *name) else { continue };
                if let Some(refusal) = refusal(gate, step, *place, &led, sketches, graph) {
                    findings.add(refusal);
                } else {
                    led[step].get_or_insert(Led { gate, values: 0 }).values |= 1 << bit;
                }
            }
        }
    }
    led
}

/// Why a choice cannot lead to a step.
fn refusal(
    gate: usize,
    step: usize,
    place: Place,
    led: &[Option<Led>],
    sketches: &[Sketch<'_>],
    graph: &Graph,
) -> Option<Finding> {
    let (own, other) = (&sketches[step].id, &sketches[gate].id);
    if !sketches[step].needs.iter().any(|(need, _)| *need == gate) {
        let message = format!("`{own}` does not need `{other}`, so it would not wait for the decision");
        let finding = Finding::new(Code::LeadsElsewhere, place, message).related(sketches[step].place, "here");
        return Some(finding.help(format!("add `{other}` to the needs of `{own}`")));
    }
    if let Some(first) = led[step].filter(|led| led.gate != gate) {
        let message = format!("a choice of `{}` leads to `{own}` already", sketches[first.gate].id);
        let help = "let one gate decide about it, and let a step between them need the other";
        return Some(Finding::new(Code::TwoMasters, place, message).help(help));
    }
    let failed = graph.answers[step].first()?;
    let message = format!("`{own}` is done when `{}` has failed, so no choice can lead to it", sketches[*failed].id);
    Some(Finding::new(Code::TwoMasters, place, message).help("remove one of the two"))
}
