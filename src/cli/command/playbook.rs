use std::io::Write;

use serde_json::{Value as Json, json};

use super::list::drilled;
use crate::base::{Span, Value};
use crate::cli::environment::environment;
use crate::cli::library::{Library, Source};
use crate::cli::playbooks::{Checker, load, sources};
use crate::cli::text::{body, columns, field, paragraph, printable};
use crate::cli::version::Trees;
use crate::cli::{Failure, Setting};
use crate::runbook::{Alert, Content, Environment, Escalation, Guide, Playbook, Programme, Role, Suggestion};

/// A line of `callout list`.
pub(super) struct Line {
    playbook: String,
    kind: &'static str,
    version: String,
    title: String,
    revision: String,
    file: String,
    usable: bool,
}

impl Line {
    /// The playbooks of a library. One that has errors is listed too, and says so.
    pub(super) fn all(setting: &Setting, library: &Library, trees: &mut Trees) -> Result<Vec<Self>, Failure> {
        let mut checker = Checker::new(setting);
        sources(setting, library)?.iter().map(|source| Self::of(source, &mut checker, trees)).collect()
    }

    fn of(source: &Source, checker: &mut Checker<'_>, trees: &mut Trees) -> Result<Self, Failure> {
        // As for a runbook: a repository that cannot be read hides no line of the list.
        let revision = source.revision(trees);
        let revision = revision.map_or_else(|_| "UNKNOWN".to_owned(), |revision| revision.origin.to_string());
        let file = source.shown.clone();
        Ok(match checker.check(source)?.playbook {
            Some(Playbook { id, version, title, content, .. }) => {
                Self { playbook: id, kind: content.word(), version, title, revision, file, usable: true }
            }
            None => {
                let title = "cannot be used: `callout check` says why".to_owned();
                let version = "-".to_owned();
                Self { playbook: source.name(), kind: "unknown", version, title, revision, file, usable: false }
            }
        })
    }

    /// The line for a program.
    pub(super) fn document(&self) -> Json {
        json!({
            "playbook": self.playbook,
            "kind": self.kind,
            "version": self.version,
            "title": self.title,
            "revision": self.revision,
            "file": self.file,
            "usable": self.usable,
        })
    }

    /// The lines for a person, below the runbooks; nothing if there are none.
    pub(super) fn print(lines: Vec<Self>, out: &mut dyn Write) -> Result<(), Failure> {
        if !lines.is_empty() {
            writeln!(out, "\nPlaybooks")?;
        }
        let cells = lines.into_iter().map(|line| [line.playbook, line.version, line.title, line.revision]);
        out.write_all(columns(cells).as_bytes())?;
        Ok(())
    }
}

/// Shows a playbook on one page, for somebody who has just been woken: the first actions stand before everything that is
/// read later.
pub(super) fn show(setting: &Setting, source: &Source, out: &mut dyn Write) -> Result<(), Failure> {
    let playbook = load(setting, source)?;
    writeln!(out, "{} {}: {}", playbook.id, playbook.version, printable(&playbook.title))?;
    match &playbook.content {
        Content::Guide(guide) => show_guide(setting, guide, out)?,
        Content::Programme(programme) => show_programme(&playbook, programme, out)?,
    }
    writeln!(out)?;
    field(out, "Owner", &playbook.owner)?;
    field(out, "Revision", &source.revision(&mut Trees::default())?.origin.to_string())?;
    Ok(())
}

fn show_guide(setting: &Setting, guide: &Guide, out: &mut dyn Write) -> Result<(), Failure> {
    // Where no environment can be told, the commands say every input.
    let environment = environment(setting).ok();
    head(out, "Is it this?")?;
    bullets(out, &guide.symptoms)?;
    for Alert { name, source } in &guide.alerts {
        writeln!(out, "  - the alert \"{}\" ({source})", printable(name))?;
    }
    head(out, "First")?;
    for (number, action) in (1..).zip(&guide.first_five) {
        writeln!(out, "  {number}. {}", body(&action.text, 5))?;
        if let Some(check) = &action.check {
            writeln!(out, "     the check {check}")?;
        }
        if let Some(runbook) = &action.runbook {
            let known = guide.runbooks.iter().find(|known| known.runbook == *runbook);
            let command = known.map(|known| command(setting, "run", known, environment.as_ref()));
            writeln!(out, "     {}", command.unwrap_or_else(|| format!("callout show {runbook}")))?;
        }
    }
    head(out, "How bad is it?")?;
    let rows = guide.severity.iter().map(|(severity, when)| [format!("  {severity}"), when.clone()]);
    out.write_all(columns(rows).as_bytes())?;
    head(out, "Runbooks, in this order")?;
    let drilled = drilled(setting);
    for (number, suggestion) in (1..).zip(&guide.runbooks) {
        writeln!(out, "  {number}. {}: {}", suggestion.runbook, body(&suggestion.when, 5))?;
        if let Some(words) = drilled.get(&suggestion.runbook) {
            writeln!(out, "     {words}")?;
        }
        for verb in ["plan", "run"] {
            writeln!(out, "     {}", command(setting, verb, suggestion, environment.as_ref()))?;
        }
    }
    head(out, "When nobody answers")?;
    show_escalation(&guide.escalation, out)?;
    head(out, "Who does what")?;
    show_roles(&guide.roles, out)?;
    if !guide.messages.is_empty() {
        head(out, "What others are told")?;
    }
    for message in &guide.messages {
        writeln!(out, "  {}, {}:", message.moment, printable(&message.audience))?;
        writeln!(out, "    {}", body(message.text.source(), 4))?;
    }
    head(out, "It is over when")?;
    bullets(out, &guide.exit_criteria)
}

