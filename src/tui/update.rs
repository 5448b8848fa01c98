use ratatui::layout::Size;

use super::app::{Leaving, Model, Pane};
use super::keymap::{self, Command, Mode};
use super::layout;
use super::msg::{Key, Msg, Request};
use super::popup::{Abort, Adhoc, Advance, After, Context, Kind, Note, Popup, Says, Search, Word};
use super::rows::{self, Fold};
use crate::engine::{Ask, Remark};
use crate::plan::Mode as RunMode;
use crate::projection::Mark;

/// Takes one message and returns what is to be done about it. Pure: it awaits nothing, and asks nobody for the time.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Request> {
    match msg {
        Msg::Key(key) => return press(model, key),
        Msg::Paste(text) => paste(model, &text),
        Msg::Resize { columns, rows } => {
            model.size = Size::new(columns, rows);
            // What was shown to its end on another screen may be cut on this one.
            if let Some(popup) = &mut model.popup {
                popup.end_shown = false;
            }
            model.settle();
        }
        Msg::Board(board) => {
            model.take(board);
            model.renew();
            model.open_by_itself();
            model.settle();
        }
        Msg::Remark(remark) => {
            if let Some(Remark::Refused(why)) = &remark {
                model.refused(why);
                model.settle();
            }
            model.remark = remark.map(|remark| remark.text().to_owned());
        }
        Msg::Ran { command, why_not } => ran(model, &command.join(" "), why_not),
        Msg::Now(now) => model.now = now,
        Msg::Drawn => drawn(model),
        Msg::Stopped => {
            model.stopped = true;
            if !model.has_ended() {
                return vec![Request::Quit];
            }
        }
    }
    Vec::new()
}

fn press(model: &mut Model, key: Key) -> Vec<Request> {
    model.said = None;
    let mode = model.mode();
    let requests = match (keymap::command(mode, key), key) {
        (Some(Command::Interrupt), _) => interrupt(model),
        (Some(Command::Redraw), _) => vec![Request::Redraw],
        (Some(command), _) if model.popup.is_some() => in_popup(model, command),
        (Some(command), _) => browse(model, command),
        (None, Key::Char(character)) if mode.is_typing() => {
            with_popup(model, |popup, context| popup.on_character(character, context))
        }
        (None, _) => {
            let rest = if mode.is_typing() || mode == Mode::Help { "Esc goes back" } else { "? shows the keys" };
            model.said = Some(format!("{key} does nothing here; {rest}"));
            Vec::new()
        }
    };
    model.settle();
    requests
}

fn paste(model: &mut Model, text: &str) {
    model.said = Some("pasted text does nothing here".to_owned());
    if model.popup.is_some() {
        model.said = None;
        // Pasted text only ever changes what is typed; it asks nothing.
        with_popup(model, |popup, context| popup.on_paste(text, context));
    }
    model.settle();
}

/// The first time: start nothing more, and wait. The second: leave what is in flight in doubt. The third: just go.
fn interrupt(model: &mut Model) -> Vec<Request> {
    if model.stopped || model.has_ended() {
        return vec![Request::Quit];
    }
    model.popup = None;
    match model.leaving {
        Leaving::No => {
            model.leaving = Leaving::Waiting;
            vec![Request::Ask(Ask::Leave)]
        }
        Leaving::Waiting => {
            model.leaving = Leaving::AtOnce;
            vec![Request::Ask(Ask::LeaveNow)]
        }
        Leaving::AtOnce => vec![Request::Quit],
    }
}

fn in_popup(model: &mut Model, command: Command) -> Vec<Request> {
    let scrolls_by_line = !matches!(model.mode(), Mode::Choose | Mode::Advance | Mode::Search);
    match command {
        Command::PageUp | Command::PageDown | Command::First | Command::Last => scroll_paper(model, command),
        Command::Up | Command::Down if scrolls_by_line => scroll_paper(model, command),
        Command::Help => {
            let mode = model.mode();
            model.open_over(Kind::Help(mode));
        }
        // A question rises by itself, so what concerns the whole run can be done from there too.
        Command::Note
        | Command::Pause
        | Command::Abort
        | Command::Advance
        | Command::Leave
        | Command::Skip
        | Command::Override
        | Command::Adhoc => return browse(model, command),
        Command::Need => next_question(model),
        _ => return with_popup(model, |popup, context| popup.on(command, context)),
    }
    Vec::new()
}

