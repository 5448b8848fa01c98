use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Finding, Place, Severity};
use crate::base::{is_visible, one_line};

/// Whether a rendering has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With ANSI colours.
    On,
    /// Letters only.
    Off,
}

/// Columns of the rendering. Fixed, so that the same findings always give the same bytes.
const WIDTH: usize = 120;
/// Lines of a finding with more bytes than this together are not shown whole: the renderer's time grows with them.
const LONG: usize = 4_000;
/// How many bytes are shown around a place in such a line.
const WINDOW: usize = 200;

/// The findings for a person: each with file, line, column, the line itself, a caret and what to write instead.
///
/// `source` is the file's text; for a file that is not UTF-8, its lossy form. Control characters from the file never
/// reach the terminal, and a secret that stands in the file is shown as stars. The text ends with a newline, unless there
/// are no findings.
pub fn render_findings(findings: &[Finding], file: &str, source: &str, colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let file = clean(file);
    let source = &Shown::new(harmless(&masked(findings, source)));
    let mut text = String::new();
    for (index, finding) in findings.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&renderer.render(&[group(finding, &file, source)]));
        text.push('\n');
    }
    text
}

/// The text that is shown, and where its lines begin.
struct Shown {
    text: String,
    lines: Vec<usize>,
}

impl Shown {
    fn new(text: String) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { text, lines }
    }

    /// The number of the line in which a byte stands, from 1.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= at)
    }

    /// The lines from the one in which `first` stands to the one in which `last` does, without the last break.
    fn around(&self, first: usize, last: usize) -> Range<usize> {
        let begin = self.lines.get(self.line(first) - 1).copied().unwrap_or(0);
        let end = self.lines.get(self.line(last)).map_or(self.text.len(), |next| next - 1);
        begin..end.max(last)
    }
}

fn group<'a>(finding: &'a Finding, file: &'a str, source: &'a Shown) -> Group<'a> {
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let place = fit(finding.place, &source.text);
    let related: Vec<(Place, String)> =
        finding.related.iter().map(|(place, words)| (fit(*place, &source.text), clean(words))).collect();
    let places = || related.iter().map(|(place, _)| *place).chain([place]);
    let first = places().map(|place| place.start).min().unwrap_or(0);
    let last = places().map(|place| place.end).max().unwrap_or(0);
    let group = level.primary_title(clean(&finding.message)).id(finding.code.id());
    // Only the lines in question are handed over: the renderer would otherwise read the whole file once per finding.
    let lines = source.around(first, last);
    let group = if lines.len() > LONG {
        let apart = related.into_iter().map(|(place, words)| (place, AnnotationKind::Context, Some(words)));
        let parts = std::iter::once((place, AnnotationKind::Primary, None)).chain(apart);
        parts.fold(Group::with_title(group), |group, part| cut(group, part, file, source))
    } else {
        let within = |place: Place| place.start - lines.start..place.end - lines.start;
        let others = related.into_iter();
        let snippet = Snippet::source(&source.text[lines.clone()])
            .line_start(source.line(lines.start))
            .path(file)
            .annotation(AnnotationKind::Primary.span(within(place)))
            .annotations(others.map(|(place, words)| AnnotationKind::Context.span(within(place)).label(words)));
        group.element(snippet)
    };
    match &finding.help {
        Some(help) => group.element(Level::HELP.message(clean(help))),
        None => group,
    }
}

