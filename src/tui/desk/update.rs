use super::desk_model::{DeskModel, DeskPane, Item};
use super::deskkeys::{Command, Mode, command};
use super::msg::{DeskAsk, DeskExit, DeskMsg, DeskRequest};
use super::sheet::{Choose, Chosen, Read, Reading, Sheet, Write, Written};
use super::view;
use crate::incident::{Milestone, Severity, Status, Word};
use crate::projection::IncidentBoard;
use crate::runbook::{Moment, Role};
use ratatui::layout::Size;

/// Takes one message, and gives what is to be done.
pub fn update(model: &mut DeskModel, msg: DeskMsg) -> Vec<DeskRequest> {
    let requests = match msg {
        DeskMsg::Key(key) => {
            model.said = None;
            match (command(model.mode(), key), key) {
                (Some(command), _) => on(model, command),
                (None, crate::tui::msg::Key::Char(letter)) => {
                    typed(model, &letter.to_string());
                    Vec::new()
                }
                _ => Vec::new(),
            }
        }
        DeskMsg::Paste(text) => {
            typed(model, &text);
            Vec::new()
        }
        DeskMsg::Resize { columns, rows } => {
            model.size = Size::new(columns, rows);
            Vec::new()
        }
        DeskMsg::Desk(desk) => {
            model.take(desk);
            Vec::new()
        }
    };
    view::settle(model);
    requests
}

fn typed(model: &mut DeskModel, text: &str) {
    if !model.mode().is_typing() {
        return;
    }
    for letter in text.chars() {
        let letter = if letter.is_whitespace() { ' ' } else { letter };
        match &mut model.sheet {
            Some(Sheet::Write(write)) => write.input.insert(letter),
            Some(Sheet::Start(start)) => start.insert(letter),
            _ => {}
        }
    }
}

fn ask(ask: DeskAsk) -> Vec<DeskRequest> {
    vec![DeskRequest::Ask(ask)]
}

fn on(model: &mut DeskModel, command: Command) -> Vec<DeskRequest> {
    match command {
        Command::Leave => return vec![DeskRequest::Exit(DeskExit::Left)],
        Command::Redraw => return vec![DeskRequest::Redraw],
        Command::Help => {
            let keys = Read { title: "Help".to_owned(), text: Reading::Keys, scroll: 0 };
            model.sheet = Some(Sheet::Read(keys));
            return Vec::new();
        }
        _ => {}
    }
    match model.mode() {
        Mode::Home => home(model, command),
        Mode::Incident => incident(model, command),
        Mode::Choose | Mode::Write | Mode::Read | Mode::Start => sheet(model, command),
    }
}

fn home(model: &mut DeskModel, command: Command) -> Vec<DeskRequest> {
    match (command, model.selected()) {
        (Command::Up, _) => model.at = model.at.saturating_sub(1),
        (Command::Down, _) => model.at = (model.at + 1).min(model.items().len().saturating_sub(1)),
        (Command::Declare, _) => model.sheet = Some(Sheet::Write(Write::new(Written::Title, &model.desk))),
        (Command::Enter, Some(Item::Incident(incident))) => return ask(DeskAsk::Look(Some(incident))),
        (Command::Enter, Some(Item::Run(run))) => return vec![DeskRequest::Exit(DeskExit::Resume(run))],
        (Command::Enter, _) => model.said = Some("there is nothing to open yet; d declares an incident".to_owned()),
        _ => {}
    }
    Vec::new()
}

fn incident(model: &mut DeskModel, command: Command) -> Vec<DeskRequest> {
    let Some(open) = model.desk.open.clone() else { return Vec::new() };
    let write = |model: &mut DeskModel, what| {
        model.sheet = Some(Sheet::Write(Write::new(what, &model.desk)));
    };
    let choose = |model: &mut DeskModel, choose: Choose| model.sheet = Some(Sheet::Choose(choose));
    match command {
        Command::Up | Command::Down | Command::PageUp | Command::PageDown => go(model, command),
        Command::NextPane | Command::PreviousPane => model.pane = next_pane(model.pane, command),
        Command::Enter => return enter(model, &open),
        Command::Tick | Command::Remark => match model.selected() {
            Some(Item::First(number)) if command == Command::Tick => return tick(&open, number),
            Some(Item::First(number)) => write(model, Written::Remark(number)),
            _ => model.said = Some("a first action is ticked: select one, or press its number".to_owned()),
        },
        Command::TickNumber(number) => return tick(&open, number),
        Command::Note => write(model, Written::Note),
        Command::Summary => write(model, Written::Summary),
        Command::Rename => write(model, Written::Rename),
        Command::Severity => {
            let sheet = Choose::severity(&model.desk, Chosen::Severity);
            choose(model, sheet);
        }
        Command::Status => choose(model, Choose::status(open.status)),
        Command::Milestone => choose(model, Choose::milestone()),
        Command::Role => {
            let sheet = Choose::role(&model.desk);
            choose(model, sheet);
        }
        Command::Playbook if model.desk.playbooks.is_empty() => {
            model.said = Some("the library has no playbook for an incident".to_owned());
        }
        Command::Playbook => {
            let sheet = Choose::playbook(&model.desk, Chosen::Playbook);
            choose(model, sheet);
        }
        Command::Message if open.guide().is_none_or(|guide| guide.messages.is_empty()) => {
            model.said = Some("no playbook says what others are told".to_owned());
        }
        Command::Message => choose(model, Choose::moment()),
        Command::Back => return ask(DeskAsk::Look(None)),
        _ => {}
    }
    Vec::new()
}

