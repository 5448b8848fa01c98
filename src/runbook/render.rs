use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

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
    let source = &harmless(&masked(findings, source));
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

fn group<'a>(finding: &'a Finding, file: &'a str, source: &'a str) -> Group<'a> {
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let places =
        || finding.related.iter().map(|(place, _)| *place).chain([finding.place]).map(|place| fit(place, source));
    let first = places().map(|place| place.start).min().unwrap_or(0);
    let last = places().map(|place| place.end).max().unwrap_or(0);
    // Only the lines in question are handed over: the renderer would otherwise read the whole file once per finding.
    let begin = source[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = source[last..].find('\n').map_or(source.len(), |at| last + at);
    let within = |place: Place| {
        let place = fit(place, source);
        place.start - begin..place.end - begin
    };
    let line = source[..begin].matches('\n').count() + 1;
    let snippet = Snippet::source(&source[begin..end])
        .line_start(line)
        .path(file)
        .annotation(AnnotationKind::Primary.span(within(finding.place)))
        .annotations(
            finding
                .related
                .iter()
                .map(|(place, words)| AnnotationKind::Context.span(within(*place)).label(clean(words))),
        );
    let group = level.primary_title(clean(&finding.message)).id(finding.code.id()).element(snippet);
    match &finding.help {
        Some(help) => group.element(Level::HELP.message(clean(help))),
        None => group,
    }
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
    source.chars().map(stands_in).collect()
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
