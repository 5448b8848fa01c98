use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::CallPreview;
use super::stand_in::{Rendered, StandIn};
use crate::base::is_visible;
use crate::effect::{Line, Piece, Presence, Request, Service, Told};

/// The variables of a checklist: what an earlier step tells becomes one, and a later command reads it.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// By what they stand for, as `steps.before.outputs.current`.
    names: BTreeMap<String, String>,
    /// Those that some step's commands assign; every other one is filled in by hand.
    assigned: BTreeMap<String, MayBe>,
}

/// Whether a variable that is set may hold nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MayBe {
    /// A text, which some resources do not have.
    Empty,
    /// The name of something that must be there: without a version, `az` takes the newest one.
    Named,
}

/// The labels of what a text for a person says is not known yet.
pub(super) fn labels(told: &str) -> impl Iterator<Item = &str> {
    told.split('«').skip(1).filter_map(|rest| rest.split_once('»').map(|(label, _)| label))
}

/// What a call becomes: lines of shell, and what a good answer says.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) lines: Vec<String>,
    pub(super) good: Option<String>,
    /// Why it is not whole, or not there at all.
    pub(super) missing: Vec<String>,
}

impl Variables {
    /// The variables that stand for what `calls` do not know yet, and what `told` tells people to look at.
    pub(super) fn of<'a>(
        calls: impl IntoIterator<Item = &'a CallPreview>,
        told: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut variables = Self::default();
        let mut taken = BTreeSet::from(["item".to_owned(), "host".to_owned(), "folder".to_owned(), "site".to_owned()]);
        let calls: Vec<&CallPreview> = calls.into_iter().collect();
        let labels: BTreeSet<String> = calls
            .iter()
            .flat_map(|call| call.arguments.stand_ins.all().map(meaning))
            .chain(calls.iter().flat_map(|call| call.each().map(str::to_owned)))
            .chain(told.into_iter().flat_map(labels).filter(|label| label.contains(".outputs.")).map(str::to_owned))
            .collect();
        for label in labels {
            let plain = label.strip_prefix("steps.").unwrap_or(&label).replacen(".outputs.", "__", 1);
            let mut name = plain.to_ascii_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
            name.truncate(48);
            if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
                name.insert_str(0, "x_");
            }
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            variables.names.insert(label, name);
        }
        variables
    }

    /// The variable of an output, if some later command reads it; from now on it counts as assigned.
    fn assign(&mut self, path: &str, output: &str, may_be: MayBe) -> Option<String> {
        let label = format!("steps.{path}.outputs.{output}");
        let name = self.names.get(&label)?.clone();
        self.assigned.insert(label, may_be);
        Some(name)
    }

    /// The line that fills in what a person was asked for, if some later command reads it.
    pub(super) fn ask(&mut self, path: &str, field: &str) -> Option<String> {
        let name = self.assign(path, field, MayBe::Empty)?;
        Some(format!("{name}={}", quoted(&format!("<fill in: {field}>"))))
    }

    /// How a command reads what the label stands for. One that runs without it, in another shell perhaps, would ask for
    /// something else, so the shell refuses to run it.
    fn read(&self, label: &str) -> Option<String> {
        let name = self.names.get(label)?;
        let guard = if self.assigned.get(label) == Some(&MayBe::Empty) { "?" } else { ":?" };
        Some(format!("${{{name}{guard}}}"))
    }

    /// The variable that holds what the label stands for, once it is assigned.
    pub(super) fn holds(&self, label: &str) -> Option<&str> {
        self.names.get(label).filter(|_| self.assigned.contains_key(label)).map(String::as_str)
    }

    /// The line that prints every variable so that it can be pasted into another shell; none if there is none yet.
    pub(super) fn keep(&self) -> Option<String> {
        let names: Vec<&str> = self.assigned.keys().filter_map(|label| self.holds(label)).collect();
        (!names.is_empty()).then(|| format!("declare -p {}", names.join(" ")))
    }

    /// The outputs of a step that some later command reads.
    pub(super) fn wanted<'a>(&'a self, path: &str) -> Vec<&'a str> {
        let prefix = format!("steps.{path}.outputs.");
        self.names.keys().filter_map(|label| label.strip_prefix(&prefix)).filter(|rest| !rest.contains('.')).collect()
    }

    /// How the list of a loop is written, unquoted so that it is taken apart at its blanks.
    pub(super) fn list(&self, label: &str) -> String {
        match self.read(label) {
            Some(list) if self.assigned.contains_key(label) => list,
            _ => quoted(&format!("<fill in: {label}, a word for each>")),
        }
    }

    /// The commands of a call. `outputs` says whether what it tells is kept for later commands.
    pub(super) fn commands(&mut self, call: &CallPreview, keep: Option<&str>) -> Commands {
        let mut commands = Commands::default();
        for (name, label) in &call.left_out {
            commands.missing.push(format!("`{name}` must be added by hand: it will be {label}"));
        }
        if let Some(why) = &call.unknown {
            commands.missing.push(format!("the request cannot be told: {why}"));
            return commands;
        }
        let Some((before, command)) = self.lines(call, &mut commands) else { return commands };
        let lines: Vec<String> = before.iter().chain([&command]).cloned().collect();
        commands.lines = self.fill_ins(call, &lines);
        let tells = |told: &Option<Told>| matches!(told, Some(Told::Printed));
        let outputs = call.row.map(|row| row.outputs).unwrap_or_default();
        let wanted: Vec<String> =
            keep.map(|path| self.wanted(path).into_iter().map(str::to_owned).collect()).unwrap_or_default();
        let printed =
            outputs.iter().find(|output| tells(&output.told) && wanted.iter().any(|name| name == output.name));
        let printed = printed.zip(keep).and_then(|(output, path)| self.assign(path, output.name, MayBe::Named));
        match (&printed, before.is_empty()) {
            (Some(name), _) => {
                commands.lines.push(format!("{name}=$("));
                commands.lines.extend(before.iter().chain([&command]).map(|line| indented(line)));
                commands.lines.push(format!("); {name}=${{{name}##*/}}; echo \"${name}\""));
            }
            (None, true) => commands.lines.push(command.clone()),
            (None, false) => {
                commands.lines.push("(".to_owned());
                commands.lines.extend(before.iter().chain([&command]).map(|line| indented(line)));
                commands.lines.push(")".to_owned());
            }
        }
        if let (Some(path), true) = (keep, before.is_empty()) {
            for output in outputs.iter().filter(|output| wanted.iter().any(|name| name == output.name)) {
                let (query, tail, may_be) = match output.told {
                    Some(Told::Query(query)) => (query, "", MayBe::Empty),
                    Some(Told::LastSegment(query)) => (query, " | sed 's|.*/||'", MayBe::Named),
                    Some(Told::Printed) | None => continue,
                };
                if let Some(name) = self.assign(path, output.name, may_be) {
                    let query = quoted(query);
                    commands
                        .lines
                        .push(format!("{name}=$({command} --query {query} --output tsv{tail}); echo \"${name}\""));
                }
            }
        }
        commands
    }

    /// The lines of a call: what comes first, and what does it. None if there is no command for it.
    fn lines(&self, call: &CallPreview, commands: &mut Commands) -> Option<(Vec<String>, String)> {
        let stand_ins = &call.arguments.stand_ins;
        let script = call.row.and_then(|row| row.by_hand).map(|by_hand| by_hand(&call.arguments.args));
        if let Some(Ok(script)) = script {
            commands.good = script.good.map(|good| stand_ins.put_back(&good));
            // A part of a target that is not known cannot be named; its whole id, in an address, can.
            let names_a_part = script.before.iter().chain([&script.command]).flatten().any(|piece| match piece {
                Piece::Text(text) => stand_ins.pieces(text).iter().any(|piece| match piece {
                    Rendered::Later(made) => made.field.is_empty() && stand_ins.is_target(made),
                    Rendered::Text(_) => false,
                }),
                Piece::Shell(_) => false,
            });
            if !names_a_part {
                let before = script.before.iter().map(|line| self.line(line, call)).collect();
                return Some((before, self.line(&script.command, call)));
            }
        }
        let mut lines: Vec<String> = call.rendered.iter().filter_map(|request| self.request(request, call)).collect();
        if lines.len() < call.rendered.len() {
            commands
                .missing
                .push("it sends a secret; set it in the portal, or by a file that only you can read".to_owned());
            return None;
        }
        let last = lines.pop()?;
        Some((lines, last))
    }

    /// The very request, by `az rest` or `curl`; none if a secret would stand in it.
    fn request(&self, request: &Request, call: &CallPreview) -> Option<String> {
        let url = self.argument(&request.url, call);
        let method = request.method;
        let resource = match request.service {
            Service::Http => None,
            // Its rows say themselves how it is asked by hand; a request of theirs is in our own words.
            Service::Sql => return None,
            Service::ResourceManager => Some(""),
            Service::KeyVault => Some(" --resource https://vault.azure.net"),
            Service::Search => Some(" --resource https://search.azure.com"),
            Service::Storage => Some(" --resource https://storage.azure.com"),
        };
        let mut line = resource.map_or_else(
            || format!("curl --silent --show-error --max-time 30 --request {method} {url}"),
            |resource| format!("az rest --method {method}{resource} --url {url}"),
        );
        let mut headers: Vec<String> =
            request.service.headers(method).map(|(name, value)| format!("{name}={value}")).collect();
        headers.extend(request.condition.as_ref().map(|condition| {
            let (name, value) = condition.header();
            format!("{name}={value}")
        }));
        if !headers.is_empty() {
            let headers: Vec<String> = headers.iter().map(|header| self.argument(header, call)).collect();
            let _ = write!(line, " --headers {}", headers.join(" "));
        }
        if let Some(body) = &request.body {
            let mut refuse = |_: &crate::base::SecretRef| Err(());
            let body = body.fill("by-hand", &mut refuse).ok()?;
            let option = if request.service == Service::Http { "--data" } else { "--body" };
            let _ = write!(line, " {option} {}", self.argument(&body.to_string(), call));
        }
        Some(line)
    }

    fn line(&self, line: &Line, call: &CallPreview) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Shell(shell) => (*shell).to_owned(),
            Piece::Text(text) => self.argument(text, call),
        };
        line.iter().map(piece).collect()
    }

    /// A text as one word of the shell: what is known quoted, what is not as a variable.
    fn argument(&self, text: &str, call: &CallPreview) -> String {
        let pieces = call.arguments.stand_ins.pieces(text);
        if pieces.is_empty() {
            return quoted("");
        }
        let piece = |piece: Rendered<'_>| match piece {
            Rendered::Text(text) => quoted(text),
            Rendered::Later(made) if meaning(made).starts_with("each of ") => "\"$item\"".to_owned(),
            Rendered::Later(made) => {
                self.read(&meaning(made)).map_or_else(|| quoted("<fill in>"), |read| format!("\"{read}\""))
            }
        };
        pieces.into_iter().map(piece).collect()
    }

    /// The lines that fill in by hand what no earlier command has told.
    fn fill_ins(&self, call: &CallPreview, lines: &[String]) -> Vec<String> {
        let labels: BTreeSet<String> = call.arguments.stand_ins.all().map(meaning).collect();
        let open = labels.iter().filter(|label| {
            !label.starts_with("each of ") && !self.assigned.contains_key(*label) && self.is_read(label, lines)
        });
        let line = |label: &String| {
            let name = self.names.get(label)?;
            Some(format!("{name}={}", quoted(&format!("<fill in: {label}>"))))
        };
        open.filter_map(line).collect()
    }

    fn is_read(&self, label: &str, lines: &[String]) -> bool {
        self.read(label).is_some_and(|read| lines.iter().any(|line| line.contains(&read)))
    }
}

