use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::written::{Entry, Form, Quoting, Scalar, Written};
use super::{Code, Finding, Findings, Place};

/// The largest file, in bytes.
pub(crate) const BYTES_MAX: usize = 4 << 20;
/// The deepest nesting of lists and mappings.
pub(crate) const DEPTH_MAX: usize = 64;
/// The largest number of scalars, lists and mappings.
pub(crate) const PARTS_MAX: usize = 100_000;

/// The file as text.
///
/// # Errors
/// It is too large, not UTF-8, or holds a NUL byte.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Finding> {
    if bytes.len() > BYTES_MAX {
        let message = format!("the file has {} bytes, more than {BYTES_MAX}", bytes.len());
        return Err(Finding::new(Code::TooLarge, Place::default(), message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = Place::new(error.valid_up_to(), error.valid_up_to());
        Finding::new(Code::NotUtf8, at, "these bytes are not UTF-8").help("save the file as UTF-8")
    })?;
    match text.find('\0') {
        Some(at) => Err(Finding::new(Code::NulByte, Place::new(at, at + 1), "a NUL byte stands here")
            .help("remove it; if there are many, the file is not text or not UTF-8")),
        None => Ok(text),
    }
}

/// The one document of the file as its author wrote it; none if it cannot be read to its end.
///
/// The parser's events are pulled one by one, so that every limit holds before memory or stack is used: saphyr's own
/// loader recurses without bound into nested block lists.
pub(crate) fn parse(findings: &mut Findings<'_>) -> Option<Written> {
    let source = findings.source();
    // The parser would count a byte order mark as a letter of the first key.
    let text = source.trim_start_matches('\u{feff}');
    let places = Places::new(text, source.len() - text.len());
    let mut builder = Builder { findings, places, open: Vec::new(), root: None, parts: 0 };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => {
                if !builder.take(event, span) {
                    return None;
                }
            }
            Err(error) => {
                builder.not_yaml(&error, text);
                return None;
            }
        }
    }
    let root = builder.root.take();
    if root.as_ref().is_none_or(|root| matches!(&root.form, Form::Scalar(scalar) if scalar.is_absent())) {
        findings.add(Finding::new(Code::Empty, Place::default(), "the file holds nothing"));
        return None;
    }
    root
}

/// From the parser's positions, which count characters, to bytes.
struct Places {
    /// The byte of each character and of the end; empty for text in which they are the same.
    bytes: Vec<usize>,
    base: usize,
}

impl Places {
    fn new(text: &str, base: usize) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect()
        };
        Self { bytes, base }
    }

    fn byte(&self, character: usize) -> usize {
        let byte = if self.bytes.is_empty() {
            character
        } else {
            self.bytes.get(character).or(self.bytes.last()).copied().unwrap_or(character)
        };
        self.base + byte
    }

    fn place(&self, span: Span) -> Place {
        let start = self.byte(span.start.index());
        Place::new(start, self.byte(span.end.index()).max(start))
    }
}

/// A list or mapping that has begun and not ended.
struct Open {
    start: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Written>),
    Mapping { entries: Vec<Entry>, seen: HashMap<String, Place>, key: Key },
}

/// What stands before the next value of a mapping.
enum Key {
    /// Nothing: the next part is a key.
    None,
    /// A key.
    Text(String, Place),
    /// A key that was refused; its value goes with it.
    Refused,
}

struct Builder<'f, 's> {
    findings: &'f mut Findings<'s>,
    places: Places,
    open: Vec<Open>,
    root: Option<Written>,
    parts: usize,
}

