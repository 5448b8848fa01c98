use super::branch::Reader;
use super::call::{call, deadline, probe, until, verify};
use super::drill::{compare, drill};
use super::each::for_each;
use super::failure::{on_failure, retry};
use super::gate::gate;
use super::kind::Kind;
use super::manual::manual;
use super::nested::nested;
use super::outline::{Gives, Outline, Sketch};
use super::parameter::is_well_formed;
use super::prose::condition;
use super::scope::{Own, StepNames};
use super::undo::undo;
use super::wait::wait;
use crate::effect::{Class, Risk};
use crate::runbook::expr::Typing;
use crate::runbook::written::Written;
use crate::runbook::{CheckSpec, Code, DrillSubstitute, Finding, Findings, Place, Step, StepKind, read};

/// The steps, in an order in which they can run. One that could not be read has a finding. `own` is the runbook's name.
pub(super) fn steps(own: &str, outline: &Outline<'_>, findings: &mut Findings<'_>) -> Vec<Step> {
    let mut substitutes = Vec::new();
    let mut steps = Vec::new();
    for &step in &outline.graph.order {
        let mut lowering = Lowering::new(own, outline, step);
        steps.extend(lowering.step(findings));
        substitutes.extend(lowering.substitute.map(|(place, gives)| (step, place, gives)));
    }
    for (step, place, gives) in substitutes {
        compare(step, place, &gives, outline, findings);
    }
    steps
}

/// One step on its way from what was written to what is meant.
struct Lowering<'a> {
    /// The name of the runbook.
    runbook: &'a str,
    step: usize,
    sketch: &'a Sketch<'a>,
    /// What expressions may name before the step has run.
    names: StepNames<'a>,
    /// What a drill does in its place, and what that gives.
    substitute: Option<(Place, Gives)>,
}

impl<'a> Lowering<'a> {
    fn new(runbook: &'a str, outline: &'a Outline<'a>, step: usize) -> Self {
        let names =
            StepNames { outline, reader: Reader::Before(step), item: None, own: Own::Absent, is_done_in_drills: true };
        Self { runbook, step, sketch: &outline.sketches[step], names, substitute: None }
    }