fn show_programme(playbook: &Playbook, programme: &Programme, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out)?;
    paragraph(out, "Scenario", &programme.scenario)?;
    field(out, "Where", &programme.environment)?;
    field(out, "Targets", &programme.targets.join(", "))?;
    field(out, "RTO", &programme.rto.to_string())?;
    if let Some(rpo) = programme.rpo {
        field(out, "RPO", &rpo.to_string())?;
    }
    if let Some(coverage) = programme.coverage {
        field(out, "Coverage", &format!("{coverage} % of the steps"))?;
    }
    field(out, "Due", &programme.cadence.to_string())?;
    if !programme.breaks.is_empty() {
        let by = match programme.environment.as_str() {
            "sim" => "What the simulator breaks first",
            _ => "What a person breaks first: the program breaks nothing in a live environment",
        };
        head(out, by)?;
        let broken: Vec<String> = programme.breaks.iter().map(ToString::to_string).collect();
        bullets(out, &broken)?;
    }
    head(out, "Runbooks, as their needs order them")?;
    for (number, step) in (1..).zip(&programme.steps) {
        writeln!(out, "  {number}. {}: {}", step.id, printable(&step.title))?;
        if let Some(why) = &step.why {
            writeln!(out, "     {}", body(why, 5))?;
        }
        let given: Vec<String> = step.with.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let given = if given.is_empty() { String::new() } else { format!(" with {}", given.join("; ")) };
        writeln!(out, "     {}{}", step.runbook, printable(&given))?;
        if !step.needs.is_empty() {
            let needs: Vec<&str> = step.needs.iter().map(crate::base::StepId::as_str).collect();
            writeln!(out, "     after {}", needs.join(", "))?;
        }
    }
    head(out, "It has succeeded when")?;
    bullets(out, &programme.success_criteria)?;
    if !programme.not_tested.is_empty() {
        head(out, "What it does not test")?;
        bullets(out, &programme.not_tested)?;
    }
    head(out, "Who does what")?;
    show_roles(&programme.participants, out)?;
    writeln!(out, "\n`callout plan {}` says exactly what it would do.", playbook.id)?;
    Ok(())
}

pub(super) fn head(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    Ok(writeln!(out, "\n{text}")?)
}

pub(super) fn bullets(out: &mut dyn Write, texts: &[String]) -> Result<(), Failure> {
    for text in texts {
        writeln!(out, "  - {}", body(text, 4))?;
    }
    Ok(())
}

fn show_roles(roles: &[(Role, String)], out: &mut dyn Write) -> Result<(), Failure> {
    let rows = roles.iter().map(|(role, who)| [format!("  {}", role.word()), who.clone()]);
    Ok(out.write_all(columns(rows).as_bytes())?)
}

fn show_escalation(escalation: &Escalation, out: &mut dyn Write) -> Result<(), Failure> {
    let rows = escalation.levels.iter().map(|level| {
        let after = if level.after == Span::ZERO { "at once".to_owned() } else { format!("after {}", level.after) };
        let only: Vec<String> = level.only.iter().map(ToString::to_string).collect();
        let only = if only.is_empty() { String::new() } else { format!(" ({} only)", only.join(", ")) };
        [format!("  {after}"), format!("{}{only}", level.who), level.how.clone()]
    });
    out.write_all(columns(rows).as_bytes())?;
    match escalation.repeat {
        0 => {}
        1 => writeln!(out, "  then once more from the top")?,
        repeat => writeln!(out, "  then from the top again, {repeat} times at most")?,
    }
    Ok(())
}

/// The command that starts a runbook as the playbook suggests it. An input that nothing gives stands as `…`, to be filled
/// in.
pub(super) fn command(
    setting: &Setting,
    verb: &str,
    suggestion: &Suggestion,
    environment: Option<&Environment>,
) -> String {
    let Suggestion { runbook, with, open, .. } = suggestion;
    let mut words = vec!["callout".to_owned(), verb.to_owned(), runbook.clone()];
    for (name, value) in with {
        words.push("-i".to_owned());
        words.push(quoted(&format!("{name}={}", given(value))));
    }
    let supplied = environment.and_then(|environment| environment.inputs.get(runbook));
    for name in open.iter().filter(|name| !supplied.is_some_and(|supplied| supplied.contains_key(*name))) {
        words.push("-i".to_owned());
        words.push(format!("{name}=…"));
    }
    if let Some(name) = &setting.environment {
        words.push("--env".to_owned());
        words.push(quoted(name));
    }
    words.join(" ")
}

/// A value as the command line takes it.
fn given(value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A word for a POSIX shell. Control characters are shown and not meant to be pasted.
fn quoted(word: &str) -> String {
    let word = printable(word);
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:,=@%+".contains(letter);
    if word.chars().all(is_plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reaches_a_shell_as_one_word() {
        assert_eq!(quoted("app=shop/blue"), "app=shop/blue");
        assert_eq!(quoted("who=it's $HOME"), r"'who=it'\''s $HOME'");
    }
}
