use std::collections::VecDeque;

use crate::base::{InstanceId, did_you_mean};
use crate::effect::Risk;
use crate::engine::{Ask, Form};
use crate::projection::{Answer, Board, Choice, Entry, FormField, Need, Question, Reason};
use crate::runbook::is_reference;

/// Why a line of a file or of another program is not enough.
pub(super) const AT_A_TERMINAL: &str =
    "In a protected environment this is confirmed by a person at a terminal, and by nobody else";

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It asks for something.
    Ask(Ask),
    /// It begins an answer to which more belongs.
    Draft(Draft),
    /// It turns to another question.
    Turn(InstanceId),
    /// It is a command for the shell.
    Command(String),
}

/// An answer to which more belongs: a reason, or fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    step: InstanceId,
    answer: Answer,
    form: Form,
    needs_reason: bool,
    open: VecDeque<FormField>,
}

impl Draft {
    /// The answer that a choice is, with nothing filled in.
    fn of(step: &InstanceId, choice: &Choice, typed: Option<String>) -> Self {
        Self {
            step: step.clone(),
            answer: choice.answer.clone(),
            form: Form::typed(typed),
            needs_reason: choice.reason == Reason::Required,
            open: choice.form.iter().cloned().collect(),
        }
    }

    /// What is asked for next; nothing if the answer is whole.
    pub(super) fn question(&self) -> Option<String> {
        if self.needs_reason {
            return Some("Why? It is a deviation, and the reason stands in the record.".to_owned());
        }
        let FormField { name, description, wanted, default, entry, .. } = self.open.front()?;
        let about = if description.is_empty() { String::new() } else { format!("{description}; ") };
        let default = match (default, entry) {
            (Some(default), _) => format!(" [{default}]"),
            (None, Entry::Optional) => " [Enter leaves it out]".to_owned(),
            (None, Entry::Typed | Entry::File | Entry::Secret) => String::new(),
        };
        Some(format!("{name} ({about}{wanted}){default}:"))
    }

    /// Takes a line as the answer to [`Self::question`].
    ///
    /// # Errors
    /// It is none; the sentence says why, and does not repeat what may be a secret.
    pub(super) fn take(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if self.needs_reason {
            if line.is_empty() {
                return Err("Nothing was answered: a reason is needed.".to_owned());
            }
            self.form.reason = Some(line.to_owned());
            self.needs_reason = false;
            return Ok(());
        }
        let Some(field) = self.open.front() else { return Ok(()) };
        if line.is_empty() {
            if field.default.is_none() && field.entry != Entry::Optional {
                return Err(format!("`{}` must be filled in.", field.name));
            }
        } else if field.entry == Entry::Secret && !(line.starts_with("env:") && is_reference(line)) {
            return Err(format!(
                "`{}` takes where the secret is, as `env:NAME`; what was typed is not repeated, and if it was the secret \
                 itself, rotate it.",
                field.name
            ));
        } else if !field.choices.is_empty() && !field.choices.iter().any(|choice| choice == line) {
            return Err(format!("`{line}` is not {}.", field.wanted));
        } else {
            self.form.fields.push((field.name.clone(), line.to_owned()));
        }
        self.open.pop_front();
        Ok(())
    }

    /// Whether anything has been said beyond the choice itself.
    pub(super) const fn is_begun(&self) -> bool {
        !self.needs_reason
    }

    /// The answer, once it is whole.
    pub(super) fn ask(self) -> Ask {
        Ask::Choose { step: self.step, answer: self.answer, form: self.form }
    }

    fn said(self) -> Said {
        if self.question().is_some() { Said::Draft(self) } else { Said::Ask(self.ask()) }
    }
}