    fn step(&mut self, findings: &mut Findings<'_>) -> Option<Step> {
        let fields = &self.sketch.fields;
        let text = |name: &str, what: &str, findings: &mut Findings<'_>| {
            fields.get(name).and_then(|written| read::text(written, what, findings))
        };
        let title = fields.get("title").and_then(|written| read::title(written, findings));
        let why = text("why", "a text", findings);
        let when = fields.get("when").and_then(|written| condition(written, &self.names, findings));
        self.names.reader = Reader::Step(self.step);
        let each = fields.get("for_each").map(|written| for_each(written, &self.names, findings));
        self.names.item = match &each {
            Some((_, item)) => Some(item.clone()),
            None => fields.entry("for_each").map(|_| Typing::Unknown),
        };
        self.names.is_done_in_drills = fields.entry("drill").is_none();
        let kind = self.kind(findings);
        let afterwards = StepNames { own: Own::Step(self.sketch.gives.as_ref()), ..self.names.clone() };
        let verify = fields.get("verify").map(|written| verify(written, &afterwards, findings)).unwrap_or_default();
        let probe = fields.get("probe").and_then(|written| probe(written, &self.names, findings));
        let (undo, undo_until) = match fields.get("undo") {
            Some(written) => undo(self.step, written, &afterwards, findings),
            None => (Vec::new(), None),
        };
        let point_of_no_return = text("point_of_no_return", "a reason", findings);
        let retry = fields.get("retry").and_then(|written| retry(written, findings));
        let timeout = fields.get("timeout").and_then(|written| deadline(written, "timeout", findings));
        let on_failure = on_failure(self.step, fields, self.names.outline, findings);
        let confirm = fields.get("confirm").and_then(|written| self.confirm(written, findings));
        let expect = fields.get("expect").and_then(|written| read::span(written, "a length of time", findings));
        let marks = fields.get("marks").and_then(|written| marks(written, findings));
        let drill = fields.get("drill").and_then(|written| self.drill(written, findings));
        self.contradictions(findings);
        self.nothing_to_enforce(findings);
        let needs = self.sketch.needs.iter().map(|(need, _)| self.names.outline.sketches[*need].id.clone()).collect();
        Some(Step {
            why,
            needs,
            when,
            for_each: each.and_then(|(each, _)| each),
            verify,
            probe,
            undo,
            undo_until,
            point_of_no_return,
            retry,
            timeout,
            on_failure: on_failure?,
            confirm,
            expect,
            marks,
            drill,
            ..Step::new(self.sketch.id.clone(), title?, kind?)
        })
    }

    fn kind(&self, findings: &mut Findings<'_>) -> Option<StepKind> {
        let fields = &self.sketch.fields;
        let kind = self.sketch.kind?;
        let written = fields.get(kind.key())?;
        match kind {
            Kind::Action | Kind::Check => {
                // The row was looked up, and its absence reported, when the outline was read.
                let call = self.sketch.row.map(|row| call(row, fields, written.place, &self.names, findings));
                let until = fields.get("until").and_then(|written| until(written, findings));
                Some(if kind == Kind::Action {
                    StepKind::Action(call?)
                } else {
                    StepKind::Check(CheckSpec { call: call?, until })
                })
            }
            Kind::Manual => {
                let (instruction, fields) = manual(written, &self.names, findings)?;
                Some(StepKind::Manual { instruction, fields })
            }
            Kind::Gate => gate(written, &self.names, findings),
            Kind::Wait => wait(written, self.sketch.row, &self.names, findings),
            Kind::Runbook => nested(self.runbook, written, fields, &self.names, findings),
        }
    }

    fn drill(&mut self, written: &Written, findings: &mut Findings<'_>) -> Option<DrillSubstitute> {
        let names = StepNames { is_done_in_drills: true, ..self.names.clone() };
        let (substitute, gives) = drill(self.sketch.kind?, written, &names, findings)?;
        self.substitute = Some((written.head(), gives));
        Some(substitute)
    }

    fn confirm(&self, written: &Written, findings: &mut Findings<'_>) -> Option<Risk> {
        let words =
            [Risk::Read, Risk::Reversible, Risk::Destructive, Risk::Irreversible].map(|risk| (risk.word(), risk));
        let risk = read::word(written, "a risk", &words, findings)?;
        let row = self.sketch.row?;
        if risk < row.risk {
            let message = format!("`{}` is {}, and `confirm` cannot lower that to {risk}", row.name, row.risk);
            let help = format!("remove `confirm`, or raise it above {}", row.risk);
            findings.add(Finding::new(Code::RiskLowered, written.place, message).help(help));
            return None;
        }
        Some(risk)
    }

    /// Keys that say opposite things, and a wait that cannot fail.
    fn contradictions(&self, findings: &mut Findings<'_>) {
        let fields = &self.sketch.fields;
        if let (Some(_), Some(entry)) = (fields.entry("undo"), fields.entry("point_of_no_return")) {
            let message = "a step with `undo` has a way back, so it is no point of no return";
            let help = "remove one of the two; an undo that is possible for a while has `possible_until`";
            findings.add(Finding::new(Code::KeysExclude, entry.key_place, message).help(help));
        }
        if let (Some(Kind::Wait), None, Some(entry)) = (
            self.sketch.kind,
            self.sketch.fields.get("wait").and_then(|wait| wait.entry("check")),
            fields.entry("on_failure"),
        ) {
            let message = "`on_failure` has no meaning for a wait without `check`, which cannot fail";
            findings.add(Finding::new(Code::KeyOfOtherKind, entry.key_place, message).help("remove it"));
        }
    }

    /// Safety keys on an action that only reads: a run does nothing about them, so they must not stand there.
    fn nothing_to_enforce(&self, findings: &mut Findings<'_>) {
        let Some(row) = self.sketch.row.filter(|row| row.class == Class::R) else { return };
        // On a check these keys are of another kind, which is reported where the kind is read.
        if self.sketch.kind != Some(Kind::Action) {
            return;
        }
        for (key, what) in [
            ("confirm", "nothing would be asked"),
            ("verify", "no check would be made"),
            ("probe", "nothing would be probed"),
            ("undo", "nothing would be undone"),
            ("point_of_no_return", "nothing would be past return"),
        ] {
            if let Some(entry) = self.sketch.fields.entry(key) {
                let message = format!("`{}` only reads, so {what} by `{key}`", row.name);
                let help = if key == "verify" { "remove it, or make it a step with `check`" } else { "remove it" };
                findings.add(Finding::new(Code::NothingToEnforce, entry.key_place, message).help(help));
            }
        }
    }
}

fn marks(written: &Written, findings: &mut Findings<'_>) -> Option<String> {
    let name = &read::scalar(written, "a milestone", findings)?.text;
    if is_well_formed(name) {
        return Some(name.clone());
    }
    let message = format!("`{name}` is not a name for a milestone");
    let help = "write lower-case letters, digits and underscores, as `service_restored`";
    findings.add(Finding::new(Code::MalformedName, written.place, message).help(help));
    None
}
