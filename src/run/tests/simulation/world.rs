use std::collections::BTreeMap;

use super::super::*;
use super::chance::Chance;
use crate::effect::{self, Class, Progress, Reply, Sent, Type};

/// What truly happens, whatever anybody is told about it.
#[derive(Default)]
pub(super) struct World {
    sent: BTreeMap<AttemptId, Fate>,
    /// Whether anything is answered at all.
    pub(super) unreachable: bool,
    /// Whether everything is answered as it should be.
    pub(super) healthy: bool,
}

/// What becomes of something that was sent.
struct Fate {
    step: InstanceId,
    class: Class,
    /// When it takes effect; never, if it does not.
    applies: Option<Timestamp>,
    /// What the operation says in the end.
    operation: Operation,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Succeeds,
    Fails,
    GetsLost,
}

impl World {
    /// Takes a request, once, and says what the hand reports and what that means.
    pub(super) fn send(&mut self, chance: &mut Chance, attempt: &Attempt, doubted: bool, now: Timestamp) -> Meaning {
        let intent = &attempt.intent;
        let mut applies = None;
        let mut operation = Operation::Succeeds;
        let failing = |status: u16, retry_after: Option<Span>| {
            let body = serde_json::json!({"error": {"code": "Code", "message": "no"}});
            Sent::Answered(Reply { retry_after, ..Reply::json(status, body) })
        };
        let roll = if self.unreachable {
            99
        } else if self.healthy {
            0
        } else {
            chance.below(100)
        };
        let sent = match roll {
            0..50 => {
                applies = Some(now);
                Sent::Answered(Reply::empty(200))
            }
            50..58 => Sent::Lost { why: "lost on the way there".into() },
            58..66 => {
                applies = Some(now);
                Sent::Lost { why: "lost on the way back".into() }
            }
            66..70 => {
                applies = Some(now.after(Span::seconds(chance.up_to(25))));
                Sent::Lost { why: "lost, and done a little later".into() }
            }
            70..76 => failing(429, Some(Span::seconds(30 + chance.up_to(600)))),
            76..80 => failing(409, None),
            80..84 => {
                applies = chance.percent(50).then_some(now);
                failing(500, None)
            }
            84..88 => failing(403, None),
            88..91 => Sent::NeverSent { why: "no route".into() },
            91..98 => {
                operation = [Operation::Succeeds, Operation::Fails, Operation::GetsLost][chance.below(3)];
                let so = operation == Operation::Succeeds || chance.percent(30);
                applies = so.then_some(now);
                Sent::Answered(Reply { operation: Some(handle()), ..Reply::empty(202) })
            }
            _ => Sent::Lost { why: "no answer".into() },
        };
        let earlier = self
            .sent
            .insert(intent.attempt, Fate { step: intent.step.clone(), class: intent.class, applies, operation });
        assert!(earlier.is_none(), "the attempt {} was sent twice", intent.attempt);
        let readable = self.healthy || !chance.percent(5);
        effect::meaning(&sent, intent.class, doubted, |_| {
            if readable { Ok(outputs(&intent.action)) } else { Err(effect::Unreadable("version".into())) }
        })
    }

    pub(super) fn poll(&self, chance: &mut Chance, attempt: AttemptId) -> Progress {
        let Some(fate) = self.sent.get(&attempt).filter(|_| !self.unreachable) else {
            return Progress::Unreachable { why: "no route".into() };
        };
        match (chance.below(4), fate.operation) {
            (0, _) if !self.healthy => Progress::Running { status: "InProgress".into(), retry_after: Span::seconds(5) },
            (1, _) if !self.healthy => Progress::Unreachable { why: "503".into() },
            (_, Operation::Succeeds) => Progress::Succeeded,
            (_, Operation::Fails) => Progress::Failed(Failure::new("Conflict", "it came to a bad end")),
            (_, Operation::GetsLost) => Progress::Gone { why: "404".into() },
        }
    }

    /// What a probe sees: the truth of this moment, or nothing.
    pub(super) fn probe(&self, chance: &mut Chance, attempt: &Attempt, now: Timestamp) -> ProbeVerdict {
        let cannot_tell = attempt.intent.action == "webapp.restart";
        if self.unreachable || cannot_tell || (!self.healthy && chance.percent(20)) {
            return ProbeVerdict::Unknown { seen: "it cannot be told".into() };
        }
        match self.sent.get(&attempt.intent.attempt).and_then(|fate| fate.applies) {
            Some(applies) if applies <= now => {
                ProbeVerdict::Happened { outputs: outputs(&attempt.intent.action), seen: "the trace is there".into() }
            }
            _ => did_not(),
        }
    }

    /// What was observed: now and then it is another thing than before.
    pub(super) fn observe(&self, chance: &mut Chance) -> Vec<Field> {
        looks(if !self.healthy && chance.percent(8) { "v9" } else { "v1" })
    }

    pub(super) fn look(&self, chance: &mut Chance) -> Verdict {
        match chance.below(10) {
            _ if self.unreachable => Verdict::CannotObserve { seen: "no route".into() },
            _ if self.healthy => pass(),
            0..=5 => pass(),
            6 => Verdict::CannotObserve { seen: "no route".into() },
            _ => fail(),
        }
    }

    pub(super) fn read(&self, chance: &mut Chance) -> Result<Value, Failure> {
        if self.unreachable || (!self.healthy && chance.percent(25)) {
            return Err(Failure::not_sent("no route"));
        }
        Ok(outputs("keyvault.secret.versions"))
    }

    /// How often an effect of this step that must not be repeated has truly taken place, or still will.
    pub(super) fn done_at_most_once(&self) -> BTreeMap<&InstanceId, usize> {
        let mut done = BTreeMap::new();
        for fate in self.sent.values().filter(|fate| fate.class == Class::D && fate.applies.is_some()) {
            *done.entry(&fate.step).or_default() += 1;
        }
        done
    }
}

/// Outputs of the declared types.
pub(super) fn outputs(action: &str) -> Value {
    let row = effect::find(action).expect("the row exists");
    let value = |kind: Type| match kind {
        Type::Boolean => Value::Boolean(true),
        Type::Integer => Value::Integer(1),
        Type::List(_) => Value::List(Vec::new()),
        _ => Value::text("v2"),
    };
    Value::Record(row.outputs.iter().map(|output| (output.name.to_owned(), value(output.kind))).collect())
}
