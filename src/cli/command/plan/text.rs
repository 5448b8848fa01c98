use super::json::mode;
use crate::base::{Digest, Span, Value};
use crate::cli::prepare::Prepared;
use crate::cli::text::{count, folded, printable};
use crate::effect::Risk;
use crate::plan::{
    CallPreview, CheckPreview, Consent, Forecast, Kind, Mode, Outlook, Plan, StepInstance, StepPreview, TargetName,
};
use crate::projection::revision;
use crate::runbook::{EstateKind, OnFailure, RevisionRule, Until};

/// The columns of a label.
const LABEL: usize = 12;

/// The plan for a person, at 80 columns. Whatever is coloured says the same in words.
pub(super) fn text(prepared: &Prepared, outlook: &Outlook, digest: Digest, colour: bool) -> String {
    let mut page = Page { out: String::new(), colour };
    page.head(prepared, digest);
    page.forecast(outlook);
    page.layers(outlook);
    for (index, step) in outlook.steps.iter().enumerate() {
        page.step(index, step, outlook);
    }
    page.summary(outlook);
    page.out
}

struct Page {
    out: String,
    colour: bool,
}

impl Page {
    /// A labelled line of the page, or of a step if `indent` is not 0.
    fn fact(&mut self, indent: usize, label: &str, text: &str) {
        let pad = " ".repeat(indent);
        let text = folded(text, indent + LABEL);
        self.out.push_str(&format!("{pad}{label:<LABEL$}{text}\n"));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn heading(&mut self, text: &str) {
        let painted = self.paint("1", text);
        self.out.push_str(&format!("\n{painted}\n"));
    }

    fn head(&mut self, prepared: &Prepared, digest: Digest) {
        let Prepared { plan, environment, refusal, .. } = prepared;
        let Plan { runbook, place, .. } = plan;
        let title = format!("{} {}: {}", runbook.id, runbook.version, printable(&runbook.title));
        self.out.push_str(&format!("{}\n\n", self.paint("1", &title)));
        let real = match place.estate {
            EstateKind::Live => "LIVE",
            EstateKind::Simulated => "simulated: no evidence of production recovery",
        };
        let protected = if place.protected { ", protected" } else { "" };
        self.fact(0, "Where", &format!("{} ({real}{protected})", place.environment));
        match plan.mode {
            Mode::Live => {}
            Mode::Drill => self.fact(0, "Mode", "drill: really done, on the targets of a drill"),
            Mode::Rehearsal => {
                self.fact(0, "Mode", &format!("{}: reads and checks run, changes are assumed", mode(plan.mode)));
            }
        }
        self.fact(0, "Revision", &revision(plan));
        for nested in &plan.nested {
            let (runbook, revision) = (&nested.runbook, &nested.revision);
            self.fact(0, "Nests", &format!("{} {} ({})", runbook.id, runbook.version, revision.origin));
        }
        match refusal {
            Some(refusal) => self.fact(0, "Policy", &format!("REFUSED: {} ({})", refusal.why, refusal.hint)),
            None if environment.policy.revision == RevisionRule::Any => {}
            None => {
                self.fact(0, "Policy", &format!("a {} revision, and this is one", environment.policy.revision.word()));
            }
        }
        self.fact(0, "Plan digest", &digest.to_string());
        for input in &plan.inputs {
            let mut text = format!("{} = {}", input.name, input.value);
            for id in ids(&input.value) {
                text.push_str(&format!("\n  {id}"));
            }
            self.fact(0, "Input", &text);
        }
    }

    fn forecast(&mut self, outlook: &Outlook) {
        self.heading("Forecast");
        if let Some(restored) = &outlook.restored {
            self.way("Restored", restored, outlook);
        }
        self.way("All of it", &outlook.whole, outlook);
        if let (Some(rto), Some(keeps)) = (outlook.rto, outlook.keeps_rto()) {
            let forecast = outlook.until_restored();
            let least = forecast.at_least();
            let (people, unknown) = (count(forecast.people.len(), "step"), count(forecast.unknown.len(), "step"));
            let (code, verdict) = match (keeps, forecast.people.is_empty(), forecast.unknown.is_empty()) {
                (false, ..) => ("31", "NOT KEPT".to_owned()),
                (true, true, true) => ("32", "kept".to_owned()),
                (true, ..) => {
                    let margin = Span::from_microseconds(rto.microseconds() - least.microseconds());
                    let others = if forecast.unknown.is_empty() {
                        String::new()
                    } else {
                        format!(", and for {unknown} of which nobody says how long it takes")
                    };
                    // With little left, it is rather a warning.
                    let code = if margin.microseconds() * 4 < rto.microseconds() { "33" } else { "32" };
                    (code, format!("kept if {margin} is enough for what people do at {people}{others}"))
                }
            };
            let verdict = format!("{rto}: at least {least} are forecast, so it is {verdict}");
            let verdict = self.paint(code, &folded(&verdict, LABEL));
            self.out.push_str(&format!("{:<LABEL$}{verdict}\n", "RTO"));
        }
        for warning in &outlook.warnings {
            let label = self.paint("33", &format!("{:<LABEL$}", "Warning"));
            self.out.push_str(&format!("{label}{}\n", folded(warning, LABEL)));
        }
    }

    fn way(&mut self, label: &str, forecast: &Forecast, outlook: &Outlook) {
        let names = |indices: &[usize]| some(outlook, indices);
        let mut text = format!(
            "after at least {}: {} of machine time, {} of waiting",
            forecast.at_least(),
            forecast.machine,
            forecast.waiting
        );
        if !forecast.people.is_empty() {
            text.push_str(&format!(", and what people need at {}", names(&forecast.people)));
        }
        if !forecast.unknown.is_empty() {
            text.push_str(&format!("; nobody says how long {} will take", names(&forecast.unknown)));
        }
        self.fact(0, label, &text);
    }

    fn layers(&mut self, outlook: &Outlook) {
        self.heading("Layers (* the longest way)");
        for (number, layer) in (1..).zip(&outlook.layers) {
            let names = layer.iter().filter_map(|index| outlook.steps.get(*index));
            let names = names.map(|step| format!("{}{}", step.path, if step.is_critical { "*" } else { "" }));
            let names = folded(&names.collect::<Vec<_>>().join(", "), 5);
            self.out.push_str(&format!("{number:>3}  {names}\n"));
        }
    }

    fn step(&mut self, index: usize, step: &StepPreview, outlook: &Outlook) {
        let mark = if step.is_critical { "*" } else { "" };
        self.heading(&format!("{}. {}{mark}  {}", index + 1, step.path, printable(&step.title)));
        self.fact(3, "Does", &does(step));
        let needs = step.needs.iter().filter_map(|need| outlook.steps.get(*need)).map(|step| step.path.as_str());
        let needs = needs.collect::<Vec<_>>().join(", ");
        let mut facts = vec![("Why", step.why.clone().unwrap_or_default()), ("After", needs)];
        facts.extend(conditions(step).into_iter().map(|condition| ("Only if", condition)));
        facts.push(("For each of", each(step)));
        match &step.kind {
            Kind::Manual { instruction, fields } => {
                facts.push(("A person", instruction.clone()));
                facts.extend(fields.iter().map(|(name, what)| ("Fills in", format!("{name}: {what}"))));
            }
            Kind::Gate { question, choices } => {
                facts.push(("A person", format!("decides: {question}")));
                facts.extend(choices.iter().map(|(name, leads)| ("Choice", format!("{name}: {leads}"))));
            }
            Kind::Runbook { inputs, .. } => {
                facts.extend(inputs.iter().map(|(name, value)| ("Gives", format!("{name} = {value}"))));
            }
            _ => {}
        }
        for (label, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
            self.fact(3, label, &text);
        }
        if !step.is_skipped() {
            self.what_is_sent(step);
            self.what_is_at_stake(step);
        }
    }

    fn what_is_sent(&mut self, step: &StepPreview) {
        for instance in &step.instances {
            if let Some(call) = &instance.call {
                self.call("Sends", instance.key.as_deref(), call);
            }
        }
        let Some(first) = step.instances.first() else { return };
        if let Some(until) = first.until {
            self.fact(3, "Again", &again(until));
        }
        // Every item's own stand in the JSON; here the first shows what all of them are like.
        let of = |instance: &StepInstance| {
            let key = instance.key.as_deref().filter(|_| step.instances.len() > 1);
            key.map(|key| format!("{key}, and the others likewise"))
        };
        for check in &first.verify {
            self.check("Then", of(first).as_deref(), check);
        }
    }

    fn what_is_at_stake(&mut self, step: &StepPreview) {
        let call = step.instances.first().and_then(|instance| instance.call.as_ref());
        let row = call.and_then(|call| call.row);
        let class = row.filter(|row| row.change.is_some()).map(|row| format!(", class {}", row.class));
        let risk = format!("{}{}", step.risk, class.unwrap_or_default());
        let risk = if step.risk >= Risk::Destructive { self.paint("31", &risk) } else { risk };
        if call.is_some() {
            self.out.push_str(&format!("   {:<LABEL$}{risk}\n", "Risk"));
        }
        let consent = match &step.consent {
            Consent::None => None,
            Consent::Acknowledge => Some("acknowledge".to_owned()),
            Consent::ReadBack { text, second_person } => {
                let second = if *second_person { ", and a second person agrees" } else { "" };
                Some(format!("type `{text}`{second}"))
            }
        };
        let change = row.and_then(|row| row.change.as_ref());
        let mut facts = vec![
            ("Confirm", consent.unwrap_or_default()),
            ("Touches", change.map(|change| change.touches.to_owned()).unwrap_or_default()),
            ("In doubt", change.map(|change| in_doubt(change.probe.settles)).unwrap_or_default()),
        ];
        for (label, text) in facts.drain(..).filter(|(_, text)| !text.is_empty()) {
            self.fact(3, label, &text);
        }
        self.way_back(step);
        let retry = step.retry.as_ref().map(|retry| {
            let causes: Vec<String> = retry.only_on.iter().map(ToString::to_string).collect();
            format!("up to {} attempts, on {}", retry.attempts, causes.join(", "))
        });
        let failure = match &step.on_failure {
            OnFailure::Ask => String::new(),
            OnFailure::Retry => "tries again, then asks".to_owned(),
            OnFailure::Continue => "the run goes on".to_owned(),
            OnFailure::Undo => "offers the undo, then asks".to_owned(),
            OnFailure::GoTo(step) => format!("goes on with {step}"),
        };
        let needs = row.map(|row| row.permissions.join(", ")).unwrap_or_default();
        let api = row.and_then(|row| row.api_version).map(|version| format!(" (api-version {version})"));
        for (label, text) in [
            ("On failure", failure),
            ("Retry", retry.unwrap_or_default()),
            ("Stuck after", step.timeout.map(|span| span.to_string()).unwrap_or_default()),
            ("Expected", step.expect.map(|span| span.to_string()).unwrap_or_default()),
            ("Marks", step.marks.clone().unwrap_or_default()),
            ("Permission", if needs.is_empty() { needs } else { format!("{needs}{}", api.unwrap_or_default()) }),
        ] {
            if !text.is_empty() {
                self.fact(3, label, &text);
            }
        }
    }

    fn way_back(&mut self, step: &StepPreview) {
        let undo = &step.undo;
        if let Some(why) = &undo.point_of_no_return {
            self.fact(3, "No way back", why);
        }
        if let Some(sentence) = &undo.sentence {
            self.fact(3, "Undo", sentence);
        }
        if let Some(first) = step.instances.first() {
            let key = first.key.as_deref().filter(|_| step.instances.len() > 1);
            for check in &first.undo {
                self.check("Undo", key.map(|key| format!("{key}, and the others likewise")).as_deref(), check);
            }
        }
        if let Some(until) = &undo.until {
            self.fact(3, "Undo until", until);
        }
    }

    fn check(&mut self, label: &str, of: Option<&str>, check: &CheckPreview) {
        let mut about: Vec<String> = of.map(str::to_owned).into_iter().collect();
        about.extend(check.key.clone());
        about.extend(check.each.as_ref().map(|list| format!("for each of {list}")));
        about.extend(check.until.map(again));
        let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join("; ")) };
        self.fact(3, label, &format!("{}{about}", check.call.action));
        self.call("", None, &check.call);
    }

    fn call(&mut self, label: &str, key: Option<&str>, call: &CallPreview) {
        let mut lines: Vec<String> = key.map(|key| format!("[{key}]")).into_iter().collect();
        lines.extend(call.requests.iter().cloned());
        lines.extend(call.foretold.iter().map(|then| format!("then {then}")));
        lines.extend(call.left_out.iter().map(|(name, value)| format!("with {name} = «{value}»")));
        lines.extend(call.unknown.as_ref().map(|why| format!("cannot be said yet: {why}")));
        if !call.known_after.is_empty() {
            lines.push(format!("known after: {}", call.known_after.join(", ")));
        }
        // A request is not broken: it is there to be copied.
        let lines: Vec<String> = lines.iter().flat_map(|line| line.split('\n')).map(printable).collect();
        let lines = lines.join(&format!("\n{}", " ".repeat(3 + LABEL)));
        self.out.push_str(&format!("   {label:<LABEL$}{lines}\n"));
    }

    fn summary(&mut self, outlook: &Outlook) {
        let sum = &outlook.summary;
        let people: Vec<&str> =
            sum.people.iter().filter_map(|index| outlook.steps.get(*index)).map(|step| step.path.as_str()).collect();
        let skipped = if sum.skipped > 0 { format!(", {} skipped", sum.skipped) } else { String::new() };
        self.heading(&format!(
            "{}: {} read, {} change ({} destructive), {} by people, {} wait{skipped}",
            count(sum.steps, "step"),
            sum.reads,
            sum.changes,
            sum.destructive,
            sum.manual,
            sum.waits
        ));
        let names = |targets: &std::collections::BTreeSet<TargetName>| {
            targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let permissions: Vec<&str> = sum.permissions.iter().map(String::as_str).collect();
        for (label, text) in [
            ("People at", people.join(", ")),
            ("Changed", names(&sum.changed)),
            ("Only read", names(&sum.read)),
            ("Permissions", permissions.join("\n")),
        ] {
            if !text.is_empty() {
                self.fact(0, label, &text);
            }
        }
        self.out.push_str("Nothing was done, and nothing was asked of anybody.\n");
    }
}

