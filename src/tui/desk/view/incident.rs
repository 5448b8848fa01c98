use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{heading, pane, told};
use crate::base::Span as Length;
use crate::projection::{Fact, IncidentBoard, StoryLine};
use crate::runbook::Guide;
use crate::tui::desk::desk_model::{DeskModel, DeskPane, Item};
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::view::facts;

/// What can be done, the playbook beside it, and what has happened below.
pub(super) fn draw(model: &DeskModel, frame: &mut Frame<'_>, main: Rect, beside: Rect, below: Rect) {
    let columns = |area: Rect| usize::from(area.width.saturating_sub(4));
    if !main.is_empty() {
        let (lines, from, to) = to_do(model, columns(main));
        let height = usize::from(main.height.saturating_sub(2));
        // All of what is selected is in view, and as much as can be of what stands above it.
        let scroll = to.saturating_sub(height).min(from).min(lines.len().saturating_sub(height));
        let title = model.open().and_then(|open| open.playbook.as_ref());
        let title =
            title.map_or_else(|| "No playbook".to_owned(), |playbook| format!("{} {}", playbook.id, playbook.version));
        pane(model, &title, model.pane == DeskPane::Do, frame, main, lines, scroll);
    }
    if !beside.is_empty() {
        let lines = playbook(model, columns(beside));
        pane(model, "What is known", model.pane == DeskPane::Playbook, frame, beside, lines, model.scroll);
    }
    let lines = timeline(model, columns(below));
    let end = lines.len().saturating_sub(usize::from(below.height.saturating_sub(2)));
    let title = format!("Timeline {} now {}", model.theme.dot(), text::moment(model.desk.now));
    pane(model, &title, model.pane == DeskPane::Timeline, frame, below, lines, end.saturating_sub(model.back));
}

/// The first actions, the runbooks and the runs; and the first line of what is selected, with the first behind it.
fn to_do(model: &DeskModel, columns: usize) -> (Vec<Line<'static>>, usize, usize) {
    let mut lines = Vec::new();
    let (mut from, mut to) = (0, 0);
    let Some(open) = model.open() else { return (lines, from, to) };
    if open.guide().is_none() {
        let none = "No playbook is at hand. p takes one up: its first actions, its runbooks, and whom to call stand here then.";
        lines.extend(told(model, "", none, Role::Text, columns));
    }
    let mut last = None;
    for (at, item) in model.items().into_iter().enumerate() {
        let kind = std::mem::discriminant(&item);
        if last.replace(kind) != Some(kind) {
            heading(model, head(item), &mut lines);
        }
        let is_here = at == model.at;
        let start = lines.len();
        lines.extend(item_lines(model, open, item, is_here, columns));
        if is_here {
            (from, to) = (start, lines.len());
        }
    }
    (lines, from, to)
}

const fn head(item: Item) -> &'static str {
    match item {
        Item::First(_) => "First",
        Item::Runbook(_) => "Runbooks, in this order",
        Item::Run(_) | Item::Incident(_) => "Runs",
    }
}

fn item_lines(
    model: &DeskModel,
    open: &IncidentBoard,
    item: Item,
    is_here: bool,
    columns: usize,
) -> Vec<Line<'static>> {
    let theme = model.theme;
    let pointer = if is_here { theme.pointer() } else { " " };
    let guide = open.guide();
    let (lead, text, beside, done) = match item {
        Item::First(number) => {
            let Some(action) = guide.and_then(|guide| guide.first_five.get(usize::from(number) - 1)) else {
                return Vec::new();
            };
            let tick = open.tick(usize::from(number));
            let mark = if tick.is_some() { "[x]" } else { "[ ]" };
            let check = action.check.as_ref().map(|check| format!("check {check}"));
            let runbook = action.runbook.as_ref().map(|runbook| format!("runbook {runbook}, below"));
            let ticked = tick.map(|tick| {
                let remark = if tick.remark.is_empty() { String::new() } else { format!(": {}", tick.remark) };
                format!("done at {}{remark}", tick.at.clock_face())
            });
            let beside: Vec<String> = [check, runbook, ticked].into_iter().flatten().collect();
            (format!("{mark} {number} "), action.text.clone(), beside, tick.is_some())
        }
        Item::Runbook(at) => {
            let Some(suggestion) = guide.and_then(|guide| guide.runbooks.get(at)) else { return Vec::new() };
            let drilled = model.desk.drilled.get(&suggestion.runbook);
            let beside = std::iter::once(&suggestion.when).chain(drilled).cloned().collect();
            (format!("{} ", theme.focus()), suggestion.runbook.clone(), beside, false)
        }
        Item::Run(run) => {
            let Some(line) = open.runs.iter().find(|line| line.run == run) else { return Vec::new() };
            (String::new(), format!("{}  {}  {}", run.short(), line.runbook, line.state), Vec::new(), !line.open)
        }
        Item::Incident(_) => return Vec::new(),
    };
    let lead = format!("{pointer} {lead}");
    let role = if is_here {
        Role::Title
    } else if done {
        Role::Faint
    } else {
        Role::Text
    };
    let indent = " ".repeat(text::width(&lead));
    let mut lines = told(model, &lead, &text, role, columns);
    if let (Some(first), true) = (lines.first_mut().and_then(|line| line.spans.first_mut()), is_here || !done) {
        first.style = theme.style(Role::Key);
    }
    lines.extend(beside.iter().flat_map(|text| told(model, &indent, text, Role::Faint, columns)));
    lines
}

