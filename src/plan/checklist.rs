use std::fmt::Write as _;

use super::markdown::{block, code, paragraph, text};
use super::outlook::{CheckPreview, Consent, Kind, Outlook, StepInstance, StepPreview};
use super::shell::{Variables, labels, quoted};
use super::{CallPreview, Mode, Plan};
use crate::base::Digest;
use crate::runbook::{EstateKind, Until};

/// How far the text of a step stands in from the left.
const INDENT: usize = 2;

/// The plan as a document that needs nothing else: Markdown (`CommonMark`) with the commands that a person pastes into
/// `bash` on the day when this program, the network or its sign-in is what is broken.
///
/// It follows from the plan alone, byte for byte. No secret stands in it; foreign text is escaped in the prose and quoted
/// in the commands. It claims nothing of what the commands will do: nobody has run them.
///
/// `refused` is why the environment's policy does not let this text run, if it does not.
pub fn checklist(plan: &Plan, digest: Digest, refused: Option<&str>) -> String {
    let outlook = Outlook::of(plan);
    let done = || outlook.steps.iter().filter(|step| !step.is_skipped());
    let told = done().filter_map(|step| match &step.kind {
        Kind::Manual { instruction: told, .. } | Kind::Gate { question: told, .. } | Kind::WaitUntil { at: told } => {
            Some(told.as_str())
        }
        _ => step.when.as_ref().map(|when| when.source.as_str()),
    });
    let variables = Variables::of(done().flat_map(StepPreview::calls), told);
    let mut sheet = Sheet { out: String::new(), variables };
    sheet.head(plan, digest, refused);
    sheet.signing_in(plan);
    sheet.forecast(&outlook);
    sheet.out.push_str("\n## Steps\n\nPaste one block at a time into one `bash`, and read what it answers before the next. What a later \
         block needs is kept in\nvariables of that shell; without them a block refuses to run. In another shell, paste \
         what `declare -p` printed first.\n");
    for (index, step) in outlook.steps.iter().enumerate() {
        sheet.step(index, step, &outlook);
    }
    sheet.out.push_str("\n## Afterwards\n\n- [ ] Every box above is ticked or has its reason beside it.\n");
    sheet.out.push_str("- [ ] Put what happened, with its times, on the record of the incident.\n");
    sheet.out
}

struct Sheet {
    out: String,
    variables: Variables,
}

impl Sheet {
    fn line(&mut self, lead: &str, label: &str, said: &str) {
        let label = if label.is_empty() { String::new() } else { format!("**{label}:** ") };
        let indent = lead.len() - lead.trim_start().len() + if lead.trim_start().is_empty() { 0 } else { INDENT };
        self.out.push_str(&paragraph(lead, &format!("{label}{said}"), indent));
    }

    fn head(&mut self, plan: &Plan, digest: Digest, refused: Option<&str>) {
        let runbook = &plan.runbook;
        let _ = writeln!(self.out, "# {} by hand: {}\n", text(&runbook.id), text(&runbook.title));
        let mut add = |label: &str, said: String| self.line("- ", label, &said);
        add("Runbook", format!("{} {}", code(&runbook.id), text(&runbook.version)));
        add(
            "Revision",
            format!("{}, text {}", text(&plan.revision.origin.to_string()), code(&plan.revision.text.to_string())),
        );
        for nested in &plan.nested {
            let (runbook, revision) = (&nested.runbook, &nested.revision);
            let revision = format!("{}, text {}", text(&revision.origin.to_string()), code(&revision.text.to_string()));
            add("Nests", format!("{} {}, {revision}", code(&runbook.id), text(&runbook.version)));
        }
        if let Some(why) = refused {
            add("Refused by policy", text(why));
        }
        add("Plan digest", code(&digest.to_string()));
        let protected = if plan.place.protected { ", protected" } else { "" };
        add("Environment", format!("{}{protected}", code(&plan.place.environment)));
        if plan.mode != Mode::Live {
            let mode = if plan.mode == Mode::Drill { "drill" } else { "rehearsal: change nothing" };
            add("Mode", mode.to_owned());
        }
        add("Owner", runbook.owner.as_deref().map_or_else(|| "nobody is named".to_owned(), text));
        for input in &plan.inputs {
            add("Input", format!("{} = {}", code(&input.name), code(&input.value.to_string())));
        }
        if let Some(rto) = runbook.rto {
            add("Service is to be restored within", rto.to_string());
        }
        if plan.place.estate == EstateKind::Simulated {
            self.out.push_str(
                "\n**This plan is of a simulated environment.** The commands below ask the real Azure, where these resources are \
                 most\nlikely not; plan it with `--env NAME` for the environment that you mean.\n",
            );
        }
        for (heading, reasons) in [("Use it when", &runbook.use_when), ("Do not use it when", &runbook.not_when)] {
            if !reasons.is_empty() {
                let _ = writeln!(self.out, "\n## {heading}\n");
                for reason in reasons {
                    self.line("- ", "", &text(reason));
                }
            }
        }
    }

