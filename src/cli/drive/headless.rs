use std::time::{Duration, Instant};

use super::teller::{Out, Teller, is_paused, show};
use crate::base::Span;
use crate::cli::Failure;
use crate::effect::{Risk, Timer};
use crate::engine::{Ask, Form, Handle};
use crate::projection::{Answer, Board, Need, Question};
use crate::run::PauseReason;
use crate::runbook::Answers;

/// How long, by the host's clock, a headless run sits out a wait.
const SIT_OUT: Span = Span::seconds(60);

/// How long, by the host's clock, a headless run waits for a target that another effect holds.
const STAND_IN_LINE: Duration = Duration::from_secs(10);

/// What was said beforehand for a run that asks nobody.
pub(super) struct Script {
    answers: Answers,
    yes: Option<Risk>,
    limit: Risk,
    silent: bool,
}

impl Script {
    /// Answers of a file, and a risk up to which everything is confirmed; nothing above `limit` ever is.
    pub(super) const fn new(answers: Answers, yes: Option<Risk>, limit: Risk) -> Self {
        Self { answers, yes, limit, silent: false }
    }

    /// No answer to anything, and no word about it: for an abort, which asks nothing.
    pub(super) fn silent() -> Self {
        Self { silent: true, ..Self::new(Answers::default(), None, Risk::Read) }
    }

    /// The answer to what is asked, if it was said beforehand.
    pub(super) fn answer(&self, need: &Need) -> Option<Ask> {
        // What was said beforehand was said of what was there then.
        if need.drifted {
            return None;
        }
        let step = need.step.as_str();
        let said = self.answers.confirm.get(step).map(String::as_str);
        let allowed = |risk: Risk| risk <= self.limit && self.yes.is_some_and(|yes| risk <= yes);
        match &need.question {
            Question::Acknowledge { digest } => {
                let consents = allowed(Risk::Reversible) || said == Some("ok");
                consents.then(|| Ask::Consent { step: need.step.clone(), digest: *digest, typed: None })
            }
            Question::ReadBack { digest, risk, expected } => {
                let typed = said == Some(expected.as_str()) && *risk <= self.limit;
                let consents = allowed(*risk) || typed;
                let typed = Some(expected.clone());
                consents.then(|| Ask::Consent { step: need.step.clone(), digest: *digest, typed })
            }
            Question::Choose { choices, .. } => {
                let gate = self.answers.gate.get(step).map(String::as_str).or(need.headless.as_deref());
                let manual = self.answers.manual.contains(step).then_some("done");
                let word = gate.or(manual)?;
                let answer = Answer::Decide(word.to_owned());
                let known = choices.iter().any(|choice| choice.answer == answer);
                known.then(|| Ask::Choose { step: need.step.clone(), answer, form: Form::default() })
            }
        }
    }
}

/// Tells a run in lines and answers its questions by script, until it stops or is left.
pub(super) async fn follow(
    mut handle: Handle,
    script: &Script,
    timer: &dyn Timer,
    out: Out<'_>,
) -> Result<(), Failure> {
    let mut teller = Teller::default();
    let mut answered: Option<Need> = None;
    let mut left = false;
    let mut held_since: Option<Instant> = None;
    teller.head(&handle.board(), out)?;
    // What was asked before this process took the run may not be asked any more: the first board of ours says.
    let mut more = handle.changed().await;
    while more {
        let board = handle.board();
        if !script.silent {
            teller.tell(&board, handle.remark(), out)?;
        }
        if !left {
            left = step(&board, script, &mut answered, &handle, timer, out)?;
        }
        // Whoever holds the target may hold it for long: a script does not stand in a queue that it cannot see.
        held_since = board.held.is_some().then(|| held_since.unwrap_or_else(Instant::now));
        if !left && held_since.is_some_and(|since| since.elapsed() > STAND_IN_LINE) {
            handle.ask(Ask::Park { why: PauseReason::Unanswered });
            left = true;
        }
        more = handle.changed().await;
    }
    teller.tell(&handle.board(), None, out)
}

