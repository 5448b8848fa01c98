//! The journal port fails at every append of a run, one after the other: whatever could not be written was not done, and what
//! was written is enough to go on from.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use callout::base::{AttemptId, Digest, RunId, Seq, StepId, Value};
use callout::effect::{Errand, Handle, Hands, Sent};
use callout::engine::{Ask, Engine, EngineError, Ports, Stopped, Who};
use callout::journal::{
    Actor, AppendError, Authn, Batch, Channel, Entry, Fact, Journal, LogEvent, MemoryJournal, ReadError, StoreKind,
    Tool, Writer, decode,
};
use callout::plan::Plan;
use callout::projection::Question;
use callout::run::{Event, RunEnd};
use callout::world::{LocalFiles, Redactor};
use futures::StreamExt as _;

use crate::corpus::{self, examples};
use crate::world::bench::Bench;

/// A journal on a disk that is full from the nth append on.
struct Failing {
    inner: MemoryJournal,
    left: Arc<AtomicUsize>,
}

impl Journal for Failing {
    fn append(&mut self, batch: &Batch) -> Result<Vec<Entry>, AppendError> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return Err(AppendError::Full);
        }
        let entries = self.inner.append(batch)?;
        self.left.store(left - 1, Ordering::SeqCst);
        Ok(entries)
    }

    fn of_run(&mut self, run: RunId, from: Seq) -> Result<Vec<Entry>, ReadError> {
        self.inner.of_run(run, from)
    }

    fn changed(&mut self) -> Result<bool, ReadError> {
        self.inner.changed()
    }

    fn payload(&mut self, commit: &Digest) -> Result<Option<String>, ReadError> {
        self.inner.payload(commit)
    }
}

/// Hands that look into the journal before they send, as a stranger would.
struct Watched {
    inner: Arc<dyn Hands>,
    journal: MemoryJournal,
    sent: Mutex<Vec<AttemptId>>,
    unannounced: Mutex<Vec<AttemptId>>,
}

#[async_trait]
impl Hands for Watched {
    async fn send(&self, errand: &Errand, attempt: AttemptId) -> Sent {
        let is_intent =
            |entry: Entry| matches!(entry.draft.fact, Fact::Run(Event::Intent(it)) if it.attempt == attempt);
        if !self.journal.lines().iter().filter_map(|line| line.entry().unwrap()).any(is_intent) {
            self.unannounced.lock().unwrap().push(attempt);
        }
        self.sent.lock().unwrap().push(attempt);
        self.inner.send(errand, attempt).await
    }

    async fn poll(&self, handle: &Handle, attempt: AttemptId) -> Sent {
        self.inner.poll(handle, attempt).await
    }

    async fn read(&self, errand: &Errand) -> Sent {
        self.inner.read(errand).await
    }
}

/// The plan of the rotation in the corpus, for one consumer instead of three: each kind of step comes once.
fn plan() -> Plan {
    let text = fs::read_to_string(corpus::folder().join("runs/rotation.jsonl")).unwrap();
    let planned = text.lines().find_map(|line| match decode(line).unwrap().draft.fact {
        Fact::Run(Event::Planned { plan, .. }) => Some(*plan),
        _ => None,
    });
    let mut plan = planned.unwrap();
    let consumers = plan.inputs.iter_mut().find(|input| input.name == "consumers").unwrap();
    let Value::List(all) = &mut consumers.value else { panic!("it is a list") };
    all.drain(1..);
    // The checks that nobody else reads the secret would say so.
    plan.runbook.steps.retain(|step| !["consumers", "done"].contains(&step.id.as_str()));
    for need in plan.runbook.steps.iter_mut().flat_map(|step| &mut step.needs) {
        if need.as_str() == "consumers" {
            *need = StepId::new("before");
        }
    }
    plan
}

fn who() -> Who {
    Who {
        actor: Actor { authn: Authn::Simulated, tenant: None, object: None, os_user: None },
        writer: Writer { host: None, tool: Tool::this(None) },
        channel: Channel::Headless,
        name: "a script".into(),
    }
}

