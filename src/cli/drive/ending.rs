use std::io::Write;

use super::face::Face;
use super::headless::Script;
use super::held::Held;
use super::session::Session;
use super::start::{same_environment, same_place};
use super::wish::{Protection, Wish};
use crate::base::RunId;
use crate::cli::environment::{Reach, reach};
use crate::cli::text::printable;
use crate::cli::{Exit, Failure, Setting, args};
use crate::engine::Ask;
use crate::journal::Channel;
use crate::plan::Place;
use crate::runbook::{Environment, EstateKind};
use crate::world::Redactor;

/// How a run that nobody holds is ended. It can be ended in every state, whatever has become of its environment.
pub(crate) enum Ending {
    /// In its environment: somebody signs in, and what is in doubt is probed once more.
    Within(Box<Environment>),
    /// Apart from it: nobody signs in, nothing is sent or asked, and what is in doubt stays so.
    Apart {
        /// Why, as a lower-case sentence without its full stop.
        why: String,
    },
}

impl Ending {
    /// How a run of that place can be ended today.
    ///
    /// An environment that has moved to another tenant or subscription is not asked: the probes would go to the old
    /// addresses with the new one's token. Nor is one that a library brings along without being trusted.
    ///
    /// # Errors
    /// The run belongs to another environment than the one that was named, or there is none of that name.
    pub(crate) fn of(run: RunId, place: &Place, setting: &Setting) -> Result<Self, Failure> {
        match reach(setting)? {
            Reach::Open(environment) => {
                same_environment(run, place, &environment.name)?;
                match same_place(run, place, &environment) {
                    Err(moved) if environment.estate == EstateKind::Live => Ok(Self::Apart { why: moved.what }),
                    Ok(()) | Err(_) => Ok(Self::Within(Box::new(environment))),
                }
            }
            Reach::Closed { name, refusal } => {
                same_environment(run, place, &name)?;
                Ok(Self::Apart { why: refusal.what.trim_end_matches("; nothing was started").to_owned() })
            }
        }
    }
}

/// Ends a run that nobody holds: `callout abort` where there is no process to ask. If what stands is to be undone, somebody
/// confirms each undo, as any step that changes something.
///
/// # Errors
/// As `callout resume`; and the run is held by now.
pub(crate) async fn abort(
    run: RunId,
    ending: Ending,
    args: &args::Abort,
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let ask = Ask::Abort { reason: args.reason.clone(), undo: args.undo };
    let environment = match ending {
        Ending::Within(environment) => environment,
        Ending::Apart { .. } => {
            let held = Held::take_up(Session::apart(setting, Channel::Headless)?, run)?;
            held.engine.handle().ask(ask);
            return held.drive(Face::Headless(Script::silent()), setting, None, out).await;
        }
    };
    if !args.undo {
        let session = match Session::open(setting, &environment, Channel::Headless, redactor.clone()).await {
            Ok(session) => session,
            // A run can be ended while nobody can sign in: then nobody is asked about what is in doubt.
            Err(failure) if environment.estate == EstateKind::Live => {
                let session = Session::apart(setting, Channel::Headless)?;
                writeln!(out, "Nobody can sign in, and nothing is sent or probed: {}.", printable(&failure.what))?;
                session
            }
            Err(failure) => return Err(failure),
        };
        let held = Held::take_up(session, run)?;
        held.engine.handle().ask(ask);
        return held.drive(Face::Headless(Script::silent()), setting, environment.colour, out).await;
    }
    let wish = Wish::read(setting, &args.headless)?;
    let held = Held::take_up(Session::open(setting, &environment, wish.channel(), redactor.clone()).await?, run)?;
    let (digest, protection) =
        (held.engine.state().digest, Protection::of(&held.engine.state().plan.place, &environment));
    let face = wish.face(protection, &environment.policy, digest, setting.input)?;
    held.engine.handle().ask(ask);
    held.drive(face, setting, environment.colour, out).await
}
