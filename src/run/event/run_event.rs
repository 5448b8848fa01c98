use serde::{Deserialize, Serialize};

use super::{Adhoc, Consent, ConsentBy, Intent, PauseReason, Preparation, ReconciledBy, RunEnd, StepEnd};
use crate::base::{AttemptId, Commitment, Digest, InstanceId, Timestamp, Value};
use crate::effect::{Failure, Field, Handle, ProbeVerdict, Verdict};
use crate::plan::{Input, Item, Plan};

/// What happened in a run. Only the run's holder writes these, and together they are the run: nothing else is state.
///
/// An event is durable before anything that follows from it is done. Order within a run is the order of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum Event {
    /// The run exists. Always the first; guarantees that nothing was sent before.
    #[serde(rename = "run.planned")]
    Planned {
        /// The bound graph: what will run, whatever happens to the file.
        plan: Box<Plan>,
        /// The digest of the plan: revision, inputs, environment and graph.
        digest: Digest,
    },
    /// A process holds the run. From here on, an intent of an older fence without outcome or acceptance is in doubt.
    #[serde(rename = "run.taken")]
    Taken {
        /// One more than the last fence of this run; the first is 1.
        fence: u64,
        /// The holder's process id, for a person to look at.
        pid: u32,
    },
    /// A drill stands ready: what it is to show is fixed, and what it is about is broken. No step begins before.
    #[serde(rename = "run.prepared")]
    Prepared(Box<Preparation>),
    /// Nothing new is started; what is in flight goes on.
    #[serde(rename = "run.paused")]
    Paused {
        /// Why.
        why: PauseReason,
    },
    /// The run goes on after a pause.
    #[serde(rename = "run.continued")]
    Continued,
    /// The run is to end: nothing new is started, what is in flight is waited for.
    #[serde(rename = "run.aborting")]
    Aborting {
        /// Why, in the person's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
        /// Whether what stands is to be undone before the run ends.
        #[serde(default, skip_serializing_if = "is_false")]
        undo: bool,
    },
    /// Nothing is in flight any more, and what stands is undone, as far as it can be.
    #[serde(rename = "run.rolling_back")]
    RollingBack {
        /// The instances, in the order in which they are undone.
        steps: Vec<InstanceId>,
    },
    /// A command outside the runbook was performed during the run: a deviation. What it said stands with it as evidence.
    #[serde(rename = "run.adhoc")]
    Adhoc(Adhoc),
    /// A request from elsewhere was not granted; nothing has changed.
    #[serde(rename = "run.declined")]
    Declined {
        /// Why, as a sentence.
        why: String,
    },
    /// The run has ended. Always the last event of a run but for notes.
    #[serde(rename = "run.finished")]
    Finished {
        /// How.
        end: RunEnd,
        /// Instances that are still in doubt; an abort never hides them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        in_doubt: Vec<InstanceId>,
        /// Instances whose effects stand and were not undone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        standing: Vec<InstanceId>,
    },
    /// A `for_each` has its items. They are fixed from here on; a list that changes later is drift.
    #[serde(rename = "step.expanded")]
    Expanded {
        /// The group.
        step: InstanceId,
        /// The items, in the order in which they run.
        items: Vec<Item>,
    },
    /// A nested runbook begins with these inputs.
    #[serde(rename = "step.entered")]
    Entered {
        /// The instance of the `runbook` step.
        step: InstanceId,
        /// All of its inputs; a secret is a reference.
        inputs: Vec<Input>,
    },
    /// A step can start. If it changes anything, this says exactly what is to be consented to.
    #[serde(rename = "step.readied")]
    Readied {
        /// The step, or the group of a `for_each`.
        step: InstanceId,
        /// What is asked; nothing for a step that only reads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consent: Option<Consent>,
    },
    /// A person consented to the digest that was shown, or a headless run did so by its options.
    #[serde(rename = "step.confirmed")]
    Confirmed {
        /// The step or group.
        step: InstanceId,
        /// The digest that was shown; equal to that of the last `step.readied`.
        digest: Digest,
        /// How.
        how: ConsentBy,
    },
    /// What was observed has changed since the consent, which is void: the step is asked for anew.
    #[serde(rename = "step.drifted")]
    Drifted {
        /// The instance that drifted.
        step: InstanceId,
        /// The fields that were consented to.
        before: Vec<Field>,
        /// The fields just before sending.
        now: Vec<Field>,
    },
    /// The step waits for a time of the estate's clock; no process needs to live until then.
    #[serde(rename = "step.waiting")]
    Waiting {
        /// The step.
        step: InstanceId,
        /// When it is due.
        until: Timestamp,
    },
    /// A certain failure is tried again by itself, under the consent that was given, at a time of the estate's clock.
    #[serde(rename = "step.backing_off")]
    BackingOff {
        /// The instance.
        step: InstanceId,
        /// When.
        until: Timestamp,
        /// Why it failed, where no effect event has said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The time has come for which an instance backed off.
    #[serde(rename = "step.due")]
    Due {
        /// The instance.
        step: InstanceId,
    },
    /// A step takes longer than its `timeout` says. Nothing is stopped by that; somebody is told.
    #[serde(rename = "step.overdue")]
    Overdue {
        /// The instance.
        step: InstanceId,
    },
    /// A person wants a step left out: a deviation.
    #[serde(rename = "step.skipped")]
    Skipped {
        /// The instance, or the group for all that has not ended.
        step: InstanceId,
        /// Why, in the person's words.
        reason: Commitment,
    },
    /// A person declares that what a step is for is so, although the step does not say so: a deviation.
    #[serde(rename = "step.overridden")]
    Overridden {
        /// The instance.
        step: InstanceId,
        /// Why, in the person's words.
        reason: Commitment,
        /// What it gives to later steps, as the person says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Value>,
    },
    /// The entries of an instance's `undo` are done now, as steps of their own.
    #[serde(rename = "step.undoing")]
    Undoing {
        /// The instance.
        step: InstanceId,
        /// Its attempt in doubt, if it is that which is undone. It keeps its lock keys until the doubt ends, and only what
        /// undoes it may be about the same target.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doubted: Option<AttemptId>,
    },
    /// Nothing is left to do of an instance's undo.
    #[serde(rename = "step.undone")]
    Undone {
        /// The instance.
        step: InstanceId,
        /// Whether a person left some of it undone: then its effect counts as standing.
        #[serde(default, skip_serializing_if = "is_false")]
        partly: bool,
    },
    /// A check was made whose verdict differs from the last one, or which ends the looking.
    #[serde(rename = "step.checked")]
    Checked {
        /// The instance.
        step: InstanceId,
        /// Which of its checks, from 0.
        index: u32,
        /// The verdict.
        verdict: Verdict,
    },
    /// A person, or a headless value, decided a gate or reported a manual step done.
    #[serde(rename = "step.decided")]
    Decided {
        /// The step.
        step: InstanceId,
        /// The choice; `done` for a manual step.
        choice: String,
        /// Who.
        how: ConsentBy,
    },
    /// A failed instance is tried again. An effect that is known to have happened is not sent again: only what came
    /// after it is repeated.
    #[serde(rename = "step.retried")]
    Retried {
        /// The instance.
        step: InstanceId,
    },
    /// The instance has ended.
    #[serde(rename = "step.finished")]
    StepFinished {
        /// The instance.
        step: InstanceId,
        /// How.
        end: StepEnd,
        /// Why, where it is not the ordinary end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// What it gave, where no effect event has said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Value>,
    },
    /// An attempt begins. Durable before a byte is sent; if this cannot be written, nothing is sent.
    #[serde(rename = "effect.intent")]
    Intent(Box<Intent>),
    /// The service accepted a long-running operation; it is polled at this address by whoever holds the run.
    #[serde(rename = "effect.accepted")]
    Accepted {
        /// The instance.
        step: InstanceId,
        /// The attempt.
        attempt: AttemptId,
        /// Where to ask.
        handle: Handle,
    },
    /// The operation's status has changed, or it can no longer, or again, be followed.
    #[serde(rename = "effect.progressed")]
    Progressed {
        /// The instance.
        step: InstanceId,
        /// The attempt.
        attempt: AttemptId,
        /// The service's word; or why the operation cannot be followed just now.
        status: String,
        /// No useful answer comes. That says nothing about the operation itself.
        #[serde(default, skip_serializing_if = "is_false")]
        unreachable: bool,
    },
    /// The effect happened.
    #[serde(rename = "effect.succeeded")]
    Succeeded {
        /// The instance.
        step: InstanceId,
        /// The attempt.
        attempt: AttemptId,
        /// The row's outputs.
        outputs: Value,
    },
    /// The effect was refused, or its operation came to a bad end and may have been carried out in part.
    #[serde(rename = "effect.failed")]
    Failed {
        /// The instance.
        step: InstanceId,
        /// The attempt.
        attempt: AttemptId,
        /// Why.
        failure: Failure,
    },
    /// The effect may have happened. It is never sent again before a probe or a person has spoken.
    #[serde(rename = "effect.in_doubt")]
    InDoubt {
        /// The instance.
        step: InstanceId,
        /// The attempt.
        attempt: AttemptId,
        /// Why, as a sentence.
        why: String,
        /// The service said yes, but its answer could not be read: then no trace does not mean that it did not happen.
        #[serde(default, skip_serializing_if = "is_false")]
        said_yes: bool,
    },
    /// A probe or a person spoke about an effect in doubt.
    #[serde(rename = "effect.reconciled")]
    Reconciled {
        /// The instance.
        step: InstanceId,
        /// The attempt.
        attempt: AttemptId,
        /// Who spoke.
        by: ReconciledBy,
        /// What was said.
        verdict: ProbeVerdict,
        /// The doubt stays, with its keys, until a person speaks: the probe does not know, or its word is not enough for
        /// what must not be done twice.
        #[serde(default, skip_serializing_if = "is_false")]
        open: bool,
        /// Why a person said so, in the person's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Commitment>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Event {
    /// The attempt whose outcome becomes known by this event, and whose lock keys are free from then on. An attempt that was
    /// merely accepted, or is in doubt, keeps its keys, also while it is undone.
    pub const fn settled(&self) -> Option<AttemptId> {
        match self {
            Self::Succeeded { attempt, .. }
            | Self::Failed { attempt, .. }
            | Self::Reconciled { attempt, open: false, .. } => Some(*attempt),
            _ => None,
        }
    }
}

impl Event {
    /// The kind, as the journal says it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Planned { .. } => "run.planned",
            Self::Taken { .. } => "run.taken",
            Self::Prepared(_) => "run.prepared",
            Self::Paused { .. } => "run.paused",
            Self::Continued => "run.continued",
            Self::Aborting { .. } => "run.aborting",
            Self::RollingBack { .. } => "run.rolling_back",
            Self::Adhoc(_) => "run.adhoc",
            Self::Declined { .. } => "run.declined",
            Self::Finished { .. } => "run.finished",
            Self::Expanded { .. } => "step.expanded",
            Self::Entered { .. } => "step.entered",
            Self::Readied { .. } => "step.readied",
            Self::Confirmed { .. } => "step.confirmed",
            Self::Drifted { .. } => "step.drifted",
            Self::Waiting { .. } => "step.waiting",
            Self::BackingOff { .. } => "step.backing_off",
            Self::Due { .. } => "step.due",
            Self::Overdue { .. } => "step.overdue",
            Self::Skipped { .. } => "step.skipped",
            Self::Overridden { .. } => "step.overridden",
            Self::Undoing { .. } => "step.undoing",
            Self::Undone { .. } => "step.undone",
            Self::Checked { .. } => "step.checked",
            Self::Decided { .. } => "step.decided",
            Self::Retried { .. } => "step.retried",
            Self::StepFinished { .. } => "step.finished",
            Self::Intent(_) => "effect.intent",
            Self::Accepted { .. } => "effect.accepted",
            Self::Progressed { .. } => "effect.progressed",
            Self::Succeeded { .. } => "effect.succeeded",
            Self::Failed { .. } => "effect.failed",
            Self::InDoubt { .. } => "effect.in_doubt",
            Self::Reconciled { .. } => "effect.reconciled",
        }
    }
}
