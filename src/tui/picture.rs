use std::fmt::Write as _;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::app::Model;
use super::text;
use super::view::draw;

/// The size of a cell in pixels.
const CELL: (f32, f32) = (8.4, 18.0);
/// The space around the screen in pixels.
const MARGIN: f32 = 14.0;
/// Where letters stand, below the upper border of their cell.
const BASELINE: f32 = 13.5;
const GROUND: &str = "#14171c";
const INK: &str = "#d7dce2";

/// The screen as an SVG that needs nothing else: no font, no script, no style sheet.
///
/// `columns` and `rows` are the size of the terminal; tell the model the same size by
/// [`Msg::Resize`](super::Msg::Resize).
pub fn picture(model: &Model, columns: u16, rows: u16) -> String {
    match Terminal::new(TestBackend::new(columns, rows)) {
        Ok(mut terminal) => match terminal.draw(|frame| draw(model, frame)) {
            Ok(drawn) => svg(drawn.buffer, &format!("callout, run {}", model.board.header.run)),
        },
    }
}

fn svg(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (f32::from(buffer.area.width), f32::from(buffer.area.height));
    let (width, height) = (2.0 * MARGIN + columns * CELL.0, 2.0 * MARGIN + rows * CELL.1);
    let mut svg = format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1} {height:.1}" "#,
            r#"width="{width:.1}" height="{height:.1}" role="img">"#,
            "\n<title>{title}</title>\n",
            r#"<rect width="100%" height="100%" rx="8" fill="{ground}"/>"#,
            "\n",
            r#"<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" "#,
            r#"font-size="14" fill="{ink}" xml:space="preserve" style="white-space:pre">"#,
            "\n",
        ),
        width = width,
        height = height,
        title = escaped(title),
        ground = GROUND,
        ink = INK,
    );
    for y in 0..buffer.area.height {
        for run in runs(buffer, y) {
            run.write(&mut svg);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// Neighbouring cells of one look.
struct Run {
    x: u16,
    y: u16,
    cells: u16,
    text: String,
    look: Look,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: &'static str,
    ground: Option<&'static str>,
    bold: bool,
    faint: bool,
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        let cells = u16::try_from(text::width(cell.symbol())).unwrap_or(1).max(1);
        let look = look(cell);
        match runs.last_mut() {
            Some(run) if run.look == look => {
                run.text.push_str(cell.symbol());
                run.cells += cells;
            }
            _ => runs.push(Run { x, y, cells, text: cell.symbol().to_owned(), look }),
        }
        x += cells;
    }
    runs
}

impl Run {
    fn write(&self, svg: &mut String) {
        let (x, y) = (MARGIN + f32::from(self.x) * CELL.0, MARGIN + f32::from(self.y) * CELL.1);
        let width = f32::from(self.cells) * CELL.0;
        // Writing to a string does not fail.
        if let Some(ground) = self.look.ground {
            let height = CELL.1;
            let _ = writeln!(
                svg,
                r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{ground}"/>"#
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        let fill = if self.look.ink == INK { String::new() } else { format!(r#" fill="{}""#, self.look.ink) };
        let weight = if self.look.bold { r#" font-weight="bold""# } else { "" };
        let opacity = if self.look.faint { r#" opacity="0.6""# } else { "" };
        // The length keeps the columns straight, whatever font the reader has.
        let _ = writeln!(
            svg,
            r#"<text x="{x:.1}" y="{:.1}" textLength="{width:.1}" lengthAdjust="spacingAndGlyphs"{fill}{weight}{opacity}>{}</text>"#,
            y + BASELINE,
            escaped(&self.text)
        );
    }
}

fn look(cell: &Cell) -> Look {
    let (ink, ground) = (colour(cell.fg), colour(cell.bg));
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    Look {
        ink: if reversed { ground.unwrap_or(GROUND) } else { ink.unwrap_or(INK) },
        ground: if reversed { ink.or(Some(INK)) } else { ground },
        bold: cell.modifier.contains(Modifier::BOLD),
        faint: cell.modifier.contains(Modifier::DIM),
    }
}

/// A likeness of the sixteen colours that a terminal's owner chooses, for those that the theme uses.
const fn colour(colour: Color) -> Option<&'static str> {
    match colour {
        Color::Black => Some("#14171c"),
        Color::Red => Some("#f2777a"),
        Color::Green => Some("#8fd18f"),
        Color::Yellow => Some("#f0c674"),
        Color::Blue => Some("#7fb2f0"),
        Color::Magenta => Some("#d59bf0"),
        Color::Cyan => Some("#7fd0d6"),
        Color::White => Some("#ffffff"),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
