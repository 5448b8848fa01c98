use std::collections::BTreeMap;
use std::io::Write;

use super::deliver::deliver;
use super::post::{Post, files, payload};
use super::step::{step, step_or_group};
use crate::base::{InstanceId, Value, did_you_mean};
use crate::cli::args::{Again, Answer, Override, Resolve, Resolved, Skip};
use crate::cli::setting::Terminal;
use crate::cli::{Exit, Failure, Setting};
use crate::effect::Files as _;
use crate::engine::Word;
use crate::journal::{Payload, text_digest};
use crate::projection::{self, Board, Choice, Entry, FormField, Question};
use crate::run::{Instance, Request, Resolution};

/// Answers a gate, or reports a manual step done.
pub(crate) async fn answer(setting: &Setting, args: &Answer, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (said, fields) = args.choice()?;
    let post = Post::find_open(setting, &args.of.run)?;
    let id = step(&post.state, &args.of.step)?;
    let board = Board::of(&post.state, &[], "", post.state.changed);
    let choices: &[Choice] = match board.need_of(&id).map(|need| &need.question) {
        Some(Question::Choose { choices, .. }) => choices,
        Some(Question::Acknowledge { .. } | Question::ReadBack { .. }) => {
            let hint = format!("consent is given where all of it is shown: `callout resume {}`", post.short());
            return Err(Failure::usage(format!("`{id}` asks for consent")).hint(hint));
        }
        None => &[],
    };
    let decisions = || {
        choices.iter().filter_map(|choice| match &choice.answer {
            projection::Answer::Decide(word) => Some((word.as_str(), choice)),
            _ => None,
        })
    };
    let names = || decisions().map(|(word, _)| word).collect::<Vec<_>>();
    let word = match (said, names().as_slice()) {
        (Some(said), _) => said,
        (None, [only]) => *only,
        (None, []) => "done",
        (None, all) => {
            return Err(Failure::usage(format!("`{id}` is a gate: say what is decided"))
                .hint(format!("its choices are {}", all.join(", "))));
        }
    };
    let form = decisions().find(|(known, _)| *known == word).map(|(_, choice)| choice.form.as_slice());
    if let (None, false) = (form, names().is_empty()) {
        let near = did_you_mean(word, names()).map(|near| format!("did you mean `{near}`?"));
        let hint = near.unwrap_or_else(|| format!("its choices are {}", names().join(", ")));
        return Err(Failure::usage(format!("`{word}` is not a choice of `{id}`")).hint(hint));
    }
    let (fields, texts) = filled(setting, form.unwrap_or_default(), fields)?;
    let request = Request::Decide { step: id.clone(), choice: word.to_owned(), fields };
    deliver(post, Word { request, payloads: Vec::new(), texts }, out).await
}

/// What was filled in. A file is read here, where the person sits, and goes into the journal with the request.
fn filled(
    setting: &Setting,
    form: &[FormField],
    given: Vec<(String, String)>,
) -> Result<(Option<Value>, Vec<String>), Failure> {
    let is_file = |name: &str| form.iter().any(|field| field.name == name && field.entry == Entry::File);
    let mut fields = BTreeMap::new();
    let mut texts = Vec::new();
    for (name, text) in given {
        let value = if is_file(&name) {
            let evidence = files(setting).take_in(&text).map_err(Failure::usage)?;
            let value = evidence.value(text_digest(&evidence.text));
            texts.push(evidence.text);
            value
        } else {
            Value::Text(text)
        };
        fields.insert(name, value);
    }
    Ok(((!fields.is_empty()).then_some(Value::Record(fields)), texts))
}

/// Leaves a step out.
pub(crate) async fn skip(setting: &Setting, args: &Skip, out: &mut dyn Write) -> Result<Exit, Failure> {
    let post = Post::find_open(setting, &args.of.run)?;
    let reason = reason(&args.reason)?;
    let request = Request::Skip { step: step_or_group(&post.state, &args.of.step)?, reason: reason.commitment.clone() };
    deliver(post, Word { request, payloads: vec![reason], texts: Vec::new() }, out).await
}

/// Counts a step as succeeded.
pub(crate) async fn override_step(setting: &Setting, args: &Override, out: &mut dyn Write) -> Result<Exit, Failure> {
    let outputs = outputs(args.outputs()?);
    let post = Post::find_open(setting, &args.of.run)?;
    let (step, reason) = (step(&post.state, &args.of.step)?, reason(&args.reason)?);
    let request = Request::Override { step, reason: reason.commitment.clone(), outputs };
    deliver(post, Word { request, payloads: vec![reason], texts: Vec::new() }, out).await
}