fn tick(open: &IncidentBoard, number: u8) -> Vec<DeskRequest> {
    ask(DeskAsk::Say(open.id, Word::Tick(number, None)))
}

fn enter(model: &mut DeskModel, open: &IncidentBoard) -> Vec<DeskRequest> {
    match model.selected() {
        Some(Item::First(number)) => tick(open, number),
        Some(Item::Runbook(at)) => {
            let Some(suggestion) = open.guide().and_then(|guide| guide.runbooks.get(at)) else { return Vec::new() };
            let runbook = suggestion.runbook.clone();
            ask(DeskAsk::Prepare { incident: open.id, runbook, inputs: Vec::new() })
        }
        Some(Item::Run(run)) if open.runs.iter().any(|line| line.run == run && line.open) => {
            vec![DeskRequest::Exit(DeskExit::Resume(run))]
        }
        Some(Item::Run(_)) => {
            model.said = Some("that run has ended; the timeline tells it".to_owned());
            Vec::new()
        }
        Some(Item::Incident(_)) | None => {
            model.said = Some("no playbook is at hand; p takes one up".to_owned());
            Vec::new()
        }
    }
}

fn next_pane(pane: DeskPane, command: Command) -> DeskPane {
    match (pane, command) {
        (DeskPane::Do, Command::NextPane) | (DeskPane::Timeline, Command::PreviousPane) => DeskPane::Playbook,
        (DeskPane::Playbook, Command::NextPane) | (DeskPane::Do, Command::PreviousPane) => DeskPane::Timeline,
        _ => DeskPane::Do,
    }
}

fn go(model: &mut DeskModel, command: Command) {
    let is_page = matches!(command, Command::PageUp | Command::PageDown);
    let page = usize::from(model.size.height / 3).max(1);
    let by = if is_page { page } else { 1 };
    let back = matches!(command, Command::Up | Command::PageUp);
    match model.pane {
        DeskPane::Do if !is_page => {
            let last = model.items().len().saturating_sub(1);
            model.at = if back { model.at.saturating_sub(1) } else { (model.at + 1).min(last) };
        }
        DeskPane::Timeline => model.back = if back { model.back + by } else { model.back.saturating_sub(by) },
        DeskPane::Do | DeskPane::Playbook => {
            model.scroll = if back { model.scroll.saturating_sub(by) } else { model.scroll + by };
        }
    }
}

fn sheet(model: &mut DeskModel, command: Command) -> Vec<DeskRequest> {
    let Some(sheet) = model.sheet.take() else { return Vec::new() };
    if command == Command::Back {
        return if matches!(sheet, Sheet::Start(_)) { ask(DeskAsk::Forget) } else { Vec::new() };
    }
    match sheet {
        Sheet::Choose(choose) => choosing(model, choose, command),
        Sheet::Write(write) => writing(model, write, command),
        Sheet::Read(mut read) => {
            match command {
                Command::Up => read.scroll = read.scroll.saturating_sub(1),
                Command::Down => read.scroll += 1,
                Command::PageUp => read.scroll = read.scroll.saturating_sub(10),
                Command::PageDown => read.scroll += 10,
                _ => {}
            }
            model.sheet = Some(Sheet::Read(read));
            Vec::new()
        }
        Sheet::Start(mut start) => {
            let mut requests = Vec::new();
            match command {
                Command::NextField => start.go(true),
                Command::PreviousField => start.go(false),
                Command::PageUp => start.scroll = start.scroll.saturating_sub(10),
                Command::PageDown => start.scroll += 10,
                Command::Edit(edit) => start.edit(edit),
                Command::Enter => {
                    let (incident, runbook, inputs) = (start.incident, start.runbook.clone(), start.inputs());
                    requests = match &start.plan {
                        Ok(_) if !start.changed => {
                            vec![DeskRequest::Exit(DeskExit::Start { incident, runbook, inputs })]
                        }
                        _ => ask(DeskAsk::Prepare { incident, runbook, inputs }),
                    };
                }
                _ => {}
            }
            model.sheet = Some(Sheet::Start(start));
            requests
        }
    }
}

