//! The JSON Schemas in `assets/`: written from the parser's own tables, held fresh, and of one mind with the checker.
//!
//! `CALLOUT_BLESS=1 cargo test schema` writes them anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use boon::{Compiler, SchemaIndex, Schemas};
use callout::runbook::{
    BannerColour, Code, Finding, Severity, check, check_environment, check_playbook, environment_schema, is_playbook,
    playbook_schema, runbook_schema, shipped, shipped_playbooks, skeleton,
};
use proptest::prelude::*;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value as Json, json};

use crate::check::BESIDE;
use crate::support::home::Home;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name)
}

/// The kinds of files that have one.
const KINDS: &[&str] = &["runbook", "playbook", "environment"];

#[test]
fn the_schemas_beside_the_readme_are_those_of_this_program() {
    let home = Home::new();
    for of in KINDS {
        let printed = home.callout(["schema", of]).run().succeeded().stdout;
        let path = asset(&format!("{of}.schema.json"));
        if env::var_os("CALLOUT_BLESS").is_some() {
            fs::write(&path, &printed).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), printed, "CALLOUT_BLESS=1 writes {}", path.display());
    }
}

/// A schema, compiled.
struct Compiled(Schemas, SchemaIndex);

impl Compiled {
    fn new(schema: Json) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("file:///schema.json", schema).unwrap();
        let index = compiler.compile("file:///schema.json", &mut schemas).unwrap();
        Self(schemas, index)
    }

    /// Why the schema refuses a document, if it does.
    fn refuses(&self, document: &Json) -> Option<String> {
        self.0.validate(document, self.1).err().map(|error| error.to_string())
    }
}

/// A file as an editor hands it to a schema: by YAML 1.2's core schema. None for what is not one plain document.
fn as_json(text: &str) -> Option<Json> {
    let mut open: Vec<(Json, Option<String>)> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let part = match event.ok()?.0 {
            Event::Scalar(text, style, 0, None) => scalar(&text, style == ScalarStyle::Plain),
            Event::SequenceStart(0, None) => {
                open.push((json!([]), None));
                continue;
            }
            Event::MappingStart(0, None) => {
                open.push((json!({}), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop()?.0,
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => return None,
            Event::DocumentStart(_) if root.is_some() => return None,
            _ => continue,
        };
        match open.last_mut() {
            None => root = Some(part),
            Some((Json::Array(items), _)) => items.push(part),
            Some((Json::Object(members), key)) => match key.take() {
                None => *key = Some(part.as_str().map_or_else(|| part.to_string(), str::to_owned)),
                Some(name) => {
                    if members.insert(name, part).is_some() {
                        return None;
                    }
                }
            },
            Some(_) => return None,
        }
    }
    root
}

fn scalar(text: &str, plain: bool) -> Json {
    match text {
        "" | "~" | "null" if plain => Json::Null,
        "true" | "false" if plain => json!(text == "true"),
        _ if plain && text.parse::<i64>().is_ok() => json!(text.parse::<i64>().unwrap()),
        _ if plain && text.starts_with(|first: char| first.is_ascii_digit()) => {
            text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number))
        }
        _ => json!(text),
    }
}

/// The schemas of the files that the checker takes for a runbook, a playbook or an environment.
struct Every {
    runbook: Compiled,
    playbook: Compiled,
    environment: Compiled,
}

impl Every {
    fn new() -> Self {
        let [runbook, playbook, environment] =
            [runbook_schema(), playbook_schema(), environment_schema()].map(Compiled::new);
        Self { runbook, playbook, environment }
    }

    /// What the checker finds in a text, and the schema of its kind.
    fn of(&self, file: &str, text: &str) -> (Vec<Finding>, &Compiled) {
        let bytes = text.as_bytes();
        // An environment that was changed may have lost the key that says so; its name is left.
        if file == ENVIRONMENT.0 || text.starts_with("environment:") {
            (check_environment(file, bytes).findings, &self.environment)
        } else if is_playbook(bytes) {
            (check_playbook(file, bytes, &BESIDE).findings, &self.playbook)
        } else {
            (check(file, bytes).findings, &self.runbook)
        }
    }
}

/// An environment with every key.
const ENVIRONMENT: (&str, &str) = (
    "shop.yaml",
    "environment: shop\nformat: 1\ntitle: The shop\ncloud: public\ntenant: 11111111-1111-4111-8111-111111111111\n\
     subscription: 22222222-2222-4222-8222-222222222222\n\
     subscriptions: {spare: 33333333-3333-4333-8333-333333333333}\nresource_group: shop-rg\n\
     sign_in: {by: client_secret, client: 44444444-4444-4444-8444-444444444444, secret: 'env:SHOP_SECRET'}\n\
     protected: true\ncolour: magenta\npolicy: {revision: signed, yes: reversible, runbooks: [rollback]}\ntargets:\n\
     \x20 - {name: shop-web, kind: webapp, aliases: [shop], subscription: spare, resource_group: other-rg}\n\
     \x20 - {name: shop-kv, kind: keyvault}\ninputs: {rollback: {app: shop-web}}\n",
);

#[test]
fn an_environment_with_every_key_is_taken_by_the_checker_and_by_its_schema() {
    let checked = check_environment(ENVIRONMENT.0, ENVIRONMENT.1.as_bytes());
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    assert_eq!(checked.environment.unwrap().colour, Some(BannerColour::Magenta));
    of_one_mind(&Every::new(), ENVIRONMENT.0, ENVIRONMENT.1).unwrap();
}

/// Everything that is built in, and an environment.
fn built_in() -> Vec<(&'static str, &'static str)> {
    shipped().iter().chain(shipped_playbooks()).copied().chain([ENVIRONMENT]).collect()
}