/// Tries a failed step again.
pub(crate) async fn retry(setting: &Setting, args: &Again, out: &mut dyn Write) -> Result<Exit, Failure> {
    let post = Post::find_open(setting, &args.of.run)?;
    let step = step(&post.state, &args.of.step)?;
    again(post, args, Request::Retry { step }, out).await
}

/// Undoes a step that has failed, or is in doubt.
pub(crate) async fn undo(setting: &Setting, args: &Again, out: &mut dyn Write) -> Result<Exit, Failure> {
    let post = Post::find_open(setting, &args.of.run)?;
    let step = step(&post.state, &args.of.step)?;
    let doubted = post.state.in_doubt().contains(&step);
    let request = if doubted { doubt(&post, step, Resolution::Undo { reason: None }) } else { Request::Undo { step } };
    again(post, args, request, out).await
}

/// A word that needs no reason; if there is one, it stands as a note before it.
async fn again(mut post: Post<'_>, args: &Again, request: Request, out: &mut dyn Write) -> Result<Exit, Failure> {
    if let Some(text) = &args.reason {
        reason(text)?;
        let now = post.clock().await?.now;
        crate::engine::allows(&post.state, &request, now)?;
        post.note(&format!("{}: {text}", args.of.step)).await?;
    }
    deliver(post, Word { request, payloads: Vec::new(), texts: Vec::new() }, out).await
}

/// Says what became of an effect in doubt. A run that has ended with a doubt hears this too.
pub(crate) async fn resolve(setting: &Setting, args: &Resolve, out: &mut dyn Write) -> Result<Exit, Failure> {
    let outputs = outputs(args.outputs()?);
    let post = Post::find(setting, &args.of.run)?;
    let step = step(&post.state, &args.of.step)?;
    if outputs.is_some() && !matches!(args.word, Resolved::Adopt | Resolved::ByHand) {
        return Err(Failure::usage("values are given only with `adopt` and `by-hand`"));
    }
    // The read-back stands for the consent that the first sending had.
    if args.word == Resolved::DidNot && post.state.plan.place.protected && setting.input == Terminal::No {
        let what = "in a protected environment this is said by a person at a terminal, and by nobody else";
        return Err(Failure::new(Exit::Refused, what));
    }
    // No event of these two has room for a reason.
    let unexplained = match args.word {
        Resolved::GiveUp => Some(Resolution::GiveUp),
        Resolved::Undo => Some(Resolution::Undo { reason: None }),
        Resolved::Adopt | Resolved::DidNot | Resolved::ByHand => None,
    };
    if let Some(word) = unexplained {
        let again = Again { of: args.of.clone(), reason: args.reason.clone() };
        let request = doubt(&post, step, word);
        return self::again(post, &again, request, out).await;
    }
    let payloads: Vec<Payload> = args.reason.as_deref().map(reason).transpose()?.into_iter().collect();
    let reason = payloads.first().map(|payload| payload.commitment.clone());
    let word = match (args.word, reason) {
        (Resolved::Adopt, reason) => Resolution::Adopt { outputs, reason },
        (Resolved::DidNot, reason) => Resolution::DidNot { typed: args.typed.clone(), reason },
        (Resolved::ByHand, Some(reason)) => Resolution::ByHand { outputs, reason },
        (Resolved::ByHand, None) => {
            return Err(Failure::usage("what was done by hand is a deviation, and needs `--reason TEXT`"));
        }
        (Resolved::Undo, reason) => Resolution::Undo { reason },
        (Resolved::GiveUp, _) => Resolution::GiveUp,
    };
    let request = doubt(&post, step, word);
    deliver(post, Word { request, payloads, texts: Vec::new() }, out).await
}

/// A word on the attempt of a step that is in doubt now.
fn doubt(post: &Post<'_>, step: InstanceId, word: Resolution) -> Request {
    let last = post.state.instance(&step).and_then(Instance::last);
    Request::Resolve { attempt: last.map(|attempt| attempt.intent.attempt), step, word }
}

/// Values as they were typed; the run knows their types.
fn outputs(given: Vec<(String, String)>) -> Option<Value> {
    let outputs: BTreeMap<String, Value> = given.into_iter().map(|(name, text)| (name, Value::Text(text))).collect();
    (!outputs.is_empty()).then_some(Value::Record(outputs))
}

/// Why, in the person's words.
///
/// # Errors
/// It says nothing.
fn reason(text: &str) -> Result<Payload, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage("the reason is empty").hint("say why, for whoever reads the record later"));
    }
    payload(text)
}
