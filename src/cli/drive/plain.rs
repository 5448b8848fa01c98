use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lines::{Line, Lines};
use super::talk::{AT_A_TERMINAL, Draft, Said, reply, word};
use super::teller::{Out, Teller, is_paused, show, show_end};
use crate::base::InstanceId;
use crate::cli::Failure;
use crate::cli::command::performed;
use crate::cli::text::printable;
use crate::effect::Risk;
use crate::engine::{Ask, Handle};
use crate::plan::Mode;
use crate::projection::{Board, Need, Question};
use crate::run::PauseReason;
use crate::world::{Attached, Performed, Redactor};

/// How many boards may show a question after its answer before it is asked again: the answer was refused, or it changed
/// nothing. The first may have been drawn before the answer was taken.
const PATIENCE: u8 = 3;

/// A run that is driven by lines.
pub(super) struct Plain<'a> {
    /// The run.
    pub(super) handle: Handle,
    /// The highest risk that these lines confirm.
    pub(super) limit: Risk,
    /// How the run executes.
    pub(super) mode: Mode,
    /// Takes secrets out of what an ad-hoc command says.
    pub(super) redactor: &'a Redactor,
    /// Set while an ad-hoc command is performed.
    pub(super) commanded: &'a AtomicBool,
}

/// Tells a run in lines, and answers its questions from lines.
///
/// A line answers only the question for which it was read: it is read only while that question is open and unanswered,
/// and what a person typed before the question was shown is forgotten. At the end of the input the run is paused. What
/// is above the limit is not confirmed by these lines; the run is paused there.
pub(super) async fn speak(
    plain: Plain<'_>,
    mut lines: Lines,
    leaving: &AtomicBool,
    out: Out<'_>,
) -> Result<(), Failure> {
    let Plain { mut handle, limit, mode, redactor, commanded } = plain;
    let mut teller = Teller::of(mode);
    teller.head(&handle.board(), out)?;
    let mut talk = Talk::with(handle.clone(), limit);
    // What was asked before this process took the run may not be asked any more: the first board of ours says.
    let mut goes_on = handle.changed().await;
    while goes_on {
        let board = handle.board();
        teller.tell(&board, handle.remark().map(|remark| remark.text().to_owned()), out)?;
        if !leaving.load(Ordering::Relaxed) && !talk.left {
            talk.look(&board, &lines, out)?;
        }
        // Several lines may be read while the board stays as it is.
        loop {
            let wanted = (talk.wants() && !leaving.load(Ordering::Relaxed)).then_some(talk.number);
            tokio::select! {
                next = handle.changed() => {
                    goes_on = next;
                    break;
                },
                line = next_line(&mut lines, wanted) => {
                    if let Some(command) = talk.hear(line, &board, &lines, out)? {
                        commanded.store(true, Ordering::Relaxed);
                        let said = adhoc(&handle, command, redactor, leaving).await;
                        commanded.store(false, Ordering::Relaxed);
                        talk.prompt(said.into_bytes(), &lines, out)?;
                    }
                },
            }
        }
    }
    teller.tell(&handle.board(), None, out)
}

async fn next_line(lines: &mut Lines, wanted: Option<u64>) -> Line {
    match wanted {
        Some(question) => lines.next(question).await,
        None => std::future::pending().await,
    }
}