/// The names of some steps; of many only the first, because all of them stand elsewhere.
fn some(outlook: &Outlook, indices: &[usize]) -> String {
    const NAMED: usize = 8;
    let steps = indices.iter().take(NAMED).filter_map(|index| outlook.steps.get(*index));
    let mut names: Vec<String> = steps.map(|step| step.path.clone()).collect();
    if indices.len() > NAMED {
        names.push(format!("{} more", indices.len() - NAMED));
    }
    names.join(", ")
}

fn does(step: &StepPreview) -> String {
    let call = step.instances.first().and_then(|instance| instance.call.as_ref());
    let told = |call: &CallPreview| {
        let summary = call.row.map(|row| row.summary).unwrap_or_default();
        format!("{}: {summary}", call.action)
    };
    let said = match &step.kind {
        Kind::Action | Kind::Check => call.map_or_else(|| "nothing: the list is empty".to_owned(), told),
        Kind::Manual { .. } => "manual".to_owned(),
        Kind::Gate { .. } => "gate".to_owned(),
        Kind::Wait { span } => format!("waits {span}; no process needs to live meanwhile"),
        Kind::WaitUntil { at } => format!("waits until {at}; no process needs to live meanwhile"),
        Kind::WaitCheck => format!("waits until it passes; {}", call.map(told).unwrap_or_default()),
        Kind::Runbook { name, .. } => format!("what the runbook `{name}` says, in the steps below"),
        Kind::Skipped { why } => format!("nothing in a drill: {why}"),
    };
    match &step.stands_for {
        Some(action) if !matches!(step.kind, Kind::Skipped { .. }) => format!("in place of {action}: {said}"),
        _ => said,
    }
}

