//! The desk: the list of incidents and runs, and one incident with its playbook.

use std::sync::Arc;

use callout::base::{Digest, IncidentId, RunId, Span, Timestamp};
use callout::incident::{Adopted, Milestone, Severity, Status, Word};
use callout::projection::{
    Desk, DeskAnswer, Entry, FormField, IncidentBoard, IncidentLine, RunLine, StartPage, StoryLine, TickLine,
    TimelineLine,
};
use callout::runbook::{Content, Role, Shelf, check_playbook, shipped_playbooks};
use callout::tui::{DeskAsk, DeskExit, DeskModel, DeskMsg, DeskRequest, Key, Setting, draw_desk, update_desk};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use uuid::Uuid;

use super::desk::{ASCII, COLOUR, PLAIN, text_of};
use super::style_of;

fn at(minutes: u32) -> Timestamp {
    let began: Timestamp = "2026-11-20T03:10:00Z".parse().unwrap();
    began.after(Span::minutes(minutes))
}

fn id(number: u64) -> IncidentId {
    IncidentId::new(Uuid::from_u64_pair(0x0193_0000_0000_7000, 0x8000_0000_0000_0000 | number))
}

fn run() -> RunId {
    RunId::new(Uuid::from_u64_pair(0x0193_0000_0000_7000, 0x8000_0000_ab12_cd34))
}

fn playbook() -> Adopted {
    let (file, text) = shipped_playbooks().iter().find(|(file, _)| *file == "bad-release.yaml").unwrap();
    let playbook = check_playbook(file, text.as_bytes(), &Shelf::shipped()).playbook.unwrap();
    let Content::Guide(guide) = playbook.content else { panic!("it is a guide") };
    let (version, title, revision) = (playbook.version, playbook.title, "built in".to_owned());
    Adopted { id: playbook.id, version, title, text: Digest::of_parts(&[]), revision, guide }
}

fn told(minutes: u32, run: Option<RunId>, text: &str, loud: bool) -> StoryLine {
    StoryLine { run, line: TimelineLine { at: at(minutes), step: None, text: text.into(), loud }, told: None }
}

fn incident() -> IncidentBoard {
    IncidentBoard {
        id: id(0x4f2a_91c3),
        title: "Errors since the swap of 03:05".into(),
        summary: "One in twenty requests fails.".into(),
        severity: Severity::Sev2,
        status: Status::Mitigating,
        environment: "sim".into(),
        simulated: true,
        began: at(0),
        declared: at(2),
        ended: None,
        reopened: None,
        milestones: vec![(Milestone::Started, at(0)), (Milestone::Declared, at(2))],
        roles: vec![(Role::Commander, "Kim".into())],
        playbook: Some(playbook()),
        ticks: vec![
            TickLine { number: 1, at: at(3), remark: String::new() },
            TickLine { number: 2, at: at(5), remark: "down from two places".into() },
        ],
        runs: vec![RunLine { run: run(), runbook: "rollback".into(), state: "paused".into(), open: true }],
        timeline: vec![
            told(0, None, "note: the release was swapped in", false),
            told(2, None, "DECLARED sev2: Errors since the swap of 03:05 (sim)", true),
            told(3, None, "first action 1 done: Ask the pipeline's owner to hold every deployment to this app", false),
            told(
                5,
                None,
                "first action 2 done: See whether the app is down or only slow (down from two places)",
                false,
            ),
            told(6, Some(run()), "planned rollback 1.1.0 in sim", false),
        ],
    }
}

fn list() -> Desk {
    let over = IncidentBoard {
        id: id(0x1111_2222),
        title: "Search answers were empty".into(),
        status: Status::Resolved,
        ended: Some(at(9)),
        playbook: None,
        ..incident()
    };
    Desk {
        environment: "sim".into(),
        simulated: true,
        now: at(9),
        incidents: vec![IncidentLine::of(&incident()), IncidentLine::of(&over)],
        runs: incident().runs,
        playbooks: vec![("bad-release".into(), "A release of a web app went wrong".into())],
        drilled: [("rollback".to_owned(), "proven 2026-11-20 (simulated), 1 of 2 changing steps".to_owned())].into(),
        open: None,
        start: None,
        answer: None,
    }
}

fn open() -> Desk {
    Desk { open: Some(incident()), ..list() }
}

/// The desk without a terminal, and a person before it.
struct Seat {
    model: DeskModel,
    size: (u16, u16),
    asked: Vec<DeskAsk>,
    exit: Option<DeskExit>,
}

impl Seat {
    fn at(desk: Desk, setting: Setting, size: (u16, u16)) -> Self {
        // The list first, as a person comes to it; whoever comes back from a run finds that one selected.
        let model = DeskModel::new(Arc::new(list()), setting);
        let mut seat = Self { model, size, asked: Vec::new(), exit: None };
        seat.tell(DeskMsg::Desk(Arc::new(desk)));
        seat.tell(DeskMsg::Resize { columns: size.0, rows: size.1 });
        seat
    }

