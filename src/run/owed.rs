use super::decide::bound;
use super::state::{Awaiting, Instance, Phase, RunPhase, RunState, Standing, checks};
use crate::base::{AttemptId, InstanceId, Span, Timestamp};
use crate::effect::{Call, Errand, Field, Handle};
use crate::plan;
use crate::runbook::StepKind;

/// What a run owes to the world as it stands. A function of the state alone: whoever folds the journal owes the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Observe the targets of a step, so that consent can be asked for.
    Observe {
        /// The step or group.
        step: InstanceId,
        /// Each instance with its call.
        calls: Vec<(InstanceId, Bindable)>,
    },
    /// Observe a target again, and begin.
    Begin {
        /// The instance.
        step: InstanceId,
        /// Its call.
        call: Bindable,
    },
    /// Send what the intent says. Only a process that wrote the intent under the present fence may do so, once.
    Send {
        /// The attempt.
        attempt: AttemptId,
        /// What is sent, or why that cannot be worked out: then nothing is.
        errand: Result<Box<Errand>, String>,
        /// Whether an earlier attempt of the same step is, or was, in doubt.
        doubted: bool,
    },
    /// Ask how an accepted operation stands.
    Poll {
        /// The attempt.
        attempt: AttemptId,
        /// Where.
        handle: Handle,
    },
    /// Find out whether an effect in doubt happened.
    Probe {
        /// The attempt.
        attempt: AttemptId,
        /// What was asked for.
        call: Bindable,
        /// When it was sent.
        sent_at: Timestamp,
        /// What was observed before.
        before: Vec<Field>,
    },
    /// Perform an action that only reads.
    Read {
        /// The instance.
        step: InstanceId,
        /// Its call.
        call: Bindable,
    },
    /// Make a check.
    Look {
        /// The instance.
        step: InstanceId,
        /// Which of its checks.
        index: u32,
        /// The check's operation and arguments.
        call: Bindable,
        /// How long to wait between two looks.
        every: Option<Span>,
    },
    /// Wait for a time of the estate's clock.
    Wait {
        /// The instance.
        step: InstanceId,
        /// Until when.
        until: Timestamp,
    },
}

/// A call, or why it cannot be worked out; the run says so then, instead of owing nothing and asking nothing.
pub type Bindable = Result<Call, String>;

/// What is owed as the run stands.
///
/// Intents under the present fence are owed their sending: the caller must see to it that each is started once.
pub fn owed(state: &RunState) -> Vec<Command> {
    let mut commands: Vec<Command> = state.instances().filter_map(|instance| in_flight(state, instance)).collect();
    if state.phase == RunPhase::Running && commands.is_empty() {
        commands.extend(next(state));
    }
    commands
}

/// What an instance owes whatever the run's phase: an answer is taken, an operation followed, a doubt looked into. A
/// paused run asks nobody but those who have begun.
fn in_flight(state: &RunState, instance: &Instance) -> Option<Command> {
    let attempt = instance.last()?;
    let id = attempt.intent.attempt;
    let given_up = instance.phase == Phase::Failed;
    match &attempt.standing {
        Standing::Open if attempt.fence == state.fence => Some(Command::Send {
            attempt: id,
            errand: bound(state, &instance.id)
                .map(|bound| Box::new(Errand { call: bound.call, request: bound.request })),
            doubted: instance.was_doubted(),
        }),
        Standing::Accepted { handle, .. } => Some(Command::Poll { attempt: id, handle: handle.clone() }),
        Standing::InDoubt { probed: None, .. } if !given_up && !matches!(state.phase, RunPhase::Paused(_)) => {
            probe(state, instance)
        }
        _ => None,
    }
}

/// The probe of an instance's last attempt, also where a person has to decide by now.
pub fn probe(state: &RunState, instance: &Instance) -> Option<Command> {
    let attempt = instance.last().filter(|attempt| matches!(attempt.standing, Standing::InDoubt { .. }))?;
    Some(Command::Probe {
        attempt: attempt.intent.attempt,
        call: call_of(state, &instance.id),
        sent_at: attempt.sent_at,
        before: attempt.intent.before.clone(),
    })
}

fn call_of(state: &RunState, id: &InstanceId) -> Bindable {
    bound(state, id).map(|bound| bound.call)
}

/// What the instance owes at which the run is.
fn next(state: &RunState) -> Option<Command> {
    let group = state.current()?;
    let instance = group.current()?;
    let step = state.step(group)?;
    let id = instance.id.clone();
    match instance.phase {
        Phase::Pending if group.expanded && matches!(step.kind, StepKind::Action(_)) => {
            let open = group.instances.iter().filter(|instance| instance.phase == Phase::Pending);
            let calls = open.map(|instance| (instance.id.clone(), call_of(state, &instance.id)));
            Some(Command::Observe { step: group.id(), calls: calls.collect() })
        }
        Phase::Ready => Some(Command::Begin { call: call_of(state, &id), step: id }),
        Phase::Awaiting(Awaiting::Time(until)) => Some(Command::Wait { step: id, until }),
        Phase::Running => {
            if let StepKind::Action(_) = &step.kind
                && instance.outputs.is_none()
                && instance.attempts.is_empty()
            {
                return Some(Command::Read { call: call_of(state, &id), step: id });
            }
            look(state, instance)
        }
        _ => None,
    }
}

fn look(state: &RunState, instance: &Instance) -> Option<Command> {
    let step = state.step(state.group_of(&instance.id)?)?;
    let all = checks(step);
    let index = instance.next_check(all.len())?;
    let check = all.get(index as usize)?;
    let outputs = state.outputs();
    let call = plan::bind(&check.call, &state.names(&outputs, instance)).map(|bound| bound.call);
    Some(Command::Look {
        step: instance.id.clone(),
        index,
        call: call.map_err(|why| why.to_string()),
        every: check.until.map(|until| until.every),
    })
}

/// The reads that an observation of a call takes.
pub fn observation(call: &Call) -> Vec<Call> {
    change(call).map(|change| (change.observe)(&call.args)).unwrap_or_default()
}

/// The observed fields, from the outputs of those reads, by name: the order in which a service lists them is no drift.
pub fn fields(call: &Call, seen: &[crate::base::Value]) -> Vec<Field> {
    let mut fields = change(call).map(|change| (change.observed)(&call.args, seen)).unwrap_or_default();
    fields.sort();
    fields
}

fn change(call: &Call) -> Option<&'static crate::effect::ChangeFacts> {
    crate::effect::find(&call.action).and_then(|row| row.change.as_ref())
}
