use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lines::{Line, Lines};
use super::teller::{Out, Teller, is_paused, show, show_end};
use crate::cli::Failure;
use crate::cli::text::printable;
use crate::effect::Risk;
use crate::engine::{Ask, Form, Handle};
use crate::projection::{Answer, Board, Choice, Need, Question};
use crate::run::PauseReason;

/// Why a line of a file or of another program is not enough.
const AT_A_TERMINAL: &str =
    "In a protected environment this is confirmed by a person at a terminal, and by nobody else";

/// How many boards may show a question after its answer before it is asked again: the answer was refused, or it changed
/// nothing. The first may have been drawn before the answer was taken.
const PATIENCE: u8 = 3;

/// Tells a run in lines, and answers its questions from lines.
///
/// A line answers only the question for which it was read: it is read only while that question is open and unanswered,
/// and what a person typed before the question was shown is forgotten. At the end of the input the run is paused. What
/// is above `limit` is not confirmed by these lines; the run is paused there.
pub(super) async fn speak(
    mut handle: Handle,
    mut lines: Lines,
    limit: Risk,
    leaving: &AtomicBool,
    out: Out<'_>,
) -> Result<(), Failure> {
    let mut teller = Teller::default();
    teller.head(&handle.board(), out)?;
    let mut talk = Talk { handle: handle.clone(), limit, number: 0, open: None, left: false };
    // What was asked before this process took the run may not be asked any more: the first board of ours says.
    let mut more = handle.changed().await;
    while more {
        let board = handle.board();
        teller.tell(&board, handle.remark(), out)?;
        if !leaving.load(Ordering::Relaxed) && !talk.left {
            talk.look(&board, &lines, out)?;
        }
        // Several lines may be read while the board stays as it is.
        loop {
            let wanted = (talk.wants() && !leaving.load(Ordering::Relaxed)).then_some(talk.number);
            tokio::select! {
                next = handle.changed() => {
                    more = next;
                    break;
                },
                line = next_line(&mut lines, wanted) => talk.hear(line, &board, &lines, out)?,
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
}

/// A conversation about one run.
struct Talk {
    handle: Handle,
    limit: Risk,
    /// Counts what was asked, so that a line is known to be for it.
    number: u64,
    open: Option<Open>,
    left: bool,
}

impl Talk {
    /// Whether a line would be an answer.
    fn wants(&self) -> bool {
        !self.left && self.open.as_ref().is_some_and(|open| open.answered.is_none())
    }

    /// Looks at a new board, and asks what it asks.
    fn look(&mut self, board: &Board, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        let topic = if is_paused(board) { Some(Topic::Pause) } else { board.need().cloned().map(Topic::Need) };
        if let Some(open) = self.open.as_mut().filter(|open| topic.as_ref() == Some(&open.topic)) {
            match &mut open.answered {
                None => return Ok(()),
                Some(boards) if *boards < PATIENCE => {
                    *boards += 1;
                    return Ok(());
                }
                Some(_) => {}
            }
        }
        self.open = topic.map(|topic| Open { topic, answered: None, aborting: false });
        self.ask(board, lines, out)
    }

    /// Asks what is open, from the beginning.
    fn ask(&mut self, board: &Board, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        let Some(open) = &self.open else { return Ok(()) };
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
            }
        }
        self.prompt(said, lines, out)
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

    /// Takes a line.
    fn hear(&mut self, line: Line, board: &Board, lines: &Lines, out: Out<'_>) -> Result<(), Failure> {
        let Some(text) = line.text else {
            self.handle.ask(Ask::Leave);
            self.left = true;
            return Ok(());
        };
        let Some(open) = &mut self.open else { return Ok(()) };
        // Going on is asked for by its own word, which can have meant nothing else.
        let goes_on = open.topic == Topic::Pause && text == "continue";
        if line.question != self.number && !goes_on {
            let said = format!("`{}` was typed for an earlier question; nothing was answered.\n", printable(&text));
            return self.prompt(said.into(), lines, out);
        }
        if open.aborting && text != "abort" {
            open.aborting = false;
            writeln!(out, "The run is not ended.")?;
            return self.ask(board, lines, out);
        }
        if text == "abort" && !open.aborting {
            open.aborting = true;
            let mut said = Vec::new();
            show_end(board, &mut said)?;
            writeln!(said, "Type `abort` once more to end the run; any other line leads back to the question.")?;
            return self.prompt(said, lines, out);
        }
        let ask = if open.aborting {
            Ok(Ask::Abort { reason: None, undo: false })
        } else {
            match &open.topic {
                Topic::Pause if goes_on => Ok(Ask::Continue),
                Topic::Pause => Err(format!("`{text}` is neither `continue` nor `abort`.")),
                Topic::Need(need) => reply(need, &text, self.limit),
            }
        };
        match ask {
            Ok(ask) => {
                open.answered = Some(0);
                self.handle.ask(ask);
                Ok(())
            }
            Err(sentence) => self.prompt(format!("{}\n", printable(&sentence)).into(), lines, out),
        }
    }
}

/// What a line asks for, or why it is no answer.
fn reply(need: &Need, line: &str, limit: Risk) -> Result<Ask, String> {
    let step = need.step.clone();
    match &need.question {
        Question::Acknowledge { digest } if line.is_empty() => Ok(Ask::Consent { step, digest: *digest, typed: None }),
        Question::Acknowledge { .. } => Err("Nothing was confirmed: press Enter alone, or type `abort`.".to_owned()),
        Question::ReadBack { digest, expected, .. } if line == expected => {
            Ok(Ask::Consent { step, digest: *digest, typed: Some(line.to_owned()) })
        }
        Question::ReadBack { expected, .. } => Err(format!("Nothing was confirmed: `{line}` is not `{expected}`.")),
        Question::Choose { choices, .. } => {
            let (choice, typed) = chosen(choices, line).ok_or_else(|| format!("`{line}` is none of the choices."))?;
            // Its read-back stands for the consent that the first sending had.
            if choice.answer == Answer::SendAgain && limit < Risk::Destructive {
                return Err(format!("Nothing was answered. {AT_A_TERMINAL}."));
            }
            match &choice.read_back {
                Some(wanted) if typed.as_ref() != Some(wanted) => {
                    Err(format!("Nothing was answered: `{wanted}` must be typed behind the number."))
                }
                _ => Ok(Ask::Choose { step, answer: choice.answer.clone(), form: Form::typed(typed) }),
            }
        }
    }
}

/// A choice by its number, or by its word; what stands behind the number is the read-back.
fn chosen<'a>(choices: &'a [Choice], line: &str) -> Option<(&'a Choice, Option<String>)> {
    let (first, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let by_number = first.parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
    let by_word = || choices.iter().find(|choice| choice.answer == Answer::Decide(line.trim().to_owned()));
    let typed = (!rest.is_empty()).then(|| rest.to_owned());
    Some((by_number.or_else(by_word)?, typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt() -> Need {
        let choice = |answer, read_back: Option<&str>| Choice {
            read_back: read_back.map(str::to_owned),
            ..Choice::new(answer, "")
        };
        let choices = vec![choice(Answer::ProbeAgain, None), choice(Answer::SendAgain, Some("chatbot-web"))];
        let question = Question::Choose { question: "Did it happen?".into(), choices };
        Need { step: "swap".into(), title: String::new(), facts: vec![], question, headless: None, drifted: false }
    }

    fn send_again() -> Ask {
        Ask::Choose { step: "swap".into(), answer: Answer::SendAgain, form: Form::typed(Some("chatbot-web".into())) }
    }

    #[test]
    fn what_was_in_doubt_is_sent_again_only_with_its_read_back() {
        let reply = |line| reply(&doubt(), line, Risk::Irreversible);
        assert_eq!(reply("2 chatbot-web"), Ok(send_again()));
        assert_eq!(reply("2").unwrap_err(), "Nothing was answered: `chatbot-web` must be typed behind the number.");
        assert!(reply("2 chatbot").is_err() && reply("0").is_err() && reply("3").is_err() && reply("").is_err());
    }

    #[test]
    fn lines_that_no_person_types_send_nothing_again_under_protection() {
        assert!(reply(&doubt(), "2 chatbot-web", Risk::Reversible).unwrap_err().contains("a person at a terminal"));
        assert!(reply(&doubt(), "1", Risk::Reversible).is_ok());
    }
}
