use std::io::Write;

use serde_json::{Value as Json, json};

use crate::base::did_you_mean;
use crate::cli::text::{columns, field};
use crate::cli::{Exit, Failure};
use crate::effect::{self, Class, Output, Parameter, Presence, Row};

/// Lists what a step can ask of the world, or shows one action whole.
pub(crate) fn actions(name: Option<&str>, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    match name {
        None if as_json => writeln!(out, "{:#}", effect::catalogue().map(document).collect::<Json>())?,
        None => list(out)?,
        Some(name) => {
            let row = effect::find(name).ok_or_else(|| unknown(name))?;
            if as_json { writeln!(out, "{:#}", document(row))? } else { show(row, out)? }
        }
    }
    Ok(Exit::Success)
}

fn unknown(name: &str) -> Failure {
    let near = did_you_mean(name, effect::catalogue().map(|row| row.name));
    let hint = near.map_or_else(
        || "`callout actions` lists them all".to_owned(),
        |near| format!("did you mean `{near}`? `callout actions` lists them all"),
    );
    Failure::usage(format!("there is no action `{name}`")).hint(hint)
}

fn list(out: &mut dyn Write) -> Result<(), Failure> {
    let rows = effect::catalogue()
        .map(|row| [row.name.to_owned(), row.risk.to_string(), format!("class {}", row.class), row.summary.to_owned()]);
    Ok(out.write_all(columns(rows).as_bytes())?)
}

fn show(row: &Row, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{}\n  {}\n", row.name, row.summary)?;
    let parameters = row.parameters.iter().map(|parameter| {
        let Parameter { name, kind, presence, summary } = parameter;
        let presence = if *presence == Presence::Required { "required" } else { "optional" };
        [format!("  {name}"), kind.to_string(), presence.to_owned(), (*summary).to_owned()]
    });
    write!(out, "Parameters\n{}\n", columns(parameters))?;
    let outputs = row
        .outputs
        .iter()
        .map(|Output { name, kind, summary, .. }| [format!("  {name}"), kind.to_string(), (*summary).into()]);
    write!(out, "Outputs\n{}\n", columns(outputs))?;
    let mut facts = vec![("Risk", row.risk.to_string()), ("Class", format!("{}: {}", row.class, meaning(row.class)))];
    if let Some(change) = &row.change {
        facts.push(("Probe", format!("absence proves something {} after sending", change.probe.settles)));
        facts.push(("Undo", change.undo.to_owned()));
        if !change.touches.is_empty() {
            facts.push(("Touches", change.touches.to_owned()));
        }
        facts.push(("Takes", format!("about {}", change.expect)));
        facts.extend(change.loses.map(|loss| ("May lose", format!("up to {} of the latest data", loss.most))));
    }
    facts.push(("May judge", if row.judge.is_some() { "yes, as a check" } else { "no" }.to_owned()));
    facts.push(("Needs", if row.permissions.is_empty() { "nothing".to_owned() } else { row.permissions.join(", ") }));
    facts.extend(row.api_version.map(|version| ("API version", version.to_owned())));
    facts.push(("Read more", row.documentation.to_owned()));
    for (label, text) in facts {
        field(out, label, &text)?;
    }
    Ok(())
}

/// What the letter says, for a person.
const fn meaning(class: Class) -> &'static str {
    match class {
        Class::R => "reads, and may be repeated freely",
        Class::A => "states the whole goal, and may be sent again",
        Class::B => "creates with a mark, by which it is found again",
        Class::C => "sending it again leads to the same state",
        Class::D => "at most once, and never again without a person's word",
    }
}

fn document(row: &Row) -> Json {
    let parameters = row.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "type": parameter.kind.to_string(),
            "required": parameter.presence == Presence::Required,
            "summary": parameter.summary,
        })
    });
    let outputs = row
        .outputs
        .iter()
        .map(|output| json!({"name": output.name, "type": output.kind.to_string(), "summary": output.summary}));
    let change = row.change.as_ref().map(|change| {
        json!({
            "settles_s": change.probe.settles.std().as_secs(),
            "undo": change.undo,
            "touches": change.touches,
            "expect_s": change.expect.std().as_secs(),
            "loses_s": change.loses.map(|loss| loss.most.std().as_secs()),
        })
    });
    json!({
        "name": row.name,
        "summary": row.summary,
        "parameters": parameters.collect::<Json>(),
        "outputs": outputs.collect::<Json>(),
        "risk": row.risk,
        "class": row.class,
        "check": row.judge.is_some(),
        "permissions": row.permissions,
        "api_version": row.api_version,
        "operation_id": row.operation_id,
        "documentation": row.documentation,
        "change": change,
    })
}
