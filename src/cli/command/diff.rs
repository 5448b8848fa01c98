use std::io::Write;

use serde_json::{Value as Json, json};

use crate::cli::library::{Loaded, Source};
use crate::cli::text::printable;
use crate::cli::{Exit, Failure, Setting};
use crate::effect::Risk;
use crate::plan::{Concern, Origin, RiskDiff, risk, risk_diff};
use crate::runbook::{self, Fate, KeyChange, Moved, RunbookDiff, StepDiff};

/// Says how a runbook changed from one revision to another, or to the file as it is.
///
/// A revision at which it does not check clean is not compared: what it would do is not known. Its findings are shown.
pub(crate) fn diff(
    setting: &Setting,
    name: &str,
    old: &str,
    new: Option<&str>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let older = Source::at(setting, name, old)?.load(setting)?;
    let newer = match new {
        Some(new) => Source::at(setting, name, new)?,
        None => Source::find(setting, name)?,
    };
    let newer = newer.load(setting)?;
    let unread = || Failure::new(Exit::Internal, "what has been checked cannot be read again");
    let changed = runbook::diff(&older.text, &newer.text).ok_or_else(unread)?;
    let risks = risk_diff(&older.runbook, &newer.runbook, &changed);
    let pair = Pair { older, newer, changed, risks };
    if as_json {
        writeln!(out, "{:#}", pair.document())?;
    } else {
        let paint = Paint { coloured: setting.colour };
        out.write_all(pair.text(&paint).as_bytes())?;
    }
    Ok(Exit::Success)
}

/// Two revisions of a runbook, and what lies between them.
struct Pair {
    older: Loaded,
    newer: Loaded,
    changed: RunbookDiff,
    risks: RiskDiff,
}

impl Pair {
    fn text(&self, paint: &Paint) -> String {
        let Self { older, newer, changed, risks } = self;
        let side = |loaded: &Loaded| format!("{} ({})", loaded.source.shown, loaded.revision.origin);
        let mut text = format!("{} → {}\n", printable(&side(older)), printable(&side(newer)));
        if changed.header.is_empty() && changed.steps.is_empty() {
            let same = older.revision.text == newer.revision.text;
            text.push_str(if same { "\nThe text is the same.\n" } else { "\nOnly comments or layout differ.\n" });
            return text;
        }
        if risks.highest.0 != risks.highest.1 {
            let (before, after) = risks.highest;
            text.push_str(&paint.alarm(&format!("\nThe highest risk was {before} and is {after}.\n")));
        }
        for key in &risks.defaults {
            let sentence = format!("\nRISK: without an input it acts on something else: {}\n", printable(key));
            text.push_str(&paint.alarm(&sentence));
        }
        if !changed.header.is_empty() {
            text.push('\n');
        }
        for change in &changed.header {
            text.push_str(&key(change, "", paint));
        }
        for step in &changed.steps {
            text.push('\n');
            text.push_str(&self.step(step, paint));
        }
        text
    }

    fn step(&self, step: &StepDiff, paint: &Paint) -> String {
        let of = |loaded: &Loaded| {
            let step = loaded.runbook.step(&step.id);
            step.map(|step| format!("{}  ({})", printable(&step.title), risk(step))).unwrap_or_default()
        };
        let (mut text, keys) = match &step.fate {
            Fate::Added(keys) => (paint.came(&format!("+ {}  {}\n", step.id, of(&self.newer))), keys),
            Fate::Removed(keys) => (paint.gone(&format!("- {}  {}\n", step.id, of(&self.older))), keys),
            Fate::Kept { keys, moved } => {
                let mut text = paint.head(&format!("~ {}  {}\n", step.id, of(&self.newer)));
                text.extend(moved.as_ref().map(|moved| format!("    {}\n", moved_sentence(moved))));
                (text, keys)
            }
        };
        for concern in self.concerns(step) {
            text.push_str(&paint.alarm(&format!("    RISK: {}\n", printable(&concern.to_string()))));
        }
        // What is gone whole has been named; its keys are in the older revision.
        let gone = matches!(step.fate, Fate::Removed(_));
        for change in keys.iter().filter(|change| !gone && change.key != "title" || is_changed(change)) {
            text.push_str(&key(change, "    ", paint));
        }
        text
    }

    fn concerns(&self, step: &StepDiff) -> &[Concern] {
        let found = self.risks.steps.iter().find(|(id, _)| *id == step.id);
        found.map(|(_, concerns)| concerns.as_slice()).unwrap_or_default()
    }