    fn tell(&mut self, msg: DeskMsg) {
        for request in update_desk(&mut self.model, msg) {
            match request {
                DeskRequest::Ask(ask) => self.asked.push(ask),
                DeskRequest::Exit(exit) => self.exit = Some(exit),
                DeskRequest::Redraw => {}
            }
        }
    }

    fn press(&mut self, keys: impl IntoIterator<Item = Key>) -> &mut Self {
        keys.into_iter().for_each(|key| self.tell(DeskMsg::Key(key)));
        self
    }

    fn write(&mut self, text: &str) -> &mut Self {
        self.press(text.chars().map(Key::Char))
    }

    fn look(&self) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| draw_desk(&self.model, frame)).unwrap().buffer.clone()
    }

    fn text(&self) -> String {
        text_of(&self.look())
    }
}

#[test]
fn the_list_shows_what_is_open_before_what_is_over() {
    for size in [(80, 24), (160, 48)] {
        insta::assert_snapshot!(format!("desk_list_{}x{}", size.0, size.1), Seat::at(list(), PLAIN, size).text());
    }
}

#[test]
fn an_incident_stands_beside_its_playbook() {
    for size in [(80, 24), (160, 48)] {
        insta::assert_snapshot!(format!("desk_incident_{}x{}", size.0, size.1), Seat::at(open(), PLAIN, size).text());
    }
    let mut seat = Seat::at(open(), PLAIN, (80, 24));
    seat.press([Key::Tab]);
    insta::assert_snapshot!("desk_playbook_80x24", seat.text());
    seat.press([Key::Tab]);
    insta::assert_snapshot!("desk_timeline_80x24", seat.text());
}

fn start() -> Desk {
    let field = |name: &str, default: Option<&str>| FormField {
        name: name.into(),
        description: String::new(),
        wanted: "not given".into(),
        choices: Vec::new(),
        default: default.map(str::to_owned),
        headless: None,
        entry: Entry::Typed,
    };
    let plan = Ok((1..=40).map(|number| format!("line {number} of the plan")).collect());
    let fields = vec![field("app", Some("chatbot-web")), field("build", None)];
    Desk {
        start: Some(StartPage { number: 1, incident: incident().id, runbook: "rollback".into(), fields, plan }),
        ..open()
    }
}