    fn signing_in(&mut self, plan: &Plan) {
        let lines = [
            format!("az login --tenant {}", quoted(&plan.place.tenant)),
            format!("az account set --subscription {}", quoted(&plan.place.subscription)),
            "az account show --query '{tenant: tenantId, subscription: id, user: user.name}' --output table".to_owned(),
        ];
        self.out.push_str("\n## Sign in\n\n");
        self.out.push_str("- [ ] Sign in, and see that tenant and subscription are the right ones. ");
        self.out.push_str("Without a browser, add\n  `--use-device-code` to the first line.\n\n");
        self.out.push_str(&block(&lines, INDENT));
        self.line("", "", "\nBegun ______________ UTC by ______________________; second person ______________________");
    }

    fn forecast(&mut self, outlook: &Outlook) {
        let sum = &outlook.summary;
        self.out.push_str("\n## What to expect\n\n");
        let restored = outlook.until_restored();
        let which = if outlook.restored.is_some() { "Until the service is restored" } else { "All of it" };
        let times = format!(
            "at least {} of machine time and {} of waiting, and the time that people need",
            restored.machine, restored.waiting
        );
        self.line("- ", which, &times);
        let changes = format!(
            "{} of {} steps change something, {} of them destructively",
            sum.changes, sum.steps, sum.destructive
        );
        self.line("- ", "Changes", &changes);
        for target in &sum.changed {
            self.line("- ", "Target", &format!("{} ({})", code(&target.name), code(&target.id)));
        }
        let permissions: Vec<String> = sum.permissions.iter().map(|permission| code(permission)).collect();
        self.line("- ", "Permissions", &permissions.join(", "));
        for warning in &outlook.warnings {
            self.line("- ", "Look out", &text(warning));
        }
    }

    fn step(&mut self, index: usize, step: &StepPreview, outlook: &Outlook) {
        let _ = writeln!(self.out, "\n### {}. {}\n", index + 1, text(&step.title));
        self.line("- [ ] ", &format!("{}. {}", index + 1, text(&step.path)), &what(step));
        self.out.push('\n');
        let mut add = |label: &str, said: &str| self.line("  ", label, said);
        if let Some(why) = &step.why {
            add("Why", &text(why));
        }
        let needs: Vec<String> = step.needs.iter().map(|need| (need + 1).to_string()).collect();
        if !needs.is_empty() {
            let of = |need: &usize| outlook.steps.get(*need).map(|step| code(&step.path)).unwrap_or_default();
            let names: Vec<String> = step.needs.iter().map(of).collect();
            add("Only after", &format!("step {} ({})", needs.join(", "), names.join(", ")));
        }
        for condition in conditions(step) {
            add("Only if", &condition);
        }
        if let Kind::Skipped { why } = &step.kind {
            add("Left out of a drill", &text(why));
        }
        if step.is_skipped() {
            self.out.push_str("\n  Not done.\n");
            return;
        }
        if step.changes() {
            let class = step.class().map(|class| format!(", class {class}")).unwrap_or_default();
            add("Risk", &format!("{}{class}", step.risk));
        }
        if let Consent::ReadBack { text, second_person } = &step.consent {
            let second = if *second_person { " And a second person must agree: ______________________" } else { "" };
            add(
                "Before you paste",
                &format!("say aloud, and compare with what you want to change: {}.{second}", code(text)),
            );
        }
        let touches = step.instances.first().and_then(|instance| instance.call.as_ref()?.row?.change.as_ref());
        if let Some(touches) = touches.map(|change| change.touches).filter(|touches| !touches.is_empty()) {
            add("Touches", &text(touches));
        }
        self.asked_of_people(step);
        self.instances(step);
        self.way_back(step);
        let expected = step.expect.map(|expect| format!("Expected: {expect}. ")).unwrap_or_default();
        let _ = writeln!(
            self.out,
            "\n  {expected}Begun ____:____ ended ____:____ UTC; outcome: ____________________________________"
        );
    }

