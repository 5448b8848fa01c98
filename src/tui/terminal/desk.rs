use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::{Keyboard, Screen, TerminalError, message};
use crate::projection::Desk;
use crate::tui::desk::{DeskAsk, DeskExit, DeskModel, DeskMsg, DeskRequest, draw_desk, update_desk};
use crate::tui::msg::Msg;
use crate::tui::theme::Setting;

/// What joins the desk to whoever keeps the store.
pub struct DeskPorts {
    /// How it looks.
    pub shown: watch::Receiver<Arc<Desk>>,
    /// What is asked.
    pub asks: mpsc::UnboundedSender<DeskAsk>,
}

/// Shows the desk until its person leaves it for a run, or for good. If whoever keeps the store is gone, it is left.
///
/// Takes the whole terminal and gives it back, as [`crate::tui::run`] does.
///
/// # Errors
/// If the terminal cannot be taken, drawn on or read.
pub async fn desk(mut ports: DeskPorts, setting: Setting) -> Result<DeskExit, TerminalError> {
    let mut screen = Screen::open().map_err(|source| TerminalError::Open { source })?;
    let mut keyboard = Keyboard::listen();
    let shown = ports.shown.borrow_and_update().clone();
    let mut model = DeskModel::new(shown, setting);
    let (columns, rows) = crossterm::terminal::size().map_err(|source| TerminalError::Open { source })?;
    // A new size asks for nothing.
    update_desk(&mut model, DeskMsg::Resize { columns, rows });
    loop {
        screen.draw(|frame| draw_desk(&model, frame)).map_err(|source| TerminalError::Draw { source })?;
        let messages: Vec<DeskMsg> = tokio::select! {
            heard = keyboard.next() => heard?.into_iter().filter_map(|(_, event)| heard_as(message(event)?)).collect(),
            changed = ports.shown.changed() => match changed {
                Ok(()) => vec![DeskMsg::Desk(ports.shown.borrow_and_update().clone())],
                Err(_) => return Ok(DeskExit::Left),
            },
        };
        for request in messages.into_iter().flat_map(|message| update_desk(&mut model, message)) {
            match request {
                // If nobody hears it, nothing is shown any more either, and the desk is left.
                DeskRequest::Ask(ask) => drop(ports.asks.send(ask)),
                DeskRequest::Redraw => screen.clear().map_err(|source| TerminalError::Draw { source })?,
                DeskRequest::Exit(exit) => return Ok(exit),
            }
        }
    }
}

fn heard_as(msg: Msg) -> Option<DeskMsg> {
    match msg {
        Msg::Key(key) => Some(DeskMsg::Key(key)),
        Msg::Paste(text) => Some(DeskMsg::Paste(text)),
        Msg::Resize { columns, rows } => Some(DeskMsg::Resize { columns, rows }),
        _ => None,
    }
}