#[test]
fn a_runbook_is_looked_at_before_it_is_started() {
    let mut seat = Seat::at(open(), PLAIN, (80, 24));
    seat.press([Key::Down; 5]).press([Key::Enter]);
    let prepare = |inputs: &[(&str, &str)]| DeskAsk::Prepare {
        incident: incident().id,
        runbook: "rollback".into(),
        inputs: inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    assert_eq!(seat.asked, [prepare(&[])]);
    seat.tell(DeskMsg::Desk(Arc::new(start())));
    insta::assert_snapshot!("desk_start_80x24", seat.text());
    // A change is planned anew before it can be started.
    seat.press([Key::Tab]).write("4711").press([Key::Enter]);
    assert_eq!((seat.asked.last(), &seat.exit), (Some(&prepare(&[("build", "4711")])), &None));
    let page = StartPage { number: 2, ..start().start.unwrap() };
    seat.tell(DeskMsg::Desk(Arc::new(Desk { start: Some(page), ..start() })));
    seat.press([Key::Enter]);
    let inputs = vec![("build".to_owned(), "4711".to_owned())];
    let exit = DeskExit::Start { incident: incident().id, runbook: "rollback".into(), inputs };
    assert_eq!(seat.exit, Some(exit));
}

#[test]
fn keys_say_what_the_commands_say() {
    let word = |keys: &[Key]| {
        let mut seat = Seat::at(open(), PLAIN, (80, 24));
        seat.press(keys.iter().copied());
        assert_eq!(seat.asked.len(), 1, "{keys:?}: {}", seat.text());
        match seat.asked.remove(0) {
            DeskAsk::Say(id, word) if id == incident().id => word,
            other => panic!("{keys:?}: {other:?}"),
        }
    };
    let key = Key::Char;
    assert_eq!(word(&[key('4')]), Word::Tick(4, None));
    assert_eq!(word(&[Key::Down, Key::Down, key('x')]), Word::Tick(3, None));
    assert_eq!(word(&[Key::Enter]), Word::Tick(1, None));
    assert_eq!(word(&[key('r'), key('o'), key('k'), Key::Enter]), Word::Tick(1, Some("ok".into())));
    assert_eq!(word(&[key('n'), key('h'), key('i'), Key::Enter]), Word::Note("hi".into(), None));
    assert_eq!(word(&[key('s'), key('1'), Key::Enter]), Word::Rate(Severity::Sev1, None));
    assert_eq!(word(&[key('u'), key('5'), Key::Enter]), Word::Move(Status::Resolved, None));
    assert_eq!(word(&[key('m'), Key::Enter]), Word::Mark(Milestone::Acknowledged, at(9)));
    let role = [key('o'), key('2'), Key::Enter, key('L'), key('i'), Key::Enter];
    assert_eq!(word(&role), Word::Assign(Role::Operator, "Li".into()));
}

#[test]
fn a_declaration_takes_a_title_a_severity_and_a_playbook() {
    let mut seat = Seat::at(Desk { incidents: Vec::new(), ..list() }, PLAIN, (80, 24));
    seat.press([Key::Char('d')]).press([Key::Enter]);
    assert!(seat.text().contains("there is nothing to keep yet"), "{}", seat.text());
    seat.write("down").press([Key::Enter, Key::Enter]);
    insta::assert_snapshot!("desk_which_playbook_80x24", seat.text());
    seat.press([Key::Enter]);
    let playbook = Some("bad-release".to_owned());
    assert_eq!(seat.asked, [DeskAsk::Declare { title: "down".into(), severity: Severity::Sev2, playbook }]);
    let mut seat = Seat::at(list(), PLAIN, (80, 24));
    seat.press([Key::Char('d')]).write("q?").press([Key::Esc]);
    assert!(seat.asked.is_empty() && seat.exit.is_none(), "what is typed is no key");
    seat.press([Key::Enter]);
    assert_eq!(seat.asked, [DeskAsk::Look(Some(incident().id))]);
    seat.press([Key::Down, Key::Down, Key::Enter]);
    assert_eq!(seat.exit, Some(DeskExit::Resume(run())));
}

#[test]
fn an_answer_is_said_once_and_the_selection_stays_where_the_eyes_are() {
    let mut seat = Seat::at(open(), PLAIN, (80, 24));
    seat.press([Key::Down, Key::Down]);
    let answer = Some(DeskAnswer { number: 7, text: "first action 1 is ticked already".into() });
    seat.tell(DeskMsg::Desk(Arc::new(Desk { answer: answer.clone(), ..open() })));
    assert!(seat.text().contains("is ticked already"), "{}", seat.text());
    assert!(seat.text().contains("▌ [ ] 3"), "{}", seat.text());
    seat.press([Key::Up]);
    seat.tell(DeskMsg::Desk(Arc::new(Desk { answer, ..open() })));
    assert!(!seat.text().contains("is ticked already"), "{}", seat.text());
}

#[test]
fn whoever_comes_back_from_a_run_finds_it_selected() {
    let model = DeskModel::new(Arc::new(open()), PLAIN);
    let mut seat = Seat { model, size: (80, 24), asked: Vec::new(), exit: None };
    assert!(seat.text().contains("▌ ab12cd34  rollback  paused"), "{}", seat.text());
    seat.press([Key::Enter]);
    assert_eq!(seat.exit, Some(DeskExit::Resume(run())));
}

#[test]
fn everything_can_be_read_at_the_smallest_size_by_scrolling() {
    let mut seat = Seat::at(open(), PLAIN, (80, 24));
    seat.press([Key::Tab]);
    let mut seen = String::new();
    for _ in 0..40 {
        seen.push_str(&seat.text());
        seat.press([Key::Down]);
    }
    for part in ["Is it this?", "sev4", "NOW: ", "Who does what", "It is over when", "released by the one who"] {
        assert!(seen.contains(part), "{part}");
    }
    let mut seat = Seat::at(open(), PLAIN, (80, 24));
    for line in ["1 Ask", "2 See", "3 Compare", "4 Ask", "5 Roll", "rollback", "paused"] {
        let text = seat.text();
        assert!(text.lines().any(|row| row.contains('▌') && row.contains(line)), "{line}: {text}");
        seat.press([Key::Down]);
    }
}

#[test]
fn the_help_tells_every_key_and_a_small_terminal_is_said() {
    let mut seat = Seat::at(open(), PLAIN, (100, 90));
    seat.press([Key::Char('?')]);
    let text = seat.text();
    for part in ["An incident", "Tick the selected first action", "Before a runbook is started", "Declare an incident"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(Seat::at(open(), PLAIN, (40, 10)).text().contains("too small"));
}

#[test]
fn neither_colour_nor_unicode_says_what_nothing_else_says() {
    for (name, desk) in [("list", list()), ("incident", open()), ("start", start())] {
        for size in [(80, 24), (160, 48)] {
            let coloured = Seat::at(desk.clone(), COLOUR, size);
            assert_eq!(coloured.text(), Seat::at(desk.clone(), PLAIN, size).text(), "{name}");
            for cell in Seat::at(desk.clone(), PLAIN, size).look().content() {
                let style = style_of(cell);
                assert!(!style.contains("blink") && style.chars().all(|letter| !letter.is_uppercase()), "{style}");
            }
        }
        let text = Seat::at(desk, ASCII, (80, 24)).text();
        assert!(text.is_ascii(), "{text}");
        insta::assert_snapshot!(format!("desk_ascii_{name}"), text);
    }
}