    fn asked_of_people(&mut self, step: &StepPreview) {
        match &step.kind {
            Kind::Manual { instruction, fields } => {
                self.person("Do", instruction);
                let mut asked = Vec::new();
                for (name, what) in fields {
                    self.line("  - ", "", &format!("{}, {}: ______________________", code(name), text(what)));
                    asked.extend(self.variables.ask(&step.path, name));
                }
                if !asked.is_empty() {
                    self.out.push('\n');
                    self.out.push_str(&block(&asked, INDENT));
                }
            }
            Kind::Gate { question, choices } => {
                self.person("Decide", question);
                self.out.push('\n');
                for (name, leads) in choices {
                    self.line("  - [ ] ", "", &format!("{}: {}", text(name), text(leads)));
                }
            }
            Kind::Wait { span } => {
                self.line("  ", "Wait", &format!("{span}. Over at ______________ UTC; put it into a calendar."));
                self.keep();
            }
            Kind::WaitUntil { at } => {
                self.person("Wait until", at);
                self.keep();
            }
            Kind::Runbook { inputs, .. } => {
                for (name, value) in inputs {
                    self.line("  ", "Gives", &format!("{} = {}", code(name), code(value)));
                }
            }
            Kind::Action | Kind::Check | Kind::WaitCheck | Kind::Skipped { .. } => {}
        }
    }

    /// What a person is told, with a block that prints what earlier steps have told of it.
    fn person(&mut self, label: &str, told: &str) {
        let names: Vec<String> =
            labels(told).filter_map(|label| self.variables.holds(label)).map(str::to_owned).collect();
        let said = self.with_variables(told);
        self.line("  ", label, &said);
        if !names.is_empty() {
            let lines: Vec<String> = names.iter().map(|name| format!("echo \"{name}: ${name}\"")).collect();
            self.out.push('\n');
            self.out.push_str(&block(&lines, INDENT));
        }
    }

    /// A text in which what is not known yet stands as the variable that will hold it.
    fn with_variables(&self, told: &str) -> String {
        let mut said = String::new();
        for (at, part) in told.split('«').enumerate() {
            match part.split_once('»').filter(|_| at > 0) {
                Some((label, rest)) => {
                    let shown = self.variables.holds(label).map_or_else(|| label.to_owned(), |name| format!("${name}"));
                    // A blank that `text` would take away at either end belongs to the sentence.
                    said.push_str(&format!("{}{}", code(&shown), spaced(rest)));
                }
                None => said.push_str(&spaced(part)),
            }
        }
        said
    }

    /// The variables so far, to be kept for another shell.
    fn keep(&mut self) {
        if let Some(line) = self.variables.keep() {
            self.line("  ", "Keep", "what this prints; paste it first into the shell in which you go on.");
            self.out.push('\n');
            self.out.push_str(&block(&[line], INDENT));
        }
    }

    fn instances(&mut self, step: &StepPreview) {
        let in_turn = step.each.as_ref().filter(|each| each.count.is_some());
        if let Some(each) = in_turn {
            let turn = if each.max_parallel > 1 {
                format!("up to {} at a time", each.max_parallel)
            } else if step.instances.iter().any(|instance| !instance.verify.is_empty()) {
                "one after the other, each verified before the next".to_owned()
            } else {
                "one after the other".to_owned()
            };
            self.line("  ", "For each of", &format!("{}: {turn}.", text(&each.source)));
        }
        for instance in &step.instances {
            if let Some(key) = &instance.key {
                self.out.push('\n');
                self.line("  - [ ] ", "", &text(key));
            }
            self.instance(step, instance);
        }
    }

    fn instance(&mut self, step: &StepPreview, instance: &StepInstance) {
        let list = step.each.as_ref().filter(|each| each.count.is_none()).map(|each| each.source.as_str());
        if let Some(list) = list {
            self.line("  ", "For each of", &format!("{}, one after the other.", text(list)));
        }
        if let Some(call) = &instance.call {
            let keep = (list.is_none() && instance.key.is_none()).then_some(step.path.as_str());
            self.call(call, list, keep, instance.until);
        }
        for check in &instance.verify {
            self.out.push('\n');
            self.line("  ", "Verify", &told(&check.call));
            self.call(&check.call, list, None, check.until);
        }
    }

