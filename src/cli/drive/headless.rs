use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::teller::{Out, Teller, is_paused, show};
use crate::base::Span;
use crate::cli::Failure;
use crate::effect::{Risk, Timer};
use crate::engine::{Ask, Form, Handle};
use crate::plan::Mode;
use crate::projection::{Answer, Board, Entry, FormField, Need, Question};
use crate::run::PauseReason;
use crate::runbook::Answers;

/// How long, by the host's clock, a headless run sits out a wait.
const SIT_OUT: Span = Span::seconds(60);

/// How long, by the host's clock, a headless run waits for a target that another effect holds.
const STAND_IN_LINE: Duration = Duration::from_secs(10);

/// How long, by the host's clock, an answer may take to be taken: it is either written at once, or refused.
const TAKEN: Duration = Duration::from_secs(5);

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
                let manual = self.answers.manual.get(step);
                let choice = |word: &str| {
                    let answer = Answer::Decide(word.to_owned());
                    choices.iter().find(|choice| choice.answer == answer)
                };
                let (choice, fields) = match gate {
                    Some(word) => (choice(word)?, Vec::new()),
                    None => {
                        let done = choice("done")?;
                        (done, filled(&done.form, manual)?)
                    }
                };
                let form = Form { fields, ..Form::default() };
                Some(Ask::Choose { step: need.step.clone(), answer: choice.answer.clone(), form })
            }
        }
    }
}

/// What is filled in where nobody is asked: what the answers say, else what the runbook names for that case. A default is
/// taken by the run itself. Nothing if nobody has said beforehand that the step is done, or a field is left open.
///
/// A step counts as done without a word in the answers only if the runbook names something for it.
fn filled(form: &[FormField], said: Option<&BTreeMap<String, String>>) -> Option<Vec<(String, String)>> {
    if said.is_none() && !form.iter().any(|field| field.headless.is_some()) {
        return None;
    }
    let said = said.cloned().unwrap_or_default();
    let value = |field: &FormField| said.get(&field.name).or(field.headless.as_ref()).cloned();
    if form.iter().any(|field| value(field).is_none() && field.default.is_none() && field.entry != Entry::Optional) {
        return None;
    }
    // What is no field of the step goes along, so that it is told as a mistake and not passed over.
    let mut fields = said.clone();
    fields.extend(form.iter().filter_map(|field| Some((field.name.clone(), value(field)?))));
    Some(fields.into_iter().collect())
}

/// Tells a run in lines and answers its questions by script, until it stops or is left.
///
/// Questions that nobody has answered beforehand stay open while other branches go on. The run is parked when nothing of it
/// is under way any more, nothing comes due soon, and no question can be answered.
pub(super) async fn follow(
    mut handle: Handle,
    script: &Script,
    mode: Mode,
    timer: &dyn Timer,
    out: Out<'_>,
) -> Result<(), Failure> {
    let mut teller = Teller::of(mode);
    let mut answered = Answered::default();
    let mut left = false;
    let mut held_since: Option<Instant> = None;
    teller.head(&handle.board(), out)?;
    // What was asked before this process took the run may not be asked any more: the first board of ours says.
    let mut goes_on = handle.changed().await;
    while goes_on {
        let board = handle.board();
        if !script.silent {
            teller.tell(&board, handle.remark().map(|remark| remark.text().to_owned()), out)?;
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
        goes_on = handle.changed().await;
    }
    teller.tell(&handle.board(), None, out)
}

/// The questions that were answered, each with the moment.
#[derive(Default)]
struct Answered(Vec<(Need, Instant)>);

impl Answered {
    /// Forgets what is not asked any more.
    fn look(&mut self, board: &Board) {
        self.0.retain(|(need, _)| board.needs.contains(need));
    }

    fn at(&self, need: &Need) -> Option<Instant> {
        self.0.iter().find(|(known, _)| known == need).map(|(_, at)| *at)
    }
}

/// Does what the board asks for. Returns whether the run is left: nothing will happen by itself that could be waited for.
fn step(
    board: &Board,
    script: &Script,
    answered: &mut Answered,
    handle: &Handle,
    timer: &dyn Timer,
    out: Out<'_>,
) -> Result<bool, Failure> {
    if is_paused(board) {
        // Somebody else asked for it, and nobody is here who could let it go on.
        handle.ask(Ask::Leave);
        return Ok(true);
    }
    answered.look(board);
    let mut waits = board.busy;
    let mut open: Vec<&Need> = Vec::new();
    for need in &board.needs {
        match (answered.at(need), script.answer(need)) {
            // An answer that was refused changes nothing, however long one waits.
            (Some(at), _) if at.elapsed() > TAKEN => open.push(need),
            (Some(_), _) => waits = true,
            (None, Some(ask)) => {
                answered.0.push((need.clone(), Instant::now()));
                handle.ask(ask);
                waits = true;
            }
            (None, None) => open.push(need),
        }
    }
    waits |= board.due.is_some_and(|due| timer.host_wait(due) <= SIT_OUT);
    if waits || (open.is_empty() && board.due.is_none()) {
        return Ok(false);
    }
    if let Some(due) = board.due.filter(|_| open.is_empty()) {
        if !script.silent {
            writeln!(out, "The run waits until {}; it is parked.", due.minute())?;
        }
        handle.ask(Ask::Park { why: PauseReason::Parked });
        return Ok(true);
    }
    if !script.silent {
        for need in open {
            show(need, board, out)?;
        }
        writeln!(out, "Nobody is here to answer; the run is paused.")?;
    }
    handle.ask(Ask::Park { why: PauseReason::Unanswered });
    Ok(true)
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

    fn field(name: &str, headless: Option<&str>, default: Option<&str>) -> FormField {
        FormField {
            name: name.into(),
            description: String::new(),
            wanted: "text".into(),
            choices: Vec::new(),
            default: default.map(Into::into),
            headless: headless.map(Into::into),
            entry: Entry::Typed,
        }
    }

    #[test]
    fn a_manual_step_is_done_by_its_answers_or_by_what_the_runbook_names_and_never_by_defaults_alone() {
        let said = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let fields = |pairs: &[(&str, &str)]| Some(said(pairs).into_iter().collect::<Vec<_>>());
        let (owner, team) = (field("owner", None, None), field("team", Some("nobody"), None));
        let both = [owner.clone(), team.clone()];
        assert_eq!(filled(&both, Some(&said(&[("owner", "o")]))), fields(&[("owner", "o"), ("team", "nobody")]));
        assert_eq!(filled(&both, Some(&said(&[]))), None, "the owner is open");
        assert_eq!(filled(&[team], None), fields(&[("team", "nobody")]));
        assert_eq!(filled(&[field("note", None, Some("none"))], None), None, "nobody has said that it is done");
        assert_eq!(filled(&[field("note", None, Some("none"))], Some(&said(&[]))), Some(Vec::new()));
        assert_eq!(filled(&[], None), None);
        assert_eq!(
            filled(&[], Some(&said(&[("x", "y")]))),
            fields(&[("x", "y")]),
            "a mistake is told, not passed over"
        );
    }
}
