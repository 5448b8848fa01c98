use super::assumed::rehearses;
use super::decide::{bound, may_begin};
use super::nesting::is_active;
use super::state::{Awaiting, Group, Instance, Phase, RunPhase, RunState, Scope, Standing, checks};
use super::turn::{Turn, turn};
use super::undo;
use crate::base::{AttemptId, InstanceId, Span, Timestamp};
use crate::effect::{Call, Errand, Field, Handle};
use crate::plan;
use crate::runbook::{CheckSpec, Step, StepKind};

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
        /// The check that the runbook has for the case that the operation's own probe cannot tell.
        check: Option<Bindable>,
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
    let instances = state.scopes().flat_map(Scope::instances);
    let mut commands: Vec<Command> = instances.filter_map(|instance| in_flight(state, instance)).collect();
    let rolls_back = state.phase == RunPhase::RollingBack;
    let runs = state.phase == RunPhase::Running && !state.is_unprepared();
    if runs || rolls_back {
        let active = state.scopes().filter(|scope| is_active(state, scope));
        for scope in active.filter(|scope| !rolls_back || undo::is_next(state, scope.path.as_ref())) {
            for at in (0..scope.groups.len()).filter(|at| turn(scope, *at) == Turn::Now) {
                next(state, &scope.groups[at], scope.step(at), &mut commands);
            }
        }
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
        check: state.step_of(&instance.id)?.probe.as_ref().map(|check| bind_check(state, instance, check)),
    })
}

fn bind_check(state: &RunState, instance: &Instance, check: &CheckSpec) -> Bindable {
    let outputs = state.outputs_near(&instance.id);
    plan::bind(&check.call, &state.names(&outputs, instance)).map(|bound| bound.call).map_err(|why| why.to_string())
}

fn call_of(state: &RunState, id: &InstanceId) -> Bindable {
    bound(state, id).map(|bound| bound.call)
}

/// What a group owes whose turn it is.
fn next(state: &RunState, group: &Group, step: &Step, commands: &mut Vec<Command>) {
    let changes = match &step.kind {
        StepKind::Action(spec) => crate::effect::find(&spec.action).is_none_or(|row| row.change.is_some()),
        _ => false,
    };
    let at_work: Vec<&Instance> = group.at_work(step).collect();
    let asks = changes && group.expanded && group.asked.is_none() && !rehearses(state);
    if asks && at_work.iter().any(|instance| instance.phase == Phase::Pending) {
        let open = group.instances.iter().filter(|instance| instance.phase == Phase::Pending);
        let calls = open.map(|instance| (instance.id.clone(), call_of(state, &instance.id)));
        commands.push(Command::Observe { step: group.id.clone(), calls: calls.collect() });
    }
    for instance in at_work {
        let id = instance.id.clone();
        commands.extend(match instance.phase {
            Phase::Ready if may_begin(state, instance) => Some(Command::Begin { call: call_of(state, &id), step: id }),
            Phase::Awaiting(Awaiting::Time(until) | Awaiting::Retry(until)) => Some(Command::Wait { step: id, until }),
            Phase::Running if matches!(step.kind, StepKind::Action(_)) && instance.attempts.is_empty() => {
                Some(Command::Read { call: call_of(state, &id), step: id })
            }
            Phase::Running if instance.attempts.is_empty() || instance.happened() => look(state, instance, step),
            _ => None,
        });
    }
}

fn look(state: &RunState, instance: &Instance, step: &Step) -> Option<Command> {
    let all = checks(step);
    let index = instance.next_check(all.len())?;
    let check = all.get(index as usize)?;
    Some(Command::Look {
        step: instance.id.clone(),
        index,
        call: bind_check(state, instance, check),
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