/// Lets the popup answer, and does what becomes of it.
fn with_popup(model: &mut Model, answer: impl FnOnce(&mut Popup, Context<'_>) -> After) -> Vec<Request> {
    let Some(mut popup) = model.popup.take() else { return Vec::new() };
    let end_shown = popup.end_shown && layout::is_enough(model.screen());
    let context = Context { board: &model.board, now: model.now, end_shown };
    let after = answer(&mut popup, context);
    match after {
        After::Stay => model.popup = Some(popup),
        After::Say(said) => {
            model.said = Some(said);
            model.popup = Some(popup);
        }
        After::Select(at) => {
            model.popup = Some(popup);
            model.follow = false;
            model.go_to(at);
        }
        After::Return(at) => model.go_to(at),
        After::Close => match popup.asks() {
            Some(step) => {
                model.said = Some(format!("left: {step} still needs you; g comes back to it"));
                model.put_aside(popup);
            }
            None => model.go_back(),
        },
        After::Ask(ask) => return ask_engine(model, ask, popup),
        After::Run(command) => {
            let written = command.join(" ");
            model.said = Some(format!("runs `{written}`; what it says goes on the timeline when it has ended"));
            model.commands.push(written);
            model.go_back();
            return vec![Request::Run { command }];
        }
    }
    Vec::new()
}

fn ask_engine(model: &mut Model, ask: Ask, popup: Popup) -> Vec<Request> {
    let is_question = popup.asks().is_some();
    model.note_sent(popup);
    match &ask {
        Ask::Leave => model.leaving = Leaving::Waiting,
        _ if is_question => {}
        _ => model.go_back(),
    }
    vec![Request::Ask(ask)]
}

/// A command outside of the runbook has ended, or could not be run.
fn ran(model: &mut Model, command: &str, why_not: Option<String>) {
    if let Some(at) = model.commands.iter().position(|running| running == command) {
        model.commands.remove(at);
    }
    model.said = Some(match why_not {
        Some(why) => format!("`{command}` was not run: {why}"),
        None => format!("`{command}` has ended; the timeline says how"),
    });
}

fn next_question(model: &mut Model) {
    if !model.open_next() {
        model.said = Some("nothing needs you".to_owned());
    }
}

fn browse(model: &mut Model, command: Command) -> Vec<Request> {
    match command {
        Command::Up | Command::Down | Command::PageUp | Command::PageDown | Command::First | Command::Last => {
            go(model, command);
        }
        Command::Confirm => open(model),
        Command::Back => model.pane = Pane::Steps,
        Command::NextPane | Command::PreviousPane => model.pane = next_pane(model.pane, command),
        Command::Need => next_question(model),
        Command::Fold | Command::Unfold => fold(model, command),
        Command::Skip => say(model, Says::Skip),
        Command::Override => say(model, Says::Override),
        Command::Adhoc if model.board.header.mode == RunMode::Rehearsal => {
            model.said = Some("nothing is changed in a rehearsal: no command is run from it".to_owned());
        }
        Command::Adhoc => model.open_over(Kind::Adhoc(Adhoc::default())),
        Command::Follow => {
            model.follow = true;
            model.said = Some("the selection follows the run".to_owned());
            model.go_along();
            model.open_by_itself();
        }
        Command::Note => model.open_over(Kind::Note(Note::default())),
        Command::Search => model.open_over(Kind::Search(Search::new(model.index()))),
        Command::Help => model.open_over(Kind::Help(Mode::Browse)),
        Command::Abort => model.open_over(Kind::Abort(Abort::default())),
        Command::Advance if model.board.header.simulated => {
            model.open_over(Kind::Advance(Advance::default()));
        }
        Command::Advance => model.said = Some("only the clock of a simulated estate can be moved on".to_owned()),
        Command::Pause if model.board.header.state == "paused" => return vec![Request::Ask(Ask::Continue)],
        Command::Pause => return vec![Request::Ask(Ask::Pause)],
        Command::Leave => return leave(model),
        Command::Interrupt
        | Command::Redraw
        | Command::Pick(_)
        | Command::Edit(_)
        | Command::NextField
        | Command::PreviousField => {}
    }
    Vec::new()
}

fn leave(model: &mut Model) -> Vec<Request> {
    if model.stopped || model.has_ended() {
        return vec![Request::Quit];
    }
    match model.leaving {
        Leaving::No => model.open_over(Kind::Leave),
        Leaving::Waiting | Leaving::AtOnce => {
            model.said = Some("leaving already; Ctrl-C does not wait for what is in flight".to_owned());
        }
    }
    Vec::new()
}

/// Opens what the selected step asks, or its detail.
fn open(model: &mut Model) {
    if !model.open_need_of(model.index()) {
        model.pane = if model.pane == Pane::Detail { Pane::Steps } else { Pane::Detail };
    }
}

/// Opens what lets a person speak about the selected step, whatever it asks.
fn say(model: &mut Model, says: Says) {
    let Some(step) = model.selected() else { return };
    let is_over = matches!(
        step.mark,
        Mark::Succeeded | Mark::Skipped | Mark::Cancelled | Mark::Assumed | Mark::Undone | Mark::PartlyUndone
    );
    let word = Word::new(step, says).filter(|_| !is_over);
    match word {
        Some(word) => model.open_over(Kind::Word(word)),
        None => model.said = Some(format!("{} is over; nothing more can be said about it", step.id)),
    }
}

/// Shows or hides what the selected line nests; what cannot be folded any more leads to the line that it stands in.
fn fold(model: &mut Model, command: Command) {
    if model.pane != Pane::Steps {
        model.said = Some("Left and Right unfold lines of the list; Tab goes there".to_owned());
        return;
    }
    model.follow = false;
    let (at, steps) = (model.index(), &model.board.steps);
    let (nests, folded) = (rows::fold_end(steps, at) > at + 1, model.rows.folded(at) > 0);
    match command {
        Command::Unfold if nests => {
            let id = steps[at].id.clone();
            model.rows.say(&id, Fold::Open);
        }
        Command::Fold if nests && !folded => {
            let id = steps[at].id.clone();
            model.rows.say(&id, Fold::Folded);
        }
        Command::Fold => match rows::parent(steps, at) {
            Some(outer) => model.go_to(outer),
            None => model.said = Some("there is nothing to fold here".to_owned()),
        },
        _ => model.said = Some("this line nests nothing".to_owned()),
    }
}

fn next_pane(pane: Pane, command: Command) -> Pane {
    match (pane, command) {
        (Pane::Steps, Command::NextPane) | (Pane::Timeline, Command::PreviousPane) => Pane::Detail,
        (Pane::Detail, Command::NextPane) | (Pane::Steps, Command::PreviousPane) => Pane::Timeline,
        _ => Pane::Steps,
    }
}

fn go(model: &mut Model, command: Command) {
    let is_page = matches!(command, Command::PageUp | Command::PageDown);
    let areas = model.areas();
    match model.pane {
        Pane::Timeline => {
            let page = usize::from(areas.timeline.height.saturating_sub(3));
            let end = model.timeline_end(areas.timeline);
            // The timeline is counted from its end.
            let top = moved(end.saturating_sub(model.timeline_back), command, page, end);
            model.timeline_back = end.saturating_sub(top);
        }
        Pane::Steps if !is_page => {
            // From here on the person looks where the person wants.
            model.follow = false;
            match command {
                Command::Up => model.move_by(-1),
                Command::Down => model.move_by(1),
                Command::First => model.move_by(isize::MIN),
                _ => model.move_by(isize::MAX),
            }
        }
        Pane::Steps | Pane::Detail => {
            let page = usize::from(areas.detail.height.saturating_sub(3));
            model.detail_scroll = moved(model.detail_scroll, command, page, model.detail_end(areas.detail));
            if areas.detail.is_empty() {
                model.said = Some("Enter opens the detail; then PgUp and PgDn scroll it".to_owned());
            }
        }
    }
}

fn scroll_paper(model: &mut Model, command: Command) {
    let (Some(paper), area) = (model.paper(model.screen()), model.areas().paper) else { return };
    let (page, end) = (paper.rows(area).0.saturating_sub(1), paper.end(area));
    if let Some(popup) = &mut model.popup {
        if end == 0 {
            model.said = Some("everything is shown; there is nothing to scroll".to_owned());
        }
        popup.scroll = moved(popup.scroll, command, page, end);
    }
}

/// Where a position from 0 to `end` goes.
fn moved(at: usize, command: Command, page: usize, end: usize) -> usize {
    let to = match command {
        Command::Up => at.saturating_sub(1),
        Command::Down => at + 1,
        Command::PageUp => at.saturating_sub(page.max(1)),
        Command::PageDown => at + page.max(1),
        Command::First => 0,
        Command::Last => end,
        _ => at,
    };
    to.min(end)
}

/// Notes that the screen was drawn as it is: what is open has been seen, to its end if its end was on the screen.
fn drawn(model: &mut Model) {
    if !layout::is_enough(model.screen()) {
        return;
    }
    let now = model.now;
    if let Some(popup) = &mut model.popup {
        popup.end_shown |= popup.end_visible;
        if let Some(asked) = popup.asked_mut() {
            asked.drawn(now);
        }
    }
}