/// A place in a line that is too long to be shown, with what stands around it; the column is that of the whole line.
fn cut<'a>(
    group: Group<'a>,
    (place, kind, words): (Place, AnnotationKind, Option<String>),
    file: &'a str,
    source: &'a Shown,
) -> Group<'a> {
    let line = source.around(place.start, place.start);
    let near = |at: usize| (0..=at).rev().find(|at| source.text.is_char_boundary(*at)).unwrap_or(0);
    let begin = near(place.start.saturating_sub(WINDOW / 2)).max(line.start);
    let end = near((place.start + WINDOW / 2).min(line.end)).max(place.start);
    let column = source.text[line.start..place.start].chars().count() + 1;
    let span = place.start - begin..place.end.min(end) - begin;
    let number = source.line(place.start);
    let annotation = kind.span(span);
    let annotation = match words {
        Some(words) => annotation.label(words),
        None => annotation,
    };
    group
        .element(Origin::path(file).line(number).char_column(column))
        .element(Snippet::source(&source.text[begin..end]).line_start(number).annotation(annotation))
}

/// The text without the secrets, and what may be some, that somebody wrote into it: a finding is printed into logs.
fn masked(findings: &[Finding], source: &str) -> String {
    let mut masked = source.to_owned();
    for finding in findings.iter().filter(|finding| finding.code.is_about_a_secret()) {
        if let Some(secret) = source.get(finding.place.start..finding.place.end) {
            let stars: String = secret
                .chars()
                .flat_map(|letter| std::iter::repeat_n(if letter == '\n' { letter } else { '*' }, letter.len_utf8()))
                .collect();
            masked.replace_range(finding.place.start..finding.place.end, &stars);
        }
    }
    masked
}

/// The text without what the renderer would hand on to the terminal as it is: the control characters beyond ASCII, and what
/// changes the direction of writing or has no width. Each makes room for a letter of the same length in bytes, so that
/// places stay where they are.
fn harmless(source: &str) -> String {
    let stands_in = |letter: char| match letter.len_utf8() {
        // The renderer has signs of its own for these.
        1 => letter,
        _ if is_visible(letter) => letter,
        2 => '¿',
        3 => '\u{fffd}',
        _ => '\u{1fbc4}',
    };
    // A carriage return alone ends a line in YAML (1.2, §5.4), and not for the renderer.
    let mut letters = source.chars().peekable();
    let mut text = String::with_capacity(source.len());
    while let Some(letter) = letters.next() {
        let is_break = letter == '\r' && letters.peek() != Some(&'\n');
        text.push(if is_break { '\n' } else { stands_in(letter) });
    }
    text
}

/// The part of `place` that is in `source`, on the boundaries of characters, and on one line: a caret under the first
/// line says more than a bracket along ten.
fn fit(place: Place, source: &str) -> Place {
    let floor = |at: usize| (0..=at.min(source.len())).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(place.start);
    let end = floor(place.end).max(start);
    let end = source[start..end].find('\n').map_or(end, |at| start + at);
    Place::new(start, end)
}

/// Messages quote the file, and a file must not be able to drive a terminal.
fn clean(text: &str) -> String {
    one_line(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::Code;

    fn rendered(source: &str, place: Place, related: Option<Place>) -> String {
        let finding = Finding::new(Code::WrongValue, place, "it is wrong");
        let finding = related.into_iter().fold(finding, |finding, place| finding.related(place, "the other"));
        render_findings(&[finding], "r.yaml", source, Colour::Off)
    }

    #[test]
    fn of_a_line_of_megabytes_only_what_stands_around_the_place_is_shown() {
        let source = format!("one: 1\nlong: [{}x{}]\n", "é,".repeat(100_000), "y,".repeat(1_000_000));
        let at = source.find('x').unwrap();
        let text = rendered(&source, Place::new(at, at + 1), Some(Place::new(0, 3)));
        assert!(text.contains("r.yaml:2:200008"), "{text}");
        assert!(text.contains("é,x") && text.contains("one: 1") && text.contains("the other"), "{text}");
        assert!(text.len() < 2_000, "{} bytes", text.len());
    }

    #[test]
    fn a_carriage_return_alone_ends_a_line_as_it_does_in_yaml() {
        let text = rendered("a: 1\rb: 2\r\nc: 3\n", Place::new(14, 15), None);
        assert!(text.contains("r.yaml:3:4"), "{text}");
    }
}