    /// The commands of a call, in a loop if `list` says so.
    fn call(&mut self, call: &CallPreview, list: Option<&str>, keep: Option<&str>, until: Option<Until>) {
        let list = list.filter(|_| call.reads_item());
        let commands = self.variables.commands(call, keep);
        for missing in &commands.missing {
            self.line("  ", "By hand", &text(missing));
        }
        if !commands.lines.is_empty() && !call.is_partial() {
            let mut lines = commands.lines;
            if let Some(list) = list {
                lines = lines.iter().map(|line| format!("  {}", line.replace('\n', "\n  "))).collect();
                lines.insert(0, format!("for item in {}; do", self.variables.list(list)));
                lines.push("done".to_owned());
            }
            self.out.push('\n');
            self.out.push_str(&block(&lines, INDENT));
        }
        let again = until.map(|until| format!(" Ask again every {}, for at most {}.", until.every, until.timeout));
        if let Some(good) = commands.good.filter(|_| call.row.is_some_and(|row| row.judge.is_some())) {
            self.out.push('\n');
            let good = self.with_variables(&good);
            self.line("  ", "Good if", &format!("{good}{}", again.unwrap_or_default()));
        }
    }

    fn way_back(&mut self, step: &StepPreview) {
        if let Some(why) = &step.undo.point_of_no_return {
            self.out.push('\n');
            self.line("  ", "No way back", &text(why));
        }
        if let Some(sentence) = &step.undo.sentence {
            self.out.push('\n');
            self.line("  ", "To undo", &text(sentence));
        }
        let until = step.undo.until.as_ref().map(|until| format!(" Possible {}.", text(until))).unwrap_or_default();
        let list = step.each.as_ref().filter(|each| each.count.is_none()).map(|each| each.source.as_str());
        for instance in step.instances.iter().filter(|instance| !instance.undo.is_empty()) {
            let of = instance.key.as_ref().map(|key| format!(" {}", text(key))).unwrap_or_default();
            self.out.push('\n');
            self.line("  ", &format!("To undo{of}"), &format!("only if it must be taken back, in this order.{until}"));
            for undo in &instance.undo {
                self.out.push('\n');
                self.undo(undo, list);
            }
        }
    }

    fn undo(&mut self, undo: &CheckPreview, list: Option<&str>) {
        let key = undo.key.as_ref().map(|key| format!(" ({})", text(key))).unwrap_or_default();
        self.line("  ", "", &format!("Undo: {}{key}", told(&undo.call)));
        self.call(&undo.call, undo.each.as_deref().or(list), None, undo.until);
    }
}

/// A piece of a sentence as text, with the blanks at its ends.
fn spaced(piece: &str) -> String {
    let lead = if piece.starts_with(char::is_whitespace) { " " } else { "" };
    let tail = if piece.len() > 1 && piece.ends_with(char::is_whitespace) { " " } else { "" };
    if piece.trim().is_empty() { lead.to_owned() } else { format!("{lead}{}{tail}", text(piece)) }
}

/// What a step does, in one sentence.
fn what(step: &StepPreview) -> String {
    let instead = step.stands_for.as_ref().map(|action| format!("In place of {} in a drill. ", code(action)));
    let call = step.instances.first().and_then(|instance| instance.call.as_ref());
    let said = match (&step.kind, call) {
        (Kind::Manual { .. }, _) => "A person does this.".to_owned(),
        (Kind::Gate { .. }, _) => "A person decides.".to_owned(),
        (Kind::Wait { .. } | Kind::WaitUntil { .. }, _) => "Nothing is done.".to_owned(),
        (Kind::Runbook { name, .. }, _) => format!("The steps of {} follow.", code(name)),
        (Kind::Skipped { .. }, _) => "Nothing.".to_owned(),
        (Kind::WaitCheck, Some(call)) => format!("Wait until it passes. {}", told(call)),
        (Kind::Action | Kind::Check, Some(call)) => told(call),
        (Kind::Action | Kind::Check | Kind::WaitCheck, None) => "There is nothing to do it for.".to_owned(),
    };
    format!("{}{said}", instead.unwrap_or_default())
}

fn told(call: &CallPreview) -> String {
    let summary = call.row.map(|row| text(row.summary)).unwrap_or_default();
    format!("{summary} ({})", code(&call.action))
}

fn conditions(step: &StepPreview) -> Vec<String> {
    let branch = |branch: &super::Branch| {
        let choices: Vec<String> = branch.choices.iter().map(|choice| text(choice)).collect();
        format!("{} was decided as {}", code(&branch.gate), choices.join(" or "))
    };
    let branches: Vec<String> = step.only_if.iter().map(branch).collect();
    let mut conditions: Vec<String> = (!branches.is_empty()).then(|| branches.join(", or ")).into_iter().collect();
    conditions.extend(step.when.as_ref().map(|when| match when.holds {
        Some(true) => format!("{} (it holds)", code(&when.source)),
        Some(false) => format!("{} (it does not hold)", code(&when.source)),
        None => code(&when.source),
    }));
    conditions
}