/// Performs a command in the shell, as it was typed, and gives it to the record; gives what is to be said of it.
async fn adhoc(handle: &Handle, command: String, redactor: &Redactor, leaving: &AtomicBool) -> String {
    let words = ["sh".to_owned(), "-c".to_owned(), command];
    match performed(&words, Attached::Captured, redactor).await {
        Ok(Performed { command, exit, took, output, .. }) => {
            handle.ask(Ask::Adhoc { command, exit, took, output });
            let exit = exit.map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit {code}"));
            if leaving.load(Ordering::Relaxed) {
                return format!(
                    "The command is done ({exit}); the run had been left, so `callout note` must tell of it.\n"
                );
            }
            format!("The command is done ({exit}); it stands in the record.\n")
        }
        Err(failure) => format!("{}\n", printable(&failure.what)),
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Topic {
    /// What the run needs.
    Need(Need),
    /// Whether it shall go on after a pause.
    Pause,
}

/// A question that is open.
struct Open {
    topic: Topic,
    /// How many boards have shown it since it was answered.
    answered: Option<u8>,
    /// Whether `abort` was typed, and what that leaves was said.
    aborting: bool,
    /// The answer that was begun and to which more belongs.
    draft: Option<Draft>,
}

/// A conversation about one run.
struct Talk {
    handle: Handle,
    limit: Risk,
    /// Counts what was asked, so that a line is known to be for it.
    number: u64,
    open: Option<Open>,
    /// The question that somebody turned to.
    turned: Option<InstanceId>,
    /// Questions beside the open one that were mentioned.
    mentioned: BTreeSet<InstanceId>,
    left: bool,
}

impl Talk {
    const fn with(handle: Handle, limit: Risk) -> Self {
        Self { handle, limit, number: 0, open: None, turned: None, mentioned: BTreeSet::new(), left: false }
    }

    /// Whether a line would be an answer.
    fn wants(&self) -> bool {
        !self.left && self.open.as_ref().is_some_and(|open| open.answered.is_none())
    }

    /// Looks at a new board, and asks what it asks.
    fn look(&mut self, board: &Board, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        self.mentioned.retain(|step| board.needs.iter().any(|need| need.step == *step));
        let topic = self.topic(board);
        if let Some(open) = self.open.as_mut().filter(|open| topic.as_ref() == Some(&open.topic)) {
            match &mut open.answered {
                None => return self.mention(board, out),
                Some(boards) if *boards < PATIENCE => {
                    *boards += 1;
                    return Ok(());
                }
                Some(_) => {}
            }
        }
        self.open = topic.map(|topic| Open { topic, answered: None, aborting: false, draft: None });
        self.ask(board, lines, out)
    }

    /// What is to be asked now: the open question as long as it stands, then the one that somebody turned to, else the first.
    fn topic(&self, board: &Board) -> Option<Topic> {
        if is_paused(board) {
            return Some(Topic::Pause);
        }
        let of = |step: &InstanceId| board.needs.iter().find(|need| need.step == *step);
        let open = match self.open.as_ref().map(|open| &open.topic) {
            Some(Topic::Need(need)) => of(&need.step),
            Some(Topic::Pause) | None => None,
        };
        let need = open.or_else(|| self.turned.as_ref().and_then(of)).or_else(|| board.need());
        need.cloned().map(Topic::Need)
    }

    /// Asks what is open, from the beginning.
    fn ask(&mut self, board: &Board, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.draft = None;
        let mut said = Vec::new();
        match &open.topic {
            Topic::Pause => writeln!(said, "\nThe run is paused. `continue` goes on; `abort` ends the run.")?,
            Topic::Need(need) => {
                show(need, board, &mut said)?;
                if matches!(need.question, Question::ReadBack { risk, .. } if risk > self.limit) {
                    writeln!(said, "{AT_A_TERMINAL}; the run is paused.")?;
                    self.handle.ask(Ask::Park { why: PauseReason::Unanswered });
                    self.left = true;
                    return Ok(out.write_all(&said)?);
                }
                let others = board.needs.iter().filter(|other| other.step != need.step);
                self.mentioned = others.map(|other| other.step.clone()).collect();
                said.extend(beside(board, &self.mentioned).into_bytes());
            }
        }
        self.prompt(said, lines, out)
    }

    /// Says which questions have come up beside the open one.
    fn mention(&mut self, board: &Board, out: Out<'_>) -> Result<(), Failure> {
        let Some(Open { topic: Topic::Need(open), .. }) = &self.open else { return Ok(()) };
        let is_new = |need: &&Need| need.step != open.step && !self.mentioned.contains(&need.step);
        let new: BTreeSet<InstanceId> = board.needs.iter().filter(is_new).map(|need| need.step.clone()).collect();
        if !new.is_empty() {
            write!(out, "\n{}> ", beside(board, &new))?;
            out.flush()?;
            self.mentioned.extend(new);
        }
        Ok(())
    }

    /// Says something after which a line is an answer to it, and none is that was typed or wanted before.
    ///
    /// It is written at once: nobody can have read a part of it when what was typed is forgotten.
    fn prompt(&mut self, mut said: Vec<u8>, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        said.extend_from_slice(b"> ");
        self.number += 1;
        lines.forget();
        out.write_all(&said)?;
        Ok(out.flush()?)
    }

    /// Says a sentence, and waits for another line.
    fn say(&mut self, sentence: &str, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        self.prompt(format!("{}\n", printable(sentence)).into(), lines, out)
    }

    /// Takes a line; gives the command that it is, if it is one.
    fn hear(&mut self, line: Line, board: &Board, lines: &Lines, out: Out<'_>) -> Result<Option<String>, Failure> {
        let Some(text) = line.text else {
            self.handle.ask(Ask::Leave);
            self.left = true;
            return Ok(None);
        };
        let Some(open) = &mut self.open else { return Ok(None) };
        // What was typed before the question was there is no answer to it, but for one word, which can have meant nothing
        // else.
        let goes_on = open.topic == Topic::Pause && text == "continue";
        if line.question != self.number && !goes_on {
            let said = format!("`{}` was typed for an earlier question; nothing was answered.", printable(&text));
            return self.say(&said, lines, out).map(|()| None);
        }
        if open.aborting {
            if text == "abort" || (text == "abort undo" && !board.way_back.undone.is_empty()) {
                self.give(Ask::Abort { reason: None, undo: text != "abort" });
                return Ok(None);
            }
            open.aborting = false;
            writeln!(out, "The run is not ended.")?;
            return self.ask(board, lines, out).map(|()| None);
        }
        if text == "abort" {
            open.aborting = true;
            let mut said = Vec::new();
            show_end(board, &mut said)?;
            let undo = if board.way_back.undone.is_empty() { "" } else { ", or `abort undo`" };
            writeln!(said, "Type `abort` once more to end the run{undo}; any other line leads back to the question.")?;
            return self.prompt(said, lines, out).map(|()| None);
        }
        if let Some(mut draft) = open.draft.take() {
            let taken = draft.take(&text);
            // A reason that is not given is a way back.
            if let (Err(sentence), false) = (&taken, draft.is_begun()) {
                writeln!(out, "{}", printable(sentence))?;
                return self.ask(board, lines, out).map(|()| None);
            }
            return self.go_on(draft, taken.err(), lines, out).map(|()| None);
        }
        let said = match &open.topic {
            Topic::Pause if goes_on => Ok(Said::Ask(Ask::Continue)),
            Topic::Pause => {
                word(board, None, &text).unwrap_or_else(|| Err(format!("`{text}` is neither `continue` nor `abort`.")))
            }
            Topic::Need(need) => reply(need, &text, self.limit)
                .or_else(|sentence| word(board, Some(need), &text).unwrap_or(Err(sentence))),
        };
        match said {
            Ok(Said::Ask(ask)) => self.give(ask),
            Ok(Said::Draft(draft)) => self.go_on(draft, None, lines, out)?,
            Ok(Said::Command(command)) => return Ok(Some(command)),
            Ok(Said::Turn(step)) => {
                self.open = None;
                self.turned = Some(step);
                self.look(board, lines, out)?;
            }
            Err(sentence) => self.say(&sentence, lines, out)?,
        }
        Ok(None)
    }

    /// Goes on with an answer to which more belongs, or gives it once it is whole.
    fn go_on(&mut self, draft: Draft, problem: Option<String>, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        let Some(question) = draft.question() else {
            self.give(draft.ask());
            return Ok(());
        };
        if let Some(open) = &mut self.open {
            open.draft = Some(draft);
        }
        let problem = problem.map(|problem| format!("{}\n", printable(&problem))).unwrap_or_default();
        self.prompt(format!("{problem}{}\n", printable(&question)).into(), lines, out)
    }

    /// Gives an answer.
    fn give(&mut self, ask: Ask) {
        if let Some(open) = &mut self.open {
            open.answered = Some(0);
        }
        self.handle.ask(ask);
    }
}

/// The questions of these steps, each with the number by which it is turned to.
fn beside(board: &Board, steps: &BTreeSet<InstanceId>) -> String {
    let asked = board.needs.iter().zip(1..).filter(|(need, _)| steps.contains(&need.step));
    let lines = asked.map(|(need, number)| {
        format!("Asked as well: {}  {} (`question {number}` turns to it)\n", need.step, printable(&need.title))
    });
    lines.collect()
}
