use std::sync::Arc;
use std::time::Duration;

use callout::engine::Ask;
use callout::projection::Board;
use callout::tui::{Key, Model, Moment, Msg, Request, Setting, draw, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};

/// Without colour.
pub(crate) const PLAIN: Setting = Setting { colour: false, unicode: true, banner: None };
/// With colour.
pub(crate) const COLOUR: Setting = Setting { colour: true, unicode: true, banner: None };
/// Without colour, on a terminal that knows only ASCII.
pub(crate) const ASCII: Setting = Setting { colour: false, unicode: false, banner: None };

/// A screen without a terminal, and a person before it.
pub(crate) struct Desk {
    pub(crate) model: Model,
    now: Duration,
    /// What the engine was asked.
    pub(crate) asked: Vec<Ask>,
    /// The commands outside of the runbook that were to be run.
    pub(crate) runs: Vec<Vec<String>>,
    /// Whether the screen wants to go.
    pub(crate) quits: bool,
    size: (u16, u16),
}

impl Desk {
    pub(crate) fn new(board: Board, setting: Setting, size: (u16, u16)) -> Self {
        let model = Model::new(Arc::new(board), setting);
        let mut desk = Self { model, now: Duration::ZERO, asked: Vec::new(), runs: Vec::new(), quits: false, size };
        desk.tell(Msg::Resize { columns: size.0, rows: size.1 });
        desk.see();
        desk
    }

    /// Tells the model something, without drawing it.
    pub(crate) fn tell(&mut self, msg: Msg) {
        for request in update(&mut self.model, msg) {
            match request {
                Request::Ask(ask) => self.asked.push(ask),
                Request::Run { command } => self.runs.push(command),
                Request::Quit => self.quits = true,
                Request::Redraw => {}
            }
        }
    }

    /// Draws the screen, as the terminal does before it waits.
    pub(crate) fn look(&mut self) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let buffer = terminal.draw(|frame| draw(&self.model, frame)).unwrap().buffer.clone();
        self.see();
        buffer
    }

    /// Tells the model that it was drawn, as the terminal does; to paint it for each key would take long.
    fn see(&mut self) {
        self.tell(Msg::Now(Moment(self.now)));
        self.tell(Msg::Drawn);
    }

    /// Changes the size of the terminal, and draws.
    pub(crate) fn resize(&mut self, size: (u16, u16)) -> &mut Self {
        self.size = size;
        self.tell(Msg::Resize { columns: size.0, rows: size.1 });
        self.see();
        self
    }

    /// Lets time pass, enough to read.
    pub(crate) fn read(&mut self) -> &mut Self {
        self.wait(Duration::from_secs(5))
    }

    pub(crate) fn wait(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self.tell(Msg::Now(Moment(self.now)));
        self.see();
        self
    }

    /// Presses keys, each seen before the next.
    pub(crate) fn press(&mut self, keys: impl IntoIterator<Item = Key>) -> &mut Self {
        for key in keys {
            self.tell(Msg::Key(key));
            self.see();
        }
        self
    }

    pub(crate) fn type_text(&mut self, text: &str) -> &mut Self {
        self.press(text.chars().map(Key::Char))
    }

    /// Presses keys that all came before the screen was drawn again.
    pub(crate) fn press_at_once(&mut self, keys: impl IntoIterator<Item = Key>) -> &mut Self {
        keys.into_iter().for_each(|key| self.tell(Msg::Key(key)));
        self
    }

    pub(crate) fn show(&mut self, board: Board) -> &mut Self {
        self.tell(Msg::Board(Arc::new(board)));
        self
    }

    pub(crate) fn text(&mut self) -> String {
        text_of(&self.look())
    }
}

/// The screen as text, without the spaces at the ends of its rows.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n").collect()
}