/// What a line means as an answer to a question.
///
/// # Errors
/// It is no answer to it; the sentence says why.
pub(super) fn reply(need: &Need, line: &str, limit: Risk) -> Result<Said, String> {
    let step = need.step.clone();
    match &need.question {
        Question::Acknowledge { digest } if line.is_empty() => {
            Ok(Said::Ask(Ask::Consent { step, digest: *digest, typed: None }))
        }
        Question::Acknowledge { .. } => Err("Nothing was confirmed: press Enter alone, or type `abort`.".to_owned()),
        Question::ReadBack { digest, expected, .. } if line == expected => {
            Ok(Said::Ask(Ask::Consent { step, digest: *digest, typed: Some(line.to_owned()) }))
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
                _ => Ok(Draft::of(&step, choice, typed).said()),
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

/// What a line means that is a word of its own and no answer to what is asked: `skip STEP`, `override STEP`, `retry STEP`,
/// `undo STEP`, `question STEP` or its number, `adhoc COMMAND`. Without a step the one that is asked about is meant.
/// Nothing if it is no such word.
pub(super) fn word(board: &Board, asked: Option<&Need>, line: &str) -> Option<Result<Said, String>> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let rest = rest.trim();
    let (answer, reason) = match word {
        "adhoc" if rest.is_empty() => return Some(Err("Nothing was done: say the command behind `adhoc`.".to_owned())),
        "adhoc" => return Some(Ok(Said::Command(rest.to_owned()))),
        "question" => return Some(turn(board, rest)),
        "skip" => (Answer::Skip, Reason::Required),
        "override" => (Answer::Override, Reason::Required),
        "retry" => (Answer::Retry, Reason::Never),
        "undo" => (Answer::Undo, Reason::Never),
        _ => return None,
    };
    let step = match (step(board, rest), asked) {
        (Some(step), _) => step,
        (None, Some(need)) if rest.is_empty() => need.step.clone(),
        (None, _) => {
            let names = board.steps.iter().map(|line| line.id.as_str());
            let near = did_you_mean(rest, names).map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
            return Some(Err(format!("Nothing was done: there is no step `{rest}`.{near}")));
        }
    };
    let offered = board.need_of(&step).and_then(|need| match &need.question {
        Question::Choose { choices, .. } => choices.iter().find(|choice| choice.answer == answer).cloned(),
        Question::Acknowledge { .. } | Question::ReadBack { .. } => None,
    });
    let choice = offered.unwrap_or_else(|| Choice { reason, ..Choice::new(answer, "") });
    Some(Ok(Draft::of(&step, &choice, None).said()))
}

fn step(board: &Board, name: &str) -> Option<InstanceId> {
    board.steps.iter().find(|line| line.id.as_str() == name).map(|line| line.id.clone())
}

fn turn(board: &Board, which: &str) -> Result<Said, String> {
    let by_number = which.parse::<usize>().ok().and_then(|number| board.needs.get(number.checked_sub(1)?));
    let found = by_number.or_else(|| board.needs.iter().find(|need| need.step.as_str() == which));
    match found {
        Some(need) => Ok(Said::Turn(need.step.clone())),
        None => Err(format!("`{which}` is no open question.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(choices: Vec<Choice>) -> Need {
        let question = Question::Choose { question: "Did it happen?".into(), choices };
        Need { step: "swap".into(), title: String::new(), facts: vec![], question, headless: None, drifted: false }
    }

    fn doubt() -> Need {
        let choice = |answer, read_back: Option<&str>| Choice {
            read_back: read_back.map(str::to_owned),
            ..Choice::new(answer, "")
        };
        need(vec![choice(Answer::ProbeAgain, None), choice(Answer::SendAgain, Some("chatbot-web"))])
    }

    fn send_again() -> Said {
        let form = Form::typed(Some("chatbot-web".into()));
        Said::Ask(Ask::Choose { step: "swap".into(), answer: Answer::SendAgain, form })
    }

    fn field(name: &str, default: Option<&str>, entry: Entry) -> FormField {
        FormField {
            name: name.into(),
            description: "Who it is".into(),
            wanted: "text".into(),
            choices: Vec::new(),
            default: default.map(Into::into),
            headless: None,
            entry,
        }
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

    #[test]
    fn a_form_is_filled_in_field_after_field_and_a_default_is_left_to_the_run() {
        let form = vec![field("owner", None, Entry::Typed), field("team", Some("ops"), Entry::Typed)];
        let done = Choice { form, ..Choice::new(Answer::Decide("done".into()), "It is done") };
        let Ok(Said::Draft(mut draft)) = reply(&need(vec![done]), "1", Risk::Irreversible) else {
            panic!("it has fields")
        };
        assert_eq!(draft.question().unwrap(), "owner (Who it is; text):");
        assert_eq!(draft.take("").unwrap_err(), "`owner` must be filled in.");
        draft.take(" platform ").unwrap();
        assert_eq!(draft.question().unwrap(), "team (Who it is; text) [ops]:");
        draft.take("").unwrap();
        assert_eq!(draft.question(), None);
        let Ask::Choose { form, .. } = draft.ask() else { panic!("it is a choice") };
        assert_eq!(form.fields, [("owner".to_owned(), "platform".to_owned())]);
    }

    #[test]
    fn a_secret_that_is_typed_is_refused_and_not_repeated() {
        let form = vec![field("token", None, Entry::Secret)];
        let done = Choice { form, ..Choice::new(Answer::Decide("done".into()), "It is done") };
        let Ok(Said::Draft(mut draft)) = reply(&need(vec![done]), "done", Risk::Irreversible) else {
            panic!("it has fields")
        };
        let refused = draft.take("hunter2hunter2").unwrap_err();
        assert!(!refused.contains("hunter2") && draft.question().is_some(), "{refused}");
        draft.take("env:TOKEN").unwrap();
        assert_eq!(draft.question(), None);
    }

    #[test]
    fn a_deviation_asks_why_and_an_empty_line_leads_back() {
        let skip = Choice { reason: Reason::Required, ..Choice::new(Answer::Skip, "Leave it out") };
        let Ok(Said::Draft(mut draft)) = reply(&need(vec![skip]), "1", Risk::Irreversible) else {
            panic!("it asks why")
        };
        assert!(draft.question().unwrap().starts_with("Why?"));
        assert!(draft.take("  ").is_err());
        draft.take("not needed today").unwrap();
        let Ask::Choose { form, .. } = draft.ask() else { panic!("it is a choice") };
        assert_eq!(form.reason.as_deref(), Some("not needed today"));
    }
}