/// What is known of the incident, and all of the playbook that is read and not done.
pub(super) fn playbook(model: &DeskModel, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let Some(open) = model.open() else { return lines };
    let milestones = open.reached().map(|(milestone, reached)| format!("{milestone} {reached}"));
    let mut known = vec![Fact::new("Where", open.environment.clone())];
    if !open.summary.is_empty() {
        known.push(Fact::new("Summary", open.summary.clone()));
    }
    known.extend(open.roles.iter().map(|(role, who)| Fact::new(role.word(), who.clone())));
    known.push(Fact::new("Reached", milestones.collect::<Vec<_>>().join("\n")));
    lines.extend(facts::lines(&known, model.theme, columns));
    let Some(guide) = open.guide() else { return lines };
    let bullets = |texts: &[String], lines: &mut Vec<Line<'static>>| {
        lines.extend(texts.iter().flat_map(|text| told(model, "- ", text, Role::Text, columns)));
    };
    heading(model, "Is it this?", &mut lines);
    bullets(&guide.symptoms, &mut lines);
    heading(model, "How bad is it?", &mut lines);
    for (severity, when) in &guide.severity {
        let is_now = open.severity.rated() == Some(*severity);
        let role = if is_now { Role::Title } else { Role::Text };
        let pointer = if is_now { model.theme.pointer() } else { " " };
        lines.extend(told(model, &format!("{pointer}{severity} "), when, role, columns));
    }
    heading(model, "When nobody answers", &mut lines);
    lines.extend(calls(model, open, guide, columns));
    heading(model, "Who does what", &mut lines);
    for (role, who) in &guide.roles {
        lines.extend(told(model, &format!("{}: ", role.word()), who, Role::Text, columns));
    }
    heading(model, "It is over when", &mut lines);
    bullets(&guide.exit_criteria, &mut lines);
    lines
}

/// The levels of the escalation: which is due, which is next, and which are not for this severity.
fn calls(model: &DeskModel, open: &IncidentBoard, guide: &Guide, columns: usize) -> Vec<Line<'static>> {
    let (due, next) = open.calls(model.desk.now);
    let mut lines = Vec::new();
    for level in &guide.escalation.levels {
        let is = |call: &Option<crate::incident::NextCall<'_>>| call.as_ref().is_some_and(|call| call.level == level);
        let (when, role) = if is(&due) {
            ("NOW".to_owned(), Role::NeedsYou)
        } else if let Some(within) = next.as_ref().filter(|next| next.level == level).and_then(|next| next.within) {
            (format!("in {within}"), Role::Waiting)
        } else if level.after == Length::ZERO {
            ("at once".to_owned(), Role::Faint)
        } else {
            (format!("after {}", level.after), Role::Faint)
        };
        let only: Vec<String> = level.only.iter().map(ToString::to_string).collect();
        let only = if only.is_empty() { String::new() } else { format!(" ({} only)", only.join(", ")) };
        lines.extend(told(model, &format!("{when}: "), &format!("{}, {}{only}", level.who, level.how), role, columns));
    }
    let rest = match guide.escalation.repeat {
        0 => "Nobody is called after that.".to_owned(),
        1 => "Then once more from the top.".to_owned(),
        repeat => format!("Then from the top again, {repeat} times at most."),
    };
    lines.extend(told(model, "", &rest, Role::Faint, columns));
    if due.is_none() && open.status.is_open() {
        lines.extend(told(model, "", "Somebody has answered.", Role::Good, columns));
    }
    if due.is_some() {
        lines.extend(told(model, "", "Once somebody has answered: m, acknowledged.", Role::Faint, columns));
    }
    lines
}

/// What has happened, the latest at the bottom. The date stands in each line once there is more than one.
pub(super) fn timeline(model: &DeskModel, columns: usize) -> Vec<Line<'static>> {
    let Some(open) = model.open() else { return Vec::new() };
    let is_one_day = open.timeline.windows(2).all(|pair| pair[0].line.at.day() == pair[1].line.at.day());
    open.timeline.iter().flat_map(|line| entry(model, line, is_one_day, columns)).collect()
}

fn entry(model: &DeskModel, story: &StoryLine, is_one_day: bool, columns: usize) -> Vec<Line<'static>> {
    let (theme, line) = (model.theme, &story.line);
    let at = if is_one_day { line.at.clock_face() } else { text::moment(line.at) };
    // What must not be missed has a sign as well as a colour.
    let sign = if line.loud { "! " } else { "  " };
    let run = story.run.map(|run| format!("{} ", run.short())).unwrap_or_default();
    let step = line.step.as_ref().map(|step| format!("{step}  ")).unwrap_or_default();
    let later = story.told.map(|told| format!(" (told at {})", told.clock_face())).unwrap_or_default();
    let role = if line.loud { Role::Doubt } else { Role::Text };
    let mut lines = told(model, &format!("{at} {sign}"), &format!("{run}{step}{}{later}", line.text), role, columns);
    if let Some(first) = lines.first_mut().and_then(|line| line.spans.first_mut()) {
        *first = Span::styled(first.content.clone(), theme.style(if line.loud { Role::Doubt } else { Role::Faint }));
    }
    lines
}