impl Builder<'_, '_> {
    /// Takes one event; `false` if reading must end here.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let place = self.places.place(span);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                let finding = Finding::new(Code::SecondDocument, place, "a second document begins here");
                self.findings.add(finding.help("move it to a file of its own"));
                return false;
            }
            Event::Alias(_) => {
                let finding = Finding::new(Code::Anchor, place, "an alias is not allowed");
                self.findings.add(finding.help("write the value out, or make it a parameter"));
                self.put(Written { place, form: Form::Refused });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_marks(place, anchor, tag.is_some());
                let quoting = if style == ScalarStyle::Plain { Quoting::Plain } else { Quoting::Quoted };
                let place = self.trimmed(place);
                self.put(Written { place, form: Form::Scalar(Scalar { text: text.into_owned(), quoting }) });
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_marks(place, anchor, tag.is_some());
                self.open.push(Open { start: place.start, kind: OpenKind::List(Vec::new()) });
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_marks(place, anchor, tag.is_some());
                let kind = OpenKind::Mapping { entries: Vec::new(), seen: HashMap::new(), key: Key::None };
                self.open.push(Open { start: place.start, kind });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                return true;
            }
        }
        self.within_limits(place)
    }

    fn within_limits(&mut self, place: Place) -> bool {
        self.parts += 1;
        if self.open.len() > DEPTH_MAX {
            let message = format!("lists and mappings stand in each other more than {DEPTH_MAX} levels deep");
            self.findings.add(Finding::new(Code::TooDeep, place, message));
            return false;
        }
        if self.parts > PARTS_MAX {
            let message = format!("the file has more than {PARTS_MAX} parts");
            self.findings.add(Finding::new(Code::TooManyParts, place, message));
            return false;
        }
        true
    }

    fn refuse_marks(&mut self, place: Place, anchor: usize, tagged: bool) {
        if anchor > 0 {
            let finding = Finding::new(Code::Anchor, place, "an anchor is not allowed");
            self.findings.add(finding.help("remove `&…`; write the value out where it is needed"));
        }
        if tagged {
            let finding = Finding::new(Code::Tag, place, "a tag is not allowed");
            self.findings.add(finding.help("remove `!…`; put the value in quotes if it is meant as text"));
        }
    }

    /// A block's span reaches to the next token; what a person calls the block ends at its last letter.
    fn trimmed(&self, place: Place) -> Place {
        let text = self.findings.source().get(place.start..place.end).unwrap_or_default();
        Place::new(place.start, place.start + text.trim_end().len())
    }

    fn close(&mut self, place: Place) {
        let Some(Open { start, kind }) = self.open.pop() else { return };
        let form = match kind {
            OpenKind::List(items) => Form::List(items),
            OpenKind::Mapping { entries, .. } => Form::Mapping(entries),
        };
        let place = self.trimmed(Place::new(start, place.end.max(start)));
        self.put(Written { place, form });
    }

    /// Puts a finished part where it belongs.
    fn put(&mut self, part: Written) {
        let Some(Open { kind, .. }) = self.open.last_mut() else {
            self.root = Some(part);
            return;
        };
        match kind {
            OpenKind::List(items) => items.push(part),
            OpenKind::Mapping { entries, seen, key } => match std::mem::replace(key, Key::None) {
                Key::None => *key = key_of(part, seen, self.findings),
                Key::Text(text, key_place) => entries.push(Entry { key: text, key_place, value: part }),
                Key::Refused => {}
            },
        }
    }

    fn not_yaml(&mut self, error: &ScanError, text: &str) {
        let start = self.places.byte(error.marker().index()).min(self.findings.source().len());
        let line = text.lines().nth(error.marker().line().saturating_sub(1)).unwrap_or_default();
        let indent = &line[..line.len() - line.trim_start().len()];
        let help = if indent.contains('\t') || error.info().contains("tab") {
            "indent with spaces; YAML does not allow tabs there"
        } else {
            "look for an unclosed quote or bracket, and compare the indentation with the lines above"
        };
        let place = Place::new(start, start);
        self.findings.add(Finding::new(Code::NotYaml, place, format!("not YAML: {}", error.info())).help(help));
    }
}

fn key_of(part: Written, seen: &mut HashMap<String, Place>, findings: &mut Findings<'_>) -> Key {
    let place = part.place;
    let Form::Scalar(scalar) = part.form else {
        if !matches!(part.form, Form::Refused) {
            findings.add(Finding::new(Code::WrongType, place, "a key must be a text"));
        }
        return Key::Refused;
    };
    if scalar.text == "<<" && scalar.quoting == Quoting::Plain {
        let finding = Finding::new(Code::MergeKey, place, "a merge key is not allowed");
        findings.add(finding.help("write the keys out"));
        return Key::Refused;
    }
    if let Some(first) = seen.get(&scalar.text) {
        let finding = Finding::new(Code::DuplicateKey, place, format!("`{}` stands twice", scalar.text));
        findings.add(finding.related(*first, "first here").help("remove one of the two"));
        return Key::Refused;
    }
    seen.insert(scalar.text.clone(), place);
    Key::Text(scalar.text, place)
}