    fn document(&self) -> Json {
        let Self { older, newer, changed, risks } = self;
        let side = |loaded: &Loaded| {
            let (commit, blob, dirty) = match &loaded.revision.origin {
                Origin::Git { commit, blob, dirty } => (Some(commit), Some(blob), Some(dirty)),
                Origin::Shipped | Origin::File => (None, None, None),
            };
            json!({
                "file": loaded.source.shown,
                "version": loaded.runbook.version,
                "commit": commit,
                "blob": blob,
                "dirty": dirty,
                "text": loaded.revision.text,
            })
        };
        let risk_of = |loaded: &Loaded, step: &StepDiff| loaded.runbook.step(&step.id).map(risk).map(Risk::word);
        let steps = changed.steps.iter().map(|step| {
            let (change, keys, moved) = match &step.fate {
                Fate::Added(keys) => ("added", keys, None),
                Fate::Removed(keys) => ("removed", keys, None),
                Fate::Kept { keys, moved } if keys.is_empty() => ("moved", keys, moved.as_ref()),
                Fate::Kept { keys, moved } => ("changed", keys, moved.as_ref()),
            };
            json!({
                "step": step.id,
                "change": change,
                "moved": moved.map(|moved| json!({"was_after": moved.from, "is_after": moved.to})),
                "keys": keys.iter().map(key_document).collect::<Json>(),
                "risk": {
                    "old": risk_of(older, step),
                    "new": risk_of(newer, step),
                    "concerns": self.concerns(step).iter().map(ToString::to_string).collect::<Vec<_>>(),
                },
            })
        });
        json!({
            "runbook": newer.runbook.id,
            "old": side(older),
            "new": side(newer),
            "header": changed.header.iter().map(key_document).collect::<Json>(),
            "steps": steps.collect::<Json>(),
            "changed_defaults": risks.defaults,
            "highest_risk": {"old": risks.highest.0, "new": risks.highest.1},
        })
    }
}

const fn is_changed(change: &KeyChange) -> bool {
    change.old.is_some() && change.new.is_some()
}

fn key_document(change: &KeyChange) -> Json {
    json!({"key": change.key, "old": change.old, "new": change.new})
}

fn moved_sentence(moved: &Moved) -> String {
    let place = |before: Option<&crate::base::StepId>| {
        before.map_or_else(|| "at the beginning".to_owned(), |step| format!("after `{step}`"))
    };
    format!("moved: it stood {} and stands {}", place(moved.from.as_ref()), place(moved.to.as_ref()))
}

/// A changed key: in one line where both sides are short, else line by line without the lines that both begin and end
/// with.
fn key(change: &KeyChange, indent: &str, paint: &Paint) -> String {
    const SHORT: usize = 60;
    let is_short = |text: &str| !text.contains('\n') && text.chars().count() <= SHORT;
    let name = printable(&change.key);
    match (&change.old, &change.new) {
        (Some(old), Some(new)) if is_short(old) && is_short(new) => {
            let (old, new) = (paint.gone(&printable(old)), paint.came(&printable(new)));
            format!("{indent}{name}: {old} → {new}\n")
        }
        (Some(old), None) if is_short(old) => {
            format!("{indent}{}\n", paint.gone(&format!("- {name}: {}", printable(old))))
        }
        (None, Some(new)) if is_short(new) => {
            format!("{indent}{}\n", paint.came(&format!("+ {name}: {}", printable(new))))
        }
        (old, new) => {
            let lines = |side: &Option<String>| -> Vec<String> {
                side.as_deref().unwrap_or_default().lines().map(printable).collect()
            };
            let (old, new) = (lines(old), lines(new));
            let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
            let rest = old[head..].iter().rev().zip(new[head..].iter().rev());
            let tail = rest.take_while(|(old, new)| old == new).count();
            let mut text = format!("{indent}{name}:\n");
            for line in &old[head..old.len() - tail] {
                text.push_str(&format!("{indent}  {}\n", paint.gone(&format!("- {line}"))));
            }
            for line in &new[head..new.len() - tail] {
                text.push_str(&format!("{indent}  {}\n", paint.came(&format!("+ {line}"))));
            }
            text
        }
    }
}

/// Colours, which only repeat what signs and words say.
struct Paint {
    coloured: bool,
}

impl Paint {
    fn gone(&self, text: &str) -> String {
        self.with("31", text)
    }

    fn came(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn head(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn alarm(&self, text: &str) -> String {
        self.with("1;33", text)
    }

    /// The text in an attribute of ECMA-48, line by line, so that none is left on at a line's end.
    fn with(&self, attribute: &str, text: &str) -> String {
        if !self.coloured {
            return text.to_owned();
        }
        let paint = |line: &str| {
            let (words, end) = line.strip_suffix('\n').map_or((line, ""), |words| (words, "\n"));
            if words.is_empty() { line.to_owned() } else { format!("\u{1b}[{attribute}m{words}\u{1b}[m{end}") }
        };
        text.split_inclusive('\n').map(paint).collect()
    }
}
