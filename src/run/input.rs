use crate::base::{AttemptId, Commitment, Digest, InstanceId, Timestamp, Value};
use crate::effect::{Failure, Field, Meaning, ProbeVerdict, Progress, Verdict};

use super::{Adhoc, ConsentBy, PauseReason, Preparation, Resolution};

/// What people, hands and the clock tell a run. None of it is state: what comes of it is events.
#[derive(Clone, Debug)]
pub enum Input {
    /// Nothing but the question whether the run can go on by itself. Asked until nothing comes of it.
    Proceed,
    /// This process took the run's lease. A pause stays until somebody lets the run go on.
    Take {
        /// Its process id.
        pid: u32,
    },
    /// A drill stands ready.
    Prepare(Box<Preparation>),
    /// A step was observed, so that consent can be asked for.
    Observed {
        /// The step or group.
        step: InstanceId,
        /// What was seen of each instance, or which could not be observed, and why.
        seen: Observation,
    },
    /// An instance was observed again just before sending.
    Begin {
        /// The instance.
        step: InstanceId,
        /// A new attempt's id.
        attempt: AttemptId,
        /// What was seen, or why nothing was.
        seen: Result<Vec<Field>, String>,
    },
    /// A hand came back from sending.
    Answered {
        /// The attempt.
        attempt: AttemptId,
        /// What its report means.
        meaning: Meaning,
    },
    /// An accepted operation was asked about.
    Polled {
        /// The attempt.
        attempt: AttemptId,
        /// How it stands.
        progress: Progress,
    },
    /// An effect in doubt was probed.
    Probed {
        /// The attempt.
        attempt: AttemptId,
        /// What the probe says.
        verdict: ProbeVerdict,
        /// When it began to look, by the estate's clock: what it saw is no younger, however late it says so.
        asked_at: Timestamp,
    },
    /// A check was made.
    Looked {
        /// The instance.
        step: InstanceId,
        /// Which of its checks.
        index: u32,
        /// The verdict.
        verdict: Verdict,
        /// What was read.
        outputs: Option<Value>,
    },
    /// An action that only reads came back.
    Read {
        /// The instance.
        step: InstanceId,
        /// Its outputs, or why there are none.
        outputs: Result<Value, Failure>,
    },
    /// The estate's clock shows the time that an instance waits for, or later.
    Due {
        /// The instance.
        step: InstanceId,
    },
    /// Somebody consents to what was shown.
    Consent {
        /// The step or group.
        step: InstanceId,
        /// The digest that was shown.
        digest: Digest,
        /// What was typed.
        typed: Option<String>,
        /// How.
        how: ConsentBy,
    },
    /// Somebody decides a gate, or reports a manual step done.
    Decide {
        /// The step.
        step: InstanceId,
        /// The choice; `done` for a manual step.
        choice: String,
        /// What was filled in, by the names of a manual step's fields.
        fields: Option<Value>,
        /// How.
        how: ConsentBy,
    },
    /// A person speaks about an effect in doubt.
    Resolve {
        /// The instance.
        step: InstanceId,
        /// What is said.
        word: Resolution,
    },
    /// A person wants a failed instance tried again.
    Retry {
        /// The instance.
        step: InstanceId,
    },
    /// A person wants a step left out.
    Skip {
        /// The instance, or the group for all of it that has not ended.
        step: InstanceId,
        /// Why.
        reason: Commitment,
    },
    /// A person declares that what a step is for is so.
    Override {
        /// The instance.
        step: InstanceId,
        /// Why.
        reason: Commitment,
        /// What it gives to later steps.
        outputs: Option<Value>,
    },
    /// A person wants a step undone.
    Undo {
        /// The instance.
        step: InstanceId,
    },
    /// A command outside the runbook was performed.
    Adhoc(Adhoc),
    /// Somebody wants nothing new to be started.
    Pause {
        /// Why.
        why: PauseReason,
    },
    /// Somebody wants the run to go on.
    Continue,
    /// Somebody wants the run to end.
    Abort {
        /// Why.
        reason: Option<Commitment>,
        /// Whether what stands is to be undone before.
        undo: bool,
    },
}

/// The observed fields of each instance, or the instance that could not be observed, and why.
pub type Observation = Result<Vec<(InstanceId, Vec<Field>)>, (InstanceId, String)>;