fn choosing(model: &mut DeskModel, mut choose: Choose, command: Command) -> Vec<DeskRequest> {
    let last = choose.lines.len().saturating_sub(1);
    match command {
        Command::Up => choose.at = choose.at.saturating_sub(1),
        Command::Down => choose.at = (choose.at + 1).min(last),
        Command::Pick(at) => choose.at = usize::from(at).min(last),
        Command::Enter => return chosen(model, choose),
        _ => {}
    }
    model.sheet = Some(Sheet::Choose(choose));
    Vec::new()
}

fn chosen(model: &mut DeskModel, choose: Choose) -> Vec<DeskRequest> {
    let Some((word, _)) = choose.lines.get(choose.at) else { return Vec::new() };
    let say = |word: Option<Word<String>>| {
        let open = model.desk.open.as_ref();
        open.zip(word).map(|(open, word)| DeskRequest::Ask(DeskAsk::Say(open.id, word))).into_iter().collect()
    };
    match choose.then {
        Chosen::Severity => say(Severity::parse(word).map(|severity| Word::Rate(severity, None))),
        Chosen::Status => say(Status::parse(word).map(|status| Word::Move(status, None))),
        Chosen::Milestone => {
            let now = model.desk.now;
            say(Milestone::parse(word).map(|milestone| Word::Mark(milestone, now)))
        }
        Chosen::Playbook => {
            let open = model.desk.open.as_ref();
            let adopt = |open: &IncidentBoard| DeskRequest::Ask(DeskAsk::Adopt(open.id, word.clone()));
            open.map(adopt).into_iter().collect()
        }
        Chosen::Role => {
            let role = Role::ALL.into_iter().find(|role| role.word() == word);
            model.sheet = role.map(|role| Sheet::Write(Write::new(Written::Who(role), &model.desk)));
            Vec::new()
        }
        Chosen::Moment => {
            let moment = Moment::WORDS.iter().find(|(known, _)| known == word).map(|(_, moment)| *moment);
            let told = model.desk.open.as_ref().zip(moment).map(|(open, moment)| messages(open, moment));
            let title = format!("What others are told: {word} (nobody is told by this)");
            model.sheet = told.map(|text| Sheet::Read(Read { title, text: Reading::Text(text), scroll: 0 }));
            Vec::new()
        }
        Chosen::FirstSeverity { title } => {
            let severity = Severity::parse(word).unwrap_or_default();
            if model.desk.playbooks.is_empty() {
                return ask(DeskAsk::Declare { title, severity, playbook: None });
            }
            let then = Chosen::FirstPlaybook { title, severity };
            model.sheet = Some(Sheet::Choose(Choose::playbook(&model.desk, then)));
            Vec::new()
        }
        Chosen::FirstPlaybook { title, severity } => {
            let is_one = choose.at < model.desk.playbooks.len();
            ask(DeskAsk::Declare { title, severity, playbook: is_one.then(|| word.clone()) })
        }
    }
}

/// The messages of a moment, one below the other, with what cannot be filled in said in its place.
fn messages(open: &IncidentBoard, moment: Moment) -> String {
    let messages = open.messages(moment, None);
    if messages.is_empty() {
        return "The playbook has no message for that moment.".to_owned();
    }
    let told = messages.into_iter().map(|(audience, text)| {
        format!("To {audience}:\n{}", text.unwrap_or_else(|why| format!("(it cannot be filled in: {why})")))
    });
    told.collect::<Vec<_>>().join("\n\n")
}

fn writing(model: &mut DeskModel, mut write: Write, command: Command) -> Vec<DeskRequest> {
    if let Command::Edit(edit) = command {
        write.input.edit(edit);
    }
    let text = write.input.text().trim().to_owned();
    if command != Command::Enter || text.is_empty() && !matches!(write.then, Written::Remark(_)) {
        if command == Command::Enter {
            model.said = Some("there is nothing to keep yet; Esc closes".to_owned());
        }
        model.sheet = Some(Sheet::Write(write));
        return Vec::new();
    }
    let word = match write.then {
        Written::Title => {
            let then = Chosen::FirstSeverity { title: text };
            model.sheet = Some(Sheet::Choose(Choose::severity(&model.desk, then)));
            return Vec::new();
        }
        Written::Rename => Word::Rename(text),
        Written::Summary => Word::Summarise(text),
        Written::Note => Word::Note(text, None),
        Written::Remark(number) => Word::Tick(number, Some(text).filter(|text| !text.is_empty())),
        Written::Who(role) => Word::Assign(role, text),
    };
    model.desk.open.as_ref().map(|open| DeskRequest::Ask(DeskAsk::Say(open.id, word))).into_iter().collect()
}
