use std::collections::BTreeSet;

use super::super::*;
use super::chance::Chance;
use super::watch::Watch;
use super::world::World;
use super::{graphs, people};

/// A run under way, the world that it is about, and the process that holds it.
struct Simulation<'a> {
    state: RunState,
    /// What is durable.
    journal: Vec<(Timestamp, String)>,
    now: Timestamp,
    world: World,
    watch: Watch,
    chance: Chance,
    /// What has been asked of the world, and has not come back.
    in_air: Vec<(String, Input)>,
    busy: BTreeSet<String>,
    attempts: u128,
    kinds: Kinds,
    schedule: &'a mut Vec<String>,
}

type Done = Result<(), String>;

/// Kinds of events.
pub(super) type Kinds = BTreeSet<&'static str>;

/// Simulates one run from its plan to its end. Gives the kinds of its events.
pub(super) fn simulate(seed: u64, schedule: &mut Vec<String>) -> Result<Kinds, String> {
    let mut chance = Chance::of(seed);
    let plan = graphs::random(&mut chance);
    schedule.push(serde_json::to_string(&plan).unwrap());
    let digest = plan.digest().unwrap();
    let now: Timestamp = "2026-11-20T03:10:00Z".parse().unwrap();
    let event = Event::Planned { plan: Box::new(plan), digest };
    let state = RunState::begin(LogId::new(Uuid::nil()), RunId::new(Uuid::nil()), now, &event).unwrap();
    let mut simulation = Simulation {
        state,
        journal: vec![(now, serde_json::to_string(&event).unwrap())],
        now,
        world: World::default(),
        watch: Watch::default(),
        chance,
        in_air: Vec::new(),
        busy: BTreeSet::new(),
        attempts: 0,
        kinds: Kinds::new(),
        schedule,
    };
    simulation.give(&Input::Take { pid: 1 })?;
    let length = 20 + simulation.chance.below(120);
    let may_abort = simulation.chance.percent(40);
    for _ in 0..length {
        simulation.turn(may_abort)?;
    }
    if simulation.chance.percent(35) {
        simulation.abort()?;
    } else {
        simulation.finish()?;
    }
    simulation.folds()?;
    Ok(simulation.kinds)
}