impl CallPreview {
    /// Whether it is about an item of a list that is not known yet.
    pub(super) fn reads_item(&self) -> bool {
        self.each().next().is_some()
    }

    /// The lists, not known yet, of whose items it is.
    fn each(&self) -> impl Iterator<Item = &str> {
        let stand_ins = self.arguments.stand_ins.all();
        stand_ins.filter_map(|made| made.means.label.strip_prefix("each of "))
    }

    /// Whether an argument that must be given is left out.
    pub(super) fn is_partial(&self) -> bool {
        let required = |name: &str| {
            let parameters = self.row.map(|row| row.parameters).unwrap_or_default();
            parameters.iter().any(|parameter| parameter.name == name && parameter.presence == Presence::Required)
        };
        self.left_out.iter().any(|(name, _)| required(name))
    }
}

/// What a stand-in stands for, with the field of a target.
fn meaning(made: &StandIn) -> String {
    format!("{}{}", made.means.label, if made.means.label.starts_with("each of ") { "" } else { made.field })
}

fn indented(line: &str) -> String {
    format!("  {}", line.replace('\n', "\n  "))
}

/// The text as one word of `bash`, whatever stands in it.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_./:@%+,-".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    if text.chars().all(is_visible) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    // What does not show must not stand in what is pasted: bash has a quoting that spells it out.
    let mut spelled = String::from("$'");
    for letter in text.chars() {
        match letter {
            '\\' | '\'' => spelled.extend(['\\', letter]),
            _ if is_visible(letter) => spelled.push(letter),
            _ => {
                let _ = write!(spelled, "\\U{:08x}", u32::from(letter));
            }
        }
    }
    spelled.push('\'');
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "only the shell itself can say what it reads")]
    fn the_shell_reads_back_exactly_what_was_quoted() {
        for text in [
            "plain",
            "",
            "two words",
            "it's",
            "$(touch x)",
            "`id`",
            "a\"b",
            "a\\b",
            "a\nb",
            "\u{1b}[2J",
            "-x",
            "~",
            "*",
            "!x",
            "'; rm -rf / #",
            "a\u{202e}b",
            "ä «x»",
            "=",
            "#",
            "a=b",
            "\t",
        ] {
            let script = format!("printf %s {}", quoted(text));
            let output = Command::new("bash").env("LC_ALL", "C.UTF-8").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{script}");
        }
    }
}
