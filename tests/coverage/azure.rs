//! Microsoft's data: the operations of its specifications, its published examples, and recorded traffic.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use callout::effect::Request;
use serde_json::Value as Json;

pub(super) struct Azure {
    operations: Vec<Operation>,
    examples: Vec<Exchange>,
    recordings: Vec<Exchange>,
}

struct Operation {
    id: String,
    version: String,
    method: String,
    path: Vec<String>,
    /// How much of the path is no parameter: of two that match, the more literal one is meant.
    literal: usize,
}

struct Exchange {
    method: String,
    path: String,
    operation: String,
    body: Option<Json>,
}

/// Where an answer is from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The specifications' own examples, of the very version.
    Example,
    /// Real traffic, of whatever version Microsoft's own clients asked for.
    Recording,
}

impl Azure {
    /// Reads the specifications of these versions, all examples of them and all recordings.
    pub(super) fn read<'a>(data: &Path, versions: impl Iterator<Item = &'a str>) -> Self {
        let versions: BTreeSet<&str> = versions.collect();
        let mut operations = Vec::new();
        for file in json_files(&data.join("specs/specification")) {
            let version = file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
            if versions.contains(version) {
                operations.extend(operations_of(&document(&fs::read_to_string(&file).unwrap()), version));
            }
        }
        let read = |line: &str| {
            let one = document(line);
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let is_good = one["statusCode"].as_u64().is_some_and(|status| status == 200);
            is_good.then(|| Exchange {
                method: text("method"),
                path: path_of(&text("url")),
                operation: format!("{} {}", text("operationId"), text("spec")),
                body: Some(one["responseBody"].clone()).filter(|body| !body.is_null()),
            })
        };
        let examples = fs::read_to_string(data.join("examples.jsonl")).unwrap();
        let recorded: String = files(&data.join("recordings"))
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "jsonl"))
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        Self {
            operations,
            examples: examples.lines().filter_map(read).collect(),
            recordings: recorded.lines().filter_map(read).collect(),
        }
    }

    /// Whether the specification of that version has such an operation.
    pub(super) fn has(&self, id: &str, version: Option<&str>) -> bool {
        self.operations.iter().any(|operation| operation.id == id && Some(operation.version.as_str()) == version)
    }

    /// The bodies with which the request, or one like it, was answered. An empty answer is one too.
    pub(super) fn answers(&self, request: &Request, version: Option<&str>, source: Source) -> Vec<Option<Json>> {
        let method = request.method.to_string();
        let Some(operation) = self.operation(&method, &path_of(&request.url), version) else { return Vec::new() };
        let all = if source == Source::Example { &self.examples } else { &self.recordings };
        all.iter()
            .filter(|one| match source {
                Source::Example => {
                    let (id, spec) = one.operation.split_once(' ').unwrap_or_default();
                    id == operation.id && version.is_some_and(|version| spec.contains(&format!("/{version}/")))
                }
                Source::Recording => {
                    one.method == method
                        && fits(&operation.path, &one.path)
                        && self.is(operation, &method, &one.path, version)
                }
            })
            .filter(|one| one.body.as_ref().is_none_or(|body| body.get("_truncated_by_us").is_none()))
            .map(|one| one.body.clone())
            .collect()
    }

    fn operation(&self, method: &str, path: &str, version: Option<&str>) -> Option<&Operation> {
        let is_one = |operation: &&Operation| {
            operation.method == method
                && version.is_some_and(|version| operation.version == version)
                && fits(&operation.path, path)
        };
        self.operations.iter().filter(is_one).max_by_key(|operation| operation.literal)
    }

    fn is(&self, wanted: &Operation, method: &str, path: &str, version: Option<&str>) -> bool {
        self.operation(method, path, version).is_some_and(|operation| operation.id == wanted.id)
    }
}

fn operations_of(document: &Json, version: &str) -> Vec<Operation> {
    let paths = ["paths", "x-ms-paths"].iter().filter_map(|name| document[*name].as_object()).flatten();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.filter_map(move |(method, operation)| {
            Some(Operation {
                id: operation["operationId"].as_str()?.to_owned(),
                version: version.to_owned(),
                method: method.to_ascii_uppercase(),
                path: path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
                literal: path.split('/').filter(|part| !part.starts_with('{')).map(str::len).sum(),
            })
        })
    });
    operations.collect()
}

/// Whether a path is one of a template's: a parameter is one part of it, and a resource's id at its beginning several.
fn fits(template: &[String], path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (template, parts) = match template.first().map(String::as_str) {
        Some("{resourceUri}" | "{scope}" | "{resourceId}") if parts.len() >= template.len() => {
            (&template[1..], &parts[parts.len() + 1 - template.len()..])
        }
        _ => (template, &parts[..]),
    };
    template.len() == parts.len()
        && template.iter().zip(parts).all(|(wanted, part)| wanted.starts_with('{') || wanted.eq_ignore_ascii_case(part))
}

/// The path, without empty parts: some examples have a slash too many, and so have some clients.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path).split('?').next().unwrap_or_default();
    path.split('/').filter(|part| !part.is_empty()).fold(String::new(), |path, part| path + "/" + part)
}

fn document(text: &str) -> Json {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for entry in entries {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else {
            found.push(entry);
        }
    }
    found.sort();
    found
}

fn json_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let all = files(folder).into_iter();
    all.filter(|file| {
        file.extension().is_some_and(|end| end == "json") && !file.to_string_lossy().contains("/examples/")
    })
    .collect()
}