fn conditions(step: &StepPreview) -> Vec<String> {
    let branch = |branch: &crate::plan::Branch| format!("{} = {}", branch.gate, branch.choices.join(" or "));
    let branches: Vec<String> = step.only_if.iter().map(branch).collect();
    let mut conditions: Vec<String> = (!branches.is_empty()).then(|| branches.join(", or ")).into_iter().collect();
    conditions.extend(step.when.as_ref().map(|when| match when.holds {
        Some(true) => format!("{} (it holds)", when.source),
        Some(false) => format!("{} (it does not hold, so nothing is done)", when.source),
        None if when.known_after.is_empty() => when.source.clone(),
        None => format!("{} (known after: {})", when.source, when.known_after.join(", ")),
    }));
    conditions
}

fn each(step: &StepPreview) -> String {
    let Some(each) = &step.each else { return String::new() };
    let at_a_time = match each.max_parallel {
        1 => "one after the other".to_owned(),
        many => format!("up to {many} at a time"),
    };
    match each.count {
        Some(number) => format!("{} ({}, {at_a_time})", each.source, count(number, "item")),
        None => format!(
            "{} (known after: {}; at most {}, {at_a_time})",
            each.source,
            each.known_after.join(", "),
            each.at_most
        ),
    }
}

fn again(until: Until) -> String {
    format!("asked again every {}, for at most {}", until.every, until.timeout)
}

fn in_doubt(settles: crate::base::Span) -> String {
    format!("it is probed; no trace of it proves something {settles} after sending")
}

/// The ids of the resources in a value.
fn ids(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().flat_map(ids).collect(),
        value => value.field("id").and_then(Value::as_text).map(str::to_owned).into_iter().collect(),
    }
}