/// What the checker says of a text, and what the schema says of it: where the checker finds no error the schema refuses
/// nothing, and where the schema refuses nothing there is no key too many or too few.
fn of_one_mind(schemas: &Every, file: &str, text: &str) -> Result<(), String> {
    let Some(document) = as_json(text) else { return Ok(()) };
    let (findings, schema) = schemas.of(file, text);
    let refused = schema.refuses(&document);
    if !findings.iter().any(|finding| finding.severity() == Severity::Error)
        && let Some(why) = refused
    {
        return Err(format!("{file} checks clean, and the schema refuses it: {why}\n{text}"));
    }
    // What stands in `with` only the catalogue knows, and with it the keys of `generate`.
    let in_arguments = |message: &str| message.starts_with("`generate`");
    let unknown_key =
        findings.iter().any(|finding| finding.code == Code::UnknownKey && !in_arguments(&finding.message));
    if unknown_key && schema.refuses(&document).is_none() {
        return Err(format!("{file} has a key too many, and the schema takes it: {findings:?}\n{text}"));
    }
    Ok(())
}

#[test]
fn schema_and_checker_are_of_one_mind_about_every_example() {
    let schemas = Every::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut seen = 0;
    let mut texts: Vec<(String, String)> =
        built_in().into_iter().map(|(file, text)| (file.to_owned(), text.to_owned())).collect();
    texts.push(("new.yaml".to_owned(), skeleton("new")));
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|ending| ending == "yaml")
            && let Ok(text) = fs::read_to_string(&path)
        {
            texts.push((file, text));
        }
    }
    for (file, text) in &texts {
        seen += usize::from(as_json(text).is_some());
        of_one_mind(&schemas, file, text).unwrap_or_else(|difference| panic!("{difference}"));
    }
    assert!(seen > 40, "only {seen} examples could be read");
}

#[test]
fn the_schema_knows_a_missing_and_a_misspelt_key() {
    let schema = Compiled::new(runbook_schema());
    let mut document = as_json(shipped()[0].1).unwrap();
    assert_eq!(schema.refuses(&document), None);
    let title = document.as_object_mut().unwrap().remove("title").unwrap();
    assert!(schema.refuses(&document).unwrap().contains("title"));
    document["titel"] = title.clone();
    document["title"] = title;
    assert!(schema.refuses(&document).unwrap().contains("titel"));
}

#[test]
fn the_schema_takes_every_key_and_a_name_that_looks_like_a_truth_value() {
    let schema = Compiled::new(runbook_schema());
    let every_key = include_str!("check/good/every-key.yaml");
    assert_eq!(schema.refuses(&as_json(every_key).unwrap()), None);
    let odd = shipped()[1].1.replace("marks: service_restored", "marks: true");
    assert!(odd.contains("marks: true"));
    of_one_mind(&Every::new(), shipped()[1].0, &odd).unwrap();
}

/// What is built in with a part removed, doubled under another name, or replaced.
fn changed() -> impl Strategy<Value = (usize, String)> {
    let part = prop_oneof![
        Just(json!("text")),
        Just(json!("5m")),
        Just(json!(3)),
        Just(json!(true)),
        Just(json!([])),
        Just(json!(["a"])),
        Just(json!({})),
        Just(json!({"for": "1s"})),
        Just(Json::Null),
    ];
    let name = prop::sample::select(vec![
        "titel",
        "with",
        "until",
        "needs",
        "wait",
        "gate",
        "undo",
        "check",
        "for",
        "default",
        "programme",
        "sev1",
        "roles",
    ]);
    let change = (any::<prop::sample::Index>(), prop::option::of(part), prop::option::of(name));
    (0..built_in().len(), prop::collection::vec(change, 1..4)).prop_map(|(which, changes)| {
        let mut document = as_json(built_in()[which].1).unwrap();
        for (at, part, name) in changes {
            let places = count(&document);
            let mut left = at.index(places);
            change_at(&mut document, &mut left, part.as_ref(), name);
        }
        (which, document.to_string())
    })
}

fn count(document: &Json) -> usize {
    match document {
        Json::Array(items) => items.iter().map(|item| 1 + count(item)).sum(),
        Json::Object(members) => members.values().map(|member| 1 + count(member)).sum(),
        _ => 0,
    }
}

/// Changes the part number `left`, counted along the text.
fn change_at(document: &mut Json, left: &mut usize, part: Option<&Json>, name: Option<&str>) -> bool {
    match document {
        Json::Array(items) => {
            for index in 0..items.len() {
                if *left == 0 {
                    match part {
                        Some(part) => items[index] = part.clone(),
                        None => drop(items.remove(index)),
                    }
                    return true;
                }
                *left -= 1;
                if change_at(&mut items[index], left, part, name) {
                    return true;
                }
            }
            false
        }
        Json::Object(members) => change_member(members, left, part, name),
        _ => false,
    }
}

fn change_member(members: &mut Map<String, Json>, left: &mut usize, part: Option<&Json>, name: Option<&str>) -> bool {
    let keys: Vec<String> = members.keys().cloned().collect();
    for key in keys {
        if *left == 0 {
            match (part, name) {
                (Some(part), Some(name)) => drop(members.insert(name.to_owned(), part.clone())),
                (Some(part), None) => drop(members.insert(key, part.clone())),
                (None, _) => drop(members.remove(&key)),
            }
            return true;
        }
        *left -= 1;
        if change_at(&mut members[&key], left, part, name) {
            return true;
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn schema_and_checker_are_of_one_mind_about_changed_files((which, text) in changed()) {
        of_one_mind(&Every::new(), built_in()[which].0, &text).map_err(TestCaseError::fail)?;
    }
}