/// Drives a run and consents to whatever is asked, until it stops.
async fn drive(engine: Engine) -> Stopped {
    let mut handle = engine.handle();
    let consents = async {
        let mut answered = None;
        while handle.changed().await {
            let need = handle.board().need().cloned();
            if need != answered {
                match need.as_ref().map(|need| (need.step.clone(), &need.question)) {
                    Some((step, Question::Acknowledge { digest })) => {
                        handle.ask(Ask::Consent { step, digest: *digest, typed: None });
                    }
                    Some((step, Question::ReadBack { digest, expected, .. })) => {
                        handle.ask(Ask::Consent { step, digest: *digest, typed: Some(expected.clone()) });
                    }
                    Some((step, other)) => panic!("{step}: {other:?}"),
                    None => {}
                }
                answered = need;
            }
        }
    };
    tokio::join!(engine.run(), consents).0
}

/// Runs the rotation with a journal that takes `appends` appends, and then goes on with one that takes all. Returns whether
/// the first was enough.
async fn with_room_for(appends: usize) -> bool {
    let bench = Bench::new().await;
    let created = examples::draft(0, Fact::Log(LogEvent::Created { estate: StoreKind::Simulated }));
    let journal = MemoryJournal::new(examples::log(), &created).unwrap();
    let hands = Arc::new(Watched {
        inner: Arc::clone(&bench.world.hands),
        journal: journal.another(),
        sent: Mutex::default(),
        unannounced: Mutex::default(),
    });
    let ports = Ports {
        hands: Arc::clone(&hands) as Arc<dyn Hands>,
        timer: Arc::clone(&bench.world.timer),
        clock: Arc::clone(&bench.world.clock),
        entropy: Arc::clone(&bench.world.entropy),
        files: Arc::new(LocalFiles { here: ".".into(), redactor: Redactor::new() }),
    };
    let failing = Failing { inner: journal.another(), left: Arc::new(AtomicUsize::new(appends)) };
    let begun = Engine::begin(Box::new(failing), ports.clone(), &who(), examples::run(), plan(), vec!["text".into()]);
    let sent = || hands.sent.lock().unwrap().len();
    let stopped = match begun {
        Ok(engine) => drive(engine).await,
        Err(EngineError::Begin(AppendError::Full)) => {
            assert_eq!((appends, sent(), journal.lines().len()), (0, 0, 1));
            return false;
        }
        Err(err) => panic!("{err}"),
    };
    let all = Stopped::Ended { end: RunEnd::Succeeded, in_doubt: false };
    let was_enough = stopped == all;
    if !was_enough {
        assert!(matches!(stopped, Stopped::StoreFailed { .. }), "after {appends} appends: {stopped:?}");
        let engine = Engine::resume(Box::new(journal.another()), ports, &who(), examples::run()).unwrap();
        assert_eq!(drive(engine).await, all, "taken up after {appends} appends");
    }
    assert_eq!(*hands.unannounced.lock().unwrap(), [], "sent without an intent after {appends} appends");
    let mut attempts = hands.sent.lock().unwrap().clone();
    attempts.sort_unstable();
    attempts.dedup();
    assert_eq!(attempts.len(), sent(), "an attempt is sent once, after {appends} appends");
    assert_eq!(bench.arrived("PUT", "/secrets/session-secret").await.len(), 1, "set once, after {appends} appends");
    assert_eq!(bench.arrived("PATCH", "").await.len(), 2, "disabled once each, after {appends} appends");
    was_enough
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_the_journal_fails_nothing_is_sent_without_its_intent_and_the_run_is_taken_up_from_what_was_written() {
    const MANY: usize = 300;
    let mut tried = futures::stream::iter(0..MANY).map(|room| tokio::spawn(with_room_for(room))).buffered(16);
    let mut failed = 0;
    while !tried.next().await.unwrap().unwrap() {
        failed += 1;
    }
    assert!((40..MANY).contains(&failed), "the run failed at {failed} places");
}
