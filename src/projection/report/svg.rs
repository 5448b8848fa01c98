use maud::{Markup, html};

use super::chart::{Bar, Chart, Stretch};
use crate::base::Span;

/// The picture, in units of its own: the page scales it to its width.
const WIDTH: i64 = 960;
const LABEL: i64 = 250;
const ROW: i64 = 26;
const TOP: i64 = 34;
const RIGHT: i64 = 24;

/// The widest label, in characters.
const LETTERS: usize = 38;

impl Chart {
    /// The chart as a picture inside a page, whose style gives the colours. It says the same in words to whoever cannot see
    /// it.
    pub(super) fn svg(&self) -> Markup {
        let height = TOP + ROW * i64::try_from(self.bars.len()).unwrap_or(i64::MAX / ROW - 2) + 8;
        let said =
            format!("Planned {}, actual {}. Critical path: {}", self.planned, self.actual, self.critical.join(", "));
        html! {
            svg.chart viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(said) {
                @for tick in self.ticks() {
                    @let x = self.x(tick);
                    line.grid x1=(x) y1=(TOP - 6) x2=(x) y2=(height - 6) {}
                    text.tick x=(x) y=(TOP - 12) text-anchor=(if tick == Span::ZERO { "start" } else { "middle" }) {
                        (tick)
                    }
                }
                @if let Some(rto) = self.rto {
                    @let x = self.x(rto);
                    line.rto x1=(x) y1=(TOP - 6) x2=(x) y2=(height - 6) {}
                    text.rto x=(x - 6) y=(height - 8) text-anchor="end" { "RTO " (rto) }
                }
                @for (row, bar) in (0_i64..).zip(&self.bars) {
                    (self.row(bar, TOP + row * ROW))
                }
            }
        }
    }

    fn row(&self, bar: &Bar, top: i64) -> Markup {
        let name = bar.path.rsplit('/').next().unwrap_or_default();
        let class = match (bar.is_part, bar.is_critical) {
            (true, _) => "part",
            (false, true) => "critical",
            (false, false) => "step",
        };
        let words = match bar.actual {
            Some(actual) => format!(
                "{}: {} to {}; planned {} to {}",
                bar.path, actual.from, actual.until, bar.planned.from, bar.planned.until
            ),
            None => format!("{}: not done; planned {} to {}", bar.path, bar.planned.from, bar.planned.until),
        };
        html! {
            g {
                title { (words) }
                text class=(format!("label {class}")) x=(if bar.is_part { 4 } else { 20 }) y=(top + 16) { (shortened(name)) }
                (self.rect("planned", bar.planned, top + 3, 5))
                @if let Some(actual) = bar.actual {
                    (self.rect(class, actual, top + 9, 10))
                }
            }
        }
    }

    fn rect(&self, class: &str, stretch: Stretch, y: i64, height: i64) -> Markup {
        let (from, until) = (self.x(stretch.from), self.x(stretch.until));
        html! { rect class=(class) x=(from) y=(y) width=((until - from).max(2)) height=(height) rx="2" {} }
    }

    /// Where a moment stands on the axis.
    fn x(&self, at: Span) -> i64 {
        let (at, length) = (i128::from(at.microseconds()), i128::from(self.length.microseconds().max(1)));
        let wide = i128::from(WIDTH - LABEL - RIGHT);
        LABEL + i64::try_from(at.min(length) * wide / length).unwrap_or(0)
    }

    /// At most seven round moments.
    fn ticks(&self) -> Vec<Span> {
        const STEPS: [u32; 14] = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 14_400, 43_200, 86_400];
        let length = self.length.microseconds() / 1_000_000;
        let fits = |step: &&u32| length / i64::from(**step) <= 6;
        let Some(step) = STEPS.iter().find(fits).copied() else { return Vec::new() };
        (0..=6).map(|tick| Span::seconds(tick * step)).filter(|at| *at <= self.length).collect()
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS - 1).chain(['…']).collect()
}