impl Simulation<'_> {
    /// Takes an input, lets the run go on by itself, and looks whether all is as it must be. Tells whether it was taken.
    fn give(&mut self, input: &Input) -> Result<bool, String> {
        let taken = self.take(input)?;
        let mut steps = 0;
        while !self.state.is_over() && self.take(&Input::Proceed)? {
            steps += 1;
            if steps > 500 {
                return Err("the run never comes to rest".into());
            }
        }
        self.watch.between(&self.state, &self.world, !self.in_air.is_empty())?;
        Ok(taken)
    }

    fn take(&mut self, input: &Input) -> Result<bool, String> {
        let events = match decide(&self.state, input, self.now) {
            Ok(events) => events,
            Err(refusal) => {
                self.schedule.push(format!("  refused: {refusal}"));
                return Ok(false);
            }
        };
        for event in &events {
            let line = serde_json::to_string(event).unwrap();
            self.schedule.push(format!("  {line}"));
            self.watch.before(&self.state, event, self.now)?;
            let evolved = self.state.clone().evolve(self.now, event);
            self.state = evolved.map_err(|illegal| format!("an illegal event: {illegal}"))?;
            self.journal.push((self.now, line));
            self.kinds.insert(event.kind());
        }
        Ok(!events.is_empty())
    }

    /// One thing that happens.
    fn turn(&mut self, may_abort: bool) -> Done {
        match self.chance.below(100) {
            0..45 => self.start_one(),
            45..62 => self.bring_one(),
            62..85 => {
                let input = people::somebody(&mut self.chance, &self.state, may_abort);
                self.say(&input)
            }
            85..97 => {
                let seconds = if self.chance.percent(50) { 20 } else { 2_000 };
                let span = Span::seconds(self.chance.up_to(seconds));
                self.later(span);
                self.give(&Input::Proceed).map(drop)
            }
            _ => self.crash(),
        }
    }

    fn say(&mut self, input: &Input) -> Done {
        self.schedule.push(format!("{} {input:?}", self.now));
        self.give(input).map(drop)
    }

    fn later(&mut self, span: Span) {
        self.now = self.now.after(span);
        self.schedule.push(format!("{} later", self.now));
    }

    /// Starts something that is owed, as a process does that has it not under way.
    fn start_one(&mut self) -> Done {
        let owed: Vec<_> = owed(&self.state).into_iter().filter(|command| !self.busy.contains(&key(command))).collect();
        let Some(command) = self.chance.pick(&owed).cloned() else { return self.bring_one() };
        self.start(command)?;
        if self.chance.percent(60) { self.bring_one() } else { Ok(()) }
    }

    fn start(&mut self, command: Command) -> Done {
        let key = key(&command);
        self.schedule.push(format!("{} starts {key}", self.now));
        let Some(input) = self.perform(command)? else { return Ok(()) };
        self.busy.insert(key.clone());
        self.in_air.push((key, input));
        Ok(())
    }

    /// Brings back something that was started, not always in that order.
    fn bring_one(&mut self) -> Done {
        if self.in_air.is_empty() {
            return Ok(());
        }
        let (key, input) = self.in_air.swap_remove(self.chance.below(self.in_air.len()));
        if !matches!(input, Input::Answered { .. }) {
            self.busy.remove(&key);
        }
        self.say(&input)
    }

    fn crash(&mut self) -> Done {
        self.schedule.push(format!("{} crash", self.now));
        self.in_air.clear();
        self.busy.clear();
        self.state = self.read(self.journal.len())?;
        if self.state.is_over() && self.state.in_doubt().is_empty() {
            return Ok(());
        }
        self.give(&Input::Take { pid: 2 }).map(drop)
    }

    /// The state that the first lines of the journal tell.
    fn read(&self, lines: usize) -> Result<RunState, String> {
        let mut lines =
            self.journal[..lines].iter().map(|(at, line)| (*at, serde_json::from_str::<Event>(line).unwrap()));
        let (at, first) = lines.next().ok_or("an empty journal")?;
        let begun = RunState::begin(LogId::new(Uuid::nil()), RunId::new(Uuid::nil()), at, &first);
        let folded = lines.try_fold(begun.unwrap(), |state, (at, event)| state.evolve(at, &event));
        folded.map_err(|illegal| format!("the journal does not fold: {illegal}"))
    }

    /// Whoever reads the journal in two parts, or at once, knows what was known to those who wrote it.
    fn folds(&mut self) -> Done {
        let half = 1 + self.chance.below(self.journal.len());
        let half = half.min(self.journal.len());
        let mut state = self.read(half)?;
        for (at, line) in &self.journal[half..] {
            let event = serde_json::from_str::<Event>(line).unwrap();
            state = state.evolve(*at, &event).map_err(|illegal| illegal.to_string())?;
        }
        if state == self.state && self.read(self.journal.len())? == state {
            Ok(())
        } else {
            Err("the journal tells another story than the one that was lived".into())
        }
    }

    /// Asks the world; nothing comes of waiting for a time that has not come.
    fn perform(&mut self, command: Command) -> Result<Option<Input>, String> {
        let (world, chance, now) = (&mut self.world, &mut self.chance, self.now);
        let attempt_of = |id: AttemptId| {
            let found = self.state.attempt(id).map(|(_, attempt)| attempt.clone());
            found.ok_or_else(|| format!("{id} is owed something, and unknown"))
        };
        Ok(Some(match command {
            Command::Observe { step, calls } => {
                let broken =
                    calls.iter().find_map(|(id, call)| call.as_ref().err().map(|why| (id.clone(), why.clone())));
                let seen = match broken {
                    Some(broken) => Err(broken),
                    None if world.unreachable => Err((step.clone(), "no route".into())),
                    None => Ok(calls.into_iter().map(|(id, _)| (id, world.observe(chance))).collect()),
                };
                Input::Observed { step, seen }
            }
            Command::Begin { step, call } => {
                self.attempts += 1;
                let attempt = AttemptId::new(Uuid::from_u128(self.attempts));
                let seen = call
                    .and_then(|_| if world.unreachable { Err("no route".into()) } else { Ok(world.observe(chance)) });
                Input::Begin { step, attempt, seen }
            }
            Command::Send { attempt, errand, doubted } => {
                let meaning = match errand {
                    Ok(_) => world.send(chance, &attempt_of(attempt)?, doubted, now),
                    Err(why) => Meaning::Failed(Failure::not_sent(why)),
                };
                Input::Answered { attempt, meaning }
            }
            Command::Poll { attempt, .. } => Input::Polled { attempt, progress: world.poll(chance, attempt) },
            Command::Probe { attempt, .. } => {
                let verdict = world.probe(chance, &attempt_of(attempt)?, now);
                Input::Probed { attempt, verdict, asked_at: now }
            }
            Command::Read { step, call } => {
                let outputs = call.map_err(Failure::not_sent).and_then(|_| world.read(chance));
                Input::Read { step, outputs }
            }
            Command::Look { step, index, .. } => {
                Input::Looked { step, index, verdict: world.look(chance), outputs: None }
            }
            Command::Wait { step, until } if now >= until => Input::Due { step },
            Command::Wait { .. } => return Ok(None),
        }))
    }

    /// Somebody who has had enough ends the run, and nothing is answered any more: it ends all the same.
    fn abort(&mut self) -> Done {
        self.schedule.push("the end: an abort without a cloud".into());
        let first_with_undo = self.chance.percent(50);
        if first_with_undo && !self.state.is_over() {
            self.say(&Input::Abort { reason: None, undo: true })?;
            for _ in 0..self.chance.below(20) {
                self.turn(true)?;
            }
        }
        self.world.unreachable = true;
        if !self.state.is_over() {
            self.say(&Input::Abort { reason: None, undo: false })?;
        }
        for _ in 0..40 {
            if self.state.is_over() {
                return Ok(());
            }
            self.let_all_come_back()?;
            self.later(Span::minutes(1));
            self.give(&Input::Proceed)?;
        }
        Err("an abort does not end".into())
    }

    /// Everything works again, and a careful person answers whatever is asked: the run ends.
    fn finish(&mut self) -> Done {
        self.schedule.push("the end: a careful person in a healthy cloud".into());
        self.world.healthy = true;
        let mut idle = 0;
        for round in 0..2_000 {
            if self.state.is_over() {
                return Ok(());
            }
            let before = self.journal.len();
            for input in people::careful(&self.state, round / 8) {
                if !self.state.is_over() {
                    self.say(&input)?;
                }
            }
            self.let_all_come_back()?;
            self.later(Span::minutes(2));
            self.give(&Input::Proceed)?;
            idle = if self.journal.len() > before { 0 } else { idle + 1 };
            if idle > 60 {
                break;
            }
        }
        let open = self.state.instances().filter(|instance| !instance.phase.is_over());
        let open: Vec<_> = open.map(|instance| format!("{} {:?}", instance.id, instance.phase)).collect();
        Err(format!("the run does not end: {:?}, open {open:?}, owed {:?}", self.state.phase, owed(&self.state)))
    }

    fn let_all_come_back(&mut self) -> Done {
        for command in owed(&self.state) {
            if !self.busy.contains(&key(&command)) {
                self.start(command)?;
            }
        }
        while !self.in_air.is_empty() {
            self.bring_one()?;
        }
        Ok(())
    }
}

/// What a process has under way at most once.
fn key(command: &Command) -> String {
    match command {
        Command::Observe { step, .. } => format!("observe {step}"),
        Command::Begin { step, .. } => format!("begin {step}"),
        Command::Send { attempt, .. } => format!("send {attempt}"),
        Command::Poll { attempt, .. } => format!("poll {attempt}"),
        Command::Probe { attempt, .. } => format!("probe {attempt}"),
        Command::Read { step, .. } => format!("read {step}"),
        Command::Look { step, index, .. } => format!("look {step} {index}"),
        Command::Wait { step, .. } => format!("wait {step}"),
    }
}