/// Does what the board asks for. Returns whether the run is left: nothing will happen by itself that could be waited for.
fn step(
    board: &Board,
    script: &Script,
    answered: &mut Option<Need>,
    handle: &Handle,
    timer: &dyn Timer,
    out: Out<'_>,
) -> Result<bool, Failure> {
    if is_paused(board) {
        // Somebody else asked for it, and nobody is here who could let it go on.
        handle.ask(Ask::Leave);
        return Ok(true);
    }
    if board.need() != answered.as_ref() {
        *answered = board.need().cloned();
        if let Some(need) = board.need() {
            if let Some(ask) = script.answer(need) {
                handle.ask(ask);
                return Ok(false);
            }
            if !script.silent {
                show(need, board, out)?;
                writeln!(out, "Nobody is here to answer; the run is paused.")?;
            }
            handle.ask(Ask::Park { why: PauseReason::Unanswered });
            return Ok(true);
        }
    }
    match board.due {
        Some(due) if timer.host_wait(due) > SIT_OUT => {
            if !script.silent {
                writeln!(out, "The run waits until {}; it is parked.", due.minute())?;
            }
            handle.ask(Ask::Park { why: PauseReason::Parked });
            Ok(true)
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;

    fn need(question: Question) -> Need {
        Need { step: "swap".into(), title: String::new(), facts: vec![], question, headless: None, drifted: false }
    }

    fn read_back(risk: Risk) -> Need {
        need(Question::ReadBack { digest: Digest::of("step-v1", b""), risk, expected: "chatbot-web".into() })
    }

    fn yes(risk: Risk, limit: Risk) -> Script {
        Script::new(Answers::default(), Some(risk), limit)
    }

    #[test]
    fn yes_confirms_up_to_its_risk_and_never_above() {
        let script = yes(Risk::Reversible, Risk::Irreversible);
        assert!(script.answer(&need(Question::Acknowledge { digest: Digest::of("step-v1", b"") })).is_some());
        assert!(script.answer(&read_back(Risk::Destructive)).is_none());
        assert!(yes(Risk::Destructive, Risk::Irreversible).answer(&read_back(Risk::Irreversible)).is_none());
    }

    #[test]
    fn an_answers_file_reads_back_the_very_text_or_nothing_is_confirmed() {
        let script = |text: &str| {
            let mut answers = Answers::default();
            answers.confirm.insert("swap".into(), text.into());
            Script::new(answers, None, Risk::Irreversible)
        };
        assert!(script("chatbot-web").answer(&read_back(Risk::Destructive)).is_some());
        assert!(script("chatbot").answer(&read_back(Risk::Destructive)).is_none());
        assert!(script("ok").answer(&read_back(Risk::Destructive)).is_none());
    }

    #[test]
    fn a_protected_environment_never_takes_a_destructive_read_back_from_a_file() {
        let mut answers = Answers::default();
        answers.confirm.insert("swap".into(), "chatbot-web".into());
        let script = Script::new(answers, None, Risk::Reversible);
        assert!(script.answer(&read_back(Risk::Destructive)).is_none());
    }

    #[test]
    fn what_drifted_is_not_covered_by_what_was_said_beforehand() {
        let drifted = Need { drifted: true, ..read_back(Risk::Destructive) };
        assert!(yes(Risk::Irreversible, Risk::Irreversible).answer(&drifted).is_none());
    }

    #[test]
    fn a_doubt_is_never_answered_by_a_script() {
        let choices = vec![crate::projection::Choice::new(Answer::Adopt, "")];
        let question = Question::Choose { question: String::new(), choices };
        let doubt = Need { headless: Some("yes".into()), ..need(question) };
        assert!(yes(Risk::Irreversible, Risk::Irreversible).answer(&doubt).is_none());
    }
}
