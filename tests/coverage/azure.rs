//! Microsoft's data: the operations of its specifications, its published examples, and recorded traffic.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use callout::effect::{Handle, HandleKind, Reply, Request};
use serde_json::Value as Json;

pub(super) struct Azure {
    operations: Vec<Operation>,
    examples: Vec<Exchange>,
    recordings: Vec<Exchange>,
}

struct Operation {
    id: String,
    version: String,
    /// Whether it is asked of Azure Resource Manager, which several services share, or of a service itself.
    is_management: bool,
    method: String,
    path: Vec<String>,
    /// How much of the path is no parameter: of two that match, the more literal one is meant.
    literal: usize,
}

struct Exchange {
    method: String,
    path: String,
    operation: String,
    status: u16,
    /// Where to ask how it goes on, and in which way.
    handle: Option<Handle>,
    body: Option<Json>,
}

impl Exchange {
    /// The answer as a hand gives it.
    fn reply(&self) -> Reply {
        Reply { body: self.body.clone(), operation: self.handle.clone(), ..Reply::empty(self.status) }
    }
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
                let is_management = file.components().any(|part| part.as_os_str() == "resource-manager");
                let document = document(&fs::read_to_string(&file).unwrap());
                operations.extend(operations_of(&document, version, is_management));
            }
        }
        let read = |line: &str| {
            let one = document(line);
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let handle = [("azure-asyncoperation", HandleKind::AsyncOperation), ("location", HandleKind::Location)];
            let handle = handle
                .into_iter()
                .find_map(|(name, kind)| Some(Handle { url: one["responseHeaders"][name].as_str()?.to_owned(), kind }));
            Exchange {
                method: text("method"),
                path: path_of(&text("url")),
                operation: format!("{} {}", text("operationId"), text("spec")),
                status: u16::try_from(one["statusCode"].as_u64().unwrap_or_default()).unwrap(),
                handle,
                body: body_of(&one["responseBody"]),
            }
        };
        let examples = fs::read_to_string(data.join("examples.jsonl")).unwrap();
        let recorded: String = files(&data.join("recordings"))
            .iter()
            .filter(|file| file.extension().is_some_and(|end| end == "jsonl"))
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        Self {
            operations,
            examples: examples.lines().map(read).collect(),
            recordings: recorded.lines().map(read).collect(),
        }
    }

    /// Whether the specification of that version has such an operation.
    pub(super) fn has(&self, id: &str, version: Option<&str>) -> bool {
        self.operations.iter().any(|operation| operation.id == id && Some(operation.version.as_str()) == version)
    }

    /// The bodies with which the request, or one like it, was answered. An empty answer is one too.
    pub(super) fn answers(&self, request: &Request, version: Option<&str>, source: Source) -> Vec<Option<Json>> {
        let method = request.method.to_string();
        let path = path_of(&request.url);
        let is_management = request.url.starts_with("https://management.azure.com/");
        let Some(operation) = self.operation((&method, &path), version, is_management) else { return Vec::new() };
        let all = if source == Source::Example { &self.examples } else { &self.recordings };
        all.iter()
            .filter(|one| one.status == 200)
            .filter(|one| match source {
                Source::Example => {
                    let (id, spec) = one.operation.split_once(' ').unwrap_or_default();
                    id == operation.id && version.is_some_and(|version| spec.contains(&format!("/{version}/")))
                }
                Source::Recording => {
                    one.method == method && fits(&operation.path, &one.path) && self.is(operation, (&method, &one.path))
                }
            })
            .filter(|one| one.body.as_ref().is_none_or(|body| body.get("_truncated_by_us").is_none()))
            .map(|one| one.body.clone())
            .collect()
    }

    /// The recorded answers that began a long-running operation on the request's part, each with what was answered to
    /// those who asked how it goes on.
    pub(super) fn operations_begun(&self, request: &Request, version: Option<&str>) -> Vec<(Reply, Vec<Reply>)> {
        let method = request.method.to_string();
        let path = path_of(&request.url);
        let is_management = request.url.starts_with("https://management.azure.com/");
        let Some(operation) = self.operation((&method, &path), version, is_management) else { return Vec::new() };
        let begun = self.recordings.iter().enumerate().filter(|(_, one)| {
            (201..=202).contains(&one.status)
                && one.method == method
                && fits(&operation.path, &one.path)
                && self.is(operation, (&method, &one.path))
        });
        begun
            .filter_map(|(place, one)| {
                let asked = path_of(&one.handle.as_ref()?.url);
                let polls = self.recordings[place..].iter().filter(|poll| poll.method == "GET" && poll.path == asked);
                Some((one.reply(), polls.map(Exchange::reply).collect()))
            })
            .collect()
    }

    fn operation(&self, asked: (&str, &str), version: Option<&str>, is_management: bool) -> Option<&Operation> {
        let (method, path) = asked;
        let is_one = |operation: &&Operation| {
            operation.method == method
                && version.is_some_and(|version| operation.version == version)
                && operation.is_management == is_management
                && fits(&operation.path, path)
        };
        self.operations.iter().filter(is_one).max_by_key(|operation| operation.literal)
    }

    fn is(&self, wanted: &Operation, asked: (&str, &str)) -> bool {
        let found = self.operation(asked, Some(&wanted.version), wanted.is_management);
        found.is_some_and(|operation| operation.id == wanted.id)
    }
}

/// The body as a hand gives it: some answers are JSON after a byte order mark, and were kept as text.
fn body_of(body: &Json) -> Option<Json> {
    let marked = body.as_str().and_then(|text| text.strip_prefix('\u{feff}'));
    let json = marked.and_then(|text| serde_json::from_str(text).ok());
    json.or_else(|| Some(body.clone()).filter(|body| !body.is_null()))
}

fn operations_of(document: &Json, version: &str, is_management: bool) -> Vec<Operation> {
    // What stands before every path: `{endpoint}/indexes('{indexName}')`.
    let host = document["x-ms-parameterized-host"]["hostTemplate"].as_str().unwrap_or_default();
    let host = host.split_once("://").map_or(host, |(_, host)| host);
    let before = host.split_once('/').map_or("", |(_, path)| path);
    let paths = ["paths", "x-ms-paths"].iter().filter_map(|name| document[*name].as_object()).flatten();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.filter_map(move |(method, operation)| {
            Some(Operation {
                id: operation["operationId"].as_str()?.to_owned(),
                version: version.to_owned(),
                is_management,
                method: method.to_ascii_uppercase(),
                path: before
                    .split('/')
                    .chain(path.split('/'))
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect(),
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
        && template.iter().zip(parts).all(|(wanted, part)| match (wanted.split_once('{'), wanted.rsplit_once('}')) {
            // `indexes('{indexName}')`: what stands around the parameter is compared.
            (Some((before, _)), Some((_, after))) => {
                part.len() > before.len() + after.len() && part.starts_with(before) && part.ends_with(after)
            }
            _ => wanted.eq_ignore_ascii_case(part),
        })
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
